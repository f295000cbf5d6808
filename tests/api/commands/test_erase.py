"""`aval erase` and `aval retention`: who may, what is refused with its reasons, and what is gone afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from tests.api.people import PASSWORD, add_person
from tests.api.service import Service, an_order, start_real_service
from tests.storage.records import a_decision

SAID = ("--by", "dpo", "--reason", "asked by the data subject")


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """The standard policy, and people of three roles."""
    found = start_real_service(tmp_path)
    for name, role in (("dpo", "compliance"), ("root", "admin"), ("bo", "risk_officer")):
        add_person(found, name, role)
    return found


def aval(service: Service, *args: str, typed: str = PASSWORD) -> Result:
    """One command on the database of a service."""
    database = service.held.settings.database
    return CliRunner().invoke(cli, [*args, "--database", database], input=f"{typed}\n", prog_name="aval")


def decided(service: Service, key: str, hold: bool = False) -> str:
    """The id of an approval of 1,000.00, voided where it is not to hold."""
    found = json.loads(service.decide(an_order("1000.00", id=f"SO-{key}"), key).data)["decision"]
    if not hold:
        path = f"/v1/reservations/{found['reservation']['id']}/void"
        assert service.send("POST", path, "order_system", {}, Idempotency_Key=f"void-{key}").status_code == 200
    return str(found["decision_id"])


@pytest.mark.parametrize("person", ["dpo", "root"])
def test_a_decision_is_erased_by_a_person_who_may(real: Service, person: str) -> None:
    decision_id = decided(real, "k")
    done = aval(real, "erase", "decision", decision_id, "--by", person, "--reason", "asked")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["erased"]
    assert (told["decision_id"], told["by"], told["reason"]) == (decision_id, f"person:{person}", "asked")
    assert aval(real, "replay", decision_id).stdout.startswith(f"{decision_id}: erased: erased on ")
    again = aval(real, "erase", "decision", decision_id, "--by", "dpo", "--reason", "again")
    assert json.loads(again.stdout)["erased"] == told


def test_a_customer_is_erased_with_its_decisions(real: Service) -> None:
    for key in ("a", "b"):
        decided(real, key)
    assert json.loads(aval(real, "erase", "customer", "C-1", *SAID).stdout)["erased"]["decisions"] == 2
    assert json.loads(real.send("GET", "/v1/customers/C-1", "collector").data)["name"] == "erased"


@pytest.mark.parametrize(("person", "typed", "told"), [
    ("bo", PASSWORD, "'bo' (risk_officer) may not do this; it takes the role admin, compliance"),
    ("dpo", "another four words", "the name or the password is wrong"),
])  # fmt: skip
def test_nobody_else_erases(real: Service, person: str, typed: str, told: str) -> None:
    decision_id = decided(real, "k")
    refused = aval(real, "erase", "decision", decision_id, "--by", person, "--reason", "x", typed=typed)
    assert refused.exit_code == 2 and told in " ".join(refused.output.split())
    assert real.send("GET", f"/v1/decisions/{decision_id}", "order_system").status_code == 200


@pytest.mark.parametrize(("reason", "told"), [("", "--reason takes one line"), ("x" * 241, "--reason takes one line")])
def test_a_reason_is_one_short_line(real: Service, reason: str, told: str) -> None:
    refused = aval(real, "erase", "customer", "C-1", "--by", "dpo", "--reason", reason)
    assert refused.exit_code == 2 and told in refused.output
    assert aval(real, "erase", "customer", "C-1", "--by", "dpo", "--reason", "x" * 240).exit_code == 0


def test_what_is_needed_is_refused_with_each_reason(real: Service) -> None:
    held, past = decided(real, "held", hold=True), decided(real, "past")
    refused = aval(real, "erase", "customer", "C-1", *SAID)
    assert refused.exit_code == 2
    assert f"{held}: exposure is held" in refused.stderr and "C-1: exposure is held" in refused.stderr
    assert past not in refused.output and "it is still needed" in refused.stderr
    in_term = aval(real, "erase", "decision", past, "--retention-days", "1", *SAID)
    assert in_term.exit_code == 2 and "is not over" in in_term.stderr
    assert "there is no decision with this id" in aval(real, "erase", "decision", "nothing", *SAID).output


def test_a_retention_run_is_looked_at_then_made_and_made_again(real: Service) -> None:
    held, past = decided(real, "held", hold=True), decided(real, "past")
    run = ("retention", "--retention-days", "30", "--by", "ann")
    assert "0 decisions erased, 0 still needed" in aval(real, *run).stdout
    later = ("--as-of", "2200-01-01")
    looked = aval(real, *run, *later, "--dry-run")
    assert looked.stdout == (
        f"{held} is kept: holds_exposure\nbefore 2199-12-02: 1 decision would be erased, 1 still needed\n")  # fmt: skip
    refused = aval(real, *run, *later)
    assert refused.exit_code == 2 and "is to come; look at it with --dry-run" in refused.output
    lines = [json.loads(one) for one in aval(real, *run, *later, "--dry-run", "--json").stdout.splitlines()]
    assert lines == [{"decision_id": held, "erased": False, "needed": ["holds_exposure"]},
                     {"decision_id": past, "erased": False, "needed": []}]  # fmt: skip
    assert real.send("GET", f"/v1/decisions/{past}", "order_system").status_code == 200


def test_a_retention_run_erases_once_and_says_for_what_term(real: Service) -> None:
    with real.held.database.write() as work:
        for key, days in (("gone", 31), ("stays", 30)):
            locked = work.accounts.lock("C-1")
            assert locked is not None and locked.policy_digest is not None
            work.decisions.record(locked, a_decision(locked, key, as_of=locked.now.date() - timedelta(days),
                                                     policy_digest=locked.policy_digest))  # fmt: skip
        day = str(work.now().date())
    run = ("retention", "--retention-days", "30", "--as-of", day, "--by", "ann")
    assert "1 decision erased, 0 still needed" in aval(real, *run).stdout
    assert "0 decisions erased, 0 still needed" in aval(real, *run).stdout
    with real.held.database.read() as work:
        gone = work.erasures.get("D-gone")
        assert gone is not None and work.erasures.get("D-stays") is None
    assert (gone.by, gone.reason) == ("operator:ann", "past its term of 30 days")


def test_without_a_term_there_is_no_run(real: Service) -> None:
    for args in ((), ("--retention-days", "0")):
        assert aval(real, "retention", *args).exit_code == 2
