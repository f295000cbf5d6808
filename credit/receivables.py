"""Invoices as of a day, and what they say about a customer: owed, overdue, how late and how often.

A day's figures use only what was known on that day: an invoice is open from its date until the day before it was
settled, what was paid of it is not owed, and a payment of the future is not yet one. Days are calendar days; on the due
date nothing is overdue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from credit.allocation import Reduction, reduced_by
from credit.blocks import Block, is_disputed
from credit.money import Money, round_fraction

FORMS = ("electronic", "paper")
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice to one customer; `settled_on` is None while any of it is unpaid, `disputed` where nobody said.

    `reductions` are what payments, credit notes and write-offs took from it, in minor units of its amount; `dunned_on`
    the days on which its ladder took a step that was planned for after the due date; `disputes` the blocks of its
    ladder for a dispute. An instalment is one invoice here, with the number of the whole as `whole_id`. So are late
    charges that were billed (`credit/charge_items.py`): `charge_of` is the invoice that bore them, `charged_until` the
    last day of them. They are owed as all else, and no sale. `form` is one of FORMS, how it was sent.
    Raises: ValueError for an amount of zero or less (a credit note is no invoice) and a due date before its own.
    """

    invoice_id: str
    customer_id: str
    amount: Money
    invoiced_on: date
    due_on: date
    settled_on: date | None = None
    disputed: bool | None = None
    reductions: tuple[Reduction, ...] = ()
    dunned_on: tuple[date, ...] = ()
    disputes: tuple[Block, ...] = ()
    whole_id: str | None = None
    charge_of: str | None = None
    charged_until: date | None = None
    form: str | None = None

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise ValueError(f"invoice '{self.invoice_id}' has the amount {self.amount}; an invoice is above zero")
        if self.due_on < self.invoiced_on:
            raise ValueError(f"invoice '{self.invoice_id}' is due {self.due_on}, before its date {self.invoiced_on}; "
                             "mend one of the dates")  # fmt: skip

    @property
    def days_late(self) -> int | None:
        """How many days after the due date it was settled, 0 when in time; None while it is unpaid.

        One that was written off is late by a day at least, also before it was due.
        """
        if self.settled_on is None:
            return None
        return max(int(self._took("write_off")), (self.settled_on - self.due_on).days)

    def is_open(self, as_of: date) -> bool:
        """Was it invoiced by this day, and something of it not yet settled?"""
        return self._left(as_of) > 0

    def is_paid(self, as_of: date) -> bool:
        """Was it invoiced and settled by this day? What credit notes alone settled was never paid, well or badly."""
        if self.invoiced_on > as_of or self.settled_on is None or self.settled_on > as_of:
            return False
        credited = sum(one.minor for one in self.reductions if one.kind == "credit_note")
        return credited < self.amount.minor

    def open_amount(self, as_of: date) -> Money:
        """What was still owed on this day; a dispute does not make it less."""
        return Money(self._left(as_of), self.amount.currency)

    def _left(self, as_of: date) -> int:
        if self.invoiced_on > as_of or (self.settled_on is not None and self.settled_on <= as_of):
            return 0
        return self.amount.minor - reduced_by(self.reductions, as_of) if self.reductions else self.amount.minor

    def _took(self, kind: str) -> bool:
        return sum(one.minor for one in self.reductions if one.kind == kind) > 0

    def is_disputed(self, as_of: date) -> bool | None:
        """Does the customer dispute it on this day? None where nobody said."""
        return is_disputed(self.disputed, self.disputes, as_of) if self.disputes else self.disputed

    def days_overdue(self, as_of: date) -> int:
        """Days since the due date while it is open; 0 on the due date, before it, and when nothing is owed."""
        return max(0, (as_of - self.due_on).days) if self.is_open(as_of) else 0

    def dunning_level(self, as_of: date) -> int:
        """How many steps after the due date its ladder took by this day; 0 when nothing is owed."""
        return sum(day <= as_of for day in self.dunned_on) if self.dunned_on and self.is_open(as_of) else 0


