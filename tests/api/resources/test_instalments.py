"""An invoice that is paid in instalments, from its terms to the statement: each instalment is an item of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.operations.escalate import begin_run, run_escalation
from api.operations.tell_limit import policy_day
from credit.rates import ExchangeRate
from rules.calendars import business_calendar
from storage.rates import NewRate
from tests.api.service import Service, an_order, publish, start_real_service

Body = dict[str, Any]
IN_THREE = "3 instalments every 30 days"
SELLING = f"""aval: 1
policy: selling
title: {{en: Selling, zh: 销售}}
currency: CNY
timezone: Asia/Shanghai
limits:
  - {{otherwise: true, limit: 1_000_000}}
terms:
  - {{otherwise: true, offer: [{IN_THREE}, net 0 from delivery]}}
escalation:
  strict:
    - {{step: reminder, at: due + 3 days, do: send written_reminder by letter}}
letters: {{per: invoice}}
""".encode()


@pytest.fixture
def real(location: str) -> Service:
    """A service whose policy sells in three instalments, on each kind of database; C-2 owes nothing yet."""
    service = start_real_service(location)
    publish(service, "selling.yaml", SELLING)
    service.put_customer("C-2", granted_limit="1000000.00", country="CN")
    return service


def today(service: Service) -> date:
    """The day by the policy's calendar."""
    return policy_day(service.held.database)


def held(service: Service, amount: str = "1000.00", terms: str = IN_THREE, key: str = "order") -> str:
    """The reservation of an approved order of C-2."""
    answer = service.decide(an_order(amount, "C-2", requested_terms=terms, id=f"SO-{key}"), key)
    assert answer.status_code == 201, answer.data
    decision = json.loads(answer.data)["decision"]
    assert decision["terms"]["offer"] == terms
    return str(decision["reservation"]["id"])


def ask(service: Service, path: str, body: Body, role: str = "risk_officer") -> TestResponse:
    """Send a change, each under a key of its own."""
    key = f"{path}-{json.dumps(body, sort_keys=True)}"
    return service.send("POST", f"/v1/{path}", role, body, Idempotency_Key=f"k-{abs(hash(key))}")


def convert(service: Service, reservation: str, amount: str = "1000.00", **invoice: Any) -> TestResponse:
    """Invoice an order: INV-7 of 31 days ago, unless said otherwise."""
    written = {"id": "INV-7", "invoiced_on": (today(service) - timedelta(31)).isoformat()} | invoice
    return ask(service, f"reservations/{reservation}/convert", {"amount": amount, "invoice": written}, "order_system")


def shown(service: Service, path: str) -> Any:
    """What a GET answers."""
    answer = service.send("GET", f"/v1/{path}", "collector")
    assert answer.status_code == 200, answer.data
    return json.loads(answer.data)


def items(service: Service, *names: str, query: str = "") -> Sequence[Sequence[Any]]:
    """Some fields of each item that C-2 owes or owed."""
    found = shown(service, f"invoices?customer_id=C-2{query}")["items"]
    return [tuple(one[name] for name in names) for one in found]


def problem(answer: TestResponse) -> list[tuple[str, str]]:
    """The fields that are refused, and the words."""
    assert answer.status_code == 422, answer.data
    return [(one["field"], one["message"]) for one in json.loads(answer.data)["errors"]]


def a_payment(service: Service, amount: str, name: str = "P-1", *parts: tuple[str, str]) -> Body:
    """A payment of C-2 of today, for the numbers that the remitter names."""
    return {"id": name, "customer_id": "C-2", "amount": amount, "currency": "CNY", "day": today(service).isoformat(),
            "allocations": [{"invoice_id": number, "amount": money} for number, money in parts]}  # fmt: skip


def test_an_invoice_without_a_date_takes_the_terms_of_its_decision(real: Service) -> None:
    assert convert(real, held(real)).status_code == 200
    first = today(real) - timedelta(1)
    assert items(real, "invoice_id", "amount", "due_on", "terms", "whole_id", "instalment", "instalments") == [
        ("INV-7 (1 of 3)", "333.34", first.isoformat(), IN_THREE, "INV-7", 1, 3),
        ("INV-7 (2 of 3)", "333.33", (first + timedelta(30)).isoformat(), IN_THREE, "INV-7", 2, 3),
        ("INV-7 (3 of 3)", "333.33", (first + timedelta(60)).isoformat(), IN_THREE, "INV-7", 3, 3),
    ]
    exposure = shown(real, "customers/C-2")["exposure"]
    assert (exposure["balance"], exposure["open_receivables"], exposure["reserved"]) == ("1000.00", "1000.00", "0.00")


