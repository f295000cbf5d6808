"""One open case for a customer, joined by further invoices, handed over once, closed for good."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.failures import Refused
from storage.legal_cases import CaseChange, Joining
from storage.legal_tables import RESULTS
from tests.storage.records import a_customer, a_policy, an_invoice

DAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def invoices(database: Database) -> None:
    """Two customers with two invoices each."""
    with database.write() as work:
        work.policies.add(a_policy())
        for name in ("C-1", "C-2"):
            work.customers.put(a_customer(name))
            work.invoices.add_many([an_invoice(f"I-{n}", customer_id=name) for n in (1, 2)], DAY)


def bring(database: Database, case_id: str, invoice_id: str, customer_id: str = "C-1") -> bool:
    """Bring an invoice to law."""
    with database.write() as work:
        return work.legal_cases.bring(
            case_id, Joining(customer_id, invoice_id, DAY, "strict", "legal", a_policy().digest), "ladder"
        )


def change(database: Database, case_id: str, state: str = "closed", **said: Any) -> None:
    """Hand a case over, or close it."""
    values = {"day": DAY, "note": "to the court", "by": "person:ann"} | said
    values |= {"result": "paid"} if state == "closed" and "result" not in said else {}
    with database.write() as work:
        work.legal_cases.change(case_id, CaseChange(state, **values))


def test_a_further_invoice_joins_the_open_case(database: Database) -> None:
    assert bring(database, "L-1", "I-1")
    assert bring(database, "L-2", "I-2")
    assert not bring(database, "L-3", "I-2"), "the second time changes nothing"
    assert bring(database, "L-4", "I-1", "C-2"), "another customer has a case of its own"
    with database.read() as work:
        cases = work.legal_cases.list(closed=True).items
        assert [(one.case_id, [each.invoice_id for each in one.invoices]) for one in cases] == [
            ("L-1", ["I-1", "I-2"]), ("L-4", ["I-1"])]  # fmt: skip
        assert [one.case_id for one in work.legal_cases.list(closed=True, customer_id="C-2").items] == ["L-4"]
        assert work.legal_cases.list(closed=True, most=1).next_cursor == "L-1"
        kinds = [one.kind for one in work.events.list(subject="customer:C-1").items]
        assert kinds == ["legal_case_joined", "legal_case_opened"]


def test_after_a_closed_case_another_is_opened(database: Database) -> None:
    bring(database, "L-1", "I-1")
    change(database, "L-1", result="judgment")
    bring(database, "L-2", "I-2")
    with database.read() as work:
        first, second = work.legal_cases.get("L-1"), work.legal_cases.get("L-2")
        assert first is not None and second is not None
        assert (first.state, first.changes[0].result, second.state) == ("closed", "judgment", "opened")
        assert [one.case_id for one in work.legal_cases.list(closed=False).items] == ["L-2"]
        found = work.legal_cases.open_of("C-1")
        assert found is not None and found.case_id == "L-2" and work.legal_cases.open_of("C-2") is None


def test_a_case_is_handed_over_once_and_closed_for_good(database: Database) -> None:
    bring(database, "L-1", "I-1")
    change(database, "L-1", "handed_over")
    with pytest.raises(Refused, match="handed over already, on 2026-03-01, by person:ann"):
        change(database, "L-1", "handed_over")
    change(database, "L-1")
    for state in ("handed_over", "closed"):
        with pytest.raises(Refused, match="closed already, on 2026-03-01, by person:ann"):
            change(database, "L-1", state)
    with database.read() as work:
        found = work.legal_cases.get("L-1")
        assert found is not None and [one.state for one in found.changes] == ["handed_over", "closed"]
        assert work.events.list(kind="legal_case_closed").items[0].details["result"] == "paid"
    with database.write() as work:
        assert work.legal_cases.change("L-9", CaseChange("closed", DAY, "x", "y", result="paid")) is None


@pytest.mark.parametrize("result", RESULTS)
def test_every_result_can_be_kept(database: Database, result: str) -> None:
    bring(database, "L-1", "I-1")
    change(database, "L-1", result=result)


@pytest.mark.parametrize("said", [
    {"state": "closed", "result": None}, {"state": "handed_over", "result": "paid"}, {"note": ""}, {"by": ""},
    {"state": "appealed", "result": None}, {"result": "won"},
])  # fmt: skip
def test_what_is_no_change_is_refused_by_the_database(database: Database, said: dict[str, Any]) -> None:
    bring(database, "L-1", "I-1")
    with pytest.raises(IntegrityError):
        change(database, "L-1", **said)


@pytest.mark.parametrize("table", ["legal_case", "legal_case_invoice", "legal_case_change"])
def test_nobody_changes_a_case(database: Database, table: str) -> None:
    bring(database, "L-1", "I-1")
    change(database, "L-1")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET case_id = 'x'"):
        with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
            connection.execute(text(statement))
