"""`aval person`: people are added, listed, shut out and let in again; a password comes from the standard input."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from api.passwords import proves
from storage.engine import open_database
from storage.people import Person
from tests.migrated import bring_up


def person(folder: Path, *args: str, typed: str = "four words of mine\n") -> Result:
    """Run `aval person` on the folder's database."""
    return CliRunner().invoke(cli, ["person", *args, "--database", str(folder / "aval.db")], input=typed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a migrated database."""
    database = open_database(tmp_path / "aval.db")
    bring_up(database)
    database.dispose()
    return tmp_path


def stored(folder: Path, name: str) -> Person | None:
    """What is stored of a person."""
    database = open_database(folder / "aval.db")
    try:
        with database.read() as work:
            return work.people.find(name)
    finally:
        database.dispose()


def test_a_person_is_added_with_roles_and_a_hashed_password(folder: Path) -> None:
    done = person(folder, "add", "ann", "--role", "approver", "--role", "compliance", "--by", "bo")
    assert (done.exit_code, done.output) == (0, "ann may sign in as approver, compliance\n")
    found = stored(folder, "ann")
    assert found is not None and found.roles == {"approver", "compliance"}
    assert proves("four words of mine", found.password)
    told = person(folder, "history").output
    assert re.search(r"person_added +person:ann +operator:bo +roles approver compliance", told)


@pytest.mark.parametrize(("args", "typed", "told"), [
    (("ann", "--role", "order_system"), "four words of mine", "'order_system' is not"),
    (("ann",), "four words of mine", "--role"),
    (("Ann", "--role", "admin"), "four words of mine", "'Ann' is no name"),
    (("a", "--role", "admin"), "four words of mine", "'a' is no name"),
    (("ann", "--role", "admin"), "too short", "the password has 9 characters"),
    (("ann", "--role", "admin"), "", "0 char"),
    (("ann", "--role", "admin"), "annannannann1", "the password is the name"),
])  # fmt: skip
def test_who_cannot_be_added_is_not(folder: Path, args: tuple[str, ...], typed: str, told: str) -> None:
    done = person(folder, "add", *args, typed=typed)
    assert (done.exit_code, told in " ".join(done.output.split())) == (2, True), done.output
    assert "0 names" in person(folder, "list").output


def test_a_name_is_given_once(folder: Path) -> None:
    assert person(folder, "add", "ann", "--role", "admin").exit_code == 0
    again = person(folder, "add", "ann", "--role", "approver", typed="another four words\n")
    assert (again.exit_code, "there is a 'ann' already" in again.output) == (2, True)


def test_a_person_is_disabled_enabled_and_given_another_password(folder: Path) -> None:
    person(folder, "add", "ann", "--role", "admin")
    assert person(folder, "disable", "ann").exit_code == 0
    assert person(folder, "disable", "ann").exit_code == 2
    assert re.search(r"ann +admin +20\S+ +20\S+", person(folder, "list").output)
    assert person(folder, "enable", "ann").exit_code == 0
    assert person(folder, "enable", "ann").exit_code == 2
    assert person(folder, "password", "ann", typed="another four words\n").exit_code == 0
    found = stored(folder, "ann")
    assert found is not None and found.disabled_at is None and proves("another four words", found.password)
    told = re.findall(r"(\w+) +person:ann", person(folder, "history", "ann").output)
    assert told == ["person_added", "person_disabled", "person_enabled", "password_changed"]
    assert "argon2" not in person(folder, "history").output


@pytest.mark.parametrize("command", ["disable", "enable", "password"])
def test_nobody_is_told_as_nobody(folder: Path, command: str) -> None:
    done = person(folder, command, "nobody")
    assert (done.exit_code, "nobody 'nobody'" in done.output) == (2, True)


def test_a_weak_password_changes_nothing(folder: Path) -> None:
    person(folder, "add", "ann", "--role", "admin")
    assert person(folder, "password", "ann", typed="ann\n").exit_code == 2
    found = stored(folder, "ann")
    assert found is not None and proves("four words of mine", found.password)


def test_the_roles_of_the_policy_stand_with_the_person_and_leave_events(folder: Path) -> None:
    person(folder, "add", "ann", "--role", "approver", "--authority", "cfo")
    assert person(folder, "authority", "ann", "--authority", "finance").output == "ann decides as finance\n"
    found = stored(folder, "ann")
    assert found is not None and found.authorities == {"finance"}
    assert "authority_changed" in person(folder, "history", "ann").output
    assert person(folder, "authority", "ann").output == "ann decides as nobody\n"
    assert person(folder, "authority", "bo", "--authority", "cfo").exit_code == 2
    assert person(folder, "authority", "ann", "--authority", "The CFO").exit_code == 2
