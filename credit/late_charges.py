"""Charges on what is paid late: interest by rate, and amounts on fixed dates, exact until the one rounding at the end.

Interest is counted for each day on which principal is open, the day of payment with it: one day late costs one day.
It is worked out by periods of one principal and one rate, so that a payment in part, or a rate that changes on a date,
splits the sum and loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from credit.dates import add_months
from credit.money import round_fraction

COUNT_DAYS = ("actual/365", "30/360")
DAY = timedelta(1)
_YEAR = {"actual/365": 365, "30/360": 360}
_MONTH = {"actual/365": Fraction(365, 12), "30/360": Fraction(30)}


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate of interest (1.5 % is 3/200) per day, month or year, and the days on which it holds, both inclusive."""

    rate: Fraction
    per: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class InterestRule:
    """How a policy charges interest on open principal.

    `grace_days` count from the day before the first: what is paid within them carries nothing, what is paid later is
    counted from the first day. `cap` bounds the rate, a year. `count_days` is one of COUNT_DAYS, "" for a rate per day.
    """

    rates: tuple[DatedRate, ...]
    count_days: str = ""
    grace_days: int = 0
    cap: Fraction | None = None
    compound_monthly: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid on a day, in minor units."""

    on: date
    minor: int


@dataclass(frozen=True, slots=True)
class Period:
    """Days in a row with one principal and one rate per counted day; `days` counts them the policy's way."""

    first: date
    last: date
    principal: Fraction
    rate: Fraction
    days: int

    @property
    def interest(self) -> Fraction:
        """The exact interest of the period, in minor units."""
        return self.principal * self.rate * self.days


@dataclass(frozen=True, slots=True)
class Interest:
    """What an item cost so far: the periods, and the amount rounded once, half to even.

    `unrated` is the first day for which the policy names no rate; then there is no amount, and a person looks at it.
    """

    periods: tuple[Period, ...]
    minor: int | None
    unrated: date | None = None


def counted_days(first: date, last: date, count_days: str) -> int:
    """How many days of interest lie from the first to the last day, both with it.

    30/360 gives every month 30 days: a 31st adds none, the first of March adds those that February lacks.
    """
    if count_days != "30/360":
        return (last - first).days + 1
    before = first - DAY
    return 360 * (last.year - before.year) + 30 * (last.month - before.month) + min(last.day, 30) - min(before.day, 30)


def rate_per_day(rate: DatedRate, count_days: str) -> Fraction:
    """A rate for one counted day: 1.5 % per month is 0.05 % by 30/360, 18/365 % by actual/365."""
    if rate.per == "day":
        return rate.rate
    return rate.rate / (_YEAR[count_days] if rate.per == "year" else _MONTH[count_days])


def interest(
    rule: InterestRule, principal: int, first_day: date, payments: Sequence[Payment], as_of: date
) -> Interest:
    """The interest on one item, or one instalment, up to the end of a day.

    `principal` in minor units; `first_day` is the first day that costs, such as due + 1 day.
    """
    grace_end = first_day - DAY + timedelta(rule.grace_days)
    if as_of <= grace_end or as_of < first_day:
        return Interest((), 0)
    later = sorted((one for one in payments if grace_end < one.on < as_of), key=lambda one: one.on)
    left = principal - sum(one.minor for one in payments if one.on <= grace_end)
    starts = _starts(rule, first_day, [one.on for one in later], as_of)
    periods: list[Period] = []
    added, pending = Fraction(0), Fraction(0)
    months = _month_starts(first_day, as_of) if rule.compound_monthly else set()
    for start, following in zip(starts, [*starts[1:], as_of + DAY], strict=True):
        open_now = left - sum(one.minor for one in later if one.on < start)
        if open_now <= 0:
            break
        if start in months:
            added, pending = added + pending, Fraction(0)
        rate = next((one for one in rule.rates if _holds(one, start)), None)
        if rate is None:
            return Interest(tuple(periods), None, start)
        last = following - DAY
        days = counted_days(start, last, rule.count_days)
        periods.append(Period(start, last, open_now + added, _capped(rule, rate), days))
        pending += periods[-1].interest
    return Interest(tuple(periods), round_fraction(sum((one.interest for one in periods), Fraction(0))))


def _starts(rule: InterestRule, first_day: date, paid: Sequence[date], as_of: date) -> list[date]:
    """The days on which a new period begins: after a payment, where the rate changes, where a month is added."""
    found = {first_day, *(day + DAY for day in paid)}
    found |= {one.since for one in rule.rates if one.since is not None}
    found |= {one.until + DAY for one in rule.rates if one.until is not None}
    if rule.compound_monthly:
        found |= _month_starts(first_day, as_of)
    return sorted(day for day in found if first_day <= day <= as_of)


def _month_starts(first_day: date, as_of: date) -> set[date]:
    months = (as_of.year - first_day.year) * 12 + as_of.month - first_day.month
    return {add_months(first_day, number) for number in range(1, months + 1)}


def _holds(rate: DatedRate, day: date) -> bool:
    return (rate.since is None or rate.since <= day) and (rate.until is None or day <= rate.until)


def _capped(rule: InterestRule, rate: DatedRate) -> Fraction:
    per_day = rate_per_day(rate, rule.count_days)
    return per_day if rule.cap is None else min(per_day, rule.cap / _YEAR[rule.count_days])


@dataclass(frozen=True, slots=True)
class FixedRule:
    """An amount on a date, and again every so many days or months while anything is open.

    `minor` is the amount; `share` of the open principal stands in its place where it is given.
    """

    minor: int = 0
    share: Fraction | None = None
    every_days: int = 0
    every_months: int = 0
    grace_days: int = 0


@dataclass(frozen=True, slots=True)
class FixedCharge:
    """One amount charged on one day, in minor units."""

    on: date
    minor: int


def fixed_charges(
    rule: FixedRule, principal: int, first_day: date, payments: Sequence[Payment], as_of: date
) -> tuple[FixedCharge, ...]:
    """The charges of fixed dates up to a day, each rounded once; what is paid on its day is still charged."""
    grace_end = first_day - DAY + timedelta(rule.grace_days)
    found: list[FixedCharge] = []
    number, on = 0, first_day
    while on <= as_of and grace_end < as_of:
        left = principal - sum(one.minor for one in payments if one.on <= grace_end or one.on < on)
        if left <= 0:
            break
        found.append(FixedCharge(on, rule.minor if rule.share is None else round_fraction(left * rule.share)))
        number += 1
        if not rule.every_days and not rule.every_months:
            break
        on = add_months(first_day, number * rule.every_months) + timedelta(number * rule.every_days)
    return tuple(found)


def settle_oldest_first(instalments: Sequence[int], payments: Sequence[Payment]) -> tuple[tuple[Payment, ...], ...]:
    """Payments shared out to instalments, the oldest first; what is paid beyond the last belongs to none."""
    parts: list[list[Payment]] = [[] for _ in instalments]
    left = list(instalments)
    for payment in sorted(payments, key=lambda one: one.on):
        minor = payment.minor
        for number, open_minor in enumerate(left):
            part = min(minor, open_minor)
            if part > 0:
                parts[number].append(Payment(payment.on, part))
                left[number] -= part
                minor -= part
    return tuple(tuple(part) for part in parts)
