"""Every request that changes something carries an Idempotency-Key, and keeps the same promise for it.

What the promise is: no key no change; the same key and body the same bytes; another body 422; in work 409; a fault of
ours is never kept as the answer, and the same key serves when it is over; the key is the client's alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.auth import declared_operations
from api.idempotency import KEY_PARAMETER
from storage.failures import InDoubt, Unavailable
from storage.legal_cases import Joining
from storage.outbox import Delivery, Message
from storage.receivables import Invoice as StoredInvoice
from tests.api.people import officer
from tests.api.policies import SMALL
from tests.api.service import GOOD, Service, an_order, start_real_service

CHANGES_NOTHING = {"preview_decision", "recommend_terms", "sign_in"}  # a second session harms nobody
KEYS_INSIDE = {"decide_batch"}  # each of its items has one; see tests/api/operations/test_decide_batch.py
SAID = {"reason": "seen the order book"}
INVOICE = {"id": "INV-1", "invoiced_on": "2026-11-25", "due_on": "2026-12-25"}
TOLD = {"limit": "5.00", "reason": "a review"}
GRANT = {"customer_id": "C-1", "order_id": "SO-G", "amount": "5.00", "currency": "CNY", "reason": "why",
         "until": str(date.today() + timedelta(days=30))}  # fmt: skip
HOLD = {"scope": "orders", "reason": "a cheque came back"}
RATE = {"from": "USD", "to": "CNY", "value": "7.1", "day": "2026-11-23", "source": "a bank"}
CAME = {"what": "delivered", "day": "2026-01-02"}
NOTE = {"note": "to the firm"}
DONE = {"result": "paid", "note": "all of it"}
FOUND = {"finding": "visited, all well"}
FACTS = {"facts": {"customer.score": 60}, "valid_from": "2026-11-01", "reason": "a new rating"}
PAPER = {"kind": "registration", "title": "Business licence", "issued_on": "2026-01-05", "source": "the customer"}
PAID = {"id": "P-1", "customer_id": "C-1", "amount": "5.00", "currency": "CNY", "day": "2026-11-01"}
CREDIT = PAID | {"id": "N-1", "reason": "returned"}
LOSS = PAID | {"id": "W-1", "reason": "insolvent", "invoice_id": "OPEN"}
BLOCK = {"invoice_id": "OPEN", "kind": "dispute", "until": "2099-01-01", "reason": "wrong goods"}
OF_ONE = {"invoice_id": "OPEN", "reason": "another was meant"}
Case = tuple[str, str, dict[str, Any], dict[str, Any]]  # role, path, a body, another body


def reservation(service: Service, score: int = 85) -> str:
    """The id of a new reservation."""
    service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": score})
    answer = service.decide(an_order("1000.00"), "made")
    return str(json.loads(answer.data)["decision"]["reservation"]["id"])


def referral(service: Service) -> str:
    """The id of a new referral."""
    return str(json.loads(service.decide(an_order("700000.00"), "made").data)["decision"]["decision_id"])


LATE = "2126-01-01"


def confirmed(service: Service) -> Case:
    """A confirmation of a letter of credit for all of it."""
    one = [{"security": "letter_of_credit", "amount": "1000.00", "reference": "LC-1"}]
    other = [{"security": "letter_of_credit", "amount": "1000.00", "reference": "LC-2"}]
    path = f"/v1/reservations/{reservation(service, 70)}/confirm"
    return "approver", path, {"conditions": one}, {"conditions": other}


def dated(service: Service) -> str:
    """The path of the days of a new invoice."""
    sued(service)
    return "/v1/customers/C-1/invoices/I-law/days"


def sued(service: Service) -> str:
    """The id of a new legal case."""
    day = date(2026, 1, 1)
    with service.held.database.write() as work:
        work.invoices.add_many([StoredInvoice("C-1", "I-law", 100, "CNY", day, day)], day)
        version = work.policies.effective()
        assert version is not None
        work.legal_cases.bring("L-1", Joining("C-1", "I-law", day, "standard", "legal", version.digest), "ladder")
    return "L-1"


def fell(service: Service) -> str:
    """The path on which a person sees a new alert."""
    body = FACTS | {"facts": {"customer.score": 40}}
    service.send("POST", "/v1/customers/C-1/facts", "risk_officer", body, Idempotency_Key="fell")
    [alert] = json.loads(service.send("GET", "/v1/alerts", "compliance").data)["items"]
    return f"/v1/alerts/{alert['id']}:see"


def filed(service: Service) -> str:
    """The id of a new document."""
    answer = service.send("POST", "/v1/customers/C-1/documents", "collector", PAPER, Idempotency_Key="filed")
    return str(json.loads(answer.data)["document"]["id"])


def placed(service: Service) -> str:
    """The id of a new hold."""
    answer = service.send("POST", "/v1/customers/C-1/holds", "risk_officer", HOLD, Idempotency_Key="placed")
    return str(json.loads(answer.data)["hold"]["id"])


def owing(service: Service, path: str) -> str:
    """A path, once C-1 owes an invoice of 10.00."""
    one = StoredInvoice("C-1", "OPEN", 10_00, "CNY", date(2026, 10, 1), date(2026, 10, 31))
    with service.held.database.write() as work:
        work.invoices.add_many([one], date(2026, 11, 23))
    return path


def blocked(service: Service) -> str:
    """The id of a new block."""
    answer = service.send("POST", owing(service, "/v1/customers/C-1/blocks"), "collector", BLOCK, Idempotency_Key="b")
    return str(json.loads(answer.data)["block"]["id"])


def paid(service: Service, allocate: bool = False) -> str:
    """The path of a new payment: of what is owed, or of nothing that is owed yet."""
    path = owing(service, "/v1/payments") if allocate else "/v1/payments"
    service.send("POST", path, "collector", PAID, Idempotency_Key="paid")
    return owing(service, "/v1/payments/P-1")


def credited(service: Service) -> str:
    """The path of a new credit note."""
    service.send("POST", "/v1/credit-notes", "approver", CREDIT, Idempotency_Key="credited")
    return "/v1/credit-notes/N-1"


def lost(service: Service) -> str:
    """The path of a new write-off."""
    service.send("POST", owing(service, "/v1/write-offs"), "approver", LOSS, Idempotency_Key="lost")
    return "/v1/write-offs/W-1"


def denied(service: Service) -> str:
    """The path on which a new denial is erased."""
    placed(service)
    answer = service.decide(an_order("1000.00"), "made")
    return f"/v1/decisions/{json.loads(answer.data)['decision']['decision_id']}:erase"


def granted(service: Service) -> str:
    """The id of a new grant."""
    whose = officer(service, "approver", "cfo")
    answer = service.send("POST", "/v1/grants", body=GRANT, Idempotency_Key="given", **whose)
    return str(json.loads(answer.data)["grant"]["id"])


def a_message(service: Service, who: str = "letter", gave_up: bool = False) -> str:
    """The id of a letter to C-1 about an invoice that is open, which the sender gave up or a person delivers."""
    with service.held.database.write() as work:
        digest = work.policies.effective()
        assert digest is not None
        one = StoredInvoice("C-1", "I-M", 1_000_00, "CNY", date(2026, 1, 1), date(2026, 1, 31))
        work.invoices.add_many([one], date.today())
        work.outbox.put(Message("M-1", "C-1", "letter", "written_reminder", who, "reminder", ("I-M",), date(2026, 2, 3),
                                digest.digest))  # fmt: skip
        if gave_up:
            [leased] = work.outbox.lease(1, 60.0)
            work.outbox.record(leased, Delivery("dead", date(2026, 2, 4), "sender", "no answer"))
    return "M-1"


def grouped(service: Service) -> str:
    """The path of a new group's limits."""
    service.send("PUT", "/v1/groups/G", "risk_officer", {"name": "Holding", "currency": "CNY"})
    return "/v1/groups/G/limits"


