"""Convert a held order into an invoice, in full or in parts: what leaves the hold enters what is owed, at once.

Hold and invoice move in one transaction, so no decision ever counts a part twice or misses it. An invoice that was
imported before is counted already; then the part only leaves the hold. Invoices are facts: no limit refuses one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api.errors import FieldError
from api.idempotency import Answer
from api.operations.change_reservation import Changing, change_reservation
from api.requests import refused_fields
from api.services import Services
from credit.money import LARGEST_AMOUNT, Money
from storage.exposure_ledger import Taken
from storage.failures import Refused as RefusedByStorage
from storage.receivables import Invoice
from storage.reservations import Reservation
from storage.unit_of_work import Work


def convert_reservation(held: Services, asked: Changing, wish: Mapping[str, Any]) -> Answer:
    """The reservation after a part of it was converted, or the stored answer to the same key and body.

    Raises: Refused, also for more than is held or an invoice that cannot be one; storage's failures.
    """

    def convert(work: Work, taken: Taken, found: Reservation) -> None:
        amount = _minor(wish["amount"], found.currency, "amount")
        if amount > found.remaining:
            told = f"is more than the {Money(found.remaining, found.currency).amount} still held"
            raise refused_fields([FieldError("amount", told)])
        invoice = None if wish["invoice"] is None else _invoice(wish["invoice"], found, amount, taken)
        work.reservations.take(taken, found, "converted", amount, client=asked.caller.client)
        if invoice is not None:
            _enter(work, found, invoice)

    return change_reservation(held, asked, convert)


def _minor(sent: str, currency: str, field: str) -> int:
    try:
        amount = Money.parse(sent, currency).minor
    except ValueError as error:
        raise refused_fields([FieldError(field, str(error))]) from None
    if amount == 0:
        raise refused_fields([FieldError(field, "is nothing; send an amount above zero")])
    return amount


def _invoice(sent: Mapping[str, Any], found: Reservation, converted: int, taken: Taken) -> Invoice:
    amount = converted if sent["amount"] is None else _minor(sent["amount"], found.currency, "invoice.amount")
    if taken.balance - converted + amount > LARGEST_AMOUNT:
        raise refused_fields([FieldError("invoice.amount", "is more than an account can hold with what is owed")])
    if sent["due_on"] < sent["invoiced_on"]:
        raise refused_fields([FieldError("invoice.due_on", "is before 'invoice.invoiced_on'; mend one of the days")])
    if sent["invoiced_on"] > taken.now.date() + timedelta(days=1):  # somewhere it is tomorrow already
        raise refused_fields([FieldError("invoice.invoiced_on", "is a day to come; send the day of the invoice")])
    return Invoice(found.customer_id, sent["id"], amount, found.currency, sent["invoiced_on"], sent["due_on"])


def _enter(work: Work, found: Reservation, invoice: Invoice) -> None:
    try:
        work.invoices.enter(found.account_id, invoice)
    except RefusedByStorage:
        told = "is known with another amount; send the amount of the invoice"
        raise refused_fields([FieldError("invoice.amount", told)]) from None
