"""The ledger's figures under the policy's names: what is known as exact values, what nobody knows as missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from credit.allocation import Reduction
from credit.exposure import Limit
from credit.holds import Hold
from credit.money import Money
from credit.receivables import Invoice
from policy.kinds import NO_LIMIT, UNLIMITED
from rules.facts import trade_vocabulary
from rules.ledger_facts import (
    ApprovedOrder,
    Facts,
    Known,
    Lists,
    OrderPlaced,
    gather,
    invoice_items,
    limit_value,
    payment_items,
)

AS_OF = date(2026, 6, 30)
ORDER = OrderPlaced(Money(100_00, "USD"), Money.zero("USD"))
KNOWN = Known(AS_OF, ORDER, Limit.none(), exposure=0, holds=())


def an_invoice(name: str, due_on: date, settled_on: date | None = None, amount: int = 50_00) -> Invoice:
    """An invoice of C-1, dated 30 days before it is due; nobody said whether it is disputed."""
    invoiced_on = date.fromordinal(due_on.toordinal() - 30)
    return Invoice(name, "C-1", Money(amount, "USD"), invoiced_on, due_on, settled_on)


def gathered(known: Known) -> tuple[Facts, Lists]:
    """Every fact and every list."""
    return gather(known, trade_vocabulary().lists)


def test_every_fact_that_is_gathered_is_one_of_the_vocabulary_and_every_ledger_fact_is_gathered() -> None:
    facts, lists = gathered(replace(KNOWN, customer_id="C-1"))
    declared = trade_vocabulary().facts
    assert set(facts) <= set(declared)
    assert {name for name, fact in declared.items() if fact.source == "ledger"} <= set(facts)
    assert set(lists) == set(trade_vocabulary().lists)


def test_items_carry_every_field_of_their_list() -> None:
    invoices = (an_invoice("I-1", AS_OF), an_invoice("I-2", AS_OF, settled_on=AS_OF))
    known = replace(KNOWN, invoices=invoices, earlier_orders=(ApprovedOrder(5, 4, AS_OF),),
                    holds=(Hold("orders", AS_OF),))  # fmt: skip
    for name, items in gathered(known)[1].items():
        assert [set(item) for item in items] == [set(trade_vocabulary().lists[name].fields)]


def test_a_hold_stops_orders_from_its_day_until_the_day_of_its_release() -> None:
    released = date(2026, 6, 20)
    for scope, whole in (("orders", False), ("account", True)):
        known = replace(KNOWN, holds=(Hold(scope, date(2026, 6, 10), released),))
        for day, stops in ((date(2026, 6, 9), False), (date(2026, 6, 10), True), (date(2026, 6, 19), True),
                           (released, False)):  # fmt: skip
            facts, lists = gathered(replace(known, as_of=day))
            assert (facts["account.orders_held"], facts["account.held"]) == (stops, stops and whole), (scope, day)
            ended = released.toordinal() if day >= released else None
            begun = [{"placed_on": date(2026, 6, 10).toordinal(), "released_on": ended}]
            assert list(lists["holds"]) == (begun if day >= date(2026, 6, 10) else [])


def test_dunning_has_come_as_far_as_the_open_invoice_with_the_most_steps() -> None:
    day = date(2026, 6, 20)
    steps = (date(2026, 6, 18), day, date(2026, 6, 21))
    one = replace(an_invoice("far", date(2026, 6, 15)), dunned_on=steps)
    less = replace(an_invoice("less", date(2026, 6, 15)), dunned_on=steps[:1])
    paid = replace(an_invoice("paid", date(2026, 6, 15), settled_on=day), dunned_on=(*steps, day))
    for on, level, items in ((date(2026, 6, 17), 0, [0, 0, 0]), (date(2026, 6, 18), 1, [1, 1, 1]), (day, 2, [2, 1])):
        facts, lists = gathered(replace(KNOWN, as_of=on, invoices=(one, less, paid)))
        assert facts["account.dunning_level"] == level, on
        assert [item["dunning_level"] for item in lists["invoices"]] == items, on


def test_nobody_can_gather_facts_and_forget_the_holds() -> None:
    with pytest.raises(TypeError, match="holds"):
        Known(AS_OF, ORDER, Limit.none(), exposure=0)  # type: ignore[call-arg]


def test_a_customer_without_invoices_owes_nothing_and_has_no_average() -> None:
    facts, _ = gathered(KNOWN)
    assert facts["account.open_amount"] == facts["account.overdue_amount"] == facts["account.invoices"] == 0
    assert facts["customer.average_days_late"] is None
    assert facts["account.average_invoice"] is None


def test_the_figures_are_those_of_the_day() -> None:
    invoices = (
        an_invoice("paid", date(2026, 5, 1), settled_on=date(2026, 5, 1)),
        an_invoice("late", date(2026, 5, 1), settled_on=date(2026, 5, 6)),
        an_invoice("overdue", date(2026, 6, 20), settled_on=date(2026, 7, 1), amount=70_00),
        an_invoice("tomorrow", date(2026, 7, 31)),
    )
    facts, lists = gathered(replace(KNOWN, invoices=invoices, exposure=123))
    wanted = {"open_amount": 70_00, "overdue_amount": 70_00, "oldest_overdue_days": 10, "invoices": 3,
              "paid_invoices": 2, "late_invoices": 1, "days_late_total": 5, "average_invoice": 56_67,
              "exposure": 123}  # fmt: skip
    assert {name: facts[f"account.{name}"] for name in wanted} == wanted
    assert facts["customer.average_days_late"] == 3  # 5 days over 2 invoices, rounded up
    assert [item["open_amount"] for item in lists["invoices"]] == [70_00]
    assert lists["invoices"][0]["days_overdue"] == 10
    assert [(item["invoice_id"], item["days_late"]) for item in lists["payments"]] == [("paid", 0), ("late", 5)]


def test_what_is_open_of_an_invoice_is_owed_and_its_amount_is_not() -> None:
    reductions = (Reduction(AS_OF, 20_00), Reduction(date(2026, 7, 1), 30_00))
    one = replace(an_invoice("I-1", date(2026, 6, 20)), reductions=reductions)
    facts, lists = gathered(replace(KNOWN, invoices=(one,)))
    assert facts["account.open_amount"] == facts["account.overdue_amount"] == 30_00
    assert [(item["amount"], item["open_amount"]) for item in lists["invoices"]] == [(50_00, 30_00)]


def test_a_dispute_that_nobody_spoke_of_is_missing_and_not_denied() -> None:
    unsaid, denied = an_invoice("I-1", AS_OF), replace(an_invoice("I-2", AS_OF), disputed=False)
    items = gathered(replace(KNOWN, invoices=(unsaid, denied)))[1]["invoices"]
    assert [item["disputed"] for item in items] == [None, False]


def test_no_limit_zero_and_unlimited_are_three_values() -> None:
    limits = [Limit.none(), Limit.of(Money.zero("USD")), Limit.of(Money(500, "USD")), Limit.unlimited()]
    assert [limit_value(limit) for limit in limits] == [NO_LIMIT, 0, 500, UNLIMITED]


def test_the_order_gives_its_amounts_terms_and_days() -> None:
    order = OrderPlaced(Money(100, "USD"), Money(30, "USD"), "NET  60", date(2026, 6, 1), None)
    facts, _ = gathered(replace(KNOWN, order=order))
    assert facts["order.unsecured_amount"] == facts["order.credit_amount"] == 70
    assert facts["order.requested_terms"] == "net 60"
    assert facts["order.requested_days"] == 60
    assert facts["order.placed_on"] == date(2026, 6, 1).toordinal()
    assert facts["order.deliver_by"] is None


def test_terms_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="are no payment terms"):
        gathered(replace(KNOWN, order=replace(ORDER, requested_terms="whenever")))


def test_nobody_states_what_the_ledger_knows() -> None:
    known = replace(KNOWN, stated={"account.open_amount": 7, "x": 1}, master={"customer.score": 80}, country="NO")
    facts, _ = gathered(known)
    assert facts["account.open_amount"] == 0
    assert (facts["x"], facts["customer.score"], facts["customer.country"]) == (1, 80, "NO")


def test_an_incomplete_list_of_earlier_orders_is_left_out() -> None:
    assert "earlier_orders" not in gathered(replace(KNOWN, earlier_orders=None))[1]


def test_an_order_decided_after_the_day_is_not_an_earlier_one() -> None:
    orders = (ApprovedOrder(5, 4, AS_OF), ApprovedOrder(7, 7, date(2026, 7, 1)))
    items = gathered(replace(KNOWN, earlier_orders=orders))[1]["earlier_orders"]
    assert items == ({"amount": 5, "unsecured_amount": 4, "placed_on": AS_OF.toordinal()},)


def test_lists_that_no_policy_reads_are_not_made() -> None:
    known = replace(KNOWN, invoices=(an_invoice("I-1", AS_OF), an_invoice("I-2", AS_OF, settled_on=AS_OF)))
    assert gather(known, ())[1] == {}
    for name in ("invoices", "payments", "earlier_orders"):
        assert gather(known, {name}) == (gathered(known)[0], {name: gathered(known)[1][name]})


def test_a_billed_late_charge_is_open_and_no_payment_that_says_how_a_customer_pays() -> None:
    sale = replace(an_invoice("I-1", AS_OF), settled_on=AS_OF)
    charge = replace(an_invoice("I-1-charge", AS_OF), charge_of="I-1", charged_until=AS_OF)
    paid = replace(charge, invoice_id="I-1-paid", settled_on=AS_OF)
    assert [one["invoice_id"] for one in payment_items([sale, charge, paid], AS_OF)] == ["I-1"]
    assert [one["invoice_id"] for one in invoice_items([sale, charge, paid], AS_OF)] == ["I-1-charge"]
