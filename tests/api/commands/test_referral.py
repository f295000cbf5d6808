"""`aval referral`: the queue on the terminal, and a person's answer on the database itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from tests.api.people import PASSWORD, add_person
from tests.api.service import Service, an_order, start_real_service

SAID = ("--person", "ann", "--reason", "seen the order book")


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """The standard policy on the real engines; C-1 has a limit of 500,000.00."""
    found = start_real_service(tmp_path)
    add_person(found, "ann", "approver", authorities=frozenset({"cfo"}))
    add_person(found, "bo", "risk_officer", authorities=frozenset({"credit_manager"}))
    add_person(found, "cy", "compliance", authorities=frozenset({"cfo"}))
    return found


def aval(service: Service, *args: str, typed: str = PASSWORD) -> Result:
    """One command on the database of a service."""
    database = service.held.settings.database
    return CliRunner().invoke(cli, ["referral", *args, "--database", database], input=f"{typed}\n",
                              prog_name="aval")  # fmt: skip


def referred(service: Service) -> str:
    """The id of a referral of 700,000.00."""
    answer = service.decide(an_order("700000.00"))
    return str(json.loads(answer.data)["decision"]["decision_id"])


def test_the_queue_is_a_table_and_empties_as_people_decide(real: Service) -> None:
    referral = referred(real)
    listed = aval(real, "list").stdout
    assert "700000.00 CNY" in listed and "cfo" in listed and "over_limit" in listed and "1 referral\n" in listed
    told = aval(real, "approve", referral, *SAID)
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["referral"]["state"], found["decision"]["verdict"]) == ("approved", "approve")
    assert aval(real, "list").stdout == "0 referrals\n"
    assert "1 referral\n" in aval(real, "list", "--state", "approved").stdout
    shown = json.loads(aval(real, "show", referral).stdout)["referral"]
    assert (shown["decided"]["client"], shown["decided"]["person"]) == ("person:ann", "ann")


def test_the_same_key_answers_again_and_a_decided_one_is_refused(real: Service) -> None:
    referral = referred(real)
    first, again = (aval(real, "reject", referral, *SAID, "--key", "k-1") for _ in range(2))
    assert first.exit_code == again.exit_code == 0 and first.stdout == again.stdout
    late = aval(real, "approve", referral, *SAID)
    assert late.exit_code == 2 and "it is rejected already" in late.output


def test_terms_are_named_and_what_cannot_be_said_is_wrong_use(real: Service) -> None:
    referral = referred(real)
    low = aval(real, "approve", referral, "--person", "bo", "--reason", "x")
    assert low.exit_code == 2 and "'cfo'" in low.output
    long = aval(real, "reject", referral, "--person", "ann", "--reason", "x" * 501)
    assert long.exit_code == 2 and "'reason'" in long.output
    found = json.loads(aval(real, "approve", referral, *SAID, "--terms", "net 30").stdout)
    assert found["decision"]["terms"]["offer"] == "net 30"


def test_an_order_that_stays_referred_ends_with_one(real: Service) -> None:
    real.put_customer("C-3", granted_limit="500000.00")
    answer = real.decide(an_order("100.00", "C-3"))
    referral = json.loads(answer.data)["decision"]["decision_id"]
    told = aval(real, "approve", referral, *SAID)
    assert told.exit_code == 1 and json.loads(told.stdout)["referral"]["state"] == "decided_anew"


def test_an_unknown_referral_is_wrong_use(real: Service) -> None:
    assert aval(real, "show", "nothing").exit_code == 2


@pytest.mark.parametrize(("name", "typed", "told"), [
    ("ann", "another four words", "the name or the password is wrong"),
    ("ann", "", "the name or the password is wrong"),
    ("nobody", PASSWORD, "the name or the password is wrong"), ("cy", PASSWORD, "'cy' (compliance) may not do this"),
])  # fmt: skip
def test_who_does_not_prove_to_be_a_deciding_person_decides_nothing(
    real: Service, name: str, typed: str, told: str
) -> None:
    refused = aval(real, "reject", referred(real), "--person", name, "--reason", "x", typed=typed)
    assert refused.exit_code == 2 and told in " ".join(refused.output.split()), refused.output
    assert "1 referral\n" in aval(real, "list").stdout
