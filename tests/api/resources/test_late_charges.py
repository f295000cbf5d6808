"""Late charges over HTTP: worked out by hand, by the periods between payments, and not lost when all is paid."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.operations.tell_limit import policy_day
from credit.allocation import Part
from credit.money import Money
from storage.receivables import Invoice
from storage.settlements import NewSettlement
from tests.api.service import Service, publish, start_real_service, start_service

POLICY = b"""aval: 1
policy: late
title: {en: Late, zh: late}
currency: CNY
timezone: Asia/Shanghai
limits:
  - {otherwise: true, limit: 1_000_000}
late_charge: {rate: 1% per month, on: open principal, from: due + 1 day, count_days: 30/360}
"""
DUE = date(2026, 6, 15)


@pytest.fixture
def real(location: str) -> Service:
    """C-2 was late with 10,000.00 in two parts, and with 10,000.00 that a file says was settled."""
    service = start_real_service(location)
    publish(service, "late.yaml", POLICY)
    service.put_customer("C-2", granted_limit="none", country="CN")
    today = policy_day(service.held.database)
    invoices = [Invoice("C-2", name, 10_000_00, "CNY", date(2026, 5, 16), DUE, settled)
                for name, settled in (("PARTS", None), ("FILE", date(2026, 6, 30)), ("IN TIME", DUE))]  # fmt: skip
    with service.held.database.write() as work:
        work.invoices.add_many(invoices, today)
        for name, minor, day in (("P-1", 4_000_00, date(2026, 6, 30)), ("P-2", 6_000_00, date(2026, 7, 15))):
            new = NewSettlement("payment", name, "C-2", Money(minor, "CNY"), day, "transfer", "person:ann",
                                stated=(Part("PARTS", minor),))  # fmt: skip
            work.settlements.enter(new, today)
    return service


def charges(service: Service, as_of: str) -> Any:
    """What is charged on a day: the total, and each invoice."""
    answer = service.send("GET", f"/v1/customers/C-2/late-charges?as_of={as_of}", "collector")
    assert answer.status_code == 200, answer.data
    body = json.loads(answer.data)
    return body["total"], {one["invoice_id"]: one["late_charges"] for one in body["items"]}


@pytest.mark.parametrize(
    ("as_of", "parts", "file"),
    [
        ("2026-06-16", "3.33", "3.33"),  # one day of 10,000.00 at 1/30 %
        ("2026-06-30", "50.00", "50.00"),  # the day of the payment still costs
        ("2026-07-01", "52.00", "50.00"),  # 6,000.00 from then on
        ("2026-07-15", "80.00", "50.00"),
        ("2026-07-16", "80.00", "50.00"),
        ("2026-11-20", "80.00", "50.00"),
    ],
)
def test_interest_runs_by_periods_and_stays_when_the_principal_is_paid(
    real: Service, as_of: str, parts: str, file: str
) -> None:
    total, found = charges(real, as_of)
    assert found == {"PARTS": parts, "FILE": file}, "what was paid in time costs nothing"
    assert Money.parse(total, "CNY") == Money.parse(parts, "CNY") + Money.parse(file, "CNY")


def test_nothing_is_charged_on_the_due_date_and_nobody_without_a_policy(real: Service, tmp_path: Path) -> None:
    assert charges(real, "2026-06-15") == ("0.00", {})
    assert real.send("GET", "/v1/customers/C-404/late-charges", "collector").status_code == 404
    (tmp_path / "bare").mkdir()
    bare = start_service(tmp_path / "bare", policy=False)
    bare.put_customer("C-2")
    assert charges(bare, "2026-06-20") == (None, {}), "nobody can tell"
