"""`aval policy`: only a file that has passed every gate decides."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import open_database
from tests.api.people import HASH, PASSWORD
from tests.migrated import bring_up
from tests.storage.records import CHECKER, WRITER, add_both

LIBRARY = Path(__file__).resolve().parents[3] / "policy" / "library"
STANDARD, RECORD = LIBRARY / "standard.yaml", LIBRARY / "payment_record.yaml"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """An empty database of this version."""
    found = open_database(tmp_path / "aval.db")
    bring_up(found)
    with found.write() as work:
        add_both(work, HASH)
    found.dispose()
    return str(tmp_path / "aval.db")


def with_a_part(folder: Path, embargo: str) -> Path:
    """A policy in this folder that uses a part below it."""
    (folder / "shared").mkdir(parents=True)
    (folder / "shared" / "countries.yaml").write_text(f"lists:\n  embargo: [{embargo}]\n", "utf-8")
    text = "aval: 1\npolicy: one\ntitle: {en: One, zh: 一}\ncurrency: CNY\nuse: [shared/countries]\nchecks:\n"
    text += "  - {check: embargo, when: customer.country in lists.embargo, verdict: deny}\n"
    (folder / "one.yaml").write_text(text, "utf-8")
    return folder / "one.yaml"


def aval(*args: str, typed: str = f"{PASSWORD}\n{PASSWORD}\n") -> Result:
    return CliRunner().invoke(cli, args, prog_name="aval", input=typed)


def published(file: Path, database: str, *more: str, by: str = WRITER, approver: str = CHECKER,
              typed: str = f"{PASSWORD}\n{PASSWORD}\n") -> Result:  # fmt: skip
    """Publish a file as two people do."""
    people = ("--by", by, "--approved-by", approver)
    return aval("policy", "publish", str(file), "--database", database, *people, *more, typed=typed)


def effective(database: str) -> str | None:
    found = open_database(database)
    with found.read() as work:
        version = work.policies.effective()
    found.dispose()
    return None if version is None else version.name


def test_a_published_policy_decides_and_one_kept_aside_does_not(database: str) -> None:
    assert "decides from now on" in published(STANDARD, database).stdout
    told = aval("policy", "publish", str(RECORD), "--keep-aside", "--database", database, "--by", WRITER)
    assert told.exit_code == 0 and "does not decide" in told.stdout
    assert effective(database) == "standard-trade-credit"
    listed = aval("policy", "list", "--database", database).stdout
    assert "payment-record" in listed and "2 policies" in listed


def test_parts_are_stored_with_the_policy_and_listed_below_it(database: str, tmp_path: Path) -> None:
    file = with_a_part(tmp_path, "KP")
    told = published(file, database)
    assert told.exit_code == 0, told.stdout
    digest = "sha256:" + hashlib.sha256((tmp_path / "shared" / "countries.yaml").read_bytes()).hexdigest()
    assert f"  with shared/countries: {digest}\n" in told.stdout
    listed = aval("policy", "list", "--database", database).stdout
    assert "shared/countries" in listed and digest in listed and "1 policy" in listed


def test_a_folder_is_checked_with_its_parts_and_a_part_is_no_policy(tmp_path: Path) -> None:
    with_a_part(tmp_path, "KP")
    told = aval("check", str(tmp_path))
    assert told.exit_code == 0 and told.stdout.startswith("1 file: 0 errors"), told.stdout


def test_a_part_that_nobody_uses_is_checked_as_the_policy_that_it_is_not(tmp_path: Path) -> None:
    with_a_part(tmp_path, "KP")
    (tmp_path / "shared" / "unused.yaml").write_text("lists:\n  more: [US]\n", "utf-8")
    told = aval("check", str(tmp_path))
    assert told.exit_code == 1 and "unused.yaml:1:1: missing-key" in told.stdout


def test_no_part_lies_outside_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    file = with_a_part(inside, "KP")
    (tmp_path / "outside.yaml").write_text("lists:\n  embargo: [KP]\n", "utf-8")
    (inside / "shared" / "countries.yaml").unlink()
    (inside / "shared" / "countries.yaml").symlink_to(tmp_path / "outside.yaml")
    told = aval("check", str(file))
    assert told.exit_code == 1 and "unknown-part" in told.stdout


def test_a_change_of_a_part_is_told_with_its_name(tmp_path: Path) -> None:
    old, new = with_a_part(tmp_path / "old", "KP"), with_a_part(tmp_path / "new", "KP, IR")
    told = aval("diff", str(old), str(new)).stdout
    assert "shared/countries: " in told and "1 change of meaning" in told


def test_a_file_with_errors_is_refused_with_its_findings(database: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(STANDARD.read_text("utf-8").replace("tier is prime", "tier is primo"), "utf-8")
    told = published(broken, database)
    assert told.exit_code == 1
    assert "unknown-tier" in told.stdout and "did you mean 'prime'?" in told.stdout
    assert effective(database) is None


def test_a_file_whose_own_test_fails_is_refused_with_the_name_of_the_test(database: str, tmp_path: Path) -> None:
    failing = tmp_path / "failing.yaml"
    text = STANDARD.read_text("utf-8")
    failing.write_text(text.replace("expect: {verdict: approve, terms: net 60}", "expect: {verdict: deny}", 1), "utf-8")
    told = published(failing, database)
    assert told.exit_code == 1
    assert "the test 'exactly the limit passes' in line" in told.stdout
    assert effective(database) is None


def test_engines_that_differ_keep_a_policy_out(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.operations import check_policy
    from rules.agreement import BuildRefused

    def refuse(program: object) -> None:
        raise BuildRefused("the engines did not pass their self-test: they differ")

    monkeypatch.setattr(check_policy, "prove_build", refuse)
    told = published(STANDARD, database)
    assert told.exit_code == 1 and "self-test" in told.stdout
    assert effective(database) is None


def test_letters_that_could_not_be_sent_are_told_and_the_policy_is_published(database: str, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text((STANDARD.parent / "escalation.yaml").read_text().replace("formal_demand", "last_word"))
    told = published(file, database)
    assert told.exit_code == 0 and "decides from now on" in told.stdout
    assert "letter-missing: the step 'demand' sends 'last_word', which is not there in 'en'" in told.stderr
    assert "letter" not in published(STANDARD, database).stderr


def test_nobody_publishes_alone_nor_by_a_word_nor_in_another_role(database: str) -> None:
    add = ("person", "add", "reader", "--role", "compliance", "--database", database)
    assert aval(*add, typed=f"{PASSWORD}\n").exit_code == 0
    wrong = {
        "another person has to approve": published(STANDARD, database, approver=WRITER),
        "password is wrong": published(STANDARD, database, typed=f"{PASSWORD}\nguessed\n"),
        "it takes the role approver": published(STANDARD, database, approver="reader"),
        "it takes the role risk_officer": published(STANDARD, database, by="reader"),
        "name the other person": aval("policy", "publish", str(STANDARD), "--database", database, "--by", WRITER),
    }
    for told, result in wrong.items():
        assert result.exit_code == 2 and told in result.output, result.output
    assert effective(database) is None
    assert published(STANDARD, database).exit_code == 0  # the control: with both of them it is published
    assert effective(database) == "standard-trade-credit"
