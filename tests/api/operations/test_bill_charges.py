"""Late charges are billed once, as items that are owed; what was too much is proposed for a credit note by name."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.operations.bill_charges import bill_asked, enter_bill, program_of
from api.operations.show_late_charges import NOT_KNOWN
from credit.allocation import Part
from credit.money import Money
from credit.rates import ExchangeRate
from storage.rates import NewRate
from storage.receivables import Invoice
from storage.settlements import NewSettlement
from tests.api.operations.test_tell_limit import today
from tests.api.resources.test_late_charges import POLICY
from tests.api.service import Service, publish, start_real_service

DUE = date(2026, 6, 15)
UNTIL = date(2026, 6, 30)  # fifteen days of 1/30 % a day


@pytest.fixture
def real(location: str) -> Service:
    """C-2 owes 10,000.00 since DUE, and 10,000.00 from next year on, under 1 % a month."""
    service = start_real_service(location)
    publish(service, "late.yaml", POLICY)
    service.put_customer("C-2", granted_limit="none", country="CN")
    with service.held.database.write() as work:
        work.invoices.add_many([owed("INV-7", DUE), owed("LATER", date(2126, 1, 1))], today(service))
    return service


def owed(name: str, due: date, minor: int = 10_000_00, currency: str = "CNY", settled: date | None = None) -> Invoice:
    """An invoice of C-2."""
    return Invoice("C-2", name, minor, currency, date(2026, 5, 16), due, settled)


def bill(service: Service, key: str, role: str = "collector", **body: str) -> TestResponse:
    """Bill the charges of C-2."""
    return service.send("POST", "/v1/customers/C-2/late-charges", role, body, Idempotency_Key=key)


def billed(service: Service, key: str, until: date = UNTIL) -> dict[str, Any]:
    """What is billed up to a day: amounts by number."""
    answer = bill(service, key, as_of=until.isoformat())
    found = json.loads(answer.data)
    assert answer.status_code == (201 if found["billed"] else 200), answer.data
    return {one["invoice_id"]: one["amount"] for one in found["billed"]}


def proposed(service: Service, key: str, until: date = UNTIL) -> list[dict[str, Any]]:
    """What a bill up to a day proposes to credit."""
    found: list[dict[str, Any]] = json.loads(bill(service, key, as_of=until.isoformat()).data)["credit_proposed"]
    return found


def shown(service: Service, path: str) -> Any:
    """What is shown to a collector."""
    answer = service.send("GET", f"/v1/{path}", "collector")
    assert answer.status_code == 200, answer.data
    return json.loads(answer.data)


def settle(service: Service, name: str, minor: int, day: date, invoice_id: str = "INV-7",
           kind: str = "payment", met: bool = True) -> None:  # fmt: skip
    """Enter a payment, or a credit note, for one invoice, or for whichever is oldest."""
    stated = (Part(invoice_id, minor),) if invoice_id else ()
    new = NewSettlement(kind, name, "C-2", Money(minor, "CNY"), day, "told", "person:ann", stated=stated)
    with service.held.database.write() as work:
        assert (work.settlements.enter(new, today(service)).unmet == ()) is met


def test_what_accrued_is_billed_once_and_the_rest_with_the_next_bill(real: Service) -> None:
    assert billed(real, "june") == {"INV-7-charge-2026-06-30": "50.00"}
    assert billed(real, "june-again") == {}, "the same day bills nothing more, under another key too"
    assert billed(real, "before", date(2026, 6, 20)) == {}, "nor does a day before"
    assert billed(real, "july", date(2026, 7, 15)) == {"INV-7-charge-2026-07-15": "50.00"}
    whole = shown(real, "customers/C-2/late-charges?as_of=" + today(real).isoformat())
    [one] = whole["items"]
    left = Money.parse(one["late_charges"], "CNY") - Money.parse("100.00", "CNY")
    assert one["billing"] == {"currency": "CNY", "billed": "100.00", "unbilled": left.amount}


def test_a_charge_is_owed_and_no_sale(real: Service) -> None:
    before = shown(real, "customers/C-2/ageing")["items"][0]
    answer = bill(real, "june", as_of=UNTIL.isoformat())
    [made] = json.loads(answer.data)["billed"]
    day = today(real)
    assert (made["charge_of"], made["charged_until"], made["open_amount"]) == ("INV-7", "2026-06-30", "50.00")
    assert (made["invoiced_on"], made["due_on"]) == (str(day), str(day + timedelta(14)))
    after = shown(real, "customers/C-2/ageing")["items"][0]
    assert (after["invoices"], after["not_due"]) == (before["invoices"] + 1, "10050.00")
    assert after["sales"] == before["sales"], "DSO is of what was sold"
    exposure = shown(real, "customers/C-2")["exposure"]
    assert (exposure["balance"], exposure["open_receivables"]) == ("20050.00", "20050.00")
    lines = shown(real, "customers/C-2/statement")["items"][0]["lines"]
    assert [(one["kind"], one["id"], one["amount"]) for one in lines] == [
        ("late_charge", "INV-7-charge-2026-06-30", "50.00")]  # fmt: skip
    listed = shown(real, "invoices?customer_id=C-2&open=true")["items"]
    assert [(one["invoice_id"], one["charge_of"]) for one in listed] == [
        ("INV-7", None), ("INV-7-charge-2026-06-30", "INV-7"), ("LATER", None)]  # fmt: skip
    events = json.loads(real.send("GET", "/v1/events?kind=late_charge_billed", "compliance").data)["items"]
    assert [(one["by"], one["details"]["amount"]) for one in events] == [("client:collector-1", "50.00")]


def test_a_charge_bears_none_and_interest_outlives_its_principal(real: Service) -> None:
    settle(real, "P-1", 10_000_00, UNTIL)
    assert billed(real, "june") == {"INV-7-charge-2026-06-30": "50.00"}
    assert [one["invoice_id"] for one in shown(real, "customers/C-2/late-charges?as_of=2126-01-01")["items"]] == [
        "INV-7"], "a charge that is overdue for a century bears nothing"  # fmt: skip
    assert billed(real, "later", today(real)) == {}


def test_what_a_payment_of_an_earlier_day_made_too_much_is_a_credit_note_to_be_written(real: Service) -> None:
    billed(real, "june")
    settle(real, "P-1", 5_000_00, date(2026, 6, 20))  # five days of the whole, and ten of a half: 33.33
    assert billed(real, "again") == {}
    wanted = {"invoice_id": "INV-7", "amount": "16.67", "currency": "CNY", "charges": ["INV-7-charge-2026-06-30"]}
    assert proposed(real, "proposed") == [wanted]
    [one] = shown(real, "customers/C-2/late-charges?as_of=" + today(real).isoformat())["items"]
    settle(real, "C-1", 16_67, today(real), "INV-7-charge-2026-06-30", "credit_note")
    assert proposed(real, "credited") == []
    assert billed(real, "july", date(2026, 7, 1)) == {"INV-7-charge-2026-07-01": "1.67"}, "of 5,000.00"


def test_a_credit_note_that_reaches_a_charge_makes_no_bill_charge_it_again(real: Service) -> None:
    settle(real, "P-1", 10_000_00, UNTIL)
    billed(real, "june")
    settle(real, "C-1", 100_00, today(real), "", "credit_note")  # goods that came back: it goes to the oldest item
    assert billed(real, "july", date(2026, 7, 31)) == {} and proposed(real, "none", date(2026, 7, 31)) == []


def test_a_waiver_is_final(real: Service) -> None:
    charge = "INV-7-charge-2026-06-30"
    billed(real, "june")
    settle(real, "C-1", 50_00, today(real), charge, "credit_note")
    assert billed(real, "july", date(2026, 7, 1)) == {"INV-7-charge-2026-07-01": "3.33"}, "the day after, and no more"


def test_what_was_too_much_of_a_paid_charge_is_given_back_once(real: Service) -> None:
    charge = "INV-7-charge-2026-06-30"
    billed(real, "june")
    settle(real, "P-2", 50_00, today(real), charge)
    settle(real, "P-1", 5_000_00, date(2026, 6, 20))
    assert [one["amount"] for one in proposed(real, "proposed")] == ["16.67"]
    settle(real, "C-1", 16_67, today(real), charge, "credit_note", met=False)  # it is the customer's money, and goes on
    assert proposed(real, "credited") == []
    assert billed(real, "july", date(2026, 7, 10)) == {"INV-7-charge-2026-07-10": "16.67"}, "and nothing is given twice"


def test_what_was_billed_up_to_a_day_is_told_of_that_day_whenever_it_was_billed(real: Service) -> None:
    billed(real, "june")
    [one] = shown(real, f"customers/C-2/late-charges?as_of={UNTIL}")["items"]
    assert one["billing"] == {"currency": "CNY", "billed": "50.00", "unbilled": "0.00"}
    [one] = shown(real, f"customers/C-2/late-charges?as_of={UNTIL - timedelta(1)}")["items"]
    assert one["billing"]["billed"] == "0.00", "of the day before nothing was billed yet"


def test_charges_of_a_disputed_invoice_wait(real: Service) -> None:
    blocked = {"invoice_id": "INV-7", "kind": "dispute", "until": str(today(real)), "reason": "goods broken"}
    answer = real.send("POST", "/v1/customers/C-2/blocks", "collector", blocked, Idempotency_Key="b-1")
    assert answer.status_code == 201, answer.data
    found = json.loads(bill(real, "june", as_of=UNTIL.isoformat()).data)
    assert found["billed"] == [] and [one["invoice_id"] for one in found["not_billed"]] == ["INV-7"]
    assert "disputes" in found["not_billed"][0]["why"]
    block_id = json.loads(answer.data)["block"]["id"]
    ended = real.send("POST", f"/v1/blocks/{block_id}:end", "collector", {"reason": "agreed"}, Idempotency_Key="b-2")
    assert ended.status_code == 200, ended.data
    assert billed(real, "again") == {"INV-7-charge-2026-06-30": "50.00"}


def test_what_was_too_much_is_first_taken_from_the_next_charges(real: Service) -> None:
    billed(real, "june")
    settle(real, "P-1", 5_000_00, date(2026, 6, 20))
    until = date(2026, 7, 10)  # ten days more of 5,000.00 are 16.67
    assert billed(real, "july", until) == {} and proposed(real, "none", until) == []
    assert billed(real, "next", until + timedelta(1)) == {"INV-7-charge-2026-07-11": "1.67"}


def test_a_payment_of_the_charge_is_none_of_the_principal(real: Service) -> None:
    billed(real, "june")
    settle(real, "P-1", 50_00, today(real), "INV-7-charge-2026-06-30")
    assert billed(real, "july", date(2026, 7, 15)) == {"INV-7-charge-2026-07-15": "50.00"}


def test_a_file_that_names_the_charge_changes_nothing(real: Service) -> None:
    [(name, _)] = billed(real, "june").items()
    again = Invoice("C-2", name, 50_00, "CNY", today(real), today(real) + timedelta(14))
    with real.held.database.write() as work:
        assert work.invoices.add_many([again], today(real)).unchanged == 1
    assert billed(real, "once-more") == {}


def test_a_number_that_another_invoice_has_is_told_and_the_others_are_billed(real: Service) -> None:
    with real.held.database.write() as work:
        work.invoices.add_many([owed("A", DUE), owed("A-charge-2026-06-30", date(2126, 1, 1))], today(real))
    found = json.loads(bill(real, "june", as_of=UNTIL.isoformat()).data)
    assert [one["charge_of"] for one in found["billed"]] == ["INV-7"]
    assert found["not_billed"] == [{"invoice_id": "A", "why": "'A-charge-2026-06-30', as it would be called, is the "
                                    "number of another invoice"}]  # fmt: skip


def test_an_invoice_in_another_currency_is_charged_in_it(real: Service) -> None:
    with real.held.database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7", "USD", "CNY"), DUE, "a bank", "operator:ann"))
        work.invoices.add_many([owed("USD-1", DUE, 1_000_00, "USD")], today(real))
    answer = json.loads(bill(real, "june", as_of=UNTIL.isoformat()).data)
    found = {one["charge_of"]: (one["amount"], one["currency"]) for one in answer["billed"]}
    assert found == {"INV-7": ("50.00", "CNY"), "USD-1": ("5.00", "USD")}
    exposure = shown(real, "customers/C-2")["exposure"]
    assert exposure["balance"] == "27085.00", "20,000.00 and 7,000.00, with 50.00 and 35.00"


def test_an_amount_of_the_policy_is_unknown_of_an_invoice_in_another_currency_from_its_day_on(real: Service) -> None:
    rate = POLICY.splitlines()[-1]
    publish(real, "fixed.yaml", POLICY.replace(rate, b"late_charge: {amount: 25, at: due + 30 days}"))
    with real.held.database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7", "USD", "CNY"), DUE, "a bank", "operator:ann"))
        work.invoices.add_many([owed("USD-1", DUE, 1_000_00, "USD")], today(real))
    before = json.loads(bill(real, "early", as_of="2026-07-14").data)
    assert (before["billed"], before["not_billed"]) == ([], []), "nothing fell due"
    found = json.loads(bill(real, "late", as_of="2026-07-15").data)
    assert [(one["charge_of"], one["amount"]) for one in found["billed"]] == [("INV-7", "25.00")]
    assert found["not_billed"] == [{"invoice_id": "USD-1", "why": NOT_KNOWN}]


def test_the_same_key_is_answered_again_and_days_that_cannot_be_are_refused(real: Service) -> None:
    first = bill(real, "june", as_of=UNTIL.isoformat())
    assert bill(real, "june", as_of=UNTIL.isoformat()).data == first.data
    day = today(real)
    assert bill(real, "k-1", as_of=(day + timedelta(1)).isoformat()).status_code == 422
    assert bill(real, "k-2", due_on=(day - timedelta(1)).isoformat()).status_code == 422
    due = json.loads(bill(real, "k-3", due_on=day.isoformat()).data)["billed"][0]["due_on"]
    assert due == day.isoformat()
    assert bill(real, "k-4", "compliance").status_code == 403
    nobody = real.send("POST", "/v1/customers/C-404/late-charges", "collector", {}, Idempotency_Key="x")
    assert nobody.status_code == 404


def test_a_policy_that_charges_nothing_bills_and_proposes_nothing(real: Service) -> None:
    billed(real, "june")
    publish(real, "bare.yaml", POLICY.split(b"late_charge:")[0].replace(b"policy: late", b"policy: bare"))
    found = json.loads(bill(real, "bare").data)
    assert (found["billed"], found["credit_proposed"], found["not_billed"]) == ([], [], [])


def test_a_rate_that_the_policy_does_not_name_leaves_the_charge_unknown(real: Service) -> None:
    dated = POLICY.replace(b"rate: 1% per month", b"rate: settings.late_rate").replace(
        b"limits:", b"settings:\n  late_rate: [{from: 2026-06-20, value: 1% per month}]\nlimits:").replace(
        b"policy: late", b"policy: dated")  # fmt: skip
    publish(real, "dated.yaml", dated)
    found = json.loads(bill(real, "june", as_of=UNTIL.isoformat()).data)
    assert (found["billed"], [one["invoice_id"] for one in found["not_billed"]]) == ([], ["INV-7"])


def test_a_bill_waits_for_one_that_is_being_made_and_then_bills_nothing(real: Service) -> None:
    database, asked = real.held.database, bill_asked(UNTIL, None, today(real))
    program = program_of(database, "C-2")
    assert program is not None

    def another() -> int:
        with database.write() as work:
            return len(enter_bill(work, program, "C-2", asked, "operator:other").items)

    with ThreadPoolExecutor(1) as beside:
        with database.write() as work:
            assert len(enter_bill(work, program, "C-2", asked, "operator:tests").items) == 1
            second = beside.submit(another)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.5)
        assert second.result(timeout=30) == 0
