"""Convert a held order into an invoice, in full or in parts: what leaves the hold enters what is owed, at once.

Hold and invoice move in one transaction, so no decision ever counts a part twice or misses it. An invoice that was
imported before is counted already; then the part only leaves the hold. Either way it is kept for which order the
invoice is. Invoices are facts: no limit refuses one. Parts of an order in another currency are sent in it, and count by
the rate of the hold until they are revalued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from api.auth import Caller
from api.errors import FieldError
from api.idempotency import Answer
from api.operations.change_reservation import Changing, change_reservation
from api.requests import refused_fields
from api.services import Services
from credit.dates import IsBusinessDay
from credit.instalments import Bill, Unclear, items_of, read_agreed
from credit.money import LARGEST_AMOUNT, Money
from storage.conversions import Converted
from storage.exposure_ledger import Taken
from storage.failures import NotAllowed
from storage.failures import Refused as RefusedByStorage
from storage.instalments import stored_items
from storage.invoice_days import DayTold, tell_once
from storage.invoice_rows import Invoice
from storage.rates import Rate
from storage.reservations import Reservation
from storage.unit_of_work import Work

FIELDS = {"number": "id"}  # of an invoice, as a request names them


def convert_reservation(held: Services, asked: Changing, wish: Mapping[str, Any]) -> Answer:
    """The reservation after a part of it was converted, or the stored answer to the same key and body.

    Raises: Refused, also for more than is held or an invoice that cannot be one; storage's failures.
    """

    def convert(work: Work, taken: Taken, found: Reservation) -> None:
        part = _part(found, wish["amount"])
        sent = None if wish["invoice"] is None else _with_terms(work, found, wish["invoice"])
        items = None if sent is None else _items(sent, found, part, taken, held.settings.due_calendar)
        kept = None if part.rate is None else Converted(part.original, part.rate.rate_id, part.released,
                                                        found.reservation_id)  # fmt: skip
        step = work.reservations.take(taken, found, "converted", part.released, client=asked.caller.client, part=kept)
        if sent is not None and items is not None:
            _enter(work, found, items)
            _tell_delivery(work, items, sent["delivered_on"], asked.caller, taken.now.date())
            known = [one.invoice_id for one in work.invoices.beside(items) if one.number == items[0].number]
            work.origins.keep((found.reservation_id, step), found.customer_id, known)

    return change_reservation(held, asked, convert)


@dataclass(frozen=True, slots=True)
class Part:
    """What of an order becomes an invoice: its amount as sent, its value in the account's currency, what is released.

    `rate` is that of the hold, None for an order in the account's own currency.
    """

    original: Money
    value: int
    released: int
    rate: Rate | None


def _part(found: Reservation, sent: str) -> Part:
    """The part that is asked for, in the order's currency. Raises: Refused for nothing, and more than is held."""
    foreign, rate = found.foreign, None if found.foreign is None else found.foreign.rate
    currency = found.currency if foreign is None else foreign.amount.currency
    original = Money(_minor(sent, currency, "amount"), currency)
    if rate is None:
        value, slack = original.minor, 0
    else:  # all parts together come to what was held, so none is rounded by itself
        before = sum((one.original for one in found.parts[1:]), Money.zero(currency))
        value = rate.rate.convert(before + original).minor - rate.rate.convert(before).minor
        slack = rate.rate.convert(Money(1, currency)).minor + 1
    if value > found.remaining + slack:
        told = f"is more than the {Money(found.remaining, found.currency).amount} still held"
        raise refused_fields([FieldError("amount", told if rate is None else f"{told} in {found.currency}")])
    released = min(value, found.remaining)
    if released == 0:
        raise refused_fields([FieldError("amount", f"is less than the smallest amount of {found.currency}")])
    return Part(original, value, released, rate)


