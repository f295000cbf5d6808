"""`aval charges`: periods of interest and fixed charges as worked out by hand, and wrong use in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import WRONG_USE, cli
from tests.api.operations.test_bill_charges import DUE, owed, settle
from tests.api.operations.test_tell_limit import today
from tests.api.resources.test_late_charges import POLICY as BILLED
from tests.api.service import Service, publish, start_real_service

POLICY = """aval: 1
policy: late
title: {en: Late}
currency: USD
late_charge:
  - {rate: 1% per month, on: open principal, from: due + 1 day, grace: 5 days, count_days: 30/360}
  - {amount: 25, at: invoiced + 60 days}
"""
LIBRARY = Path(__file__).resolve().parents[3] / "policy" / "library"


@pytest.fixture
def late(tmp_path: Path) -> str:
    """A policy with interest and a fixed charge."""
    path = tmp_path / "late.yaml"
    path.write_text(POLICY, "utf-8")
    return str(path)


def charges(*args: str) -> Result:
    """One call."""
    return CliRunner().invoke(cli, ("charges", *args), prog_name="aval")


def total(found: Result) -> str:
    """The sum that it tells."""
    assert found.exit_code == 0, found.output
    return found.stdout.splitlines()[-1]


@pytest.mark.parametrize(("as_of", "told"), [
    ("2026-06-20", "late charges: USD 0.00"),  # the last day of grace
    ("2026-06-21", "late charges: USD 20.00"),  # six days of 10,000 at 1/30 % a day, from the first on
    ("2026-06-22", "late charges: USD 23.33"), ("2026-07-30", "late charges: USD 150.00"),
    ("2026-07-31", "late charges: USD 175.00"),  # 30/360: the 31st adds no interest; the fixed charge comes
])  # fmt: skip
def test_interest_and_fixed_charges_add_up(late: str, as_of: str, told: str) -> None:
    given = ("--amount", "10000.00", "--due", "2026-06-15", "--invoiced", "2026-06-01", "--as-of", as_of)
    assert total(charges(late, *given)) == told


def test_a_payment_splits_the_time_and_each_period_is_shown(late: str) -> None:
    found = charges(late, "--amount", "10000.00", "--due", "2026-06-15", "--as-of", "2026-07-15",
                    "--paid", "2026-06-30=4_000.00")  # fmt: skip
    rows = [line.split() for line in found.stdout.splitlines()[1:-1]]
    assert rows == [["6", "2026-06-16", "2026-06-30", "15", "10000", "0.03333333%", "50"],
                    ["6", "2026-07-01", "2026-07-15", "15", "6000", "0.03333333%", "30"]]  # fmt: skip
    assert total(found) == "late charges: USD 80.00"
    assert "a charge counts from a date that was not given; see --invoiced" in found.stderr


@pytest.mark.parametrize(("changed", "told"), [
    (("--amount", "1,000.00"), "after --amount: '1,000.00' is not an amount"),
    (("--amount", "0.00"), "'0.00' after --amount is not above zero"),
    (("--due", "15.6.2026"), "'15.6.2026' after --due is not a date; write it like 2026-11-23"),
    (("--paid", "2026-06-30"), "'2026-06-30' after --paid is no payment; write it like 2026-12-01=400.00"),
])  # fmt: skip
def test_wrong_use_is_told_in_one_line(late: str, changed: tuple[str, str], told: str) -> None:
    found = charges(late, "--amount", "10.00", "--due", "2026-06-15", "--as-of", "2026-07-15", *changed)
    assert found.exit_code == WRONG_USE and told in found.stderr


def test_a_policy_without_a_late_charge_says_so() -> None:
    given = ("--amount", "1.00", "--due", "2026-06-15", "--as-of", "2026-07-15")
    found = charges(str(LIBRARY / "payment_record.yaml"), *given)
    assert found.exit_code == WRONG_USE and "has no late charge; add a section 'late_charge'" in found.stderr


@pytest.fixture
def owing(location: str) -> Service:
    """C-2 and C-3 owe 10,000.00 each since DUE, on each kind of database."""
    service = start_real_service(location)
    publish(service, "late.yaml", BILLED)
    for customer_id in ("C-2", "C-3"):
        service.put_customer(customer_id, granted_limit="none", country="CN")
        with service.held.database.write() as work:
            work.invoices.add_many([replace(owed("INV-7", DUE), customer_id=customer_id)], today(service))
    return service


def bill(service: Service, *args: str) -> Result:
    """Bill on the service's database."""
    return charges("--bill", "--database", service.held.settings.database, "--by", "ann", *args)


def test_a_bill_is_looked_at_first_then_entered_and_not_a_second_time(owing: Service) -> None:
    day = today(owing)
    line = "  INV-7-charge-2026-06-30  CNY 50.00  due "
    for _ in range(2):
        looked = bill(owing, "--as-of", "2026-06-30", "--dry-run")
        assert looked.stdout.splitlines() == [
            f"C-2{line}{day + timedelta(14)}", f"C-3{line}{day + timedelta(14)}",
            "2 late charges would be billed to 2 customers"]  # fmt: skip
    one = bill(owing, "--as-of", "2026-06-30", "--customer", "C-3", "--due", day.isoformat())
    assert one.stdout.splitlines() == [f"C-3{line}{day}", "1 late charge billed to 1 customer"]
    rest = bill(owing, "--as-of", "2026-06-30")
    assert rest.stdout.splitlines()[-1] == "1 late charge billed to 1 customer"
    assert bill(owing, "--as-of", "2026-06-30").stdout == "0 late charges billed to 0 customers\n"
    with owing.held.database.read() as work:
        assert {one.by for one in work.events.list(kind="late_charge_billed").items} == {"operator:ann"}


def test_what_is_too_much_and_what_cannot_be_billed_is_told_by_name(owing: Service) -> None:
    bill(owing, "--as-of", "2026-06-30", "--customer", "C-2")
    settle(owing, "P-1", 5_000_00, date(2026, 6, 20))
    with owing.held.database.write() as work:
        taken = replace(owed("INV-7-charge-2026-06-30", date(2126, 1, 1)), customer_id="C-3")
        work.invoices.add_many([taken], today(owing))
    assert bill(owing, "--as-of", "2026-06-30").stdout.splitlines() == [
        "C-2  INV-7  CNY 16.67 too much was billed; write a credit note for INV-7-charge-2026-06-30",
        "C-3  INV-7  not billed: 'INV-7-charge-2026-06-30', as it would be called, is the number of another invoice",
        "0 late charges billed to 0 customers"]  # fmt: skip


@pytest.mark.parametrize(("given", "told"), [
    (("late.yaml", "--bill"), "no FILE goes with --bill"),
    (("--bill", "--paid", "x"), "--paid does not go with --bill"),
    (("late.yaml", "--dry-run"), "--dry-run goes only with --bill"), ((), "a FILE is missing; give it, or --bill"),
    (("late.yaml", "--amount", "1.00", "--due", "2026-01-01"), "--as-of is missing; give it, or --bill"),
])  # fmt: skip
def test_what_does_not_go_together_is_told(given: tuple[str, ...], told: str) -> None:
    found = charges(*given)
    assert found.exit_code == WRONG_USE and told in found.stderr


@pytest.mark.parametrize("given", [("--customer", "C-9"), ("--as-of", "2126-01-01"), ("--due", "2020-01-01")])
def test_nobody_is_billed_for_a_day_to_come_or_with_a_due_date_gone_by(owing: Service, given: tuple[str, ...]) -> None:
    found = bill(owing, *given)
    assert found.exit_code == WRONG_USE and found.stdout == ""
