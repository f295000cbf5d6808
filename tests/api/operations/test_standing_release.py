"""A released order comes back: within the release nobody is asked again; beyond it they are, and are told why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.operations import decide as deciding
from api.operations.replay_decision import replay_decision
from storage.referrals import GivenRelease, Referrals
from tests.api.kept_engines import build_kept
from tests.api.operations.test_decide_referral import say, told
from tests.api.service import Service, _start, publish

POLICY = b"""aval: 1
policy: released
title: {en: Released, zh: \xe5\xb7\xb2\xe6\x94\xbe\xe8\xa1\x8c}
currency: CNY
timezone: UTC
roles: {rising: [analyst, cfo]}
facts:
  customer.on_watch: {kind: flag, from: request, meaning: {en: on the watch list, zh: \xe5\x85\xb3\xe6\xb3\xa8}}
limits:
  - {otherwise: true, limit: limit.granted}
checks:
  - {check: large, for: [order, shipment], measure: order.amount, at_most: 1_000, verdict: refer}
  - check: over_limit
    for: [order, shipment]
    measure: account.exposure + order.unsecured_amount
    at_most: limit.effective
    verdict: refer
  - {check: watched, for: [order, shipment], when: customer.on_watch is true, verdict: refer}
  - {check: insolvent, for: [order, shipment], when: customer.insolvent is true, verdict: hard_stop, release_by: cfo}
authority:
  - {for: [order, shipment], otherwise: true, release: cfo}