def said(what: str) -> Callable[[Service], Case]:
    """A person's answer to a referral."""
    more = {"requested_terms": "net 30"} if what.endswith("terms") else {}
    return lambda service: ("approver", f"/v1/referrals/{referral(service)}:{what}", SAID | more,
                            SAID | more | {"reason": "another"})  # fmt: skip


def written(step: str) -> Callable[[Service], Case]:
    """A step of a policy's life, each from where the steps before it have led."""

    def case(service: Service) -> Case:
        by = {"approve": "approver"}.get(step, "risk_officer")
        if step == "drafts":
            return by, "/v1/policies/drafts", {"source": SMALL}, {"source": SMALL + "#"}
        draft = made(service, "/v1/policies/drafts", {"source": SMALL})
        if step == "check":
            return by, f"/v1/policies/drafts/{draft}:check", {}, {"compare": True}
        if step == "simulate":
            return by, f"/v1/policies/drafts/{draft}:simulate", {}, {"against": "effective"}
        made(service, f"/v1/policies/drafts/{draft}:check", {})
        if step == "submit":
            return by, f"/v1/policies/drafts/{draft}:submit", SAID, {"reason": "another"}
        asked = made(service, f"/v1/policies/drafts/{draft}:submit", {})
        if step == "submissions":
            digest = json.loads(service.send("GET", f"/v1/policies/submissions/{asked}", "compliance").data)["digest"]
            return by, "/v1/policies/submissions", SAID | {"digest": digest}, {"digest": digest, "reason": "another"}
        path = f"/v1/policies/submissions/{asked}:{step}"
        if step == "publish":
            made(service, f"/v1/policies/submissions/{asked}:approve", {}, "approver")
            return by, path, {}, {"effective_from": "2099-01-01T00:00:00Z"}
        return by, path, *({"withdraw": (SAID, {"reason": "another"})}.get(step, ({"comment": "x"}, {"comment": "y"})))

    return case


