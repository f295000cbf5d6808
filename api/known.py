"""From stored records to what facts are gathered from: between a situation and `rules/ledger_facts.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from api.operations.orders import Order
from api.operations.wanted import LimitRequest
from api.situation import Situation
from credit.exposure import Limit
from credit.money import Money
from credit.receivables import Invoice
from policy.kinds import NO_LIMIT, UNLIMITED
from rules.facts import LOOK_BACK_DAYS
from rules.ledger_facts import ApprovedOrder, Facts, Known, Lists, OrderPlaced, gather
from storage.customers import GrantedLimit
from storage.earlier_orders import EarlierOrder, EarlierOrders
from storage.exposure_ledger import GroupState
from storage.invoice_rows import Invoice as StoredInvoice


def gathered(situation: Situation, wanted: Collection[str]) -> tuple[Facts, Lists]:
    """Every fact that a policy may read on one situation, and the lists that it does read.

    Raises: ValueError for requested terms that are none, or an invoice in another currency than the order.
    """
    return gather(known_of(situation), wanted, situation.memo)


def known_of(situation: Situation) -> Known:
    """What is known of the order and its customer, in the business's own records."""
    account = situation.account
    group = tightest(account.groups)
    return Known(
        as_of=situation.as_of,
        order=None if situation.order is None else placed_order(situation.order),
        limit=None if account.limit is None else granted_limit(account.limit, account.currency),
        exposure=account.balance,
        invoices=invoices_of(situation),
        earlier_orders=_approved(account.earlier_orders, situation),
        unread_days=unread_days(account.earlier_orders, situation.as_of),
        customer_id=account.customer.customer_id,
        country=account.customer.country,
        master=situation.master,
        stated={**situation.stated, **_asked_for(situation.limit_request)},
        currency=account.currency,
        group_id=account.groups[0].group_id if account.groups else None,
        group_limit=None if group is None else group_limit(group, account.currency),
        group_exposure=None if group is None else group.balance,
        holds=account.holds,
    )


def invoices_of(situation: Situation) -> tuple[Invoice, ...]:
    """The customer's invoices as the business knows them, each read once."""
    currency = situation.account.currency
    return situation.memo.of_each("invoices read", (currency,), situation.invoices,
                                  lambda one: read_invoice(one, currency))  # fmt: skip


def tightest(groups: Sequence[GroupState]) -> GroupState | None:
    """The group above a customer that leaves the least room, the nearest of those alike; None for none.

    A policy knows one group's limit and exposure: where this one has room for an order, all of them have.
    """
    bounded = [one for one in groups if one.ceiling is not None]
    nearest = groups[0] if groups else None
    return min(bounded, key=lambda one: (one.ceiling or 0) - one.balance) if bounded else nearest


def group_limit(group: GroupState, currency: str) -> Limit:
    """The limit of a group for the order that is asked about: what was granted for it is part of it."""
    if group.ceiling is None:
        return Limit(group.limit.state)
    return Limit.of(Money(group.ceiling, currency))


def placed_order(order: Order) -> OrderPlaced:
    """An order in the business's own words."""
    if order.has_no_rate:
        return OrderPlaced(None, None, order.requested_terms, order.placed_on, order.deliver_by)
    return OrderPlaced(order.amount, order.prepaid, order.requested_terms, order.placed_on, order.deliver_by,
                       None if order.secured is None else order.unsecured_amount)  # fmt: skip


def _asked_for(request: LimitRequest | None) -> Facts:
    """A limit request by the policy's names."""
    if request is None:
        return {}
    until = None if request.valid_until is None else request.valid_until.toordinal()
    return {"limit_request.amount": request.amount.minor, "limit_request.valid_until": until}


def granted_limit(stored: GrantedLimit, currency: str) -> Limit:
    """A stored limit as the business knows it."""
    if stored.state in ("none", "unlimited"):
        return Limit(stored.state)
    return Limit.of(Money(stored.minor or 0, currency))


def shown_limit(value: int | None, currency: str) -> str | None:
    """A limit that a policy found, in minor units or one of its marks, as it is shown; None where it found none."""
    if value is None:
        return None
    if value in (NO_LIMIT, UNLIMITED):
        return "none" if value == NO_LIMIT else "unlimited"
    return Money(value, currency).amount


def read_invoice(stored: StoredInvoice, currency: str) -> Invoice:
    """A stored invoice as the business knows it, in its account's currency.

    Raises: ValueError for one that no import lets in.
    """
    return Invoice(
        stored.invoice_id, stored.customer_id, Money(stored.counted, currency), stored.invoiced_on,
        stored.due_on, stored.settled_on, stored.disputed, stored.counted_reductions, stored.dunned_on,
        stored.disputes, stored.whole_id, stored.charge_of, stored.charged_until, stored.form,
    )  # fmt: skip


def first_day(as_of: date) -> date:
    """The first day of the earlier orders that a decision on `as_of` may look at."""
    return date.fromordinal(max(date.min.toordinal(), as_of.toordinal() - LOOK_BACK_DAYS))


def _approved(earlier: EarlierOrders, situation: Situation) -> tuple[ApprovedOrder, ...] | None:
    """The earlier orders of the policy's days, as far as they were read; None where nobody looked at those days."""
    first = first_day(situation.as_of)
    if first < earlier.since or not (earlier.complete or earlier.orders):
        return None
    found = tuple(one for one in earlier.orders if one.as_of >= first)
    return situation.memo.of_each("orders read", (), found, approved_order)


def unread_days(earlier: EarlierOrders, as_of: date) -> range:
    """The days, as ordinals, of which not all earlier orders were read: of many orders only the newest are."""
    if earlier.complete or not earlier.orders:
        return range(0)
    oldest = min(one.as_of for one in earlier.orders)
    return range(first_day(as_of).toordinal(), oldest.toordinal() + 1)


def approved_order(earlier: EarlierOrder) -> ApprovedOrder:
    """An earlier order as a policy's figures see it."""
    return ApprovedOrder(earlier.order_amount, earlier.unsecured_amount, earlier.as_of)
