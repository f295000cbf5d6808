"""What an order is expected to earn on given payment terms: its margin less discount, cost of capital and default.

Everything is exact until an amount leaves, which is rounded once, half-even, to a minor unit. A year has 365 days.
Nothing is guessed: a figure that is needed and not given leaves the result open, and is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from credit.money import Money
from credit.percent import percent_text
from credit.terms import PaymentTerms

YEAR = 365
SHARES = ("discount_taken", "cost_of_capital", "loss_given_default", "insured_share", "default_risk")
MEANINGS: Mapping[str, str] = {
    "margin": "what the order earns before these costs",
    "discount_taken": "the share of such orders that is paid in time for the discount",
    "cost_of_capital": "what money costs in a year",
    "loss_given_default": "the share of what is owed that is lost where a customer defaults",
    "insured_share": "the share of what is owed that an insurer bears; 0% where nothing is insured",
    "default_risk": "the probability of default on these terms",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inputs:
    """The figures of one line; each is None where nobody gave it."""

    margin: Money | None = None
    shares: Mapping[str, Fraction | None] = field(default_factory=dict)

    def share(self, name: str) -> Fraction | None:
        """One of SHARES."""
        assert name in SHARES, name
        return self.shares.get(name)


@dataclass(frozen=True, slots=True)
class Step:
    """One amount and how it came about, in figures; None where an input is missing."""

    amount: Money | None
    formula: str

    def as_dict(self) -> dict[str, object]:
        """The step in the agreed order of keys."""
        return {"amount": None if self.amount is None else self.amount.amount, "formula": self.formula}


@dataclass(frozen=True, slots=True)
class Line:
    """What an order earns on one set of terms: each step, the cost together, the margin left, and what is missing."""

    steps: Mapping[str, Step]
    expected_cost: Money | None
    expected_margin: Money | None
    missing: tuple[str, ...]


def expected_line(terms: PaymentTerms, amount: Money, in_advance: Money, secured: Money, inputs: Inputs) -> Line:
    """The arithmetic of one line: `in_advance` is paid before anything is shipped, `secured` covered by others."""
    nothing = Money.zero(amount.currency)
    credit = max(amount - in_advance, nothing)
    exposed = max(credit - secured, nothing)
    missing: list[str] = []
    parts = {
        "discount_cost": _discount(terms, credit, inputs, missing),
        "capital_cost": _capital(terms, credit, inputs, missing),
        "expected_loss": _loss(exposed, inputs, missing),
    }
    steps = {
        "credit": Step(credit, f"{amount.amount} - {in_advance.amount} in advance"),
        "exposed": Step(exposed, f"{credit.amount} - {secured.amount} secured"),
        **parts,
    }
    known = [step.amount for step in parts.values() if step.amount is not None]
    cost = sum(known, nothing) if len(known) == len(parts) else None
    margin = None if cost is None or inputs.margin is None else inputs.margin - cost
    open_ones = missing + (["margin"] if inputs.margin is None else [])
    return Line(steps, cost, margin, tuple(dict.fromkeys(open_ones)))


def _discount(terms: PaymentTerms, credit: Money, inputs: Inputs, missing: list[str]) -> Step:
    if terms.discount is None or credit.minor == 0:
        return Step(Money.zero(credit.currency), "no discount")
    taken = _needed("discount_taken", inputs, missing)
    formula = f"{credit.amount} * {percent_text(terms.discount.share)} * {_text(taken)} taken"
    return _step(credit, [terms.discount.share, taken], formula)


def _capital(terms: PaymentTerms, credit: Money, inputs: Inputs, missing: list[str]) -> Step:
    """Each part of what is owed, for the days until it is paid; the part that takes the discount is paid earlier."""
    if credit.minor == 0 or terms.net_days == 0:
        return Step(Money.zero(credit.currency), "paid at once")
    rate = _needed("cost_of_capital", inputs, missing)
    days: Fraction | None
    if terms.discount is None:
        days = _weighted([(part.share, part.days + terms.most_moved) for part in terms.instalments])
    else:
        taken = _needed("discount_taken", inputs, missing)
        days = None if taken is None else _weighted([(taken, terms.discount.days), (1 - taken, terms.net_days)])
    shown = "?" if days is None else _number(days)
    formula = f"{credit.amount} * {_text(rate)} a year * {shown} days / {YEAR}"
    return _step(credit, [rate, None if days is None else days / YEAR], formula)


def _loss(exposed: Money, inputs: Inputs, missing: list[str]) -> Step:
    if exposed.minor == 0:
        return Step(exposed, "nothing is at our own risk")
    insured = _needed("insured_share", inputs, missing)
    if insured == 1:
        return Step(Money.zero(exposed.currency), "all of it is insured")
    risk, lost = (_needed(name, inputs, missing) for name in ("default_risk", "loss_given_default"))
    own = None if insured is None else 1 - insured
    formula = f"{exposed.amount} * {_text(own)} own * {_text(risk)} default * {_text(lost)} lost"
    return _step(exposed, [own, risk, lost], formula)


def _needed(name: str, inputs: Inputs, missing: list[str]) -> Fraction | None:
    found = inputs.share(name)
    if found is None:
        missing.append(name)
    return found


def _step(base: Money, factors: Sequence[Fraction | None], formula: str) -> Step:
    product = Fraction(1)
    for factor in factors:
        if factor is None:
            return Step(None, formula)
        product *= factor
    return Step(base.portion(product), formula)  # half-even


def _weighted(parts: Sequence[tuple[Fraction, int]]) -> Fraction:
    return sum((share * days for share, days in parts), Fraction(0))


def _text(share: Fraction | None) -> str:
    return "?" if share is None else percent_text(share)


def _number(days: Fraction) -> str:
    return str(days) if days.denominator == 1 else f"{days.numerator}/{days.denominator}"
