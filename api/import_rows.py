"""Rows of a file, read one by one by a mapping: each becomes a customer, an invoice or a payment, or is
rejected in plain words.

Nothing is guessed: a date in another spelling, an amount with a stray sign or a row with a cell too many is rejected
with its line and the reason, and every row comes out on one side or the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from api.fact_values import read_fact
from api.import_mapping import ImportMapping
from api.import_table import Line, Rejected, Table
from credit.customer import check_customer_id
from credit.dates import IsBusinessDay
from credit.exposure import Limit
from credit.instalments import Bill, Item, Unclear, items_of
from credit.money import Money, minor_digits
from credit.receivables import FORMS
from credit.terms import PaymentTerms, parse_terms
from policy.vocabulary import FactDeclaration, Vocabulary
from storage.instalments import stored_items
from storage.invoice_rows import Invoice

LONGEST_INVOICE_ID = 64
UNCLEAR = {
    "due_on": "the terms are instalments, and the due date is one; leave one of the two blank",
    "delivered_on": "the terms count from the delivery, and nothing says when that was",
    "terms": "the terms give no due date in the years up to 9999",
    "amount": "the amount is too little for its instalments",
    "number": "the number is too long for its instalments, whose place is added to it",
}
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A row that is an invoice, as what of it is due when: one item, or its instalments.

    `name` is what to call its customer where nobody knows it, None where nobody may.
    """

    line: Line
    items: tuple[Invoice, ...]
    name: str | None
    delivered_on: date | None = None

    @property
    def customer_id(self) -> str:
        """Whose invoice it is."""
        return self.items[0].customer_id

    @property
    def number(self) -> str:
        """The number of the invoice as it stands in the file."""
        return self.items[0].number

    @property
    def currency(self) -> str:
        """The currency of its amount."""
        return self.items[0].currency


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A row that is a customer; what the file does not say is None, and `facts` are as the API takes them."""

    line: Line
    customer_id: str
    currency: str
    name: str | None
    country: str | None
    limit: Limit | None
    facts: Mapping[str, object]
    limit_valid_from: date | None = None
    limit_valid_until: date | None = None
    group: str | None = None
    stated_exposure: Money | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A row that is a payment; what the file does not say is None, either of customer and invoice is there."""

    line: Line
    payment_id: str
    customer_id: str | None
    invoice_id: str | None
    amount: Money
    received_on: date
    reference: str