def test_terms_that_are_sent_come_before_those_of_the_decision(real: Service) -> None:
    assert convert(real, held(real), terms="NET  30").status_code == 200
    day = today(real) - timedelta(1)
    assert items(real, "invoice_id", "due_on", "terms", "whole_id", "instalment") == [
        ("INV-7", day.isoformat(), "net 30", None, None),
    ]  # fmt: skip


def test_a_date_wins_over_terms_of_one_date(real: Service) -> None:
    later = (today(real) + timedelta(9)).isoformat()
    assert convert(real, held(real), terms="net 30", due_on=later).status_code == 200
    assert items(real, "due_on", "terms") == [(later, "net 30")]


def test_terms_from_delivery_need_its_day(real: Service) -> None:
    reservation = held(real, terms="net 0 from delivery")
    assert problem(convert(real, reservation)) == [
        ("invoice.delivered_on", "is missing; 'net 0 from delivery' counts from the delivery"),
    ]  # fmt: skip
    day = (today(real) - timedelta(3)).isoformat()
    assert problem(convert(real, reservation, delivered_on=day, form="fax")) == [
        ("invoice.form", "is no form; write electronic, paper"),
    ]  # fmt: skip
    assert convert(real, reservation, delivered_on=day, form="paper").status_code == 200
    assert items(real, "due_on", "form") == [(day, "paper")]
    [item] = [one for (one,) in items(real, "invoice_id")]
    with real.held.database.read() as work:
        told = work.invoice_days.of_invoice("C-2", item)
    assert [(one.anchor, str(one.day)) for one in told] == [("delivered", day)], "ladders count from it, too"


def test_a_day_by_the_terms_moves_to_the_next_business_day_of_the_firm(real: Service) -> None:
    reservation, day = held(real), today(real)
    chosen = business_calendar().is_business_day
    real.app.extensions["aval"] = replace(real.held, settings=replace(real.held.settings, due_calendar=chosen))
    saturday = day - timedelta((day.weekday() + 2) % 7 or 7)
    assert saturday.weekday() == 5
    written = {"invoiced_on": saturday.isoformat(), "terms": "net 0"}
    assert convert(real, reservation, "400.00", **written).status_code == 200
    assert convert(real, reservation, "600.00", id="INV-8", due_on=written["invoiced_on"], **written).status_code == 200
    assert items(real, "due_on") == [((saturday + timedelta(2)).isoformat(),), (written["invoiced_on"],)]


@pytest.mark.parametrize(("invoice", "field", "told"), [
    ({"due_on": "2126-01-01", "terms": IN_THREE}, "invoice.due_on",
     f"is one date, and '{IN_THREE}' are 3; leave it out"),
    ({"terms": "soon"}, "invoice.terms", "'soon' are no payment terms"),
    ({"amount": "0.02"}, "invoice.amount", "is CNY 0.02, too little for 3 instalments"),
    ({"id": "I" * 60}, "invoice.id", "leaves no room for ' (3 of 3)'; give at most 55 characters"),
    ({"due_on": "2020-01-01"}, "invoice.due_on", "lies before the date of the invoice"),
])  # fmt: skip
def test_what_does_not_say_when_it_is_due_moves_nothing(real: Service, invoice: Body, field: str, told: str) -> None:
    reservation = held(real)
    [(named, words)] = problem(convert(real, reservation, **invoice))
    assert named == field and words.startswith(told)
    assert items(real, "invoice_id") == [] and shown(real, "customers/C-2")["exposure"]["reserved"] == "1000.00"


def test_without_terms_in_the_decision_the_date_is_wanted(location: str) -> None:
    service = start_real_service(location)
    publish(service, "bare.yaml", SELLING.replace(b"policy: selling", b"policy: bare").split(b"terms:")[0])
    service.put_customer("C-2", granted_limit="1000000.00", country="CN")
    answer = service.decide(an_order("1000.00", "C-2"), "order")
    reservation = json.loads(answer.data)["decision"]["reservation"]["id"]
    assert problem(convert(service, reservation)) == [
        ("invoice.due_on", "is missing; give it, or the terms of payment"),
    ]  # fmt: skip


def test_the_same_invoice_again_is_counted_once_in_whatever_form(real: Service) -> None:
    reservation = held(real, "3000.00")
    assert convert(real, reservation).status_code == 200
    assert convert(real, reservation, terms="net 30").status_code == 200, "known, so it only leaves the hold"
    assert len(items(real, "invoice_id")) == 3
    exposure = shown(real, "customers/C-2")["exposure"]
    assert (exposure["open_receivables"], exposure["reserved"]) == ("1000.00", "1000.00")
    [(field, told)] = problem(convert(real, reservation, amount="999.00"))
    assert field == "invoice.amount" and told.startswith("is known with another amount")


