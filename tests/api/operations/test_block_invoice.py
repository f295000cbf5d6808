"""A dispute block makes its invoice disputed wherever that is read on a day, and no day longer; a promise does not."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta

import pytest

from credit.blocks import Block
from storage.blocks import BlockEnd, NewBlock
from storage.receivables import Invoice
from tests.api.operations.test_escalate import HEAD, LIMITS, PER_INVOICE, ROLES, STRICT, owe, run, settle, steps
from tests.api.operations.test_legal_cases import bundle, cases
from tests.api.operations.test_tell_limit import today
from tests.api.service import Service, an_order, publish, start_real_service
from tests.benchmarks.http_parts import statements

ARGUED = "let:\n  argued: any of invoices where disputed is true\n"
CHECKS = "checks:\n  - {check: nothing_argued, when: argued is true, verdict: refer}\n"
CALM = """escalation:
  calm:
    - {step: call, at: due + 3 days, when: argued is false, do: task phone_call for collector}
    - {step: letter, at: due + 3 days, when: argued is true, do: send clarification by letter}
"""


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes I-1 and I-2, neither of which an import calls disputed, and a disputed invoice is looked at."""
    service = start_real_service(location)
    publish(service, "argued.yaml", "".join((HEAD, ROLES, ARGUED, LIMITS, CHECKS, CALM, PER_INVOICE)).encode())
    day = today(service)
    with service.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", name, 500_00, "CNY", day - timedelta(40), day - timedelta(3),
                                        disputed=False) for name in ("I-1", "I-2")], day)  # fmt: skip
    return service


def place(service: Service, kind: str, until: date, invoice_id: str = "I-1") -> str:
    """Block an invoice over HTTP from today on; its id."""
    body = {"invoice_id": invoice_id, "kind": kind, "until": until.isoformat(), "reason": "they said so"}
    answer = service.send("POST", "/v1/customers/C-1/blocks", "collector", body, Idempotency_Key=f"{kind}-{invoice_id}")
    assert answer.status_code == 201, answer.data
    return str(json.loads(answer.data)["block"]["id"])


def end(service: Service, block_id: str) -> None:
    """End a block over HTTP."""
    answer = service.send("POST", f"/v1/blocks/{block_id}:end", "collector", {"reason": "settled"}, Idempotency_Key="e")
    assert answer.status_code == 200, answer.data


def decided(service: Service, key: str) -> str:
    """The verdict on an order."""
    answer = service.decide(an_order("1000.00", id=f"SO-{key}", prepaid="0.00"), key)
    assert answer.status_code == 201, answer.data
    return str(json.loads(answer.data)["decision"]["verdict"])


def shown(service: Service, as_of: date) -> dict[str, bool | None]:
    """What is shown as disputed of each open item on a day, the same in the list and in the statement."""
    listed = json.loads(service.send("GET", f"/v1/invoices?customer_id=C-1&open=true&as_of={as_of}", "collector").data)
    told = json.loads(service.send("GET", f"/v1/customers/C-1/statement?as_of={as_of}", "collector").data)
    found = {one["invoice_id"]: one["disputed"] for one in listed["items"]}
    assert found == {one["invoice_id"]: one["disputed"] for one in told["items"][0]["open_items"]}
    return found


def test_the_next_decision_sees_a_dispute_and_not_one_that_ended(real: Service) -> None:
    assert decided(real, "before") == "approve"
    block_id = place(real, "dispute", today(real) + timedelta(9))
    with statements() as told:
        assert decided(real, "disputed") == "refer"
    assert len(told) <= 1 + 7, "the lock brings what is new of the facts; the dispute comes beside its invoice"
    end(real, block_id)
    assert decided(real, "ended") == "approve"


def test_a_promise_to_pay_is_no_dispute(real: Service) -> None:
    place(real, "promise", today(real) + timedelta(9))
    assert decided(real, "promised") == "approve"
    assert shown(real, today(real)) == {"I-1": False, "I-2": False}


def test_a_dispute_is_over_on_the_day_after_its_last_without_anybody_ending_it(real: Service) -> None:
    day = today(real)
    with real.held.database.write() as work:
        over = Block("dispute", day - timedelta(20), day - timedelta(1))
        work.blocks.place(NewBlock("B-1", "C-1", "I-1", over, "wrong goods", "person:ann"))
    assert decided(real, "over") == "approve"
    place(real, "dispute", day, "I-2")
    assert decided(real, "last") == "refer"
    found = [shown(real, day + timedelta(number)) for number in (-21, -20, -1, 0, 1)]
    assert [(one["I-1"], one["I-2"]) for one in found] == [
        (False, False), (True, False), (True, False), (False, True), (False, False)]  # fmt: skip


@pytest.mark.parametrize(("kind", "taken"), [("dispute", "letter"), ("promise", "call")])
def test_conditions_of_the_other_invoices_ladders_see_the_dispute(real: Service, kind: str, taken: str) -> None:
    place(real, kind, today(real) + timedelta(9))
    run(real, today(real))
    assert [(invoice_id, step) for invoice_id, step, _ in steps(real)] == [("I-2", taken)]


def test_what_an_import_says_later_and_a_payment_leave_the_dispute_as_it_is(real: Service) -> None:
    day = today(real)
    place(real, "dispute", day + timedelta(9))
    with real.held.database.write() as work:
        again = Invoice("C-1", "I-1", 500_00, "CNY", day - timedelta(40), day - timedelta(3), disputed=False)
        assert work.invoices.add_many([again], day).unchanged == 1, "a block is no other invoice"
    settle(real, "P-1", 100_00, day)
    assert shown(real, day) == {"I-1": True, "I-2": False}


@pytest.mark.parametrize(("kind", "told"), [("dispute", "yes"), ("promise", "")])
def test_the_file_for_a_lawyer_says_what_is_disputed_on_its_day(location: str, kind: str, told: str) -> None:
    service = start_real_service(location)
    publish(service, "strict.yaml", "".join((HEAD, ROLES, LIMITS, STRICT, PER_INVOICE)).encode())
    owe(service, "I-1", today(service) - timedelta(31))
    run(service, today(service))
    [case] = cases(service)
    block_id = place(service, kind, today(service))
    [row] = csv.DictReader(bundle(service, case["id"])["invoices.csv"].decode().splitlines())
    assert row["disputed"] == told
    with service.held.database.write() as work:
        work.blocks.end(block_id, BlockEnd(today(service), "settled", "person:ann"))
    [row] = csv.DictReader(bundle(service, case["id"])["invoices.csv"].decode().splitlines())
    assert row["disputed"] == "", "nobody said, and the block is over"