class Unfit(Exception):
    """A cell that cannot be used: the reason, and the cell's text."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows by a mapping; `facts` are those a file of customers may set, by name.

    Due dates that terms give fall on a business day by `is_business_day`; without it the terms alone count.
    """

    mapping: ImportMapping
    vocabulary: Vocabulary
    facts: Mapping[str, FactDeclaration]
    is_business_day: IsBusinessDay | None = None

    def read(self, table: Table, line: Line) -> InvoiceRow | CustomerRow | PaymentRow | Rejected:
        """One row as what it stands for, or why it cannot stand for anything."""
        cells = table.cells(line)
        try:
            self._wanted(cells)
            if self.mapping.rows == "payments":
                return self._payment(line, cells)
            return self._invoice(line, cells) if self.mapping.rows == "invoices" else self._customer(line, cells)
        except Unfit as unfit:
            return Rejected(line, *unfit.args)

    def _wanted(self, cells: Mapping[str, str]) -> None:
        for column, words in self.mapping.only.items():
            if cells[column] not in words:
                raise Unfit(f"'{column}' is not {' or '.join(words)}, which is all that the mapping takes",
                            cells[column])  # fmt: skip

    def _invoice(self, line: Line, cells: Mapping[str, str]) -> InvoiceRow:
        currency = self._currency(cells)
        amount = self._need(cells, "amount", lambda text: self._money(text, currency))
        invoiced_on = self._need(cells, "invoiced_on", self._day)
        due_on, terms = self._find(cells, "due_on", self._day), self._find(cells, "terms", _terms)
        if due_on is None and terms is None:
            raise Unfit(self._blank("due_on", "terms"))
        if amount.minor <= 0:
            raise Unfit("the amount is not above zero; a credit note is no invoice", str(amount))
        if due_on is not None and due_on < invoiced_on:
            raise Unfit("the due date lies before the date of the invoice", f"{due_on} before {invoiced_on}")
        customer_id = self._need(cells, "customer_id", _customer_id)
        delivered_on = self._find(cells, "delivered_on", self._day)
        bill = Bill(self._need(cells, "invoice_id", _invoice_id), amount, invoiced_on, due_on, terms, delivered_on,
                    self.is_business_day)  # fmt: skip
        settled_on = self._find(cells, "settled_on", self._day)
        disputed = self._find(cells, "disputed", self._yes_or_no)
        items = stored_items(customer_id, invoiced_on, bill.number, terms, _items(bill))
        form = self._find(cells, "form", _form)
        found = tuple(replace(one, settled_on=settled_on, disputed=disputed, form=form) for one in items)
        return InvoiceRow(line, self._discounted(cells, amount, found), self._name_of_new(cells), delivered_on)

    def _discounted(self, cells: Mapping[str, str], amount: Money, items: tuple[Invoice, ...]) -> tuple[Invoice, ...]:
        """The items with the discount that the row itself says, which wins over that of its terms."""
        found = self._find(cells, "discount", lambda text: self._money(text, amount.currency))
        until = self._find(cells, "discount_until", self._day)
        if found is None and until is None:
            return items
        if found is not None and found.minor == 0:
            return tuple(replace(one, discount=None, discount_until=None) for one in items)
        if len(items) > 1:
            raise Unfit("a discount goes with one due date, and the terms are instalments")
        if found is None or until is None:
            raise Unfit("a discount needs its amount and its last day; one of them is blank")
        if not 0 < found.minor < amount.minor:
            raise Unfit("the discount is not above zero and below the amount", str(found))
        if until < items[0].invoiced_on:
            raise Unfit("the last day of the discount lies before the date of the invoice", f"{until}")
        return (replace(items[0], discount=found.minor, discount_until=until),)

    def _customer(self, line: Line, cells: Mapping[str, str]) -> CustomerRow:
        currency = self._currency(cells)
        return CustomerRow(
            line, self._need(cells, "customer_id", _customer_id), currency,
            self._find(cells, "name", _name), self._find(cells, "country", _country),
            self._find(cells, "granted_limit", lambda text: self._limit(text, currency)),
            {name: self._fact(name, column, cells[column], currency)
             for name, column in self.mapping.facts.items() if cells[column]},
            self._find(cells, "limit_valid_from", self._day), self._find(cells, "limit_valid_until", self._day),
            self._find(cells, "group", _group_id),
            self._find(cells, "stated_exposure", lambda text: self._money(text, currency)),
        )  # fmt: skip

    def _payment(self, line: Line, cells: Mapping[str, str]) -> PaymentRow:
        currency = self._currency(cells)
        amount = self._need(cells, "amount", lambda text: self._money(text, currency))
        if amount.minor <= 0:
            raise Unfit("the amount is not above zero; money that was paid back is no payment", str(amount))
        row = PaymentRow(
            line, self._need(cells, "payment_id", _payment_id), self._find(cells, "customer_id", _customer_id),
            self._find(cells, "invoice_id", _invoice_id), amount, self._need(cells, "received_on", self._day),
            self._find(cells, "reference", _reference) or "",
        )  # fmt: skip
        if row.customer_id is None and row.invoice_id is None:
            raise Unfit("neither customer nor invoice is named")
        return row

    def _blank(self, *fields: str) -> str:
        """What is missing in a row that has none of these fields, by the columns that could say it."""
        names = [f"'{self.mapping.columns[name]}'" for name in fields if name in self.mapping.columns]
        return f"{names[0]} is blank" if len(names) == 1 else f"{' and '.join(names)} are blank"

    def _need(self, cells: Mapping[str, str], field: str, read: Callable[[str], Read]) -> Read:
        found = self._find(cells, field, read)
        if found is None:
            raise Unfit(f"'{self.mapping.columns[field]}' is blank")
        return found

    def _find(self, cells: Mapping[str, str], field: str, read: Callable[[str], Read]) -> Read | None:
        """A field's value, None where its cell is blank and nothing stands for blank."""
        column = self.mapping.columns.get(field)
        text = (cells[column] if column else "") or self.mapping.defaults.get(field, "")
        if not text:
            return None
        try:
            return read(text)
        except ValueError as error:
            raise Unfit(f"'{column or field}' {error}", text) from None

    def _currency(self, cells: Mapping[str, str]) -> str:
        found = self._find(cells, "currency", _currency) or self.mapping.currency
        if found is None:
            raise Unfit(f"'{self.mapping.columns['currency']}' is blank")
        return found

    def _money(self, text: str, currency: str) -> Money:
        plain = plain_number(text, self.mapping.thousands, self.mapping.decimals)
        if plain is None:
            raise ValueError("is no amount as the mapping writes them")
        try:
            return Money.parse(plain, currency, signed=True)
        except ValueError:
            raise ValueError(f"is no amount in {currency}") from None

    def _limit(self, text: str, currency: str) -> Limit:
        if text in ("none", "unlimited"):
            return Limit(text)
        money = self._money(text, currency)
        if money.minor < 0:
            raise ValueError("is below zero; a limit is zero or more")
        return Limit.of(money)

    def _day(self, text: str) -> date:
        for spelling in self.mapping.dates:
            if found := spelling.pattern.fullmatch(text):
                try:
                    return date(int(found["year"]), int(found["month"]), int(found["day"]))
                except ValueError:
                    raise ValueError("is no day of the calendar") from None
        raise ValueError(f"is no date written as {' or '.join(spelling.name for spelling in self.mapping.dates)}")

    def _yes_or_no(self, text: str) -> bool:
        word = text.casefold()
        if word not in self.mapping.yes and word not in self.mapping.no:
            raise ValueError("says neither yes nor no in the words of the mapping")
        return word in self.mapping.yes

    def _name_of_new(self, cells: Mapping[str, str]) -> str | None:
        column = self.mapping.name_column
        if column is None:
            return None
        if not cells[column]:
            raise Unfit(f"'{column}' is blank")
        try:
            return _name(cells[column])
        except ValueError as error:
            raise Unfit(f"'{column}' {error}", cells[column]) from None

    def _fact(self, name: str, column: str, text: str, currency: str) -> object:
        """A fact as the API takes it, once the policy's kind of it accepts it."""
        declared = self.facts[name]
        try:
            value = self._given(declared.kind, text, currency)
            read_fact(declared, value, currency, self.vocabulary)
        except ValueError as error:
            raise Unfit(f"'{column}' {error}", text) from None
        return value

    def _given(self, kind: str, text: str, currency: str) -> object:
        if kind in ("count", "days", "hours", "months"):
            plain = plain_number(text, self.mapping.thousands, self.mapping.decimals)
            if plain is None or not re.fullmatch(r"-?[0-9]{1,12}", plain):
                raise ValueError("is no whole number")
            return int(plain)
        if kind == "flag":
            return self._yes_or_no(text)
        if kind in ("money", "limit"):
            return str(self._limit(text, currency) if kind == "limit" else self._money(text, currency))
        return self._day(text).isoformat() if kind == "date" else text