def test_an_order_in_another_currency_counts_to_the_cent(real: Service) -> None:
    with real.held.database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7.1234567", "USD", "CNY"), today(real), "a bank", "operator:ann"))
    answer = real.decide(an_order("100.00", "C-2", currency="USD", requested_terms=IN_THREE, id="SO-usd"), "usd")
    assert answer.status_code == 201, answer.data
    reservation = json.loads(answer.data)["decision"]["reservation"]["id"]
    assert convert(real, reservation, amount="100.00").status_code == 200
    assert [minor for (minor,) in items(real, "amount")] == ["33.34", "33.33", "33.33"]
    exposure = shown(real, "customers/C-2")["exposure"]
    assert (exposure["open_receivables"], exposure["reserved"]) == ("712.35", "0.00"), "as one invoice of 100.00 counts"


def test_one_instalment_is_overdue_and_the_others_are_not(real: Service) -> None:
    convert(real, held(real))
    [mine] = shown(real, "customers/C-2/ageing")["items"]
    assert (mine["open"], mine["days_1_30"], mine["not_due"], mine["invoices"]) == ("1000.00", "333.34", "666.66", 3)
    assert mine["sales"] == "1000.00"
    for days, buckets in ((0, ("1000.00", "0.00", "0.00", "0.00")), (30, ("666.66", "333.34", "0.00", "0.00")),
                          (31, ("333.33", "333.33", "333.34", "0.00")), (61, ("0.00", "333.33", "333.33", "333.34"))):
        day = (today(real) - timedelta(1) + timedelta(days)).isoformat()
        [then] = [one for one in shown(real, f"ageing?as_of={day}")["items"] if one["currency"] == "CNY"]
        assert tuple(then[name] for name in ("not_due", "days_1_30", "days_31_60", "days_61_90")) == buckets, days


def test_a_payment_for_the_whole_goes_to_its_instalments_oldest_first(real: Service) -> None:
    convert(real, held(real))
    answer = ask(real, "payments", a_payment(real, "400.00", "P-1", ("INV-7", "400.00")))
    settlement = json.loads(answer.data)["settlement"]
    assert settlement["stated"] == [{"invoice_id": "INV-7", "amount": "400.00"}]
    assert settlement["allocations"] == [
        {"invoice_id": "INV-7 (1 of 3)", "amount": "333.34"}, {"invoice_id": "INV-7 (2 of 3)", "amount": "66.66"},
    ]  # fmt: skip
    assert items(real, "open_amount") == [("0.00",), ("266.67",), ("333.33",)]
    third = ask(real, "payments", a_payment(real, "10.00", "P-2", ("INV-7 (3 of 3)", "10.00")))
    assert json.loads(third.data)["settlement"]["allocations"] == [{"invoice_id": "INV-7 (3 of 3)", "amount": "10.00"}]
    back = ask(real, "payments/P-1:reverse", {"reason": "no funds", "reversed_on": None})
    assert back.status_code == 200, back.data
    assert items(real, "open_amount") == [("333.34",), ("333.33",), ("323.33",)]
    [statement] = shown(real, "customers/C-2/statement")["items"]
    assert (statement["open"], statement["closing"], statement["overdue"]) == ("990.00", "990.00", "333.34")
    assert [(line["id"], line["amount"]) for line in statement["lines"]][:3] == [
        ("INV-7 (1 of 3)", "333.34"), ("INV-7 (2 of 3)", "333.33"), ("INV-7 (3 of 3)", "333.33"),
    ]  # fmt: skip


def test_what_the_whole_got_is_taken_back_from_all_its_instalments(real: Service) -> None:
    convert(real, held(real))
    ask(real, "payments", a_payment(real, "400.00", "P-1", ("INV-7", "400.00")))
    back = ask(real, "payments/P-1:take-back", {"invoice_id": "INV-7", "reason": "for another one"})
    assert back.status_code == 200, back.data
    assert json.loads(back.data)["settlement"]["unallocated"] == "400.00"
    assert items(real, "open_amount") == [("333.34",), ("333.33",), ("333.33",)]


