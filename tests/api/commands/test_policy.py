"""`aval policy`: only a file that has passed every gate decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.engine import open_database
from storage.schema import upgrade

LIBRARY = Path(__file__).resolve().parents[3] / "policy" / "library"
STANDARD, RECORD = LIBRARY / "standard.yaml", LIBRARY / "payment_record.yaml"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """An empty database of this version."""
    found = open_database(tmp_path / "aval.db")
    upgrade(found)
    found.dispose()
    return str(tmp_path / "aval.db")


def aval(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="aval")


def effective(database: str) -> str | None:
    found = open_database(database)
    with found.read() as work:
        version = work.policies.effective()
    found.dispose()
    return None if version is None else version.name


def test_a_published_policy_decides_and_one_kept_aside_does_not(database: str) -> None:
    assert "decides from now on" in aval("policy", "publish", str(STANDARD), "--database", database).stdout
    told = aval("policy", "publish", str(RECORD), "--keep-aside", "--database", database)
    assert told.exit_code == 0 and "does not decide" in told.stdout
    assert effective(database) == "standard-trade-credit"
    listed = aval("policy", "list", "--database", database).stdout
    assert "payment-record" in listed and "2 policies" in listed


def test_a_file_with_errors_is_refused_with_its_findings(database: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(STANDARD.read_text("utf-8").replace("tier is prime", "tier is primo"), "utf-8")
    told = aval("policy", "publish", str(broken), "--database", database)
    assert told.exit_code == 1
    assert "unknown-tier" in told.stdout and "did you mean 'prime'?" in told.stdout
    assert effective(database) is None


def test_a_file_whose_own_test_fails_is_refused_with_the_name_of_the_test(database: str, tmp_path: Path) -> None:
    failing = tmp_path / "failing.yaml"
    text = STANDARD.read_text("utf-8")
    failing.write_text(text.replace("expect: {verdict: approve, terms: net 60}", "expect: {verdict: deny}", 1), "utf-8")
    told = aval("policy", "publish", str(failing), "--database", database)
    assert told.exit_code == 1
    assert "the test 'exactly the limit passes' in line" in told.stdout
    assert effective(database) is None


def test_engines_that_differ_keep_a_policy_out(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.operations import publish_policy
    from rules.agreement import BuildRefused

    def refuse(program: object) -> None:
        raise BuildRefused("the engines did not pass their self-test: they differ")

    monkeypatch.setattr(publish_policy, "prove_build", refuse)
    told = aval("policy", "publish", str(STANDARD), "--database", database)
    assert told.exit_code == 1 and "self-test" in told.stdout
    assert effective(database) is None
