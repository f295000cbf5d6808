"""An invoice names the orders that it is for, by its decision; the decision's own answer never changes for it."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import Any

import pytest

from storage.receivables import Invoice
from tests.api.operations.test_escalate import PER_INVOICE, STRICT, run, written
from tests.api.operations.test_legal_cases import bundle, cases
from tests.api.operations.test_tell_limit import today
from tests.api.service import Service, an_order, publish, start_real_service


@pytest.fixture
def real(location: str) -> Service:
    """C-1 orders on credit under a ladder that ends at law, on each kind of database."""
    service = start_real_service(location)
    publish(service, "collecting.yaml", written(STRICT, PER_INVOICE))
    return service


def approved(service: Service, number: int) -> dict[str, str]:
    """An approved order of 1,000.00, as its invoices name it."""
    answer = service.decide(an_order("1000.00", id=f"SO-{number}", prepaid="0.00"), f"k-{number}")
    decision = json.loads(answer.data)["decision"]
    return {"order_id": f"SO-{number}", "decision_id": decision["decision_id"],
            "reservation_id": decision["reservation"]["id"]}  # fmt: skip


def convert(service: Service, order: dict[str, str], invoice_id: str | None, amount: str, whole: str) -> None:
    """Convert a part of an order, into an invoice of a whole amount where one is named."""
    invoiced = today(service) - timedelta(1)
    named = {"id": invoice_id, "amount": whole, "invoiced_on": str(invoiced), "due_on": str(invoiced)}
    body = {"amount": amount} if invoice_id is None else {"amount": amount, "invoice": named}
    answer = service.send("POST", f"/v1/reservations/{order['reservation_id']}/convert", "order_system", body,
                          Idempotency_Key=f"{order['order_id']}-{invoice_id}-{amount}")  # fmt: skip
    assert answer.status_code == 200, answer.data


def orders(service: Service) -> dict[str, list[dict[str, str]]]:
    """The orders of each open item, the same in the list and in the statement."""
    listed = json.loads(service.send("GET", "/v1/invoices?customer_id=C-1&open=true", "collector").data)
    told = json.loads(service.send("GET", "/v1/customers/C-1/statement", "collector").data)
    found = {one["invoice_id"]: one["orders"] for one in listed["items"]}
    assert found == {one["invoice_id"]: one["orders"] for one in told["items"][0]["open_items"]}
    return found


def kept(service: Service, order: dict[str, str]) -> Any:
    """The bytes of a decision's answer."""
    return service.send("GET", f"/v1/decisions/{order['decision_id']}", "compliance").data


def test_an_invoice_names_its_orders_and_the_answer_stays_as_it_was(real: Service) -> None:
    first, second = approved(real, 1), approved(real, 2)
    before = kept(real, first)
    convert(real, first, "INV-1", "400.00", "400.00")
    convert(real, first, "INV-2", "600.00", "900.00")
    convert(real, second, "INV-2", "300.00", "900.00")
    convert(real, second, None, "100.00", "")
    day = today(real)
    with real.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "FILE", 1_00, "CNY", day, day)], day)
    assert orders(real) == {"INV-1": [first], "INV-2": [first, second], "FILE": []}
    assert kept(real, first) == before and b"INV-1" not in before


def test_an_invoice_that_was_imported_first_names_the_order_that_is_converted_into_it(real: Service) -> None:
    order, day = approved(real, 1), today(real) - timedelta(1)
    one = Invoice("C-1", "INV-1", 400_00, "CNY", day, day)
    with real.held.database.write() as work:
        work.invoices.add_many([one], day)
    assert orders(real) == {"INV-1": []}
    convert(real, order, "INV-1", "400.00", "400.00")
    with real.held.database.write() as work:
        assert work.invoices.add_many([one], day).unchanged == 1
    assert orders(real) == {"INV-1": [order]}


def test_the_file_for_a_lawyer_says_which_decision_an_invoice_comes_from(real: Service) -> None:
    order, _ = approved(real, 1), approved(real, 2)
    convert(real, order, "INV-1", "400.00", "400.00")
    run(real, today(real) + timedelta(60))
    [case] = cases(real)
    files = bundle(real, case["id"])
    [row] = csv.DictReader(files["invoices.csv"].decode().splitlines())
    assert (row["orders"], row["decisions"]) == ("SO-1", order["decision_id"])
    assert f"decisions/{order['decision_id']}.zip" in files


def test_its_decision_is_in_the_file_also_where_it_was_made_after_the_invoice(real: Service) -> None:
    day = today(real) - timedelta(40)
    with real.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "INV-1", 400_00, "CNY", day, day)], today(real))
    order, _ = approved(real, 1), approved(real, 2)
    answer = {"amount": "400.00", "invoice": {"id": "INV-1", "invoiced_on": str(day), "due_on": str(day)}}
    path = f"/v1/reservations/{order['reservation_id']}/convert"
    assert real.send("POST", path, "order_system", answer, Idempotency_Key="late").status_code == 200
    run(real, today(real))
    [case] = cases(real)
    listed = [one["decision_id"] for one in json.loads(bundle(real, case["id"])["decisions.json"])]
    assert listed == [order["decision_id"]], "and not that on the order which it is not for"


def test_each_instalment_names_the_order_however_the_invoice_was_told(real: Service) -> None:
    order, day = approved(real, 1), today(real) - timedelta(1)
    agreed = {"id": "INV-1", "invoiced_on": str(day), "terms": "2 instalments every 30 days"}
    path = f"/v1/reservations/{order['reservation_id']}/convert"
    answer = real.send("POST", path, "order_system", {"amount": "400.00", "invoice": agreed}, Idempotency_Key="1")
    assert answer.status_code == 200, answer.data
    assert orders(real) == {"INV-1 (1 of 2)": [order], "INV-1 (2 of 2)": [order]}
    convert(real, other := approved(real, 2), "INV-1", "100.00", "400.00")  # with one date, as the order system has it
    assert orders(real) == {"INV-1 (1 of 2)": [order, other], "INV-1 (2 of 2)": [order, other]}