def test_a_write_off_of_the_whole_takes_all_that_is_open_of_it_and_no_more(real: Service) -> None:
    convert(real, held(real))
    body = {"id": "W-1", "customer_id": "C-2", "invoice_id": "INV-7", "amount": "1000.00", "currency": "CNY",
            "day": today(real).isoformat(), "reason": "gone"}  # fmt: skip
    more = ask(real, "write-offs", body | {"amount": "1000.01"})
    assert (more.status_code, json.loads(more.data)["detail"]) == (
        422, "a write-off goes to one open invoice in full; less of it is open")  # fmt: skip
    assert ask(real, "write-offs", body).status_code == 201
    assert items(real, "open_amount", query="&open=true") == []


def test_the_ladder_takes_a_step_for_each_instalment_on_its_day(real: Service) -> None:
    convert(real, held(real))
    first = today(real) - timedelta(1)
    for days in (3, 32, 33, 33, 63):
        list(run_escalation(real.held.database, begin_run(real.held.database, first + timedelta(days), "tests")))
    with real.held.database.read() as work:
        taken = [(one.invoice_id, (one.as_of - first).days) for one in work.escalation.steps("C-2")]
    assert taken == [("INV-7 (1 of 3)", 3), ("INV-7 (2 of 3)", 33), ("INV-7 (3 of 3)", 63)]


def test_the_next_decision_knows_one_invoice_of_which_a_part_is_overdue(real: Service) -> None:
    convert(real, held(real))
    ask(real, "payments", a_payment(real, "333.34", "P-1", ("INV-7", "333.34")))
    answer = real.decide(an_order("10.00", "C-2", requested_terms=IN_THREE, id="SO-next"), "next")
    with real.held.database.read() as work:
        stored = work.decisions.get(json.loads(answer.data)["decision"]["decision_id"])
    assert stored is not None
    names = ("invoices", "average_invoice", "paid_invoices", "late_invoices", "open_amount", "overdue_amount")
    assert [stored.facts[f"account.{name}"] for name in names] == [1, 1000_00, 1, 1, 666_66, 0]


def test_a_dispute_of_the_whole_stops_the_ladder_of_each_instalment_and_one_of_a_part_only_that(real: Service) -> None:
    convert(real, held(real))
    until = (today(real) + timedelta(5)).isoformat()
    body = {"invoice_id": "INV-7", "kind": "dispute", "until": until, "reason": "wrong goods"}
    answer = json.loads(ask(real, "customers/C-2/blocks", body, "collector").data)
    names = [f"INV-7 ({place} of 3)" for place in (1, 2, 3)]
    assert [one["invoice_id"] for one in (answer["block"], *answer["further"])] == names
    assert items(real, "disputed") == [(True,)] * 3
    list(run_escalation(real.held.database, begin_run(real.held.database, today(real) + timedelta(2), "tests")))
    with real.held.database.read() as work:
        assert work.escalation.steps("C-2") == ()
    for one in answer["further"]:
        assert ask(real, f"blocks/{one['id']}:end", {"reason": "only the first"}, "collector").status_code == 200
    assert items(real, "disputed") == [(True,), (None,), (None,)]
    again = json.loads(ask(real, "customers/C-2/blocks", body | {"invoice_id": names[1]}, "collector").data)
    assert (again["block"]["invoice_id"], again["further"]) == (names[1], [])
    unknown = ask(real, "customers/C-2/blocks", body | {"invoice_id": "INV-7 (4 of 3)"}, "collector")
    assert problem(unknown) == [("invoice_id", "is not known: 'C-2' has no invoice 'INV-7 (4 of 3)'")]


def test_a_day_is_told_of_the_whole_or_of_one_instalment(real: Service) -> None:
    convert(real, held(real))
    day = today(real).isoformat()
    told = ask(real, "customers/C-2/invoices/INV-7/days", {"what": "delivered", "day": day}, "order_system")
    assert told.status_code == 201, told.data
    assert [(one["invoice_id"], one["counts"]) for one in json.loads(told.data)["items"]] == [
        (f"INV-7 ({place} of 3)", True) for place in (1, 2, 3)]  # fmt: skip
    path = "customers/C-2/invoices/INV-7%20(2%20of%203)/days"
    one = ask(real, path, {"what": "delivered", "day": (today(real) - timedelta(1)).isoformat()}, "order_system")
    assert [(one["invoice_id"], one["counts"]) for one in json.loads(one.data)["items"]] == [
        ("INV-7 (2 of 3)", False), ("INV-7 (2 of 3)", True)]  # fmt: skip
    missing = ask(real, "customers/C-2/invoices/INV-8/days", {"what": "delivered", "day": day}, "order_system")
    assert missing.status_code == 404
