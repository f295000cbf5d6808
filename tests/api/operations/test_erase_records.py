"""What is erased on request: by whom, what keeps it, and that everything still verifies and says so afterwards."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from api.operations.erase_records import PAGE, Said, erase_wanted, looked_at
from storage.checkpoints import SigningKey
from storage.contacts import Contact
from storage.log_export import export_lines
from storage.log_verify import verify_export
from storage.outbox import Delivery, Message
from storage.receivables import Invoice
from storage.retention import HOLDS, Candidate, Retention, Terms, Wanted
from storage.sequencer import integrate, sign_head
from storage.tables import invoice, metadata
from tests.api.people import officer
from tests.api.service import Service, an_order, start_real_service

WHY = {"reason": "asked by the data subject"}
KEY = SigningKey("log.example", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
TERMS = Terms(timedelta(hours=336))


@pytest.fixture
def real(location: str) -> Service:
    """The standard policy, on each kind of database."""
    return start_real_service(location)


def erase(service: Service, what: str, key: str = "e-1", role: str = "compliance") -> TestResponse:
    """A person erases `decisions/ID` or `customers/ID`."""
    path = f"/v1/{what}:erase"
    return service.send("POST", path, body=WHY, Idempotency_Key=key, **officer(service, role, "x"))


def decided(service: Service, key: str, amount: str = "9000000.00") -> dict[str, Any]:
    """A decision; on such an amount a denial or a referral, which holds nothing."""
    answer = service.decide(an_order(amount, id=f"SO-{key}"), key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def denied(service: Service, key: str) -> str:
    """The id of a denial: the customer is on hold."""
    service.send("POST", "/v1/customers/C-1/holds", "collector", {"scope": "orders", "reason": "x"},
                 Idempotency_Key=f"hold-{key}")  # fmt: skip
    found = decided(service, key, "1000.00")
    assert found["verdict"] == "deny"
    return str(found["decision_id"])


def problem(answer: TestResponse) -> tuple[int, str]:
    """Status and type of a problem."""
    return answer.status_code, json.loads(answer.data)["type"].rsplit("/", 1)[-1]


def verified(service: Service) -> tuple[bool, int, list[str]]:
    """Whether the whole log is as it was signed, how many decisions it calls erased, and each fault."""
    while integrate(service.held.database).count:
        pass
    sign_head(service.held.database, KEY.name, KEY, None)
    with service.held.database.looking() as connection:
        found = verify_export(export_lines(connection), KEY.verifying)
    return found.good, found.erased, found.faults


def test_an_erased_decision_says_so_at_every_door_and_every_proof_verifies(real: Service) -> None:
    decision_id = denied(real, "k")
    stays = denied(real, "other")
    told = json.loads(erase(real, f"decisions/{decision_id}").data)["erased"]
    assert (told["decision_id"], told["by"], told["reason"]) == (decision_id, "person:compliance-x", WHY["reason"])
    assert problem(real.send("GET", f"/v1/decisions/{decision_id}", "order_system")) == (410, "record-erased")
    again = real.decide(an_order("1000.00", id="SO-k"), "k")
    assert problem(again) == (410, "record-erased")
    replayed = json.loads(real.send("GET", f"/v1/decisions/{decision_id}/replay", "compliance").data)
    assert replayed["result"] == "erased" and WHY["reason"] in replayed["told"] and replayed["verdict"] == "deny"
    assert verified(real) == (True, 1, [])
    pack = zipfile.ZipFile(io.BytesIO(real.send("GET", f"/v1/decisions/{decision_id}/evidence", "compliance").data))
    assert b"erased" in b"".join(pack.read(name) for name in pack.namelist())
    assert json.loads(real.send("GET", f"/v1/decisions/{stays}/replay", "compliance").data)["result"] == "equal"
    [event] = json.loads(real.send("GET", "/v1/events?kind=record_erased", "compliance").data)["items"]
    assert (event["subject"], event["by"]) == (f"decision:{decision_id}", "person:compliance-x")


def test_the_second_request_is_told_of_the_first_erasure(real: Service) -> None:
    what = f"decisions/{denied(real, 'k')}"
    first, again, other = erase(real, what), erase(real, what), erase(real, what, "e-2", "admin")
    assert [one.status_code for one in (first, again, other)] == [200, 200, 200]
    assert first.data == again.data == other.data
    assert len(json.loads(real.send("GET", "/v1/events?kind=record_erased", "compliance").data)["items"]) == 1


def test_a_decision_that_holds_exposure_is_kept_until_it_is_voided(real: Service) -> None:
    made = decided(real, "k", "1000.00")
    refused = erase(real, f"decisions/{made['decision_id']}")
    assert problem(refused) == (409, "record-kept")
    told = json.loads(refused.data)
    assert "exposure is held" in told["detail"]
    assert [one["field"] for one in told["errors"]] == [made["decision_id"]]
    assert real.send("GET", f"/v1/decisions/{made['decision_id']}", "order_system").status_code == 200
    real.send("POST", f"/v1/reservations/{made['reservation']['id']}/void", "order_system", {}, Idempotency_Key="v")
    assert erase(real, f"decisions/{made['decision_id']}", "e-2").status_code == 200


def test_a_record_in_its_term_is_kept(real: Service) -> None:
    what = f"decisions/{denied(real, 'k')}"
    object.__setattr__(real.held.settings, "retention_days", 1)
    refused = erase(real, what)
    assert problem(refused) == (409, "record-kept") and "is not over" in json.loads(refused.data)["detail"]
    object.__setattr__(real.held.settings, "retention_days", 0)
    assert erase(real, what).status_code == 200


@pytest.mark.parametrize("what", ["decisions/D-404", "customers/C-404", "decisions/x y", "customers/%00"])
def test_what_is_not_there_is_not_found(real: Service, what: str) -> None:
    assert problem(erase(real, what)) == (404, "not-found")


def test_a_customer_is_erased_whole_or_not_at_all(real: Service) -> None:
    ids = [denied(real, key) for key in ("a", "b")]
    with real.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "I-open", 100, "CNY", date(2020, 1, 1), date(2020, 2, 1))],
                               date(2020, 1, 1))  # fmt: skip
    refused = erase(real, "customers/C-1")
    assert problem(refused) == (409, "record-kept")
    assert json.loads(refused.data)["errors"] == [{"field": "C-1", "message": "an invoice is unpaid"}]
    assert all(real.send("GET", f"/v1/decisions/{one}", "order_system").status_code == 200 for one in ids)
    with real.held.database.alone() as connection:
        paid = update(invoice).where(invoice.c.invoice_id == "I-open")
        connection.execute(paid.values(settled_on="2020-02-01", open_amount=0))
    told = json.loads(erase(real, "customers/C-1", "e-2").data)["erased"]
    assert (told["customer_id"], told["decisions"], told["by"]) == ("C-1", 2, "person:compliance-x")
    shown = json.loads(real.send("GET", "/v1/customers/C-1", "collector").data)
    assert (shown["name"], shown["country"], shown["facts"]) == ("erased", None, {})
    assert verified(real) == (True, 2, [])
    later = json.loads(erase(real, "customers/C-1", "e-3").data)["erased"]
    assert later == told


TOLD_OF_CUSTOMER = (
    ("customers/C-1/facts", "risk_officer", {"facts": {"customer.country": "CN"}, "reason": "Ann said so"}),
    ("customers/C-1/documents", "risk_officer",
     {"kind": "registration", "title": "Licence of Ann", "issued_on": "2020-01-01", "source": "Ann"}),
    ("payments", "collector",
     {"id": "P-1", "customer_id": "C-1", "amount": "10.00", "currency": "CNY", "day": "2020-02-01",
      "reference": "Ann pays"}),
)  # fmt: skip


def test_answers_that_quote_a_customers_file_go_with_it(real: Service) -> None:
    with real.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "I-1", 1000, "CNY", date(2020, 1, 1), date(2020, 2, 1))],
                               date(2020, 1, 1))  # fmt: skip

    def again() -> list[TestResponse]:
        return [real.send("POST", f"/v1/{path}", role, body, Idempotency_Key=f"told-{place}")
                for place, (path, role, body) in enumerate(TOLD_OF_CUSTOMER)]  # fmt: skip

    first = [answer.data for answer in again()]
    assert [b"Ann" in told for told in first] == [True] * 3, first
    assert [answer.data for answer in again()] == first
    assert erase(real, "customers/C-1").status_code == 200
    assert [problem(answer) for answer in again()] == [(410, "record-erased")] * 3
    assert erase(real, "customers/C-1").status_code == 200, "what was erased by whom is told again"
    assert json.loads(real.send("GET", "/v1/payments/P-1", "collector").data)["settlement"]["reference"] is None
    path, role, body = TOLD_OF_CUSTOMER[2]
    known = real.send("POST", f"/v1/{path}", role, body, Idempotency_Key="another")
    assert known.status_code == 200, "the same money under another key is known, without what it said"
    other = real.send("POST", f"/v1/{path}", role, {**body, "amount": "11.00"}, Idempotency_Key="a-third")
    assert problem(other) == (409, "settlement-known")
    with real.held.database.alone() as connection:
        stored = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert stored and not [row for row in stored if "Ann" in row]


def test_a_customer_whose_erasure_broke_off_is_erased_by_the_next_request(real: Service) -> None:
    ids = [denied(real, key) for key in ("a", "b", "c")]
    assert erase(real, f"decisions/{ids[0]}", "one").status_code == 200
    assert json.loads(erase(real, "customers/C-1").data)["erased"]["decisions"] == 3


def test_an_order_after_an_erasure_is_decided_on_what_is_known_then(real: Service) -> None:
    assert erase(real, "customers/C-1").status_code == 200
    assert decided(real, "later", "1000.00")["verdict"] == "refer"


def test_a_run_erases_what_is_past_and_keeps_what_is_needed(real: Service) -> None:
    ids = [denied(real, str(n)) for n in range(3)]
    for one in json.loads(real.send("GET", "/v1/customers/C-1/holds", "collector").data)["items"]:
        real.send("POST", f"/v1/holds/{one['id']}:end", "risk_officer", {"reason": "x"}, Idempotency_Key=one["id"])
    held = decided(real, "held", "1000.00")["decision_id"]
    wanted = Wanted(before=date(2200, 1, 1))
    seen = [(one.decision_id, one.kept) for one in looked_at(real.held.database, wanted, TERMS)]
    assert seen == [*((one, ()) for one in ids), (held, (HOLDS,))]
    done = list(erase_wanted(real.held.database, wanted, Said("operator:ann", "past its term"), TERMS))
    assert [(one.decision_id, one.kept) for one in done] == seen
    left = list(looked_at(real.held.database, wanted, TERMS))
    assert [one.decision_id for one in left] == [held]
    assert verified(real) == (True, 3, [])


def test_pages_leave_nothing_out(real: Service) -> None:
    first = denied(real, "first")
    for n in range(PAGE + 1):
        decided(real, f"n-{n}", "1000.00")
    done = list(erase_wanted(real.held.database, Wanted("C-1"), Said("operator:ann", "x"), TERMS))
    assert len({one.decision_id for one in done}) == PAGE + 2 and done[0].decision_id == first
    with real.held.database.read() as work:
        assert work.retention.count(Wanted("C-1")) == 0


def test_what_became_needed_since_it_was_looked_at_is_kept(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    held = decided(real, "held", "1000.00")["decision_id"]
    page = Retention.page

    def before_it_was_held(*args: Any) -> list[Candidate]:
        return [replace(one, kept=()) for one in page(*args)]

    monkeypatch.setattr(Retention, "page", before_it_was_held)
    [one] = erase_wanted(real.held.database, Wanted("C-1"), Said("operator:ann", "x"), TERMS)
    assert (one.decision_id, one.kept) == (held, (HOLDS,))
    assert real.send("GET", f"/v1/decisions/{held}", "order_system").status_code == 200


def test_a_customer_is_kept_while_a_letter_waits_and_goes_with_its_letters(real: Service) -> None:
    with real.held.database.write() as work:
        found = work.policies.effective()
        assert found is not None
        work.contacts.put(Contact("C-1", "email", "a@vale.example", None, "person:ann"))
        work.outbox.put(Message("M-1", "C-1", "letter", "demand", "email", "demand", ("I-1",), date(2026, 2, 15),
                                found.digest))  # fmt: skip
    refused = erase(real, "customers/C-1")
    [why] = json.loads(refused.data)["errors"]
    assert why == {"field": "C-1", "message": "a letter or a task about it is not done"}
    with real.held.database.write() as work:
        [leased] = work.outbox.lease(1, 60.0)
        assert work.outbox.record(leased, Delivery("sent", date(2026, 2, 15), "person:ann"))
    assert erase(real, "customers/C-1", "e-2").status_code == 200
    with real.held.database.read() as work:
        assert work.contacts.get("C-1") is None and work.erasures.get("message-M-1") is not None
    assert verified(real) == (True, 0, [])
