"""Checking late charges, fees and releases: the file fixes each amount exactly, and nothing is guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from policy.charges import ChargeWritten, FeeWritten, ReleaseWritten
from policy.check_ladders import check_business_days, days_of_setting
from policy.check_values import constant
from policy.document import Dated, Policy
from policy.infer import Inference
from policy.meaning import Sort
from policy.numbers import float_free, written
from policy.resolve import shown
from policy.step_days import FIRST_DUE, day_of, resolved
from policy.syntax import Binary, Expr, Name, Number

RETURNED = "payment returned"
PER_YEAR = {"day": {"30/360": 360, "actual/365": 365}, "month": dict.fromkeys(("30/360", "actual/365"), 12),
            "year": dict.fromkeys(("30/360", "actual/365"), 1)}  # fmt: skip
START = {"anchor", "setting"}


def check_charges(inference: Inference) -> None:
    """Every late charge and fee, and what a release allows."""
    policy = inference.names.policy
    for charge in policy.charges:
        _charge(inference, charge)
    names: set[str] = set()
    for fee in policy.fees:
        if fee.name.text in names:
            inference.note("duplicate-name", fee.name.at, f"the fee '{fee.name.text}' stands here twice",
                           "choose another name, or take one out")  # fmt: skip
        names.add(fee.name.text)
        _fee(inference, fee)
    if policy.release is not None:
        _release(inference, policy.release)


def _charge(inference: Inference, charge: ChargeWritten) -> None:
    check_business_days(inference, charge.start)
    for one in charge.start.mentions:
        if one.op == "setting":
            days_of_setting(inference, one)
        elif one.op != "anchor" or one.name == "entered":
            what = one.name if one.op in ("act", "anchor") else f"{one.name} {one.op}"
            inference.note("date-formula", one.at, f"a late charge cannot count from '{what}'",
                           "count from due, invoiced or delivered")  # fmt: skip
    span(inference, charge.grace, "grace", ("days",))
    if charge.rate is not None:
        _interest(inference, charge, charge.rate)
    elif charge.amount is not None:
        _amount(inference, charge.amount, "percent" if charge.of_principal else "money")
        span(inference, charge.then_every, "then_every", ("days", "months"), least=1)


def span(
    inference: Inference, expr: Expr | None, key: str, kinds: tuple[str, ...], least: int = 0
) -> tuple[str, int] | None:
    """A constant number of days or months: its kind and how many."""
    if expr is None:
        return None
    sort = inference.formula(expr)
    value = None if sort is None else constant(inference, expr)
    if sort is not None and (sort.kind not in kinds or value is None):
        inference.note("unit", expr.at, f"'{key}' is {shown(sort)} here, wanted are {' or '.join(kinds)}",
                       f"write it like {key}: 30 {kinds[0]}")  # fmt: skip
    elif value is not None and value < least:
        inference.note("range", expr.at, f"'{key}' must be {least} or more")
    elif sort is not None and value is not None:
        return sort.kind, int(value)
    return None


def _amount(inference: Inference, expr: Expr, kind: str) -> None:
    sort = inference.formula(expr, Sort(kind))
    if sort is None:
        return
    value = constant(inference, expr)
    if sort.kind != kind or value is None:
        wanted = "a percentage" if kind == "percent" else "an amount"
        inference.note("kind", expr.at, f"'amount' is {shown(sort)} here, wanted is {wanted}",
                       "write amount: 25, or amount: 1.5% of open principal")  # fmt: skip
    elif value <= 0:
        inference.note("range", expr.at, "'amount' must be more than 0")
    elif expr in inference.meanings.foreign:
        inference.note("not-yet-supported", expr.at, "a charge in another currency does not run in this version",
                       f"write it in {inference.names.policy.currency.text}")  # fmt: skip


def dated_rates(policy: Policy, expr: Expr) -> list[tuple[Number, Dated | None]]:
    """The rates behind a written one: itself, or each value of a setting with its days."""
    if isinstance(expr, Number):
        return [(expr, None)]
    if isinstance(expr, Binary) and expr.op == "+":
        return _sums(*(dated_rates(policy, side) for side in (expr.left, expr.right)))
    settings = {f"settings.{one.name.text}": one for one in policy.settings}
    if isinstance(expr, Name) and expr.text in settings:
        values = settings[expr.text].values
        return [(one.value, one) for one in values if isinstance(one.value, Number)]
    return []


def _sums(*sides: list[tuple[Number, Dated | None]]) -> list[tuple[Number, Dated | None]]:
    """Each rate of one side with the one rate of the other added, which no day changes; else nothing."""
    left, right = sides if len(sides[1]) == 1 else reversed(sides)
    if not left or len(right) != 1 or any(number.unit != right[0][0].unit for number, _ in left):
        return []
    added, dated = right[0]
    if dated is not None and (dated.since, dated.until) != (None, None):
        return []
    return [(replace(number, value=number.value + added.value), days) for number, days in left]


def _parts(expr: Expr) -> list[Expr]:
    """The sides of a sum of rates, or a rate alone."""
    return [expr.left, expr.right] if isinstance(expr, Binary) and expr.op == "+" else [expr]


def per(rate: Number) -> str:
    """What a rate counts: day, month or year."""
    return rate.unit.rsplit(" ", 1)[1]


def _rate(inference: Inference, expr: Expr, key: str) -> list[Number]:
    sorts = [inference.formula(part) for part in _parts(expr)]
    sort = next((one for one in sorts if one is None or one.kind != "rate"), sorts[0])
    if sort is None:
        return []
    written_rates = (number for number, _ in dated_rates(inference.names.policy, expr))
    rates = [number for number in written_rates if " per " in number.unit]  # of another kind: told at the setting
    if sort.kind == "rate" and len(sorts) > 1 and not rates:
        inference.note("unit", expr.at, f"'{key}' adds two rates that count differently, or that both change on days",
                       "write both per year, the dated one first: settings.base + 8% per year")  # fmt: skip
        return []
    if key == "cap" and sort.kind == "money":
        inference.note("not-yet-supported", expr.at, "a late charge is not capped by an amount",
                       "write a rate, such as cap: 24% per year")  # fmt: skip
        return []
    if sort.kind != "rate" or not rates:
        inference.note("unit", expr.at, f"'{key}' is {shown(sort)} here, and does not say per what time",
                       f"write it like {key}: {'24% per year' if key == 'cap' else '0.05% per day'}")  # fmt: skip
        return []
    names = [part.text for part in _parts(expr) if isinstance(part, Name)]
    if any(f"settings.{one.name.text}" in names and one.on_shipment for one in inference.names.policy.settings):
        inference.note("not-yet-supported", expr.at, f"'{key}' is read on the day of the shipment, and a charge reads "
                       "the rate of each day", "give the charge a setting without 'as_of'")  # fmt: skip
        return []
    if any(number.value <= 0 for number in rates):
        inference.note("range", expr.at, f"'{key}' must be more than 0%")
        return []
    return rates


def _interest(inference: Inference, charge: ChargeWritten, rate: Expr) -> None:
    rates = _rate(inference, rate, "rate")
    caps = [] if charge.cap is None else _rate(inference, charge.cap, "cap")
    if charge.cap is not None and caps and (len(caps) > 1 or per(caps[0]) != "year"):
        inference.note("unit", charge.cap.at, "'cap' bounds the rate of a year, and is one for all days",
                       "write it like cap: 24% per year")  # fmt: skip
        caps = []
    if charge.count_days is None:
        _needs_count_days(inference, charge, rates, caps)
    elif rates and caps:
        _cap_below(inference, charge, rates, caps[0])
    _first_day(inference, charge)
    _unrated(inference, rate)


def _unrated(inference: Inference, rate: Expr) -> None:
    """A dated rate has a first day, and what was due before it has no amount."""
    since = [dated.since for _, dated in dated_rates(inference.names.policy, rate) if dated is not None]
    rate = next((part for part in _parts(rate) if isinstance(part, Name)), rate)
    if isinstance(rate, Name) and since and None not in since:
        first = date.fromordinal(min(day for day in since if day is not None))
        inference.note("dates-gap", rate.at, f"'{rate.text}' has no value before {first}, so a charge that begins on "
                       f"{first - timedelta(1)} has no amount", "let the first value begin earlier, or leave its "
                       "'from' out", severity="warning")  # fmt: skip


def _needs_count_days(inference: Inference, charge: ChargeWritten, rates: list[Number], caps: list[Number]) -> None:
    """A month's or a year's rate is not yet a rate for a day."""
    spread = next((one for one in (*rates, *caps) if per(one) != "day"), None)
    if spread is None:
        return
    ways = {way: spread.value * PER_YEAR[per(spread)][way] / PER_YEAR["day"][way] for way in ("30/360", "actual/365")}
    told = f"30/360 gives {_short(ways['30/360'])} % a day, actual/365 {_short(ways['actual/365'])} %"
    inference.note("interest", charge.at, f"{written(spread)} accrued daily needs count_days ({told})",
                   "add count_days: actual/365, or count_days: 30/360")  # fmt: skip


def _short(share: Fraction) -> str:
    """A share in per cent with four digits, without zeros at the end."""
    return float_free(Fraction(round(share * 10**6), 10**4))


def _cap_below(inference: Inference, charge: ChargeWritten, rates: list[Number], cap: Number) -> None:
    assert charge.count_days is not None and charge.cap is not None
    way = charge.count_days.text
    above = [one for one in rates if one.value * PER_YEAR[per(one)][way] > cap.value]
    if above:
        yearly = float_free(above[0].value * PER_YEAR[per(above[0])][way] * 100)
        inference.note("interest", charge.cap.at, f"{written(above[0])} is {yearly}% per year, more than the cap, so "
                       "it is never charged", "lower the rate, or raise the cap", severity="warning")  # fmt: skip


def _first_day(inference: Inference, charge: ChargeWritten) -> None:
    """Interest that begins on the due date itself charges who pays on time."""
    if any(one.op not in START or (one.op == "anchor" and one.name != "due") for one in charge.start.mentions):
        return
    if any(one.op == "setting" and days_of_setting(inference, one) is None for one in charge.start.mentions):
        return
    rule = resolved(charge.start, lambda one: days_of_setting(inference, one))
    first = day_of(rule, {"due": FIRST_DUE}, {})
    if first is not None and first <= FIRST_DUE:
        inference.note("interest", charge.start.at, f"'from: {charge.start.text}' charges an invoice that is paid on "
                       "its due date", "write from: due + 1 day", severity="warning")  # fmt: skip


def _fee(inference: Inference, fee: FeeWritten) -> None:
    steps = [f"{step.name.text} sent" for ladder in inference.names.policy.ladders for step in ladder.steps]
    if fee.event.text not in (RETURNED, *steps):
        inference.note("unknown-word", fee.event.at, f"'{fee.event.text}' is nothing that a fee is charged for",
                       f"write '{RETURNED}', or the step of a ladder as in 'demand sent'")  # fmt: skip
    _amount(inference, fee.amount, "money")


def _release(inference: Inference, release: ReleaseWritten) -> None:
    span(inference, release.valid_for, "valid_for", ("days", "months"), least=1)
    sort = inference.formula(release.up_to, Sort("percent"))
    value = None if sort is None else constant(inference, release.up_to)
    if sort is not None and (sort.kind != "percent" or value is None):
        inference.note("percent", release.up_to.at, "'up_to' is not a percentage of the released amount",
                       "write it as in up_to: 110%")  # fmt: skip
    elif value is not None and value < 1:
        inference.note("range", release.up_to.at, "'up_to' is less than what was released", "write 100% or more")