release: {valid_for: 30 days, up_to: 110%}
"""
Changed = Callable[[GivenRelease], GivenRelease]


@pytest.fixture
def service(location: str) -> Iterator[Service]:
    """The policy above on the real engines, on each kind of database; C-1 has a limit of 5,000.00."""
    found = _start(location, build_kept)
    publish(found, "released.yaml", POLICY)
    assert found.put_customer(granted_limit="5000.00", facts={"customer.insolvent": False}).status_code == 201
    yield found
    found.held.database.dispose()


def body(amount: str, **fields: Any) -> dict[str, Any]:
    """An order, or what is a later stage of it."""
    order = {"id": "SO-1", "amount": amount, "currency": "CNY"}
    return {"customer_id": "C-1", "order": order, "facts": {"customer.on_watch": False}} | fields


def decided(service: Service, key: str, amount: str, **fields: Any) -> dict[str, Any]:
    """The decision on an order or a later stage, which replays as it was decided."""
    answer = service.decide(body(amount, **fields), key)
    assert answer.status_code == 201, answer.data
    decision: dict[str, Any] = json.loads(answer.data)["decision"]
    again = replay_decision(service.held.database, decision["decision_id"])
    assert again is not None and again.result == "equal", again
    return decision


def released(service: Service, amount: str = "2000.00") -> str:
    """An order that a person released; the id of what it holds."""
    first = decided(service, "first", amount)
    assert first["verdict"] == "refer"
    found = told(say(service, first["decision_id"]))["decision"]
    assert found["verdict"] == "approve"
    return str(found["reservation"]["id"])


def against(decision: dict[str, Any]) -> dict[str, str]:
    """What stands against a release, by what it is."""
    return {one["what"]: one["why"] for one in decision["release"]["against"]}


def changed_release(monkeypatch: pytest.MonkeyPatch, change: Changed) -> None:
    """Have every stored release read as if it had been given otherwise."""
    real = Referrals.release_of

    def read(self: Referrals, customer_id: str, order_id: str) -> GivenRelease | None:
        found = real(self, customer_id, order_id)
        return None if found is None else change(found)

    monkeypatch.setattr(Referrals, "release_of", read)


def test_a_shipment_of_a_released_order_is_not_referred_again(service: Service) -> None:
    released(service)
    shipped = decided(service, "s-1", "2000.00", subject="shipment")
    assert (shipped["verdict"], shipped["authority"], shipped["release"]["lifted"]) == ("approve", None, ["large"])
    lifted = {one["check"]: (one["status"], one["lifted_by"]) for one in shipped["checks"] if one.get("lifted_by")}
    assert lifted == {"large": ("lifted", "release")}
    assert shipped["release"]["role"] == "cfo" and shipped["release"]["up_to"] == "2200.00"


@pytest.mark.parametrize("subject", ["order", "shipment"])
@pytest.mark.parametrize(("amount", "verdict"), [("2199.99", "approve"), ("2200.00", "approve"), ("2200.01", "refer")])
def test_it_counts_up_to_its_share_of_the_amount(service: Service, subject: str, amount: str, verdict: str) -> None:
    held = released(service)
    stage = {"subject": "shipment"} if subject == "shipment" else {"amends": held}
    decision = decided(service, "later", amount, **stage)
    assert decision["verdict"] == verdict
    if verdict == "refer":
        told_why = "CNY 2,200.01 is more than the CNY 2,200.00 up to which the release counts"
        assert against(decision) == {"amount": told_why}
        assert decision["authority"] == "cfo" and decision["release"]["lifted"] == []
    elif subject == "order":
        assert decision["reservation"]["amount"] == amount


@pytest.mark.parametrize(("days", "verdict"), [(30, "approve"), (31, "refer")])
def test_it_counts_to_its_last_day(service: Service, monkeypatch: pytest.MonkeyPatch, days: int, verdict: str) -> None:
    released(service)
    ago = timedelta(days=days)
    changed_release(monkeypatch, lambda one: replace(one, at=one.at - ago, until=one.until - ago))
    decision = decided(service, "later", "2000.00", subject="shipment")
    assert decision["verdict"] == verdict
    if verdict == "refer":
        today = datetime.now(UTC).date()
        first, last = today - ago, today - timedelta(days=1)
        assert against(decision) == {"until": f"the release counted from {first} to {last}; this is {today}"}


@pytest.mark.parametrize(("days", "verdict"), [(0, "approve"), (30, "approve"), (31, "refer")])
def test_a_preview_of_a_later_day_says_the_same(service: Service, days: int, verdict: str) -> None:
    held = released(service)
    day = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    for stage in ({"subject": "shipment"}, {"amends": held}):
        asked = body("2000.00", as_of=day, **stage)
        answer = service.send("POST", "/v1/decisions:preview", "risk_officer", asked)
        assert answer.status_code == 200, answer.data
        assert json.loads(answer.data)["decision"]["verdict"] == verdict


def test_the_base_is_what_the_person_released_and_not_the_last_amendment(service: Service) -> None:
    held = released(service)
    larger = decided(service, "a-1", "2200.00", amends=held)
    assert larger["verdict"] == "approve"
    again = decided(service, "a-2", "2200.01", amends=larger["reservation"]["id"])
    assert again["verdict"] == "refer" and set(against(again)) == {"amount"}


def test_what_was_invoiced_of_the_order_counts_with_the_rest(service: Service) -> None:
    held = released(service)
    part = {"amount": "800.00"}
    assert service.send("POST", f"/v1/reservations/{held}/convert", "order_system", part, Idempotency_Key="c-1"
                        ).status_code == 200  # fmt: skip
    over = decided(service, "a-1", "1400.01", amends=held)
    assert over["verdict"] == "refer" and over["release"]["amount"] == "2200.01"
    assert decided(service, "a-2", "1400.00", amends=held)["verdict"] == "approve"


def test_a_check_that_had_not_failed_refers_and_then_nothing_is_lifted(service: Service) -> None:
    released(service)
    decision = decided(service, "s-1", "2000.00", subject="shipment", facts={"customer.on_watch": True})
    assert decision["verdict"] == "refer" and decision["release"]["lifted"] == []
    assert against(decision) == {"watched": "did not fail when the order was released"}


def test_a_fact_that_is_missing_only_now_refers(service: Service) -> None:
    released(service)
    decision = decided(service, "s-1", "2000.00", subject="shipment", facts={})
    assert decision["verdict"] == "refer" and set(against(decision)) == {"watched"}


def test_a_denial_stays_also_one_that_the_person_had_released(service: Service) -> None:
    service.put_customer(granted_limit="5000.00", facts={"customer.insolvent": True})
    first = decided(service, "first", "500.00")
    assert first["verdict"] == "deny"
    assert told(say(service, first["decision_id"]))["decision"]["verdict"] == "approve"
    shipped = decided(service, "s-1", "500.00", subject="shipment")
    assert (shipped["verdict"], shipped["hard_stop"]) == ("deny", True)
    assert against(shipped) == {"insolvent": "denies the order; a release that was given before does not reach it"}


def test_above_the_limit_it_counts_while_its_grant_does(service: Service) -> None:
    held = released(service, "6000.00")
    assert decided(service, "s-1", "6000.00", subject="shipment")["verdict"] == "approve"
    larger = decided(service, "a-1", "6600.00", amends=held)
    assert (larger["verdict"], larger["reservation"]["amount"]) == ("approve", "6600.00")
    with service.held.database.write() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        [grant] = work.grants.of_account(account.account_id)
        work.grants.withdraw(grant.grant_id, "ann", "no longer")
    shipped = decided(service, "s-2", "6600.00", subject="shipment")
    assert shipped["verdict"] == "refer"
    assert against(shipped) == {"grant": "that came with the release is withdrawn or over"}


def test_what_others_owe_by_now_is_not_held_above_the_limit(service: Service) -> None:
    held = released(service)
    service.put_customer(granted_limit="1000.00", facts={"customer.insolvent": False})
    decision = decided(service, "a-1", "2000.00", amends=held)
    assert decision["verdict"] == "refer"
    assert against(decision) == {"over_limit": "did not fail when the order was released"}


def test_another_order_and_the_same_order_sent_anew_are_asked_about(service: Service) -> None:
    released(service)
    other = body("2000.00", subject="shipment")
    other["order"]["id"] = "SO-2"
    found = json.loads(service.decide(other, "s-2").data)["decision"]
    assert found["verdict"] == "refer" and "release" not in found
    anew = decided(service, "n-1", "1500.00")
    assert anew["verdict"] == "refer" and "release" not in anew


def test_a_rejected_referral_releases_nothing(service: Service) -> None:
    first = decided(service, "first", "2000.00")
    told(say(service, first["decision_id"], "reject"))
    shipped = decided(service, "s-1", "2000.00", subject="shipment")
    assert shipped["verdict"] == "refer" and "release" not in shipped


def test_an_erased_referral_releases_nothing_more(service: Service) -> None:
    first = decided(service, "first", "2000.00")
    told(say(service, first["decision_id"]))
    with service.held.database.write() as work:
        work.erasures.erase(first["decision_id"], "person:dpo", "asked")
    shipped = decided(service, "s-1", "2000.00", subject="shipment")
    assert shipped["verdict"] == "refer" and set(against(shipped)) == {"large"}


def test_beyond_it_a_person_releases_again(service: Service) -> None:
    held = released(service)
    beyond = decided(service, "a-1", "3000.00", amends=held)
    assert beyond["verdict"] == "refer"
    again = told(say(service, beyond["decision_id"], key="a-2"))["decision"]
    assert again["verdict"] == "approve" and again["release"]["up_to"] == "3300.00"
    assert decided(service, "s-1", "3300.00", subject="shipment")["verdict"] == "approve"


def test_an_ordinary_order_reads_no_release(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[str]()

    def one(self: Referrals, customer_id: str, order_id: str) -> None:
        read.append(order_id)

    monkeypatch.setattr(Referrals, "release_of", one)
    decided(service, "k-1", "100.00")
    assert read == []
    decided(service, "s-1", "100.00", subject="shipment")
    assert read == ["SO-1"]


def test_a_release_that_did_not_count_is_found_by_replay(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of every replay above: what lifted beyond the terms of the release is told."""
    released(service)
    honest = deciding.still_released

    def generous(bare: Any, guard: Any, given: GivenRelease, stage: Any) -> Any:
        found = honest(bare, guard, replace(given, most=9_999_99), stage)
        release = dict(found.decision.release) | {"up_to": "2200.00"}
        return replace(found, decision=replace(found.decision, release=release))

    monkeypatch.setattr(deciding, "still_released", generous)
    answer = service.decide(body("2500.00", subject="shipment"), "s-1")
    decision = json.loads(answer.data)["decision"]
    assert decision["verdict"] == "approve"
    again = replay_decision(service.held.database, decision["decision_id"])
    assert again is not None and again.result == "engine"
    assert [one.where for one in again.differences] == ["release.up_to"]
