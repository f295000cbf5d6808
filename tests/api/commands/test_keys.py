"""`aval key`: what is made, shown and ended; the secret is told once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.auth import identify
from api.commands import cli
from api.errors import Refused
from api.peppers import read_pepper
from storage.engine import open_database
from tests.migrated import bring_up


def key(folder: Path, *args: str) -> Result:
    """Run `aval key` on the folder's database."""
    return CliRunner().invoke(cli, ["key", *args, "--database", str(folder / "aval.db")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a migrated database."""
    database = open_database(tmp_path / "aval.db")
    bring_up(database)
    database.dispose()
    return tmp_path


def opens(folder: Path, text: str) -> bool:
    """Whether a key opens the door."""
    database = open_database(folder / "aval.db")
    try:
        with database.read() as work:
            identify(f"Bearer {text}", read_pepper(folder / "aval.pepper"), work.keys.find)
    except Refused:
        return False
    finally:
        database.dispose()
    return True


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


def test_a_rotated_key_gives_its_client_role_and_permissions_to_a_new_one(folder: Path) -> None:
    one = made(folder, "--permission", "counter_offers", "--label", "web shop", "--expires", "90d")
    done = key(folder, "rotate", one, "--overlap", "2h", "--by", "ann")
    assert done.exit_code == 0, done.output
    new = done.stdout.split("_")[1]
    old_told, new_told = key(folder, "show", one).stdout, key(folder, "show", new).stdout
    for line in ("client       shop", "role         order_system", "permissions  counter_offers", "label        web"):
        assert line in new_told
    assert f"replaced by  {new}" in old_told
    ends = [datetime.fromisoformat(re.search(r"^ends +(\S+)$", told, re.M)[1])  # type: ignore[index]
            for told in (old_told, new_told)]  # fmt: skip
    now = datetime.now(UTC)
    assert abs(ends[0] - now - timedelta(hours=2)) < timedelta(minutes=1)
    assert abs(ends[1] - now - timedelta(days=90)) < timedelta(minutes=1)


def test_both_keys_open_during_the_overlap_and_the_new_one_after_it(folder: Path) -> None:
    first = key(folder, "create", "--role", "order_system", "--client", "shop").stdout.strip()
    second = key(folder, "rotate", first.split("_")[1]).stdout.strip()
    third = key(folder, "rotate", second.split("_")[1], "--overlap", "0h").stdout.strip()
    assert [opens(folder, one) for one in (first, second, third)] == [True, False, True]


@pytest.mark.parametrize(("prepare", "told"), [
    ("revoke", "no living key"), ("rotate", "was replaced by"), (None, "no living key '0000'"),
])  # fmt: skip
def test_a_key_that_ended_or_was_replaced_is_not_rotated(folder: Path, prepare: str | None, told: str) -> None:
    one = made(folder)
    if prepare:
        assert key(folder, prepare, one).exit_code == 0
    before = key(folder, "list").stdout
    done = key(folder, "rotate", one if prepare else "0000")
    assert (done.exit_code, told in done.output) == (2, True), done.output
    assert key(folder, "list").stdout == before


def test_the_history_tells_what_was_done_by_whom_and_no_secret(folder: Path) -> None:
    first = key(folder, "create", "--role", "order_system", "--client", "shop", "--by", "ann").stdout.strip()
    one = first.split("_")[1]
    other = made(folder)
    key(folder, "rotate", one, "--by", "bo")
    key(folder, "revoke", one, "--by", "cy")
    told = key(folder, "history", one).stdout
    assert re.findall(r"(key_\w+) +key:(\w+) +operator:(\w+)", told) == [
        ("key_created", one, "ann"), ("key_rotated", one, "bo"), ("key_revoked", one, "cy"),
    ]  # fmt: skip
    assert "3 events" in told and other not in told and first.split("_", 2)[2] not in told
    assert "5 events" in key(folder, "history").stdout


def test_a_name_of_two_lines_is_no_author(folder: Path) -> None:
    done = key(folder, "create", "--role", "admin", "--client", "shop", "--by", "a\nb")
    assert (done.exit_code, "--by takes one line" in done.output) == (2, True)


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


@pytest.mark.parametrize("content", [None, b"short"])
def test_a_service_is_not_started_with_a_pepper_before_that_is_none(folder: Path, content: bytes | None) -> None:
    pepper = folder / "before"
    if content is not None:
        pepper.write_bytes(content)
    done = CliRunner().invoke(cli, ["serve", "--previous-pepper", str(pepper), "--database", str(folder / "aval.db")])
    assert done.exit_code == 2
    assert ("holds 5 bytes" if content else "cannot read") in done.output
