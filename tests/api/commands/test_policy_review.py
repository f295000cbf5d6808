"""What compliance reads of policies at the command line is what it reads over HTTP, and a comment is a person's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from tests.api.people import PASSWORD
from tests.api.policies import SMALL, Life
from tests.api.service import start_service


@pytest.fixture
def life(tmp_path: Path) -> Life:
    """People, and a policy that one submitted and another approved."""
    return Life(start_service(tmp_path))


def aval(life: Life, *args: str) -> Result:
    """One command on the database of a service."""
    database = life.service.held.settings.database
    return CliRunner().invoke(cli, ["policy", *args, "--database", database], input=f"{PASSWORD}\n", prog_name="aval")


def read(life: Life, *args: str) -> Any:
    """What a command tells."""
    told = aval(life, *args)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_each_command_tells_what_http_tells(life: Life) -> None:
    old = life.published(SMALL)["digest"]
    new = life.published(SMALL.replace("1_000.00", "2_000.00"))["digest"]
    for command in ("drafts", "submissions", "challengers"):
        assert read(life, command) == life.get(command)
    assert read(life, "diff", old, new) == life.get(f"diff?old={old}&new={new}")
    for found in life.get("submissions")["items"][:2]:
        assert read(life, "show", found["id"]) == life.get(f"submissions/{found['id']}")
    draft = life.get("drafts")["items"][0]["id"]
    shown = read(life, "show", draft)
    tag = life.service.send("GET", f"/v1/policies/drafts/{draft}", **life.sessions["ann"]).headers["ETag"]
    assert shown == life.get(f"drafts/{draft}") | {"tag": tag.strip('"')} or shown["tag"] == tag


def test_a_comment_is_kept_under_the_name_of_who_proved_to_be_one(life: Life) -> None:
    asked = life.submitted()
    assert aval(life, "comment", asked, "--comment", "look at the limits", "--by", "eve").exit_code == 0
    [comment] = life.get(f"submissions/{asked}")["comments"]
    assert (comment["person"], comment["comment"]) == ("eve", "look at the limits")


@pytest.mark.parametrize(("args", "said"), [
    (("show", "nothing"), "there is no submission with this id"),
    (("diff", "sha256:0", "sha256:1"), "no policy version with this digest is stored"),
    (("comment", "nothing", "--comment", "x", "--by", "eve"), "there is no submission with this id"),
    (("comment", "nothing", "--comment", "x", "--by", "nobody"), "the name or the password is wrong"),
])  # fmt: skip
def test_what_is_not_there_is_told(life: Life, args: tuple[str, ...], said: str) -> None:
    refused = aval(life, *args)
    assert refused.exit_code == 2 and said in " ".join(refused.output.split())
