"""`aval charges`: periods of interest and fixed charges as worked out by hand, and wrong use in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import WRONG_USE, cli

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
