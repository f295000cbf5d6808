"""A person decides a referral: the order is decided anew, released as far as the person may and saw."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.auth import Caller
from api.operations import decide_referral as module
from api.operations.decide import decide
from api.schemas.decisions import OrderToDecide
from storage.receivables import Invoice
from tests.api.people import add_person, officer, session_of
from tests.api.service import GOOD, Service, an_order, pay_on_time, start_real_service

SAID = {"reason": "seen the order book, new plant opens in May"}


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """The standard policy on the real engines; C-1 is prime with a limit of 500,000.00 and nothing owed."""
    return start_real_service(tmp_path)


def decided(service: Service, amount: str, key: str = "k-1", **fields: Any) -> dict[str, Any]:
    """The decision on an order."""
    answer = service.decide(an_order(amount, **fields), key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def referred(service: Service, amount: str = "700000.00", key: str = "k-1", **fields: Any) -> str:
    """The id of a referral."""
    decision = decided(service, amount, key, **fields)
    assert decision["verdict"] == "refer"
    return str(decision["decision_id"])


def say(service: Service, referral: str, what: str = "approve", key: str = "a-1", role: str = "approver",
        as_role: str = "cfo", **said: Any) -> TestResponse:  # fmt: skip
    """Decide a referral as a person of an access role and a role of the policy."""
    whose = officer(service, role, as_role)
    return service.send("POST", f"/v1/referrals/{referral}:{what}", body=SAID | said, Idempotency_Key=key, **whose)


def told(answer: TestResponse) -> dict[str, Any]:
    """The body of an answer that went well."""
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = json.loads(answer.data)
    return found


def problem(answer: TestResponse) -> tuple[int, str]:
    """The status and the type of a refusal."""
    return answer.status_code, json.loads(answer.data)["type"].removeprefix("/problems/")


def balance(service: Service, customer_id: str = "C-1") -> str:
    """What a customer's account holds."""
    shown = service.send("GET", f"/v1/customers/{customer_id}", "risk_officer").json
    assert shown is not None
    return str(shown["exposure"]["balance"])


def test_an_approval_decides_the_order_anew_above_the_limit_by_a_grant(real: Service) -> None:
    referral = referred(real)
    before = real.send("GET", f"/v1/decisions/{referral}", "compliance").data
    found = told(say(real, referral))
    decision = found["decision"]
    assert (decision["verdict"], decision["exposure"]["after"]) == ("approve", "700000.00")
    assert decision["reservation"]["amount"] == "700000.00" and balance(real) == "700000.00"
    assert decision["decision_id"] != referral
    assert decision["release"]["referral"] == referral and decision["release"]["up_to"] == "770000.00"
    made = found["referral"]["decided"]
    assert (found["referral"]["state"], made["decision_id"]) == ("approved", decision["decision_id"])
    assert (made["person"], made["role"], made["client"]) == ("approver-cfo", "cfo", "person:approver-cfo")
    assert made["grant_id"] is not None and made["up_to"] == "770000.00"
    assert real.send("GET", f"/v1/decisions/{referral}", "compliance").data == before


def test_the_new_decision_belongs_to_the_order_system(real: Service) -> None:
    decision = told(say(real, referred(real)))["decision"]
    held = f"/v1/reservations/{decision['reservation']['id']}"
    assert real.send("GET", held, "order_system").status_code == 200
    voided = real.send("POST", f"{held}/void", "order_system", {}, Idempotency_Key="v-1")
    assert voided.status_code == 200 and balance(real) == "0.00"


def test_checks_that_no_limit_raises_are_lifted_by_the_release(real: Service) -> None:
    real.put_customer(granted_limit="5000000.00", country="CN", facts=GOOD)
    referral = referred(real, "2000000.01")
    decision = told(say(real, referral))["decision"]
    statuses = {one["check"]: (one["status"], one.get("lifted_by")) for one in decision["checks"]}
    assert statuses["largest_order"] == ("lifted", "release") and statuses["over_limit"] == ("pass", None)
    assert decision["release"]["lifted"] == ["largest_order"] and decision["verdict"] == "approve"


