"""Orders in another currency than the account's: converted once, held exactly, and never approved without a rate."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.operations.expire_reservations import expire_reservations
from api.operations.revalue_accounts import customers_to_revalue, revalue_accounts
from credit.rates import ExchangeRate
from storage.rates import NewRate
from tests.api.operations.test_decide_referral import problem, say, told
from tests.api.resources.test_reservations import change, exposure, refused, shown
from tests.api.service import Service, an_order, start_real_service, start_service

INVOICE = {"id": "I-1", "invoiced_on": "2026-11-01", "due_on": "2026-12-01"}


def tell_rate(service: Service, value: str, pair: tuple[str, str] = ("USD", "CNY"), days_ago: int = 0,
              per: int = 1) -> str:  # fmt: skip
    """The id of a rate that was added, of so many days before the database's date."""
    with service.held.database.write() as work:
        day = work.now().date() - timedelta(days=days_ago)
        return work.rates.add(NewRate(ExchangeRate.parse(value, *pair, per), day, "a bank", "operator:ann")).rate_id


def decided(service: Service, amount: str, key: str = "k-1", **fields: Any) -> dict[str, Any]:
    """The decision on an order in dollars."""
    answer = service.decide(an_order(amount, **({"currency": "USD"} | fields)), key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


@pytest.fixture
def service(location: str) -> Service:
    """A service on each kind of database, with the customer C-1, whose limit is 1,000.00."""
    found = start_service(location)
    assert found.put_customer().status_code == 201
    return found


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """The standard policy on the real engines; C-1 has a limit of 500,000.00."""
    return start_real_service(tmp_path)


def test_an_order_is_converted_once_and_the_answer_says_by_what(service: Service) -> None:
    rate = tell_rate(service, "7.1234", days_ago=2)
    found = decided(service, "100.00", prepaid="10.01")
    assert found["verdict"] == "approve"
    assert found["conversion"] == {
        "currency": "USD", "amount": "100.00", "prepaid": "10.01",
        "rate": {"id": rate, "value": "7.1234", "per": 1, "day": found["conversion"]["rate"]["day"],
                 "age_days": found["conversion"]["rate"]["age_days"], "source": "a bank"},
        "converted": {"currency": "CNY", "amount": "712.34", "prepaid": "71.31"},
    }  # fmt: skip
    assert found["conversion"]["rate"]["age_days"] in (2, 3)  # the policy's day may have begun already
    assert found["reservation"]["amount"] == "641.03"  # 89.99 USD, as one amount
    assert exposure(service) == ("641.03", "0.00", "641.03")


def test_an_order_in_the_accounts_currency_says_nothing_of_rates(service: Service) -> None:
    found = decided(service, "100.00", currency="CNY")
    assert "conversion" not in found
    reservation = service.send("GET", f"/v1/reservations/{found['reservation']['id']}", "order_system").json
    assert reservation is not None and "original" not in reservation["reservation"]


@pytest.mark.parametrize(("sent", "currency", "per", "value", "comes_to"), [
    ("12000", "JPY", 100, "4.8512", "582.14"), ("12.345", "KWD", 1, "23.2", "286.40"),
    ("1", "JPY", 100, "4.8512", "0.05"),
])  # fmt: skip
def test_minor_units_follow_the_currency(service: Service, sent: str, currency: str, per: int, value: str,
                                         comes_to: str) -> None:  # fmt: skip
    tell_rate(service, value, (currency, "CNY"), per=per)
    found = decided(service, sent, currency=currency, prepaid="0")
    assert found["reservation"]["amount"] == comes_to


@pytest.mark.parametrize("days_ago", [None, 9, 100])
def test_without_a_rate_or_with_an_old_one_nothing_is_approved(real: Service, days_ago: int | None) -> None:
    if days_ago is not None:
        tell_rate(real, "7.1", days_ago=days_ago)
    found = decided(real, "100.00")
    assert (found["verdict"], found["reservation"], found["conversion"]["rate"]) == ("refer", None, None)
    assert found["checks"][-1]["check"] == "rate" and found["checks"][-1]["status"] == "not_evaluated"
    assert set(found["checks"][-1]["message"]) == {"en", "zh"}
    assert found["missing"] == ["order.unsecured_amount"]
    assert exposure(real)[2] == "0.00"


def test_a_policy_that_reads_no_amount_cannot_let_it_through(tmp_path: Path) -> None:
    service = start_service(tmp_path)  # its engine approves all that fits, and nothing fits better than nothing
    assert service.put_customer().status_code == 201
    found = decided(service, "100.00")
    assert found["verdict"] == "refer" and found["checks"][-1]["check"] == "rate"
    tell_rate(service, "7.1")
    assert decided(service, "100.00", "k-2")["verdict"] == "approve"


def test_a_rate_of_the_last_days_serves_and_the_setting_says_how_many(service: Service) -> None:
    tell_rate(service, "7.1", days_ago=6)
    assert decided(service, "100.00")["verdict"] == "approve"
    assert service.held.settings.rate_days == 7


def test_the_limit_is_measured_in_the_accounts_currency(service: Service) -> None:
    tell_rate(service, "7.1")
    assert decided(service, "140.84", "k-1")["verdict"] == "approve"  # 999.96 of 1,000.00
    assert decided(service, "0.01", "k-2", id="SO-2")["verdict"] == "refer"


def test_a_referral_without_a_rate_is_approved_once_there_is_one(real: Service) -> None:
    referral = decided(real, "100.00")["decision_id"]
    [queued] = real.send("GET", "/v1/referrals", "approver").json["items"]  # type: ignore[index]
    assert (queued["currency"], queued["amount"], queued["unsecured_amount"]) == ("USD", "100.00", "100.00")
    unable = told(say(real, referral))
    assert unable["referral"]["state"] == "decided_anew" and unable["decision"]["verdict"] == "refer"
    again = unable["decision"]["decision_id"]
    tell_rate(real, "7.1")
    done = told(say(real, again, key="a-2", role="risk_officer"))
    assert done["referral"]["state"] == "approved"
    assert done["decision"]["reservation"]["amount"] == "710.00"
    assert done["referral"]["currency"] == "USD"


def test_what_is_held_is_let_go_exactly_whatever_the_rate_is_by_then(service: Service) -> None:
    tell_rate(service, "7.1234")
    first = decided(service, "33.33")["reservation"]["id"]
    tell_rate(service, "9.9")
    assert shown(change(service, first, "void", {}, "v-1"))["remaining"] == "0.00"
    assert exposure(service) == ("0.00", "0.00", "0.00")


def test_an_expired_hold_is_let_go_exactly(service: Service) -> None:
    tell_rate(service, "7.1234")
    object.__setattr__(service.held.settings, "reservation_hours", 0)
    decided(service, "33.33")
    tell_rate(service, "9.9")
    assert len(list(expire_reservations(service.held.database))) == 1
    assert exposure(service) == ("0.00", "0.00", "0.00")


def test_an_amended_order_swaps_the_old_hold_for_one_at_the_new_rate(service: Service) -> None:
    tell_rate(service, "7.1")
    first = decided(service, "100.00")["reservation"]["id"]
    tell_rate(service, "8")
    answer = service.decide(an_order("90.00", currency="USD") | {"amends": first}, "k-2")
    assert json.loads(answer.data)["decision"]["reservation"]["amount"] == "720.00"
    assert exposure(service) == ("720.00", "0.00", "720.00")


def test_parts_are_sent_in_the_orders_currency_and_come_to_what_was_held(service: Service) -> None:
    rate = tell_rate(service, "7.1234567")
    reservation = decided(service, "99.99")["reservation"]["id"]
    held = exposure(service)[2]
    tell_rate(service, "9.9")
    for number in range(3):
        invoice = INVOICE | {"id": f"I-{number}"}
        found = shown(change(service, reservation, "convert", {"amount": "33.33", "invoice": invoice}, f"c-{number}"))
    assert (found["state"], found["remaining"]) == ("converted", "0.00")
    assert found["original"] == {
        "currency": "USD", "amount": "99.99", "invoiced": "99.99",
        "rate": {"id": rate, "value": "7.1234567", "per": 1, "day": found["original"]["rate"]["day"],
                 "source": "a bank"},
    }  # fmt: skip
    assert exposure(service) == (held, held, "0.00")


def test_more_than_is_held_is_refused_in_the_orders_currency(service: Service) -> None:
    tell_rate(service, "7.1")
    reservation = decided(service, "100.00")["reservation"]["id"]
    assert refused(change(service, reservation, "convert", {"amount": "100.02"}, "c-1")) == (422, "invalid-field")
    assert shown(change(service, reservation, "convert", {"amount": "100.00"}, "c-2"))["state"] == "converted"


def test_hold_invoice_revalue_and_settle_leave_exactly_nothing(service: Service) -> None:
    tell_rate(service, "7.1234567")
    reservation = decided(service, "99.99")["reservation"]["id"]
    shown(change(service, reservation, "convert", {"amount": "99.99", "invoice": INVOICE}, "c-1"))
    tell_rate(service, "7.7")
    database = service.held.database
    with database.read() as work:
        today = work.now().date()
        [stored] = work.invoices.for_customer("C-1")
    assert customers_to_revalue(database, today) == ("C-1",)
    [done] = revalue_accounts(database, ["C-1"], today, 7)
    assert done.moved and exposure(service) == ("769.92", "769.92", "0.00")
    with database.write() as work:
        assert stored.currency == "USD"
        settled = {"settled_on": today, "carrying_amount": None, "rate_id": None, "valued_on": None}
        work.invoices.add_many([type(stored)(**{name: getattr(stored, name) for name in (
            "customer_id", "invoice_id", "amount", "currency", "invoiced_on", "due_on")} | settled)], today)
    assert exposure(service) == ("0.00", "0.00", "0.00")


@pytest.mark.parametrize(("value", "amount", "field"), [
    ("0.001", "0.01", "order.amount"), ("999999", "9999999999.00", "order.amount"),
])  # fmt: skip
def test_an_amount_that_is_none_in_the_accounts_currency_is_refused(service: Service, value: str, amount: str,
                                                                   field: str) -> None:  # fmt: skip
    tell_rate(service, value)
    answer = service.decide(an_order(amount, currency="USD"))
    assert problem(answer) == (422, "invalid-field")
    assert json.loads(answer.data)["errors"][0]["field"] == field


def test_a_preview_uses_the_rate_of_its_day_and_keeps_nothing(service: Service) -> None:
    tell_rate(service, "7.1", days_ago=3)
    with service.held.database.read() as work:
        today = work.now().date()
    for day, verdict in ((today, "approve"), (today - timedelta(days=4), "refer")):
        body = an_order("100.00", currency="USD", placed_on=None, deliver_by=None) | {"as_of": day.isoformat()}
        body["order"] = {name: value for name, value in body["order"].items() if value is not None}
        answer = service.send("POST", "/v1/decisions:preview", "order_system", body)
        assert json.loads(answer.data)["decision"]["verdict"] == verdict
    assert exposure(service)[0] == "0.00"


def test_no_counter_offers_and_a_recommendation_in_the_accounts_currency(real: Service) -> None:
    tell_rate(real, "7.1")
    body = {"customer_id": "C-1", "order": an_order("100.00", currency="USD")["order"], "inputs": {}}
    answer = real.send("POST", "/v1/recommendations", "order_system", body)
    assert answer.status_code == 200, answer.data
    found = json.loads(answer.data)
    assert (found["currency"], found["amount"]) == ("CNY", "710.00")


def test_the_same_key_gives_the_same_bytes_after_the_rate_changed(service: Service) -> None:
    tell_rate(service, "7.1")
    first = service.decide(an_order("100.00", currency="USD"))
    tell_rate(service, "9.9")
    again = service.decide(an_order("100.00", currency="USD"))
    assert (again.status_code, again.data) == (200, first.data)
