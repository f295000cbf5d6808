"""What of an invoice is due when: the agreed terms, or the date in the firm's own book, become the items that are owed.

An instalment is an item of its own, with a number that people can read on a letter, such as `INV-7 (2 of 3)` (decision
0029). Nothing is guessed: what does not say when it is due is refused by the name of what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from credit.dates import IsBusinessDay, add_business_days
from credit.discounts import EarlyDiscount, discount_of
from credit.money import Money
from credit.terms import PaymentTerms, parse_terms

LONGEST_NUMBER = 64  # of an invoice, and of an instalment with its place


class Unclear(ValueError):
    """Nobody can say when an invoice is to be paid; `field` is what has to be mended."""

    def __init__(self, field: str, told: str) -> None:
        """Name the field: "number", "amount", "due_on", "terms" or "delivered_on"."""
        super().__init__(told)
        self.field = field


@dataclass(frozen=True, slots=True)
class Bill:
    """What an invoice says of its payment; a date of the firm's own book (`due_on`) wins over terms of one date.

    A date that the terms give moves to the next business day by `is_business_day`; without it the terms alone count.
    """

    number: str
    amount: Money
    invoiced_on: date
    due_on: date | None = None
    terms: PaymentTerms | None = None
    delivered_on: date | None = None
    is_business_day: IsBusinessDay | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What is due of an invoice on a day: the whole where it is paid at once, else `instalment` of `instalments`.

    `discount` is what its terms take off when it is paid early.
    """

    number: str
    amount: Money
    due_on: date
    instalment: int | None = None
    instalments: int | None = None
    discount: EarlyDiscount | None = None


def read_agreed(text: str) -> PaymentTerms:
    """The terms of an invoice. Raises: Unclear for what are none."""
    try:
        return parse_terms(text)
    except ValueError as error:
        raise Unclear("terms", str(error)) from None


def item_number(number: str, place: int, of: int) -> str:
    """The number of an instalment: `INV-7 (2 of 3)`, `INV-7 (02 of 12)`, so that they stand in their order."""
    return f"{number} ({place:0{len(str(of))}} of {of})"


def items_of(bill: Bill) -> tuple[Item, ...]:
    """What of an invoice is due when; the amounts add up to the whole, by largest remainder.

    Nothing is due before the invoice is written, also where it was delivered long before.
    Raises: Unclear for an invoice without date or terms, with a date beside instalments, or with an instalment of
    nothing.
    """
    terms = bill.terms
    if terms is None or (bill.due_on is not None and len(terms.instalments) < 2):
        return (Item(bill.number, bill.amount, _in_the_book(bill), discount=_discount(bill)),)
    if bill.due_on is not None:
        raise Unclear("due_on", f"is one date, and '{terms}' are {len(terms.instalments)}; leave it out")
    if terms.from_delivery and bill.delivered_on is None:
        raise Unclear("delivered_on", f"is missing; '{terms}' counts from the delivery")
    try:
        dates = terms.due_dates(bill.invoiced_on, bill.delivered_on, bill.amount)
        parts = tuple((_moved(bill, day), money) for day, money in dates)
    except ValueError as error:
        raise Unclear("terms", str(error)) from None
    if len(parts) == 1:
        return (Item(bill.number, bill.amount, parts[0][0], discount=_discount(bill)),)
    return _instalments(bill, parts)


def _moved(bill: Bill, day: date) -> date:
    """The day on which it is due: not before the invoice, and on a business day where that is wanted."""
    later = max(day, bill.invoiced_on)
    try:
        return later if bill.is_business_day is None else add_business_days(later, 0, bill.is_business_day)
    except OverflowError:
        raise ValueError(f"no business day follows {later} up to the year 9999; give an earlier date") from None


def _in_the_book(bill: Bill) -> date:
    if bill.due_on is None:
        raise Unclear("due_on", "is missing; give it, or the terms of payment")
    if bill.due_on < bill.invoiced_on:
        raise Unclear("due_on", f"lies before the date of the invoice, {bill.invoiced_on}; mend one of the days")
    return bill.due_on


def _discount(bill: Bill) -> EarlyDiscount | None:
    """What the terms take off; its days are counted by the terms also where the firm's own book says when it is due."""
    if bill.terms is None or bill.terms.discount is None:
        return None
    if bill.terms.from_delivery and bill.delivered_on is None:
        raise Unclear("delivered_on", f"is missing; the discount of '{bill.terms}' counts from the delivery")
    try:
        found = discount_of(bill.terms, bill.invoiced_on, bill.amount, bill.delivered_on)
    except ValueError as error:
        raise Unclear("terms", str(error)) from None
    if found is None or found.until >= bill.invoiced_on:
        return found
    return replace(found, until=bill.invoiced_on)  # what was promised can be earned on the day of the invoice


def _instalments(bill: Bill, parts: tuple[tuple[date, Money], ...]) -> tuple[Item, ...]:
    of = len(parts)
    if any(not money.minor for _, money in parts):
        told = f"is {bill.amount.display()}, too little for {of} instalments; one of them would be nothing"
        raise Unclear("amount", told)
    longest = LONGEST_NUMBER - len(item_number("", of, of))
    if len(bill.number) > longest:
        raise Unclear("number", f"leaves no room for ' ({of} of {of})'; give at most {longest} characters")
    return tuple(
        Item(item_number(bill.number, place, of), money, day, place, of)
        for place, (day, money) in enumerate(parts, start=1)
    )
