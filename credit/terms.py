"""Payment terms: when a customer must pay, as officers write them, and the exact dates and amounts that follow.

Eight spellings, none with a comma (a comma would split the text inside a YAML list):

    prepaid                        paid before anything is shipped
    net 60                         60 days after the invoice; net 0 is due on the invoice date
    2/10 net 30                    2 % less when paid within 10 days, the whole in 30
    net 30 end of month            the last day of the month in which day 30 falls
    net 30 on day 25               the first 25th on or after day 30; in a shorter month its last day
    net 14 from delivery           counted from the delivery; stands before "end of month" and "on day 25"
    3 instalments every 30 days    equal parts after 30, 60 and 90 days
    30% net 30 + 70% net 60        instalments of any size; the parts add up to 100 %

Equal parts at equal steps are always written "3 instalments every 30 days", so that one meaning has one text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from credit.money import Money, shown
from credit.percent import parse_percent, percent_text

LONGEST_DAYS = 3650
MOST_INSTALMENTS = 36
SPELLINGS = (
    "'net 60', '2/10 net 30', 'net 30 end of month', 'net 30 on day 25', 'net 14 from delivery', "
    "'3 instalments every 30 days', '30% net 30 + 70% net 60' or 'prepaid'"
)

_NET = re.compile(r"(?:([0-9.]+)/([0-9]{1,5}) )?net ([0-9]{1,5})( from delivery)?( end of month| on day [0-9]{1,2})?")
_EQUAL = re.compile(r"([0-9]{1,3}) instalments every ([0-9]{1,5}) days")
_PART = re.compile(r"([0-9.]+%) net ([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Discount:
    """A share taken off when the whole is paid within `days`: 2/10 is 1/50 within 10 days."""

    share: Fraction
    days: int


@dataclass(frozen=True, slots=True)
class Instalment:
    """A share of the amount, due after `days`."""

    share: Fraction
    days: int


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """Agreed terms of payment; `parse_terms` reads them, `str` writes the agreed spelling.

    No instalments means prepaid. Days are calendar days, counted from the invoice or, `from_delivery`, the delivery.
    `on_day` is the day of the month on which it is due then, the first that comes; None for any day.
    Raises: ValueError for terms that nobody can keep: days out of order, shares that are not 100 % together.
    """

    instalments: tuple[Instalment, ...]
    discount: Discount | None = None
    from_delivery: bool = False
    end_of_month: bool = False
    on_day: int | None = None

    def __post_init__(self) -> None:
        if len(self.instalments) != 1 and (self.discount or self.from_delivery or self._is_moved):
            raise ValueError("a discount, delivery or day of the month goes with one due date; write 'net 30' with it")
        if self.on_day is not None and (self.end_of_month or not 1 <= self.on_day <= 31):
            raise ValueError(f"day {self.on_day} of the month; write 1 to 31, or 'end of month'")
        if self.instalments:
            _check_instalments(self.instalments)
        if self.discount is not None:
            _check_discount(self.discount, self.instalments[0].days)

    def __str__(self) -> str:
        if self.is_prepaid:
            return "prepaid"
        if len(self.instalments) == 1:
            found = self.discount
            discount = f"{percent_text(found.share).removesuffix('%')}/{found.days} " if found else ""
            delivery, month = " from delivery" * self.from_delivery, " end of month" * self.end_of_month
            month += "" if self.on_day is None else f" on day {self.on_day}"
            return f"{discount}net {self.instalments[0].days}{delivery}{month}"
        if self.instalments == _equal(len(self.instalments), self.instalments[0].days):
            return f"{len(self.instalments)} instalments every {self.instalments[0].days} days"
        return " + ".join(f"{percent_text(part.share)} net {part.days}" for part in self.instalments)

    @property
    def is_prepaid(self) -> bool:
        """Is everything paid before anything is shipped?"""
        return not self.instalments

    @property
    def is_plain(self) -> bool:
        """Is it a bare "net N", which `longest: net 90` may admit?"""
        alone = len(self.instalments) == 1 and self.discount is None
        return alone and not self.from_delivery and not self._is_moved

    @property
    def net_days(self) -> int:
        """Days until the last payment; for a day of the month the most that any month can make of it, 0 for prepaid."""
        return 0 if self.is_prepaid else self.instalments[-1].days + self.most_moved

    @property
    def most_moved(self) -> int:
        """By how many days the month can move a due date at most."""
        return 30 if self._is_moved else 0

    @property
    def _is_moved(self) -> bool:
        return self.end_of_month or self.on_day is not None

    def due_dates(
        self, invoice_date: date, delivery_date: date | None, amount: Money
    ) -> tuple[tuple[date, Money], ...]:
        """What is due when; the amounts add up to the whole by largest remainder, prepaid is due at once.

        Raises: ValueError where terms from delivery have no delivery date, or a date passes the year 9999.
        """
        if self.is_prepaid:
            return ((invoice_date, amount),)
        start = self._start(invoice_date, delivery_date)
        amounts = amount.divided([part.share for part in self.instalments])
        return tuple((self._due(start, part), money) for part, money in zip(self.instalments, amounts, strict=True))

    def due_on(self, invoice_date: date, delivery_date: date | None = None) -> date:
        """The date of the last payment."""
        if self.is_prepaid:
            return invoice_date
        return self._due(self._start(invoice_date, delivery_date), self.instalments[-1])

    def discount_until(self, invoice_date: date, delivery_date: date | None = None) -> date | None:
        """The last day on which the discount may be taken; None where there is none."""
        if self.discount is None:
            return None
        return _later(self._start(invoice_date, delivery_date), self.discount.days)

    def simple_yearly_cost(self) -> Fraction:
        """What a customer pays a year for not taking the discount, simple: 2/10 net 30 is 37.24 %.

        A year has 365 days; a day of the month counts `net_days`, so the figure is never too high.
        Raises: ValueError where there is no discount.
        """
        gain, days = self._discount_gain()
        return gain * Fraction(365, days)

    def compounded_yearly_cost(self) -> Decimal:
        """The same with interest on interest, to six digits, half-even: 2/10 net 30 is 0.445853 (44.59 %)."""
        gain, days = self._discount_gain()
        with localcontext() as exact:
            exact.prec = 60
            growth = 1 + Decimal(gain.numerator) / Decimal(gain.denominator)
            yearly = growth ** (Decimal(365) / Decimal(days)) - 1
            return yearly.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)

    def _discount_gain(self) -> tuple[Fraction, int]:
        if self.discount is None:
            raise ValueError(f"'{self}' gives no discount; a yearly cost needs one, such as '2/10 net 30'")
        return self.discount.share / (1 - self.discount.share), self.net_days - self.discount.days

    def _start(self, invoice_date: date, delivery_date: date | None) -> date:
        if not self.from_delivery:
            return invoice_date
        if delivery_date is None:
            raise ValueError(f"'{self}' counts from the delivery; give the delivery date")
        return delivery_date

    def _due(self, start: date, part: Instalment) -> date:
        due = _later(start, part.days)
        if self.on_day is not None:
            return _next_day(due, self.on_day)
        return _month_end(due) if self.end_of_month else due


PREPAID = PaymentTerms(())


@lru_cache(maxsize=1_024)
def parse_terms(text: str) -> PaymentTerms:
    """Read payment terms in one of the spellings above; capitals and extra spaces do not matter.

    Raises: ValueError that says how to write it.
    """
    words = " ".join(text[:1000].lower().split())
    if not text.isascii() or len(text) > 1000:
        raise _unreadable(text, f"write {SPELLINGS} in plain letters and digits")
    if words == "prepaid":
        return PREPAID
    try:
        found = _read(words)
    except ValueError as reason:
        raise ValueError(f"'{shown(text)}' are no payment terms: {reason}") from None
    if found is None:
        raise _unreadable(text, _terms_help(words))
    return found


def _read(words: str) -> PaymentTerms | None:
    if net := _NET.fullmatch(words):
        discount = Discount(parse_percent(f"{net[1]}%"), int(net[2])) if net[1] else None
        month = net[5] or ""
        on_day = int(month.removeprefix(" on day ")) if month.startswith(" on day ") else None
        end_of_month = month == " end of month"
        return PaymentTerms((Instalment(Fraction(1), int(net[3])),), discount, bool(net[4]), end_of_month, on_day)
    if equal := _EQUAL.fullmatch(words):
        if not 2 <= int(equal[1]) <= MOST_INSTALMENTS:
            raise ValueError(f"{int(equal[1])} instalments; write 2 to {MOST_INSTALMENTS}, or 'net 30' for one payment")
        return PaymentTerms(_equal(int(equal[1]), int(equal[2])))
    parts = [_PART.fullmatch(part) for part in words.split(" + ")]
    if len(parts) > 1 and all(parts):
        return PaymentTerms(tuple(Instalment(parse_percent(part[1]), int(part[2])) for part in parts if part))
    return None


def _equal(number: int, step: int) -> tuple[Instalment, ...]:
    return tuple(Instalment(Fraction(1, number), step * place) for place in range(1, number + 1))


def _check_instalments(parts: tuple[Instalment, ...]) -> None:
    days = [part.days for part in parts]
    if len(parts) > MOST_INSTALMENTS:
        raise ValueError(f"{len(parts)} instalments are too many; at most {MOST_INSTALMENTS}")
    if days[0] < 0 or days[-1] > LONGEST_DAYS:
        raise ValueError(f"{days[-1]} days; write 0 to {LONGEST_DAYS}")
    if any(later <= earlier for earlier, later in zip(days, days[1:], strict=False)):
        raise ValueError("every instalment is due later than the one before; put them in order")
    if any(part.share <= 0 for part in parts) or sum(part.share for part in parts) != 1:
        raise ValueError("the shares of the instalments do not add up to 100 %; mend the shares")
    if parts != _equal(len(parts), days[0]) and any("/" in percent_text(part.share) for part in parts):
        raise ValueError("a share has too many digits; write at most 6 after the point")


def _check_discount(discount: Discount, days: int) -> None:
    if not 0 < discount.share < 1:
        raise ValueError("a discount lies above 0 % and below 100 %; write 2/10 for 2 % within 10 days")
    if not 0 <= discount.days < days:
        raise ValueError(f"the discount ends on day {discount.days}, payment is due on day {days}; "
                         "the discount must end before")  # fmt: skip


def _later(start: date, days: int) -> date:
    try:
        return start + timedelta(days=days)
    except OverflowError:
        raise ValueError(f"{days} days after {start} passes the year 9999; give an earlier date") from None


def _month_end(day: date) -> date:
    return _later(day.replace(day=28), 4).replace(day=1) - timedelta(days=1) if day.month < 12 else day.replace(day=31)


def _next_day(day: date, number: int) -> date:
    """The first day of this number in a month, on or after a day; the last of a month that has no such day."""
    found = min(number, _month_end(day).day)
    if found >= day.day:
        return day.replace(day=found)
    after = _later(_month_end(day), 1)
    return after.replace(day=min(number, _month_end(after).day))


def _unreadable(text: str, help: str) -> ValueError:
    return ValueError(f"'{shown(text)}' are no payment terms; {help}")


def _terms_help(words: str) -> str:
    if "," in words:
        return f"a comma splits a list in yaml: write '{' '.join(words.replace(',', ' ').split())}' without it"
    if bare := re.fullmatch(r"(?:n|net)? ?([0-9]{1,5})(?: days?)?", words):
        return f"did you mean 'net {int(bare[1])}'"
    if words in ("cash", "cash in advance", "cia", "prepayment", "advance", "in advance"):
        return "did you mean 'prepaid'"
    if words in ("cod", "cash on delivery"):
        return "did you mean 'net 0 from delivery'"
    if words in ("immediate", "immediately", "due on receipt", "on receipt"):
        return "did you mean 'net 0'"
    if "eom" in words.split():
        return "write 'net 30 end of month'"
    return f"write {SPELLINGS}"