def made(service: Service, path: str, body: dict[str, Any], role: str = "risk_officer") -> str:
    """The id of what a step made."""
    answer = service.send("POST", path, body=body, Idempotency_Key=f"made {path}".replace(" ", "-"),
                          **officer(service, role, "cfo"))  # fmt: skip
    assert answer.status_code in (200, 201), answer.data
    return str(json.loads(answer.data)["id"])


CASES: dict[str, Callable[[Service], Case]] = {
    "decide": lambda s: ("order_system", "/v1/decisions", an_order("100.00"), an_order("100.01")),
    "convert_reservation": lambda s: ("order_system", f"/v1/reservations/{reservation(s)}/convert",
                                      {"amount": "1.00", "invoice": INVOICE}, {"amount": "2.00", "invoice": INVOICE}),
    "void_reservation": lambda s: ("order_system", f"/v1/reservations/{reservation(s)}/void", {}, {"why": "x"}),
    "confirm_conditions": confirmed,
    "give_grant": lambda s: ("approver", "/v1/grants", GRANT, GRANT | {"amount": "6.00"}),
    "withdraw_grant": lambda s: ("approver", f"/v1/grants/{granted(s)}:withdraw", SAID, SAID | {"reason": "another"}),
    "tell_limit": lambda s: ("risk_officer", "/v1/customers/C-1/limits", TOLD, TOLD | {"limit": "4.00"}),
    "tell_group_limit": lambda s: ("risk_officer", grouped(s), TOLD, TOLD | {"limit": "4.00"}),
    "finish_message": lambda s: ("collector", f"/v1/messages/{a_message(s)}:done", {"result": "x"}, {"result": "y"}),
    "add_proof": lambda s: ("collector", f"/v1/messages/{a_message(s)}/proofs", {"receipt": "1"}, {"receipt": "2"}),
    "retry_message": lambda s: ("collector", f"/v1/messages/{a_message(s, 'email', True)}:retry", SAID,
                                SAID | {"reason": "another"}),
    "write_letter": lambda s: ("collector", f"/v1/messages/{a_message(s)}:write", {"language": "en"},
                               {"language": "zh"}),
    "place_hold": lambda s: ("collector", "/v1/customers/C-1/holds", HOLD, HOLD | {"scope": "account"}),
    "end_hold": lambda s: ("risk_officer", f"/v1/holds/{placed(s)}:end", SAID, SAID | {"reason": "another"}),
    "erase_decision": lambda s: ("compliance", denied(s), SAID, SAID | {"reason": "another"}),
    "erase_customer": lambda s: ("compliance", "/v1/customers/C-1:erase", SAID, SAID | {"reason": "another"}),
    "block_invoice": lambda s: ("collector", owing(s, "/v1/customers/C-1/blocks"), BLOCK, BLOCK | {"kind": "promise"}),
    "end_block": lambda s: ("collector", f"/v1/blocks/{blocked(s)}:end", SAID, SAID | {"reason": "another"}),
    "bill_late_charges": lambda s: ("collector", owing(s, "/v1/customers/C-1/late-charges"), {}, {"due_on": LATE}),
    "enter_payment": lambda s: ("collector", "/v1/payments", PAID, PAID | {"amount": "6.00"}),
    "allocate_payment": lambda s: ("collector", f"{paid(s)}:allocate", SAID, SAID | {"reason": "another"}),
    "take_back_allocation": lambda s: ("collector", f"{paid(s, allocate=True)}:take-back", OF_ONE,
                                       OF_ONE | {"reason": "another"}),
    "reverse_payment": lambda s: ("collector", f"{paid(s)}:reverse", SAID, SAID | {"reason": "another"}),
    "enter_credit_note": lambda s: ("approver", "/v1/credit-notes", CREDIT, CREDIT | {"amount": "6.00"}),
    "reverse_credit_note": lambda s: ("approver", f"{credited(s)}:reverse", SAID, SAID | {"reason": "another"}),
    "write_off_invoice": lambda s: ("approver", owing(s, "/v1/write-offs"), LOSS, LOSS | {"amount": "6.00"}),
    "reverse_write_off": lambda s: ("approver", f"{lost(s)}:reverse", SAID, SAID | {"reason": "another"}),
    "tell_facts": lambda s: ("risk_officer", "/v1/customers/C-1/facts", FACTS, FACTS | {"source": "a bureau"}),
    "file_document": lambda s: ("collector", "/v1/customers/C-1/documents", PAPER, PAPER | {"title": "Another"}),
    "hand_over_legal_case": lambda s: ("approver", f"/v1/legal-cases/{sued(s)}:hand-over", NOTE, {"note": "other"}),
    "close_legal_case": lambda s: ("approver", f"/v1/legal-cases/{sued(s)}:close", DONE, DONE | {"result": "settled"}),
    "tell_invoice_day": lambda s: ("order_system", dated(s), CAME, CAME | {"day": "2026-01-03"}),
    "review_customer": lambda s: ("approver", "/v1/customers/C-1/reviews", FOUND, FOUND | {"next_on": "2199-01-01"}),
    "see_alert": lambda s: ("risk_officer", fell(s), {"note": "called"}, {"note": "wrote"}),
    "withdraw_document": lambda s: ("approver", f"/v1/documents/{filed(s)}:withdraw", SAID, SAID | {"reason": "other"}),
    "add_rate": lambda s: ("risk_officer", "/v1/rates", RATE, RATE | {"value": "7.2"}),
    "record_act": lambda s: ("collector", "/v1/customers/C-1/acts", {}, {}),
    "approve_referral": said("approve"),
    "approve_referral_with_terms": said("approve-with-terms"),
    "reject_referral": said("reject"),
    "create_draft": written("drafts"),
    "check_draft": written("check"),
    "simulate_draft": written("simulate"),
    "submit_draft": written("submit"),
    "submit_version": written("submissions"),
    "approve_policy": written("approve"),
    "withdraw_policy": written("withdraw"),
    "publish_policy": written("publish"),
    "comment_policy": written("comment"),
}  # fmt: skip
TRIED = [name for name in CASES if name != "record_act"]  # the shipped policy asks for no act


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """The standard policy on the real engines."""
    found = start_real_service(tmp_path)
    for role in ("approver", "risk_officer", "compliance", "collector"):
        officer(found, role, "cfo")
    return found


