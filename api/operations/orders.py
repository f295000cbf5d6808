"""An order as it was sent, read into exact money; and what cannot be an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.errors import FieldError
from api.requests import read_currency, refused_fields
from credit.exposure import unsecured_amount
from credit.money import Money
from rules.facts import read_terms
from storage.conversions import ForeignOrder
from storage.rates import Rate

LATEST_DELIVERY_DAYS = 30  # goods that left some days ago are still decided; longer ago is a slip


@dataclass(frozen=True, slots=True)
class SentAmounts:
    """An order's amounts in its own currency, with the newest rate, its age, and how old a rate may be, in days."""

    amount: Money
    prepaid: Money
    newest: Rate | None
    age: int | None
    most_days: int

    @property
    def rate(self) -> Rate | None:
        """The rate, where it is no older than it may be."""
        return self.newest if self.age is not None and self.age <= self.most_days else None

    @property
    def unsecured(self) -> Money:
        """What of it adds to the risk."""
        return self.amount - self.prepaid

    @property
    def stored(self) -> ForeignOrder:
        """The same for the record."""
        return ForeignOrder(self.amount, self.prepaid, self.rate)


@dataclass(frozen=True, slots=True)
class Order:
    """One order: amounts in its currency, `requested_terms` as sent, days where they are known.

    `secured` is what an instrument would cover, where it is asked what one would change. `sent` are its amounts as they
    were sent, where that was in another currency than the account's; where no rate could be used, the others are zero
    and count as missing.
    """

    order_id: str
    amount: Money
    prepaid: Money
    requested_terms: str | None
    placed_on: date | None
    deliver_by: date | None
    secured: Money | None = None
    sent: SentAmounts | None = None

    @property
    def has_no_rate(self) -> bool:
        """Whether nobody can say what it is worth in the account's currency."""
        return self.sent is not None and self.sent.rate is None

    @property
    def unsecured_amount(self) -> Money:
        """What it adds to the risk; no register of securities in place exists yet, so only what is prepaid counts."""
        unsecured = unsecured_amount(self.amount, self.prepaid, ())
        return unsecured if self.secured is None else max(unsecured - self.secured, Money.zero(unsecured.currency))


def read_order(sent: Mapping[str, Any]) -> Order:
    """The order of a checked body.

    Raises: Refused for an unknown currency, an amount that its currency cannot have, nothing, more paid than asked,
    or a delivery before the order.
    """
    currency = sent["currency"]
    read_currency(currency, "order.currency")
    amount, prepaid = _money(sent, "amount", currency), _money(sent, "prepaid", currency)
    if amount.minor == 0:
        raise refused_fields([FieldError("order.amount", "is nothing; an order is worth more than zero")])
    if prepaid > amount:
        raise refused_fields([FieldError("order.prepaid", "is more than the order; send at most its amount")])
    terms = sent.get("requested_terms")
    if terms is not None and read_terms(terms) is None:
        raise refused_fields([FieldError("order.requested_terms", "is no payment terms; write 'net 30' or 'prepaid'")])
    placed_on, deliver_by = sent.get("placed_on"), sent.get("deliver_by")
    if placed_on is not None and deliver_by is not None and deliver_by < placed_on:
        raise refused_fields([FieldError("order.deliver_by", "is before 'order.placed_on'; mend one of the days")])
    return Order(sent["id"], amount, prepaid, terms, placed_on, deliver_by)


def refuse_late_delivery(order: Order, as_of: date) -> None:
    """Refuse an order that was to be delivered long before the day it is decided: its terms would have run out.

    Raises: Refused.
    """
    if order.deliver_by is not None and order.deliver_by < as_of - timedelta(days=LATEST_DELIVERY_DAYS):
        told = f"is more than {LATEST_DELIVERY_DAYS} days before the day of the decision, {as_of}; send the day to come"
        raise refused_fields([FieldError("order.deliver_by", told)])


def _money(sent: Mapping[str, Any], name: str, currency: str) -> Money:
    try:
        return Money.parse(sent[name], currency)
    except ValueError as error:
        raise refused_fields([FieldError(f"order.{name}", str(error))]) from None
