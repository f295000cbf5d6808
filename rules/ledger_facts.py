"""What the ledger knows of a customer, as the facts and lists that a policy reads on one day.

The figures come from `credit/receivables.py`; here they get the policy's names and exact values. What nobody knows is
missing (None), never zero: a customer who has paid nothing yet has no average of days late, good or bad.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from credit.exposure import Limit
from credit.holds import Hold, account_held, orders_held
from credit.money import Money
from credit.receivables import Invoice, ReceivableFigures, receivable_figures
from policy.kinds import NO_LIMIT, UNLIMITED, Value
from rules.facts import computed_facts, read_terms
from rules.figures import CutOff, Item
from rules.memo import Memo, of_each

Facts = dict[str, Value | None]
Lists = dict[str, Sequence[Item]]


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """One order as it was sent; `requested_terms` is None where nothing was asked for.

    `unsecured` is given where it is not simply what is not prepaid. `amount` and `prepaid` are None where no rate says
    what they are in the account's currency.
    """

    amount: Money | None
    prepaid: Money | None
    requested_terms: str | None = None
    placed_on: date | None = None
    deliver_by: date | None = None
    unsecured: Money | None = None


@dataclass(frozen=True, slots=True)
class ApprovedOrder:
    """One order that was approved before: its value, what it held of the limit, and the day it was decided."""

    amount: int
    unsecured_amount: int
    decided_on: date


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of an order and its customer on one day; amounts are minor units of one currency.

    `exposure` is everything owed or reserved before this order. `earlier_orders` is None where nobody looked; of
    `unread_days`, ordinals, not all of them are known. `stated` are the request's facts and `master` those that people
    keep about the customer, both as exact values by the policy's names; what the ledger or the order itself says wins
    over both. Without an `order`, or its amount, the account's `currency` is said.
    """

    as_of: date
    order: OrderPlaced | None
    limit: Limit | None
    exposure: int
    invoices: tuple[Invoice, ...] = ()
    earlier_orders: tuple[ApprovedOrder, ...] | None = ()
    unread_days: range = range(0)
    customer_id: str | None = None
    country: str | None = None
    master: Mapping[str, Value | None] = field(default_factory=dict)
    stated: Mapping[str, Value | None] = field(default_factory=dict)
    currency: str = ""
    group_id: str | None = None
    group_limit: Limit | None = None
    group_exposure: int | None = None
    holds: tuple[Hold, ...] = field(kw_only=True)  # nobody may forget them: none means that orders go on


def gather(known: Known, wanted: Collection[str], memo: Memo | None = None) -> tuple[Facts, Lists]:
    """Every fact of the trade for one order, and the lists that are wanted; their figures come later, from the policy.

    What was found of the same invoices and earlier orders before is taken from the customer's memo.
    Raises: ValueError for requested terms that are none, or an invoice in another currency than the order.
    """
    memo = memo or Memo()
    amount = None if known.order is None else known.order.amount
    currency = known.currency if amount is None else amount.currency
    figures = memo.of("receivable_figures", (known.invoices, known.as_of, currency),
                      lambda: receivable_figures(known.invoices, known.as_of, currency))  # fmt: skip
    facts: Facts = {**known.master, **known.stated}
    if known.customer_id is not None:
        facts["customer.id"] = known.customer_id
    if known.country is not None:
        facts["customer.country"] = known.country
    if known.group_id is not None:
        facts["customer.group"] = known.group_id
    facts |= ledger_facts(figures, known.limit, known.exposure) | group_facts(known) | hold_facts(known)
    facts |= _asked(known)
    return computed_facts(facts), _lists(known, wanted, memo)


def group_facts(known: Known) -> Facts:
    """The limit and the exposure of the customer's group; both missing for a customer in none."""
    limit = None if known.group_limit is None else limit_value(known.group_limit)
    return {"group.limit": limit, "group.exposure": known.group_exposure}


def hold_facts(known: Known) -> Facts:
    """Whether new orders, or the whole account, are stopped on this day."""
    return {"account.orders_held": orders_held(known.holds, known.as_of),
            "account.held": account_held(known.holds, known.as_of)}  # fmt: skip


def _asked(known: Known) -> Facts:
    return {"as_of": known.as_of.toordinal()} if known.order is None else order_facts(known.order, known.as_of)


def ledger_facts(figures: ReceivableFigures, limit: Limit | None, exposure: int) -> Facts:
    """One customer's record, debts and granted limit by the policy's names; averages of nothing are missing.

    So is a limit that is not in force.
    """
    average = figures.average_invoice_amount
    return {
        "customer.average_days_late": figures.average_days_late,
        "limit.granted": None if limit is None else limit_value(limit),
        "account.exposure": exposure,
        "account.open_amount": figures.open_amount.minor,
        "account.overdue_amount": figures.overdue_amount.minor,
        "account.oldest_overdue_days": figures.oldest_overdue_days,
        "account.dunning_level": figures.dunning_level,
        "account.invoices": figures.invoice_count,
        "account.paid_invoices": figures.paid_invoices,
        "account.late_invoices": figures.late_invoices,
        "account.days_late_total": figures.days_late_total,
        "account.average_invoice": None if average is None else average.minor,
    }


