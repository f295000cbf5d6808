"""Payments over HTTP: entered once, allocated and taken back; what cannot be is told, and nothing of it is kept."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.operations.tell_limit import policy_day
from storage.receivables import Invoice
from tests.api.service import Service, an_order, start_real_service

Body = dict[str, Any]


@pytest.fixture
def real(location: str) -> Service:
    """C-2 owes 50.00 and 30.00 that are overdue and 20.00 that is not, on each kind of database."""
    service = start_real_service(location)
    service.put_customer("C-2", granted_limit="1000.00", country="CN")
    today = policy_day(service.held.database)
    given = (("A", 50_00, 10), ("B", 30_00, 20), ("C", 20_00, -10))
    invoices = [Invoice("C-2", name, minor, "CNY", today - timedelta(40), today - timedelta(late))
                for name, minor, late in given]  # fmt: skip
    with service.held.database.write() as work:
        work.invoices.add_many(invoices, today)
    return service


def ask(service: Service, path: str, body: Body, key: str, role: str = "risk_officer") -> TestResponse:
    """Send a change."""
    return service.send("POST", f"/v1/{path}", role, body, Idempotency_Key=key)


def a_payment(service: Service, **changes: Any) -> Body:
    """A payment of C-2 of today."""
    day = policy_day(service.held.database).isoformat()
    return {"id": "P-1", "customer_id": "C-2", "amount": "45.00", "currency": "CNY", "day": day, **changes}


def shown(service: Service, path: str, role: str = "collector") -> Any:
    """What a GET answers."""
    answer = service.send("GET", f"/v1/{path}", role)
    assert answer.status_code == 200, answer.data
    return json.loads(answer.data)


def owed(service: Service) -> str:
    """What the account of C-2 says is owed."""
    return str(shown(service, "customers/C-2")["exposure"]["open_receivables"])


def told(answer: TestResponse) -> tuple[int, str, str]:
    """The status, problem and detail of a refusal."""
    body = json.loads(answer.data)
    return answer.status_code, str(body["type"]).rpartition("/")[2], str(body["detail"])


def test_a_payment_goes_to_the_oldest_and_is_shown_everywhere(real: Service) -> None:
    answer = ask(real, "payments", a_payment(real), "k-1", "order_system")
    assert answer.status_code == 201, answer.data
    settlement = json.loads(answer.data)["settlement"]
    assert settlement["allocations"] == [
        {"invoice_id": "B", "amount": "30.00"}, {"invoice_id": "A", "amount": "15.00"},
    ]  # fmt: skip
    assert (settlement["unallocated"], settlement["by"]) == ("0.00", "client:order_system-1")
    assert owed(real) == "55.00"
    assert shown(real, "payments/P-1")["settlement"] == settlement
    assert shown(real, "customers/C-2/settlements")["items"] == [settlement]
    listed = shown(real, "invoices?customer_id=C-2")
    assert [(one["invoice_id"], one["open_amount"], one["days_overdue"]) for one in listed["items"]] == [
        ("A", "35.00", 10), ("B", "0.00", 0), ("C", "20.00", 0),
    ]  # fmt: skip
    first = shown(real, "invoices?customer_id=C-2&open=true&limit=1")
    assert ([one["invoice_id"] for one in first["items"]], first["next"]) == (["A"], "A")
    second = shown(real, "invoices?customer_id=C-2&open=true&limit=1&cursor=A")
    assert ([one["invoice_id"] for one in second["items"]], second["next"]) == (["C"], None)


def test_a_statement_ties_to_what_is_open_and_what_is_left(real: Service) -> None:
    ask(real, "payments", a_payment(real, amount="60.00", allocations=[{"invoice_id": "C", "amount": "25.00"}]), "k-1")
    [one] = shown(real, "customers/C-2/statement")["items"]
    assert (one["opening"], one["closing"], one["open"], one["unallocated"], one["overdue"]) == (
        "0.00", "40.00", "45.00", "5.00", "45.00",
    )  # fmt: skip
    assert [(line["kind"], line["amount"], line["balance"]) for line in one["lines"]] == [
        ("invoice", "50.00", "50.00"), ("invoice", "30.00", "80.00"), ("invoice", "20.00", "100.00"),
        ("payment", "-60.00", "40.00"),
    ]  # fmt: skip
    assert [(item["invoice_id"], item["open_amount"], item["bucket"]) for item in one["open_items"]] == [
        ("A", "45.00", "days_1_30"),
    ]  # fmt: skip
    assert [(item["id"], item["unallocated"]) for item in one["unallocated_items"]] == [("P-1", "5.00")]
    before = (policy_day(real.held.database) - timedelta(1)).isoformat()
    [then] = shown(real, f"customers/C-2/statement?as_of={before}&since={before}")["items"]
    assert (then["opening"], then["closing"], then["lines"]) == ("100.00", "100.00", [])


def test_ageing_counts_what_is_open(real: Service) -> None:
    ask(real, "payments", a_payment(real), "k-1")
    [mine] = shown(real, "customers/C-2/ageing")["items"]
    assert (mine["open"], mine["not_due"], mine["days_1_30"], mine["invoices"]) == ("55.00", "20.00", "35.00", 2)
    assert (mine["sales"], mine["dso"]) == ("100.00", "49.500")
    book = shown(real, "ageing")["items"]
    assert [one["currency"] for one in book] == ["CNY"] and book[0]["open"] == "55.00"
    later = (policy_day(real.held.database) + timedelta(81)).isoformat()
    [then] = shown(real, f"customers/C-2/ageing?as_of={later}")["items"]
    assert (then["days_61_90"], then["days_over_90"], then["dso"]) == ("20.00", "35.00", None)


def test_more_than_is_owed_is_kept_and_opens_no_room(real: Service) -> None:
    ask(real, "payments", a_payment(real, amount="500.00"), "k-1")
    assert owed(real) == "0.00"
    exposure = shown(real, "customers/C-2")["exposure"]
    assert (exposure["balance"], shown(real, "payments/P-1")["settlement"]["unallocated"]) == ("0.00", "400.00")


def test_the_same_payment_under_another_key_is_known(real: Service) -> None:
    first = ask(real, "payments", a_payment(real), "k-1")
    again = ask(real, "payments", a_payment(real), "k-2")
    assert (first.status_code, again.status_code, again.data) == (201, 200, first.data)
    assert "Idempotency-Replayed" not in again.headers and owed(real) == "55.00"
    assert told(ask(real, "payments", a_payment(real, amount="45.01"), "k-3"))[:2] == (409, "settlement-known")


def test_an_over_payment_is_allocated_later_moved_and_reversed(real: Service) -> None:
    ask(real, "payments", a_payment(real, allocations=[{"invoice_id": "X", "amount": "45.00"}]), "k-1")
    part = [{"invoice_id": "C", "amount": "20.00"}]
    answer = ask(real, "payments/P-1:allocate", {"allocations": part, "reason": "as they say"}, "k-2", "collector")
    assert json.loads(answer.data)["settlement"]["unallocated"] == "25.00"
    assert told(ask(real, "payments/P-1:allocate", {"allocations": part, "reason": "x"}, "k-3"))[1:] == (
        "settlement-refused", "invoice 'C': no such invoice is open",
    )  # fmt: skip
    ask(real, "payments/P-1:take-back", {"invoice_id": "C", "reason": "another was meant"}, "k-4")
    ask(real, "payments/P-1:allocate", {"reason": "oldest first"}, "k-5")
    assert owed(real) == "55.00"
    reversal = {"reason": "no funds"}
    assert ask(real, "payments/P-1:reverse", reversal, "k-6").status_code == 200
    assert owed(real) == "100.00"
    assert told(ask(real, "payments/P-1:reverse", reversal, "k-7"))[:2] == (409, "settlement-reversed")
    with real.held.database.read() as work:
        kinds = [one.kind for one in work.events.list(subject="customer:C-2").items]
    assert kinds[:5] == ["settlement_reversed", "money_allocated", "allocation_taken_back", "money_allocated",
                         "payment_entered"]  # fmt: skip


def test_a_payment_makes_room_for_orders_and_one_that_bounces_takes_it_back(real: Service) -> None:
    def exposure(number: int) -> str:
        order = an_order("920.00", customer_id="C-2", id=f"SO-{number}")
        answer = real.send("POST", "/v1/decisions:preview", "order_system", order)
        return str(json.loads(answer.data)["decision"]["exposure"]["before"])

    seen = [exposure(1)]
    ask(real, "payments", a_payment(real, amount="100.00"), "k-1")
    seen.append(exposure(2))
    ask(real, "payments/P-1:reverse", {"reason": "no funds"}, "k-2")
    seen.append(exposure(3))
    assert seen == ["100.00", "0.00", "100.00"]


def test_a_write_off_and_a_credit_note(real: Service) -> None:
    note = a_payment(real, id="N-1", amount="30.00", reason="returned goods")
    assert ask(real, "credit-notes", note, "k-1", "approver").status_code == 201
    loss = a_payment(real, id="W-1", amount="50.00", reason="insolvent", invoice_id="A")
    assert ask(real, "write-offs", loss, "k-2", "approver").status_code == 201
    assert owed(real) == "20.00"
    assert told(ask(real, "write-offs", loss | {"id": "W-2"}, "k-3"))[1:] == (
        "settlement-refused", "a write-off goes to one open invoice in full; no such invoice is open",
    )  # fmt: skip
    for path in ("write-offs/W-1", "credit-notes/N-1"):
        assert ask(real, f"{path}:reverse", {"reason": "a slip"}, f"r-{path}", "approver").status_code == 200
    assert owed(real) == "100.00"


BAD: list[tuple[Body, int, str, str]] = [
    ({"customer_id": "C-404"}, 422, "unknown-customer", "C-404"),
    ({"amount": "0.00"}, 422, "invalid-field", "'amount' is nothing"),
    ({"amount": "-5.00"}, 422, "invalid-field", "'amount' is not an amount"),
    ({"amount": "5.001"}, 422, "invalid-field", "'amount'"),
    ({"amount": 5}, 422, "invalid-field", "'amount' is not text"),
    ({"currency": "USD"}, 422, "settlement-refused", "no open invoice in 'USD'"),
    ({"currency": "XXQ"}, 422, "unknown-currency", "XXQ"),
    ({"day": "23.11.2026"}, 422, "invalid-field", "'day' is not a day; write it as"),
    ({"day": "2026-02-30"}, 422, "invalid-field", "'day' is not a day"),
    ({"day": "2199-01-01"}, 422, "invalid-field", "'day' is a day to come"),
    ({"allocations": [{"invoice_id": "A", "amount": "45.01"}]}, 422, "settlement-refused", "more is stated"),
    ({"allocations": [{"invoice_id": "A", "amount": "0.00"}]}, 422, "invalid-field", "allocations.0.amount"),
    ({"allocations": [{"invoice_id": "A", "amount": "1.00"}] * 2}, 422, "settlement-refused", "stated twice"),
    ({"allocations": [{"invoice_id": "A"}]}, 422, "invalid-field", "allocations.0.amount"),
    ({"paid": True}, 422, "unknown-field", "paid"),
]


@pytest.mark.parametrize(("changes", "status", "problem", "detail"), BAD)
def test_what_cannot_be_is_told_and_nothing_is_kept(
    real: Service, changes: Body, status: int, problem: str, detail: str
) -> None:
    found = told(ask(real, "payments", a_payment(real, **changes), "k-1"))
    assert found[:2] == (status, problem) and detail in found[2], found
    assert real.send("GET", "/v1/payments/P-1", "collector").status_code == 404
    assert owed(real) == "100.00"
    assert ask(real, "payments", a_payment(real), "k-1").status_code == 201, "a refusal keeps no key"


@pytest.mark.parametrize(
    "path", ["customers/C-404/statement", "customers/C-404/ageing", "customers/C-404/settlements", "payments/P-9",
             "invoices?customer_id=C-404", "payments/%00"]
)  # fmt: skip
def test_nobody_is_told_of_what_is_not_there(real: Service, path: str) -> None:
    assert real.send("GET", f"/v1/{path}", "collector").status_code == 404


def test_a_statement_that_ends_before_it_begins_is_refused(real: Service) -> None:
    found = told(real.send("GET", "/v1/customers/C-2/statement?since=2026-11-02&as_of=2026-11-01", "collector"))
    assert found[1] == "invalid-field" and "begin on 2026-11-02 and end on 2026-11-01" in found[2]
    assert date.fromisoformat(shown(real, "customers/C-2/statement?since=2026-11-01&as_of=2026-11-01")["as_of"])