@pytest.mark.parametrize(
    ("amount", "role", "status"),
    [
        ("50000.00", "credit_analyst", 200), ("50000.01", "credit_analyst", 403), ("50000.01", "credit_manager", 200),
        ("500000.00", "credit_manager", 200), ("500000.01", "credit_manager", 403), ("500000.01", "cfo", 200),
        ("50000.00", "finance", 403), ("50000.00", "king", 403),
    ],
)  # fmt: skip
def test_each_amount_needs_its_role_or_one_above(real: Service, amount: str, role: str, status: int) -> None:
    real.put_customer(granted_limit="0.00", country="CN", facts=GOOD)
    referral = referred(real, amount)
    answer = say(real, referral, as_role=role)
    assert answer.status_code == status, answer.data
    if status == 403:
        assert problem(answer) == (403, "authority-too-low")
        assert json.loads(real.send("GET", f"/v1/referrals/{referral}", "approver").data)["referral"]["state"] == "open"
        assert balance(real) == "0.00"


def test_an_override_without_a_grant_cannot_hold_above_the_limit(
    real: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the grant left out, the same approval ends as a referral and holds nothing."""
    referral = referred(real)
    monkeypatch.setattr(module, "_grant", lambda *args: None)
    found = told(say(real, referral))
    assert (found["decision"]["verdict"], found["decision"]["reservation"]) == ("refer", None)
    assert found["referral"]["state"] == "decided_anew" and balance(real) == "0.00"
    assert found["decision"]["release"]["against"] == [
        {"what": "limit", "why": "is exceeded by more than was released"}]  # fmt: skip


def test_a_grant_is_for_its_order_alone(real: Service) -> None:
    told(say(real, referred(real)))
    assert decided(real, "0.01", "k-2", id="SO-2")["verdict"] == "refer"


@pytest.mark.parametrize(("owed", "state"), [("70000.00", "approved"), ("70000.01", "decided_anew")])
def test_a_customer_who_owes_more_since_is_released_only_as_far_as_the_policy_lets_a_release_reach(
    real: Service, owed: str, state: str
) -> None:
    """110% of 700,000.00 were released: 70,000.00 more may be owed, not a fen beyond."""
    referral = referred(real)
    assert decided(real, owed, "k-2", id="SO-2")["verdict"] == "approve"
    found = told(say(real, referral))
    assert found["referral"]["state"] == state
    assert balance(real) == ("770000.00" if state == "approved" else owed)
    if state == "decided_anew":
        grants = real.send("GET", "/v1/customers/C-1", "risk_officer").status_code
        assert grants == 200 and found["referral"]["decided"]["grant_id"] is None
        again = json.loads(real.send("GET", f"/v1/referrals/{found['decision']['decision_id']}", "approver").data)
        assert again["referral"]["state"] == "open"


def test_a_check_that_fails_only_since_then_is_not_released(real: Service) -> None:
    referral = referred(real, placed_on="2026-11-23")
    with real.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "I-old", 1_000_000, "CNY", date(2025, 1, 1), date(2025, 2, 1))],
                               date(2026, 11, 1))  # fmt: skip
    found = told(say(real, referral))
    assert found["decision"]["verdict"] == "deny" and found["referral"]["state"] == "decided_anew"
    against = {one["what"]: one["why"] for one in found["decision"]["release"]["against"]}
    assert against["old_invoices"] == "denies the order, and the policy names nobody who may release it"
    assert balance(real) == "10000.00"  # the invoice alone


def test_a_denial_stays_one_and_a_hard_stop_is_released_by_its_role_alone(real: Service) -> None:
    real.put_customer("C-2", granted_limit="500000.00", country="CN", facts=GOOD | {"customer.insolvent": True})
    pay_on_time(real, "CNY", "C-2")
    stopped = decided(real, "100.00", "k-2", customer_id="C-2")
    assert (stopped["verdict"], stopped["hard_stop"]) == ("deny", True)
    low = say(real, stopped["decision_id"], key="a-2", as_role="credit_manager")
    assert problem(low) == (403, "authority-too-low")
    found = told(say(real, stopped["decision_id"], key="a-3"))
    assert (found["decision"]["verdict"], found["decision"]["hard_stop"]) == ("approve", False)
    assert found["decision"]["release"]["lifted"] == ["insolvent"]


def test_a_denial_that_names_nobody_is_no_referral(real: Service) -> None:
    with real.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "I-old", 1_000_000, "CNY", date(2025, 1, 1), date(2025, 2, 1))],
                               date(2026, 11, 1))  # fmt: skip
    denied = decided(real, "100.00")
    assert denied["verdict"] == "deny"
    for what in ("approve", "reject"):
        assert problem(say(real, denied["decision_id"], what)) == (409, "not-releasable")


def test_an_approval_is_no_referral(real: Service) -> None:
    assert problem(say(real, decided(real, "1.00")["decision_id"])) == (404, "not-found")


def test_a_rejection_is_for_good_and_holds_nothing(real: Service) -> None:
    referral = referred(real)
    found = told(say(real, referral, "reject"))
    assert (found["referral"]["state"], found["decision"], balance(real)) == ("rejected", None, "0.00")
    assert problem(say(real, referral, "approve", key="a-2")) == (409, "referral-decided")
    assert problem(say(real, referral, "reject", key="a-3")) == (409, "referral-decided")


def test_the_same_key_gives_the_same_bytes_and_another_body_is_refused(real: Service) -> None:
    referral = referred(real)
    first, again = say(real, referral), say(real, referral)
    assert (first.data, again.headers["Idempotency-Replayed"]) == (again.data, "true")
    assert problem(say(real, referral, reason="another")) == (422, "idempotency-key-reused")
    assert problem(real.send("POST", f"/v1/referrals/{referral}:approve", "approver", SAID)) == (
        403, "person-only")  # fmt: skip


def test_of_two_officers_at_once_one_decides(real: Service) -> None:
    referral = referred(real)
    gate, answers = threading.Barrier(4), []
    for role in ("approver", "risk_officer"):
        officer(real, role, "cfo")

    def ask(number: int) -> None:
        gate.wait()
        role = ("approver", "risk_officer")[number % 2]
        answers.append(say(real, referral, ("approve", "reject")[number // 2], key=f"a-{number}", role=role))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert {problem(one)[1] for one in answers if one.status_code == 409} == {"referral-decided"}
    assert balance(real) in ("0.00", "700000.00")


def test_without_its_lock_two_officers_would_both_decide(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a look that always says open is stopped by the database itself, which keeps one row for each."""
    referral = referred(real)
    told(say(real, referral, "reject"))
    open_one = module.visible

    def blind(work: Any, caller: Any, referral_id: str) -> Any:
        return replace(open_one(work, caller, referral_id), decided=None)

    monkeypatch.setattr(module, "visible", blind)
    assert say(real, referral, "reject", key="a-2").status_code >= 500
    with real.held.database.looking() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM decided_referral").scalar_one() == 1


def test_a_referral_ends_by_the_clock_of_the_database(real: Service) -> None:
    referral = referred(real)
    object.__setattr__(real.held.settings, "referral_hours", 0)
    assert problem(say(real, referral)) == (409, "referral-expired")
    shown = json.loads(real.send("GET", f"/v1/referrals/{referral}", "approver").data)["referral"]
    assert (shown["state"], shown["expires_at"]) == ("expired", shown["referred_at"])
    assert problem(say(real, referral, "reject", key="a-2")) == (409, "referral-expired")


def submitted_by(service: Service, name: str) -> str:
    """The id of a referral of an order that a person submitted."""
    body = an_order("700000.00")
    order = OrderToDecide().load(body)
    sender = Caller(f"person:{name}", "order_system", "")
    answer = decide(service.held, sender, "k-own", json.dumps(body).encode(), order)
    return str(json.loads(answer.body)["decision"]["decision_id"])


@pytest.mark.parametrize("what", ["approve", "reject"])
def test_nobody_decides_what_they_submitted_and_another_person_does(real: Service, what: str) -> None:
    referral = submitted_by(real, "approver-cfo")
    assert problem(say(real, referral, what)) == (403, "own-submission")
    assert say(real, referral, what, role="risk_officer", key="a-2").status_code == 200


@pytest.mark.parametrize("what", ["approve", "reject", "approve-with-terms"])
def test_a_key_decides_nothing_and_a_body_names_nobody(real: Service, what: str) -> None:
    referral, path = referred(real), "/v1/referrals"
    more = {"requested_terms": "net 30"} if what.endswith("terms") else {}
    by_key = real.send("POST", f"{path}/{referral}:{what}", "approver", SAID | more, Idempotency_Key="a-1")
    assert problem(by_key) == (403, "person-only")
    for claimed in ({"role": "cfo"}, {"person": "A. Example"}):
        whose = officer(real, "approver", "credit_analyst")
        sent = SAID | more | claimed
        answer = real.send("POST", f"{path}/{referral}:{what}", body=sent, Idempotency_Key="a-2", **whose)
        assert answer.status_code == 422 and next(iter(claimed)) in answer.get_data(as_text=True)
    assert balance(real) == "0.00"


def test_a_role_that_is_taken_from_a_person_counts_at_once(real: Service) -> None:
    referral, whose = referred(real), officer(real, "approver", "cfo")
    with real.held.database.write() as work:
        work.people.set_authorities("approver-cfo", frozenset(), "operator:tests")
    answer = real.send("POST", f"/v1/referrals/{referral}:approve", body=SAID, Idempotency_Key="a-1", **whose)
    assert problem(answer) == (403, "authority-too-low")


def test_of_several_roles_the_highest_that_may_decides(real: Service) -> None:
    add_person(real, "ann", "approver", authorities=frozenset({"credit_analyst", "cfo", "king"}))
    referral = referred(real)
    answer = real.send("POST", f"/v1/referrals/{referral}:approve", body=SAID, Idempotency_Key="a-1",
                       **session_of(real, "ann"))  # fmt: skip
    assert told(answer)["referral"]["decided"]["role"] == "cfo"


@pytest.mark.parametrize(("what", "kind"), [("approve", "referral_approved"), ("reject", "referral_rejected")])
def test_what_a_person_decides_is_an_event_once(real: Service, what: str, kind: str) -> None:
    referral = referred(real)
    assert say(real, referral, what).status_code == say(real, referral, what).status_code == 200
    assert say(real, referral, what, key="a-2").status_code == 409
    with real.held.database.read() as work:
        (event,) = work.events.list(subject=f"referral:{referral}").items
    assert (event.kind, event.by, event.details["role"]) == (kind, "person:approver-cfo", "cfo")
    assert ("decision" in event.details) is (what == "approve")


def test_an_order_that_was_approved_meanwhile_is_not_held_twice(real: Service) -> None:
    referral = referred(real)
    assert decided(real, "400000.00", "k-2")["verdict"] == "approve"  # the same order, made smaller
    assert problem(say(real, referral)) == (409, "order-held")
    assert balance(real) == "400000.00"


def test_a_changed_order_is_swapped_by_the_release(real: Service) -> None:
    first = decided(real, "400000.00")
    referral = referred(real, "700000.00", "k-2")
    assert referral
    body = an_order("700000.00") | {"amends": first["reservation"]["id"]}
    asked = json.loads(real.decide(body, "k-3").data)["decision"]
    assert asked["verdict"] == "refer"
    found = told(say(real, asked["decision_id"]))
    assert found["decision"]["verdict"] == "approve" and balance(real) == "700000.00"


def test_terms_are_named_within_what_the_policy_allows(real: Service) -> None:
    referral = referred(real)
    refused = say(real, referral, "approve-with-terms", requested_terms="net 91")
    assert problem(refused) == (422, "terms-not-allowed")
    found = told(say(real, referral, "approve-with-terms", key="a-2", requested_terms="net 90"))
    assert (found["decision"]["verdict"], found["decision"]["terms"]["offer"]) == ("approve", "net 90")


@pytest.mark.parametrize(("reason", "status"), [("x" * 500, 200), ("x" * 501, 422), ("", 422), (" ", 422)])
def test_a_reason_is_wanted_and_has_a_length(real: Service, reason: str, status: int) -> None:
    assert say(real, referred(real), reason=reason).status_code == status


def test_a_missing_fact_is_brought_in_and_not_released(real: Service) -> None:
    real.put_customer("C-3", granted_limit="500000.00")
    referral = referred(real, "100.00", "k-2", customer_id="C-3")
    found = told(say(real, referral))
    against = {one["what"]: one["why"] for one in found["decision"]["release"]["against"]}
    assert found["decision"]["verdict"] == "refer"
    assert "bring in" in against["tier"] and "customer.months_trading" in against["tier"]


def test_the_queue_shows_age_amount_and_whom_each_needs(real: Service) -> None:
    referral = referred(real)
    second = referred(real, "600000.00", "k-2", id="SO-2")
    listed = json.loads(real.send("GET", "/v1/referrals", "approver").data)
    assert [one["id"] for one in listed["items"]] == [referral, second] and listed["next"] is None
    first = listed["items"][0]
    assert {name: first[name] for name in ("amount", "currency", "authority", "age_hours", "state", "decided")} == {
        "amount": "700000.00", "currency": "CNY", "authority": "cfo", "age_hours": 0, "state": "open", "decided": None,
    }  # fmt: skip
    assert first["checks"] == [{"check": "over_limit", "status": "refer"}]
    page = json.loads(real.send("GET", "/v1/referrals?limit=1", "approver").data)
    rest = json.loads(real.send("GET", f"/v1/referrals?limit=1&cursor={page['next']}", "approver").data)
    assert [one["id"] for one in (*page["items"], *rest["items"])] == [referral, second]
    told(say(real, referral, "reject"))
    states = {state: [one["id"] for one in json.loads(
        real.send("GET", f"/v1/referrals?state={state}", "approver").data)["items"]]
        for state in ("open", "rejected", "approved", "expired")}  # fmt: skip
    assert states == {"open": [second], "rejected": [referral], "approved": [], "expired": []}
    assert json.loads(real.send("GET", "/v1/referrals?customer_id=C-9", "approver").data)["items"] == []


@pytest.mark.parametrize("what", ["approve", "reject"])
def test_an_erased_referral_is_shown_without_its_reasons_and_decided_by_nobody(real: Service, what: str) -> None:
    one, other = referred(real), referred(real, key="k-2")
    with real.held.database.write() as work:
        work.erasures.erase(one, "person:dpo", "asked")
    listed = {shown["id"]: shown for shown in told(real.send("GET", "/v1/referrals", "compliance"))["items"]}
    assert (listed[one]["checks"], bool(listed[other]["checks"])) == ([], True)
    assert told(real.send("GET", f"/v1/referrals/{one}", "compliance"))["referral"]["authority"] is None
    assert problem(say(real, one, what)) == (410, "record-erased")
    assert say(real, other, what, key="a-2").status_code == 200


def test_the_answer_to_a_person_goes_with_the_decision_that_it_quotes(real: Service) -> None:
    one = referred(real)
    made = told(say(real, one))["decision"]["decision_id"]
    with real.held.database.write() as work:
        work.erasures.erase(made, "person:dpo", "asked")
    assert problem(say(real, one)) == (410, "record-erased")