@dataclass(frozen=True, slots=True)
class ReceivableFigures:
    """What the invoices of one customer say on one day.

    Paid and late figures count what was settled by then, each instalment by itself, as each has its own due date.
    `invoice_count` and `average_invoice_amount`, rounded half-even, are of all that was invoiced by then, where an
    invoice in instalments is one. Late charges that were billed are owed and overdue, and count in none of these.
    Averages of nothing are None: without a record there is no good record.
    """

    open_amount: Money
    overdue_amount: Money
    oldest_overdue_days: int
    paid_invoices: int
    late_invoices: int
    days_late_total: int
    invoice_count: int
    average_invoice_amount: Money | None
    dunning_level: int = 0

    @property
    def average_days_late(self) -> int | None:
        """Mean days late of all paid invoices, or None; rounded up: a part of a day never helps the customer."""
        return ceil(Fraction(self.days_late_total, self.paid_invoices)) if self.paid_invoices else None

    @property
    def late_share(self) -> Fraction | None:
        """Which share of the paid invoices was late, exact; None when nothing was paid."""
        return Fraction(self.late_invoices, self.paid_invoices) if self.paid_invoices else None


def receivable_figures(invoices: Iterable[Invoice], as_of: date, currency: str) -> ReceivableFigures:
    """The figures of one customer on this day; invoices of a later date do not exist yet.

    Raises: ValueError for an invoice in another currency.
    """
    known = [invoice for invoice in invoices if invoice.invoiced_on <= as_of]
    sales = [invoice for invoice in known if invoice.charge_of is None]
    late_days = [invoice.days_late or 0 for invoice in sales if invoice.is_paid(as_of)]
    overdue = [invoice for invoice in known if invoice.days_overdue(as_of) > 0]
    invoiced = _total((invoice.amount for invoice in sales), currency)
    wholes = {invoice.whole_id for invoice in sales if invoice.whole_id is not None}
    count = sum(invoice.whole_id is None for invoice in sales) + len(wholes)
    average = Money(round_fraction(Fraction(invoiced.minor, count)), currency) if sales else None
    return ReceivableFigures(
        open_amount=_total((invoice.open_amount(as_of) for invoice in known), currency),
        overdue_amount=_total((invoice.open_amount(as_of) for invoice in overdue), currency),
        oldest_overdue_days=max((invoice.days_overdue(as_of) for invoice in overdue), default=0),
        paid_invoices=len(late_days),
        late_invoices=sum(days > 0 for days in late_days),
        days_late_total=sum(late_days),
        invoice_count=count,
        average_invoice_amount=average,
        dunning_level=max((invoice.dunning_level(as_of) for invoice in overdue), default=0),
    )


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open on a day, by how long it is overdue."""

    not_due: Money
    days_1_30: Money
    days_31_60: Money
    days_61_90: Money
    days_over_90: Money
    open_invoices: int

    @property
    def total(self) -> Money:
        """All that is open."""
        return self.not_due + self.days_1_30 + self.days_31_60 + self.days_61_90 + self.days_over_90


def bucket(days_overdue: int) -> str:
    """The ageing bucket of an item: day 30 is still 1–30, day 31 is 31–60, above 90 is the last."""
    return BUCKETS[min(max(0, days_overdue + 29) // 30, len(BUCKETS) - 1)]


def ageing(invoices: Iterable[Invoice], as_of: date, currency: str) -> Ageing:
    """The open invoices of this day in five buckets; they add up to all that is open.

    Raises: ValueError for an invoice in another currency.
    """
    still_open = [invoice for invoice in invoices if invoice.is_open(as_of)]
    amounts = dict.fromkeys(BUCKETS, Money.zero(currency))
    for invoice in still_open:
        amounts[bucket(invoice.days_overdue(as_of))] += invoice.open_amount(as_of)
    return Ageing(**amounts, open_invoices=len(still_open))


def days_sales_outstanding(invoices: Sequence[Invoice], as_of: date, currency: str, days: int = 90) -> Fraction | None:
    """How many days of sales are unpaid (DSO): open ÷ invoiced in the last `days` × `days`, exact.

    The window ends on `as_of` and leaves out the day `days` before it. None where nothing was invoiced. Late charges
    that were billed are open, and no sales.
    """
    first_day = as_of - timedelta(days=days)
    sold = (one.amount for one in invoices if one.charge_of is None and first_day < one.invoiced_on <= as_of)
    sales = _total(sold, currency)
    owed = _total((item.open_amount(as_of) for item in invoices), currency)
    return Fraction(owed.minor * days, sales.minor) if sales.minor else None


def _total(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, Money.zero(currency))
