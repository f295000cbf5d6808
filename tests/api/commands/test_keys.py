"""`aval key`: what is made, shown and ended; the secret is told once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import open_database
from storage.schema import upgrade


def key(folder: Path, *args: str) -> Result:
    """Run `aval key` on the folder's database."""
    return CliRunner().invoke(cli, ["key", *args, "--database", str(folder / "aval.db")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a migrated database."""
    database = open_database(tmp_path / "aval.db")
    upgrade(database)
    database.dispose()
    return tmp_path


def made(folder: Path, *args: str) -> str:
    """The id of a new key."""
    done = key(folder, "create", "--role", "order_system", "--client", "shop", *args)
    assert done.exit_code == 0, done.output
    return done.stdout.split("_")[1]


def test_a_key_is_shown_with_everything_but_its_digest(folder: Path) -> None:
    one = made(folder, "--permission", "counter_offers", "--label", "web shop", "--expires", "90d")
    told = key(folder, "show", one).stdout
    lines = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in told.splitlines())
    assert lines["key"] == one
    assert (lines["client"], lines["role"], lines["label"]) == ("shop", "order_system", "web shop")
    assert lines["permissions"] == "counter_offers"
    assert re.fullmatch(r"[0-9a-f]{8}", lines["pepper"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", lines["ends"])


def test_a_key_without_an_end_never_ends(folder: Path) -> None:
    told = key(folder, "show", made(folder)).stdout
    assert re.search(r"^ends +never$", told, re.M) and "label" not in told
    assert re.search(r"^permissions +none beyond the role$", told, re.M)


def test_a_revoked_key_says_so(folder: Path) -> None:
    one = made(folder)
    assert key(folder, "revoke", one).exit_code == 0
    assert re.search(r"^ends +revoked 20", key(folder, "show", one).stdout, re.M)
    assert f"{one}  order_system  shop" in key(folder, "list").stdout


@pytest.mark.parametrize(("args", "told"), [
    (("--expires", "2020-01-01"), "not within the next ten years"), (("--expires", "soon"), "is no end"),
    (("--label", "x" * 81), "the label cannot be used"), (("--permission", "fly"), "'fly' is not"),
])  # fmt: skip
def test_a_key_that_cannot_be_made_is_not(folder: Path, args: tuple[str, ...], told: str) -> None:
    done = key(folder, "create", "--role", "order_system", "--client", "shop", *args)
    assert done.exit_code == 2 and told in done.output
    assert "0 keys" in key(folder, "list").stdout


def test_an_unknown_key_is_told(folder: Path) -> None:
    done = key(folder, "show", "0000")
    assert (done.exit_code, "no key '0000'" in done.output) == (2, True)