def posts(service: Service) -> Iterator[tuple[str, str]]:
    """Every POST with its operation."""
    for path, method, operation in declared_operations(service.app):
        if method == "POST" and operation is not None:
            yield path, operation


def ask(service: Service, case: Case, body: Any = None, key: str | None = "k-1", role: str = "") -> TestResponse:
    """Send a case."""
    named = {} if key is None else {"Idempotency_Key": key}
    sent, asking = case[2] if body is None else body, role or case[0]
    if is_of_people(case[1]):
        name = "risk_officer" if role else asking
        return service.send("POST", case[1], body=sent, **named, **officer(service, name, "cfo"))
    return service.send("POST", case[1], asking, sent, **named)


def is_of_people(path: str) -> bool:
    """Whether only a person may do it."""
    return ":" in path or path.startswith("/v1/policies/") or path == "/v1/grants"


def kind(answer: TestResponse) -> tuple[int, str]:
    """The status and the problem of a refusal."""
    return answer.status_code, json.loads(answer.data)["type"].removeprefix("/problems/")


def test_every_post_that_changes_something_is_tried_here(real: Service) -> None:
    assert {operation for _, operation in posts(real)} == set(CASES) | CHANGES_NOTHING | KEYS_INSIDE


def test_every_such_post_says_in_the_contract_that_it_wants_a_key(real: Service) -> None:
    paths = json.loads(real.send("GET", "/openapi.json").data)["paths"]
    for path, methods in paths.items():
        if (post := methods.get("post")) is not None:
            names = [one.get("name") for one in post.get("parameters", [])]
            wanted = post["operationId"] not in CHANGES_NOTHING | KEYS_INSIDE
            assert (KEY_PARAMETER["name"] in names) is wanted, path


