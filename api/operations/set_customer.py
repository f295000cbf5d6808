"""Set a customer's master data: name, country, granted limit and the facts that people keep about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from api.errors import FieldError, Refused
from api.known import granted_limit
from api.operations.known_facts import SOURCES, effective_facts, read_facts
from api.requests import read_currency, refused_fields
from api.reviewing import watched
from api.services import Services
from credit.customer import check_customer_id
from credit.exposure import Limit
from storage.customers import Customer, GrantedLimit, Told
from storage.events import Event
from storage.failures import Refused as RefusedByStorage
from storage.limits import LimitRow
from storage.unit_of_work import Work

SET = "the master data were set"


def is_identifier(text: str) -> bool:
    """Whether a text may name a customer or an order."""
    try:
        check_customer_id(text)
    except ValueError:
        return False
    return True


def set_customer(held: Services, customer_id: str, wish: Mapping[str, Any], by: str) -> tuple[Customer, bool]:
    """Store the customer in full, and say whether it is new.

    Raises: Refused where a field, the currency or a fact cannot be used.
    """
    wanted = _load(held, customer_id, wish)
    try:
        with held.database.write() as work:
            before = len(limits_of(work, customer_id))
            with watched(work, customer_id, SET):
                new = work.customers.put(wanted, Told(by))
            stored = work.customers.get(customer_id)
            for one in limits_of(work, customer_id)[before:]:
                work.events.record(limit_told(f"customer:{customer_id}", one, wanted.currency))
    except RefusedByStorage as refused:
        raise Refused("currency-fixed", str(refused)) from None
    assert stored is not None
    return stored, new


def _load(held: Services, customer_id: str, wish: Mapping[str, Any]) -> Customer:
    if not is_identifier(customer_id):
        raise Refused("invalid-field", "the customer's id cannot be used", [
            FieldError("customer_id", "is no identifier; use letters, digits, '.', '_' and '-', at most 64"),
        ])  # fmt: skip
    currency = wish["currency"]
    read_currency(currency)
    read_facts(wish["facts"], effective_facts(held), SOURCES, currency, held.vocabulary)
    customer = Customer(customer_id, wish["name"], currency, wish["country"], facts=wish["facts"])
    return replace(customer, limit=read_granted(wish, currency))


def limits_of(work: Work, customer_id: str) -> Sequence[LimitRow]:
    """Every limit that was told of a customer; none of one that is not there."""
    account = work.accounts.look(customer_id, None)
    return () if account is None else work.limits.of_account(account.account_id)


def limit_told(subject: str, row: LimitRow, currency: str) -> Event:
    """The event of a limit that was told."""
    limit = row.timed.limit
    return Event("limit_told", subject, row.by, {
        "kind": row.timed.kind, "limit": str(granted_limit(limit, currency)), "currency": currency,
        "from": day_text(limit.valid_from), "until": day_text(limit.valid_until), "reason": row.reason,
    })  # fmt: skip


def day_text(day: date | None) -> str | None:
    """A day as it is shown."""
    return None if day is None else day.isoformat()


def read_granted(wish: Mapping[str, Any], currency: str) -> GrantedLimit:
    """A limit with its days as it is stored. Raises: Refused for a text that is none, and days that cannot be."""
    first, last = wish["limit_valid_from"], wish["limit_valid_until"]
    try:
        limit = Limit.parse(wish["granted_limit"], currency)
    except ValueError as error:
        raise Refused("invalid-field", str(error), [FieldError("granted_limit", str(error))]) from None
    if first is not None and last is not None and last < first:
        raise refused_fields([FieldError("limit_valid_until", "lies before 'limit_valid_from'")])
    if limit.is_none and (first, last) != (None, None):
        named = "limit_valid_from" if first is not None else "limit_valid_until"
        raise refused_fields([FieldError(named, "is a day of a limit that nobody granted; leave it out")])
    minor = limit.money.minor if limit.money and limit.state == "amount" else None
    return GrantedLimit(limit.state, minor, first, last)
