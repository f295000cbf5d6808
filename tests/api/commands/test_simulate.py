"""`aval simulate` at the terminal: the report for people and for programs, and mistakes with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.build import build_policy
from api.commands import cli
from tests.api.operations.test_simulate_policy import BOOK, LOOSE, a_loose_book
from tests.api.service import Service, publish, start_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A book of four orders, and files of policies beside it."""
    found = start_service(tmp_path, policy=False, build=lambda stored: build_policy(stored, False))
    publish(found, "book.yaml", BOOK.encode())
    found.put_customer(granted_limit="5000.00")
    for name, source in (("book", BOOK), ("loose", LOOSE), ("broken", "aval: 1\npolicy: broken\n")):
        (tmp_path / f"{name}.yaml").write_text(source, "utf-8")
    a_loose_book(found)
    return found


def aval(service: Service, name: str, *args: str) -> Result:
    path = Path(service.held.settings.database).parent / f"{name}.yaml"
    return CliRunner().invoke(cli, ["simulate", str(path), *args, "--database", service.held.settings.database])


def test_the_report_says_what_changes_in_money_and_why(service: Service) -> None:
    done = aval(service, "loose")
    assert (done.exit_code, done.stderr) == (0, "")
    for line in ("approved, order, CNY: 2 (1700.00, unsecured 1700.00) before, 3 (4400.00, unsecured 4400.00) now",
                 "  deny -> approve: 2, CNY 3500.00 (unsecured 3500.00)", "exposure moved by earlier verdicts: 2",
                 "  new: over_limit refer: committed_after CNY 5,200.00, tested <= CNY 5,000.00"):  # fmt: skip
        assert line in done.stdout.splitlines(), done.stdout
    assert "tiers:" not in done.stdout  # the policy has none


def test_programs_get_the_whole_report(service: Service) -> None:
    told = json.loads(aval(service, "loose", "--json", "--against", "effective").stdout)
    assert (told["format"], told["changed"], told["against"]["policy"]) == ("aval-simulation-1", 3, "book")


def test_the_policy_that_decided_changes_nothing(service: Service) -> None:
    done = aval(service, "book")
    assert "4 decided again, 0 with another verdict" in done.stdout
    assert "->" not in done.stdout


def test_days_without_decisions_say_so(service: Service) -> None:
    assert aval(service, "book", "--to", "2000-01-01").stdout == "nothing was decided on these days\n"


def test_a_policy_with_errors_is_told_and_ends_with_1(service: Service) -> None:
    done = aval(service, "broken")
    assert done.exit_code == 1
    assert "broken.yaml" in done.stdout


def test_nothing_to_hold_it_against_is_a_mistake(service: Service) -> None:
    done = aval(service, "loose", "--against", "sha256:none")
    assert (done.exit_code, "is no stored policy that runs" in done.stderr) == (2, True)