@pytest.mark.parametrize("name", CASES)
def test_without_a_key_nothing_changes(real: Service, name: str) -> None:
    case = CASES[name](real)
    before = real.counted()
    body = {"act": "cleared", "role": "finance", "person": "A", "reason": "x"} if name == "record_act" else None
    assert kind(ask(real, case, body, key=None)) == (400, "idempotency-key-missing")
    assert real.counted() == before


@pytest.mark.parametrize("name", TRIED)
def test_the_same_key_gives_the_same_bytes_and_serves_no_other_body(real: Service, name: str) -> None:
    case = CASES[name](real)
    first = ask(real, case)
    assert first.status_code in (200, 201), first.data
    before = real.counted()
    again = ask(real, case)
    assert (again.status_code, again.data) == (200, first.data)
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    if name != "void_reservation":  # whose body is always empty
        assert kind(ask(real, case, case[3])) == (422, "idempotency-key-reused")
    assert real.counted() == before


@pytest.mark.parametrize("name", TRIED)
def test_a_key_that_is_in_work_is_told_to_wait(real: Service, name: str) -> None:
    case = CASES[name](real)
    person = f"person:{case[0]}-cfo".replace("_", "-")
    with real.held.in_work.claim(person if is_of_people(case[1]) else f"{case[0]}-1", "k-1"):
        assert kind(ask(real, case)) == (409, "in-progress")
    assert ask(real, case).status_code in (200, 201)


@pytest.mark.parametrize(("fault", "problem"), [(InDoubt("x"), "in-doubt"), (Unavailable("x"), "unavailable")])
@pytest.mark.parametrize("name", TRIED)
def test_a_fault_is_never_kept_and_the_same_key_serves_afterwards(
    real: Service, monkeypatch: pytest.MonkeyPatch, name: str, fault: Exception, problem: str
) -> None:
    case = CASES[name](real)
    before = real.counted()
    write = type(real.held.database).write

    @contextmanager
    def failing(self: Any) -> Iterator[Any]:
        with write(self) as work:
            yield work
            raise fault

    with monkeypatch.context() as broken:
        broken.setattr(type(real.held.database), "write", failing)
        assert kind(ask(real, case)) == (503, problem)
    assert real.counted() == before
    answer = ask(real, case)
    assert answer.status_code in (200, 201) and answer.headers.get("Idempotency-Replayed") is None


@pytest.mark.parametrize("fault", [InDoubt("x")])
def test_a_fault_behind_the_commit_is_answered_by_the_key(
    real: Service, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The control of the test above: here the change was made, and asking with another key would make it twice."""
    case = CASES["approve_referral"](real)
    write = type(real.held.database).write

    @contextmanager
    def too_late(self: Any) -> Iterator[Any]:
        with write(self) as work:
            yield work
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(type(real.held.database), "write", too_late)
        assert kind(ask(real, case)) == (503, "in-doubt")
    again = ask(real, case)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert kind(ask(real, case, key="k-2")) == (409, "referral-decided")


def test_a_key_belongs_to_its_client_whatever_it_asked_for(real: Service) -> None:
    case = CASES["reject_referral"](real)
    assert ask(real, case).status_code == 200
    assert kind(ask(real, case, role="other")) == (409, "referral-decided")  # no answer of another client's
    held = json.loads(real.decide(an_order("1.00"), "x").data)["decision"]["reservation"]["id"]
    whose = officer(real, "approver", "cfo")
    voided = real.send("POST", f"/v1/reservations/{held}/void", body={}, Idempotency_Key="k-1", **whose)
    assert kind(voided) == (422, "idempotency-key-reused")  # of the same client, for another request


def test_the_database_itself_keeps_no_error_as_an_answer(real: Service) -> None:
    with real.held.database.looking() as connection:
        for table in ("decision", "answered_request"):
            made = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{table}'").scalar_one()
            assert "status BETWEEN 200 AND 299" in made