def order_facts(order: OrderPlaced, as_of: date) -> Facts:
    """What the order itself says; the days that nobody gave are missing.

    Raises: ValueError for requested terms that are none.
    """
    unsecured: Facts = {} if order.unsecured is None else {"order.unsecured_amount": order.unsecured.minor}
    return unsecured | {
        "as_of": as_of.toordinal(),
        "order.amount": None if order.amount is None else order.amount.minor,
        "order.prepaid": None if order.prepaid is None else order.prepaid.minor,
        "order.requested_terms": _spelling(order.requested_terms),
        "order.placed_on": _day(order.placed_on),
        "order.deliver_by": _day(order.deliver_by),
    }


def limit_value(limit: Limit) -> int:
    """A granted limit as engines compare it: minor units, or the mark of "none" or "unlimited"."""
    if limit.money is not None:
        return limit.money.minor
    return NO_LIMIT if limit.is_none else UNLIMITED


def invoice_items(invoices: Iterable[Invoice], as_of: date) -> tuple[Item, ...]:
    """The invoices that are open on this day, as items of the list `invoices`, the oldest due date first."""
    still_open = sorted((one for one in invoices if one.is_open(as_of)), key=lambda one: (one.due_on, one.invoice_id))
    return tuple(
        {
            "invoice_id": one.invoice_id,
            "amount": one.amount.minor,
            "open_amount": one.open_amount(as_of).minor,
            "invoiced_on": one.invoiced_on.toordinal(),
            "due_on": one.due_on.toordinal(),
            "days_overdue": one.days_overdue(as_of),
            "disputed": one.is_disputed(as_of),
            "dunning_level": one.dunning_level(as_of),
            "form": one.form,
        }
        for one in still_open
    )


def payment_items(invoices: Iterable[Invoice], as_of: date) -> tuple[Item, ...]:
    """The invoices that are paid by this day, as items of the list `payments`, the first payment first; no charges."""
    sales = [one for one in invoices if one.charge_of is None]
    paid = [(one.settled_on, one) for one in sales if one.settled_on is not None and one.is_paid(as_of)]
    return tuple(
        {
            "invoice_id": one.invoice_id,
            "amount": one.amount.minor,
            "invoiced_on": one.invoiced_on.toordinal(),
            "due_on": one.due_on.toordinal(),
            "paid_on": day.toordinal(),
            "days_late": one.days_late,
        }
        for day, one in sorted(paid, key=lambda pair: (pair[0], pair[1].invoice_id))
    )


def hold_items(holds: Iterable[Hold], as_of: date) -> tuple[Item, ...]:
    """The holds placed up to this day, as items of the list `holds`; one that ends later has not ended yet."""
    return tuple(
        {
            "placed_on": one.placed_on.toordinal(),
            "released_on": None if one.released_on is None or one.released_on > as_of else one.released_on.toordinal(),
        }
        for one in sorted(holds, key=lambda one: one.placed_on)
        if one.placed_on <= as_of
    )


def earlier_order_items(earlier: Sequence[ApprovedOrder], as_of: date, memo: Memo | None = None) -> tuple[Item, ...]:
    """The orders approved up to this day, as items of the list `earlier_orders`."""

    def item(one: ApprovedOrder) -> Item | None:
        if one.decided_on > as_of:
            return None
        return {"amount": one.amount, "unsecured_amount": one.unsecured_amount, "placed_on": one.decided_on.toordinal()}

    return tuple(one for one in of_each(memo, "earlier_orders", (as_of,), earlier, item) if one is not None)


def _lists(known: Known, wanted: Collection[str], memo: Memo) -> Lists:
    """The lists that a policy reads, no others: a customer may have thousands of payments.

    A list that nobody read is left out, so that its figures are missing and never a smaller number; of one that was not
    read to its end, those are that look at its unread days.
    """
    lists: Lists = {}
    if "invoices" in wanted:
        lists["invoices"] = memo.of("invoices", (known.invoices, known.as_of),
                                    lambda: invoice_items(known.invoices, known.as_of))  # fmt: skip
    if "payments" in wanted:
        lists["payments"] = memo.of("payments", (known.invoices, known.as_of),
                                    lambda: payment_items(known.invoices, known.as_of))  # fmt: skip
    if "holds" in wanted:
        lists["holds"] = hold_items(known.holds, known.as_of)
    if "earlier_orders" in wanted and known.earlier_orders is not None:
        items = earlier_order_items(known.earlier_orders, known.as_of, memo)
        lists["earlier_orders"] = CutOff.of(items, "placed_on", known.unread_days) if known.unread_days else items
    return lists


def _spelling(terms: str | None) -> str | None:
    if terms is None:
        return None
    found = read_terms(terms)
    if found is None:
        raise ValueError(f"'{terms}' are no payment terms; write them as 'net 30', '2/10 net 30' or 'prepaid'")
    return found.text


def _day(day: date | None) -> int | None:
    return None if day is None else day.toordinal()