def _minor(sent: str, currency: str, field: str) -> int:
    try:
        amount = Money.parse(sent, currency).minor
    except ValueError as error:
        raise refused_fields([FieldError(field, str(error))]) from None
    if amount == 0:
        raise refused_fields([FieldError(field, "is nothing; send an amount above zero")])
    return amount


def _with_terms(work: Work, found: Reservation, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """The invoice as it was sent, with the terms of the order's decision where it names none.

    Beside a due date of its own only terms of one date can be what was agreed, and only where all that they count from
    is known; their discount then counts, too.
    """
    if sent["terms"] is not None:
        return sent
    decided = work.decisions.get(found.decision_id)
    agreed = None if decided is None else decided.outcome.get("terms")
    if agreed is None or sent["due_on"] is None:
        return {**sent, "terms": agreed}
    terms = read_agreed(agreed)
    fits = len(terms.instalments) < 2 and (sent["delivered_on"] is not None or not terms.from_delivery)
    return {**sent, "terms": agreed} if fits else sent


def _items(sent: Mapping[str, Any], found: Reservation, part: Part, taken: Taken,
           is_business_day: IsBusinessDay | None) -> tuple[Invoice, ...]:  # fmt: skip
    """The invoice as what is owed of it and when: one item, or its instalments. Raises: Refused."""
    currency = part.original.currency
    amount = part.original.minor if sent["amount"] is None else _minor(sent["amount"], currency, "invoice.amount")
    counted = part.value if amount == part.original.minor else _counted(Money(amount, currency), part)
    if taken.balance - part.released + counted > LARGEST_AMOUNT:
        raise refused_fields([FieldError("invoice.amount", "is more than an account can hold with what is owed")])
    if sent["invoiced_on"] > taken.now.date() + timedelta(days=1):  # somewhere it is tomorrow already
        raise refused_fields([FieldError("invoice.invoiced_on", "is a day to come; send the day of the invoice")])
    try:
        terms = None if sent["terms"] is None else read_agreed(sent["terms"])
        items = items_of(Bill(sent["id"], Money(amount, currency), sent["invoiced_on"], sent["due_on"], terms,
                              sent["delivered_on"], is_business_day))  # fmt: skip
    except Unclear as unclear:
        field = FIELDS.get(unclear.field, unclear.field)
        raise refused_fields([FieldError(f"invoice.{field}", str(unclear))]) from None
    made = stored_items(found.customer_id, sent["invoiced_on"], sent["id"], terms, items)
    made = tuple(replace(one, form=sent["form"]) for one in made)
    if part.rate is None:
        return made
    shares = Money(counted, found.currency).divided([Fraction(one.amount, amount) for one in made])
    return tuple(replace(one, carrying_amount=share.minor, rate_id=part.rate.rate_id, valued_on=part.rate.day)
                 for one, share in zip(made, shares, strict=True))  # fmt: skip


def _tell_delivery(work: Work, items: Sequence[Invoice], day: date | None, by: Caller, today: date) -> None:
    """Have ladders count from the delivery; a day to come is a plan, and told when it has come."""
    if day is not None and day <= today:
        tell_once(work.invoice_days, items, DayTold("delivered", day, by.by, by.client))


def _counted(money: Money, part: Part) -> int:
    """What another amount than the one that was converted counts as, by the rate of the hold. Raises: Refused."""
    try:
        return money.minor if part.rate is None else part.rate.rate.convert(money).minor
    except ValueError:
        raise refused_fields([FieldError("invoice.amount", "is more than an account can hold")]) from None


def _enter(work: Work, found: Reservation, items: tuple[Invoice, ...]) -> None:
    try:
        work.invoices.enter(found.account_id, items)
    except NotAllowed as refused:
        raise refused_fields([FieldError("invoice.id", f"cannot be used: {refused}")]) from None
    except RefusedByStorage:
        told = "is known with another amount; send the amount of the invoice"
        raise refused_fields([FieldError("invoice.amount", told)]) from None