def _form(text: str) -> str:
    if text.casefold() not in FORMS:
        raise ValueError("is neither electronic nor paper")
    return text.casefold()


def plain_number(text: str, thousands: str, decimals: str) -> str | None:
    """A number of the file as machines write it, "1234.50"; None where its signs do not stand where they belong."""
    if thousands == " ":
        text = re.sub("[\u00a0\u202f]", " ", text)
    group = rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+|[0-9]+" if thousands else "[0-9]+"
    found = re.fullmatch(rf"(-?)({group})(?:{re.escape(decimals)}([0-9]+))?", text, re.ASCII)
    if found is None:
        return None
    whole = (found[2].replace(thousands, "") if thousands else found[2]).lstrip("0") or "0"
    return f"{found[1]}{whole}{'.' + found[3] if found[3] else ''}"


def _customer_id(text: str) -> str:
    try:
        return check_customer_id(text)
    except ValueError:
        raise ValueError("is no customer id: 1 to 64 letters A to Z, digits, '.', '_' or '-'") from None


def _group_id(text: str) -> str:
    try:
        return check_customer_id(text)
    except ValueError:
        raise ValueError("is no group id: 1 to 64 letters A to Z, digits, '.', '_' or '-'") from None


def _terms(text: str) -> PaymentTerms:
    try:
        return parse_terms(text)
    except ValueError:
        raise ValueError("are no payment terms, such as net 30 or 3 instalments every 30 days") from None


def _items(bill: Bill) -> tuple[Item, ...]:
    """What of an invoice is due when. Raises: Unfit by a reason that many rows share."""
    try:
        return items_of(bill)
    except Unclear as unclear:
        raise Unfit(UNCLEAR[unclear.field], str(bill.terms)) from None


def _invoice_id(text: str) -> str:
    if len(text) > LONGEST_INVOICE_ID or not text.isprintable():
        raise ValueError(f"is no invoice number: 1 to {LONGEST_INVOICE_ID} printable characters")
    return text


def _payment_id(text: str) -> str:
    if len(text) > LONGEST_INVOICE_ID or not text.isprintable():
        raise ValueError(f"is no number of a payment: 1 to {LONGEST_INVOICE_ID} printable characters")
    return text


def _reference(text: str) -> str:
    if len(text) > 256 or not text.isprintable():
        raise ValueError("is no reference: at most 256 printable characters")
    return text


def _name(text: str) -> str:
    if len(text) > 256 or not text.isprintable():
        raise ValueError("is no name: 1 to 256 printable characters")
    return text


def _country(text: str) -> str:
    if re.fullmatch("[A-Z]{2}", text) is None:
        raise ValueError("is no country code of ISO 3166, such as CN")
    return text


def _currency(text: str) -> str:
    try:
        minor_digits(text)
    except ValueError:
        raise ValueError("is no currency code of ISO 4217, such as CNY") from None
    return text
