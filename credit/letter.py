"""What a letter to a customer may tell: a small, fixed vocabulary of named fields, each as text in two languages.

A template names fields and holds no code; these are all there are. Amounts are whole minor units until they are
written, and what is not known is missing: it is never written as zero or left empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from credit.money import Money

LANGUAGES = ("en", "zh")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
LIST = "invoices"  # the field that stands alone in its line, for it is a table where the letter is a page
FIELDS: dict[str, str] = {
    "customer": "the customer's name",
    "customer_id": "the customer's number",
    "sender": "who writes",
    "reference": "what an answer should quote",
    "written_on": "the day of the letter",
    "pay_by": "the last day to pay before the next step",
    LIST: "every invoice with its days, days overdue, amount, what is open, and what may be taken off if paid in time",
    "invoice_numbers": "the numbers of the invoices in one line",
    "first_due_on": "the earliest due date of the invoices",
    "days_overdue": "the most days that any of the invoices is overdue",
    "currency": "the currency, or currencies, of what is open",
    "total_open": "what is open on all invoices, for each currency",
    "late_charges": "late charges up to the day of the letter, for each currency",
    "total_due": "what is open and late charges together, for each currency",
}


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One invoice in a letter; `charges` are its late charges up to the letter's day, None where they are not known.

    `discount` is what of the open amount need not be paid where the rest is paid by `discount_until`.
    """

    invoice_id: str
    due_on: date
    amount: Money
    open: Money
    issued_on: date | None = None
    charges: Money | None = None
    discount: Money | None = None
    discount_until: date | None = None


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """All that one letter may tell. `pay_by` None: no last day is known."""

    customer: str
    customer_id: str
    sender: str
    reference: str
    written_on: date
    items: tuple[LetterItem, ...]
    pay_by: date | None = None

    def __post_init__(self) -> None:
        assert self.items, "a letter names at least one invoice"


def field_text(name: str, facts: LetterFacts, language: str) -> str | None:
    """A field as text, one line without control signs; None where it is not known. The table of invoices is no line."""
    return _TEXTS[name](facts, language)


def plain(text: str) -> str:
    """A text of somebody else as one line: what breaks lines, turns their direction or cannot be seen is a blank."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def day_text(day: date, language: str) -> str:
    """A day as a letter writes it: 5 October 2026, 2026年10月5日."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def days_text(days: int, language: str) -> str:
    """A number of days: 1 day, 12 days, 12 天."""
    return f"{days} 天" if language == "zh" else f"{days} day{'' if days == 1 else 's'}"


def days_overdue(item: LetterItem, on: date) -> int:
    """How many days an invoice is overdue on a day; 0 on its due date and before."""
    return max((on - item.due_on).days, 0)


def totals(amounts: Sequence[Money]) -> tuple[Money, ...]:
    """The sum of each currency, in the order in which they first come."""
    found: dict[str, Money] = {}
    for money in amounts:
        found[money.currency] = found[money.currency] + money if money.currency in found else money
    return tuple(found.values())


def charges_of(facts: LetterFacts) -> tuple[Money, ...] | None:
    """The late charges of all invoices; None where those of any are not known."""
    known = [item.charges for item in facts.items if item.charges is not None]
    return tuple(known) if len(known) == len(facts.items) else None


def item_text(item: LetterItem, on: date, language: str) -> str:
    """An invoice in one line, for a letter that is plain text."""
    zh = language == "zh"
    parts = [plain(item.invoice_id)]
    if item.issued_on is not None:
        parts.append(f"开票日 {day_text(item.issued_on, 'zh')}" if zh else f"issued {day_text(item.issued_on, 'en')}")
    parts.append(f"到期日 {day_text(item.due_on, 'zh')}" if zh else f"due {day_text(item.due_on, 'en')}")
    if late := days_overdue(item, on):
        parts.append(f"逾期 {days_text(late, 'zh')}" if zh else f"{days_text(late, 'en')} overdue")
    amount, left = item.amount.display(), item.open.display()
    parts.append(f"金额 {amount}，未付 {left}" if zh else f"amount {amount}, open {left}")
    if early := early_text(item, language):
        parts.append(early)
    return ("，" if zh else ", ").join(parts)


def early_text(item: LetterItem, language: str) -> str:
    """What need not be paid of an invoice, and until when; nothing where there is no discount any more."""
    if item.discount is None or item.discount_until is None:
        return ""
    less, until = item.discount.display(), day_text(item.discount_until, language)
    return f"{until}（含）前付清可少付 {less}" if language == "zh" else f"{less} less if paid by {until}"


def _amounts(amounts: Sequence[Money], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(money.display() for money in totals(amounts))


def _late_charges(facts: LetterFacts, language: str) -> str | None:
    charges = charges_of(facts)
    return None if charges is None else _amounts(charges, language)


def _total_due(facts: LetterFacts, language: str) -> str | None:
    charges = charges_of(facts)
    return None if charges is None else _amounts((*(item.open for item in facts.items), *charges), language)


def _list(facts: LetterFacts, language: str) -> str:
    return "\n".join(f"- {item_text(item, facts.written_on, language)}" for item in facts.items)


_TEXTS: dict[str, Callable[[LetterFacts, str], str | None]] = {
    "customer": lambda facts, _: plain(facts.customer) or None,
    "customer_id": lambda facts, _: plain(facts.customer_id) or None,
    "sender": lambda facts, _: plain(facts.sender) or None,
    "reference": lambda facts, _: plain(facts.reference) or None,
    "written_on": lambda facts, language: day_text(facts.written_on, language),
    "pay_by": lambda facts, language: None if facts.pay_by is None else day_text(facts.pay_by, language),
    LIST: _list,
    "invoice_numbers": lambda facts, language: ("、" if language == "zh" else ", ").join(
        plain(item.invoice_id) for item in facts.items
    ),
    "first_due_on": lambda facts, language: day_text(min(item.due_on for item in facts.items), language),
    "days_overdue": lambda facts, language: days_text(
        max(days_overdue(item, facts.written_on) for item in facts.items), language
    ),
    "currency": lambda facts, _: ", ".join(dict.fromkeys(item.open.currency for item in facts.items)),
    "total_open": lambda facts, language: _amounts([item.open for item in facts.items], language),
    "late_charges": _late_charges,
    "total_due": _total_due,
}
