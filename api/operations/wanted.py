"""What is asked for: an order, the shipment of one, a limit, or the review of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.errors import FieldError
from api.operations.orders import Order, read_order
from api.requests import read_currency, refused_fields
from credit.money import Money
from policy.subjects import LIMIT_REQUEST, ORDER, SHIPMENT
from storage.earlier_orders import EarlierOrders
from storage.exposure_ledger import AccountState
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class LimitRequest:
    """A limit that a customer asks for, until a day where one is named."""

    amount: Money
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The subject of a request, with its order or the limit that it asks for; a review has neither."""

    subject: str = ORDER
    order: Order | None = None
    limit_request: LimitRequest | None = None

    @property
    def order_id(self) -> str:
        """Which order it is, or is a shipment of; empty for what is neither."""
        return "" if self.order is None else self.order.order_id

    @property
    def held(self) -> Money | None:
        """What an approval would hold: only an order holds anything."""
        return self.order.unsecured_amount if self.order is not None and self.subject == ORDER else None


def read_wanted(wish: Mapping[str, Any]) -> Wanted:
    """What a checked body asks for.

    Raises: Refused for an order or a limit that cannot be one.
    """
    subject = wish["subject"]
    if subject in (ORDER, SHIPMENT):
        return Wanted(subject, read_order(wish["order"]))
    return Wanted(subject, None, _limit_request(wish["limit_request"]) if subject == LIMIT_REQUEST else None)


def _limit_request(sent: Mapping[str, Any]) -> LimitRequest:
    currency = sent["currency"]
    read_currency(currency, "limit_request.currency")
    try:
        amount = Money.parse(sent["amount"], currency)
    except ValueError as error:
        raise refused_fields([FieldError("limit_request.amount", str(error))]) from None
    if amount.minor == 0:
        raise refused_fields([FieldError("limit_request.amount", "is nothing; a limit asked for is above zero")])
    return LimitRequest(amount, sent.get("valid_until"))


def without_itself(work: Work, account: AccountState, wanted: Wanted) -> AccountState:
    """The account of a shipment without what its own order already holds and counts as; any other account as it is."""
    if wanted.subject != SHIPMENT or wanted.order is None:
        return account
    mine, earlier = wanted.order.order_id, account.earlier_orders
    others = tuple(one for one in earlier.orders if one.order_id != mine)
    held = work.reservations.held_for(account.account_id, mine)
    orders = EarlierOrders(others, earlier.since, earlier.complete)
    return replace(account.without_held(held), earlier_orders=orders)
