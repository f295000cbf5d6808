"""The compiled engine's own end of a decision: terms, security still to bring, the verdict.

It says the same as `rules/fold.py` in another way and shares nothing with it, so that a fault in either is seen when
the two engines are compared. Whole numbers only: shares are counted in parts of one common denominator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from typing import Any

from policy.program import Collect, Fact, First, Fold, Program
from rules.emit import half_even
from rules.outcome import CheckOutcome, Outcome, Required
from rules.reasons import NOTHING, Reasons

Alternatives = Sequence[Sequence[tuple[str, Any]]]
WHOLE: Alternatives = ((("prepayment", 1),),)


@dataclass(frozen=True, slots=True)
class Order:
    """What the end of a decision reads of the order; None where missing. Amounts in minor units."""

    amount: int | None
    prepaid: int | None
    requested_terms: str | None


def offered(program: Program, offers: Sequence[str] | None, longest: str | None, asked: str | None) -> str | None:
    """The terms given: those asked for where the policy allows them, else its first offer."""
    if not offers:
        return None
    if asked is None or asked in offers:
        return offers[0] if asked is None else asked
    within = longest is not None and 0 <= bare_net_days(asked) <= program.terms[longest].net_days
    return asked if within or asked == "prepaid" else offers[0]


def bare_net_days(text: str) -> int:
    """N of plain `net N`, -1 for all other terms."""
    if not text.startswith("net ") or not text.isascii():
        return -1
    return int(text[4:]) if text[4:].isdigit() else -1


def to_bring(alternatives: Alternatives, amount: int | None, prepaid: int) -> tuple[tuple[Required, ...], ...]:
    """What is left of each alternative after the prepayment; one that is met settles all."""
    left = []
    for alternative in alternatives:
        rest = _rest(alternative, amount, prepaid)
        if not rest:
            return ()
        left.append(rest)
    return tuple(left)


def with_held(
    alternatives: Alternatives, amount: int | None, prepaid: int, outputs: Mapping[str, Any]
) -> tuple[tuple[Required, ...], ...]:
    """The same where some are of other amounts: money paid in advance counts for their prepayment first."""
    found = []
    for number, alternative in enumerate(alternatives, 1):
        more, left = [], prepaid
        for title, share, due in _of_others(outputs, number, len(alternatives)):
            if title == "prepayment" and due is not None and left > 0:
                due, left = (due - left, 0) if due > left else (0, left - due)
            if due != 0:
                more.append(Required(title, share, due))
        rest = (*_rest(alternative, amount, left), *more)
        if not rest:
            return ()
        found.append(rest)
    return tuple(found)


def _of_others(outputs: Mapping[str, Any], number: int, ways: int) -> Iterator[tuple[str, Any, int | None]]:
    """Instrument, share and amount of one way; of the only way just those that are known."""
    for title in outputs:
        part, _, rest = title.partition(".")
        instrument, _, place = rest.partition("#")
        if part != "share" or (place != str(number) if ways > 1 else place != ""):
            continue
        due = outputs[f"amount.{rest}"]
        if (due is None and ways > 1) or (due is not None and due > 0):
            yield instrument, outputs[title], due


def _rest(alternative: Sequence[tuple[str, Any]], amount: int | None, prepaid: int) -> tuple[Required, ...]:
    if amount is None:
        return tuple(Required(instrument, share, None) for instrument, share in alternative)
    parts = split([share for _, share in alternative], amount)
    for first in (True, False):
        for place, (instrument, _) in enumerate(alternative):
            if (instrument == "prepayment") is first:
                covered = parts[place] if parts[place] < prepaid else prepaid
                parts[place] -= covered
                prepaid -= covered
    shared = zip(alternative, parts, strict=True)
    return tuple(Required(instrument, share, part) for (instrument, share), part in shared if part > 0)


def split(shares: Sequence[Any], amount: int) -> list[int]:
    """An amount by shares, in whole units: each its floor, the units left over to the largest remainders."""
    whole = lcm(*(share.denominator for share in shares))
    exact = [share.numerator * (whole // share.denominator) * amount for share in shares]
    parts = [part // whole for part in exact]
    left = half_even(sum(exact), whole) - sum(parts)
    for place in sorted(range(len(parts)), key=lambda place: -(exact[place] % whole))[:left]:
        parts[place] += 1
    return parts


@dataclass(frozen=True, slots=True)
class Sections:
    """The outputs of the tables, None where missing, and their rows, -1 where there is none.

    `release` and `authority` are the role and its row, read only where the verdict is refer. `held` are the outputs of
    security, where some are of other amounts than the order's.
    """

    tier: str | None
    limits: Mapping[str, Any]
    offers: Sequence[str] | None
    longest: str | None
    alternatives: Alternatives
    order: Order
    rows: Mapping[str, int]
    authority: int
    release: str | None
    held: Mapping[str, Any] = field(default_factory=dict)


class Settlement:
    """The end of every decision of one Program."""

    def __init__(self, program: Program) -> None:
        fold = program.nodes[program.fold]
        assert isinstance(fold, Fold)
        collect = program.nodes[fold.checks]
        assert isinstance(collect, Collect)
        self.program, self.fold, self.checks = program, fold, collect.rows
        self.denying = frozenset(name for name, fact in program.facts.items() if fact.missing == "deny")
        self.sections = {"tiers": fold.tiers, "limits": fold.limits, "terms": fold.terms, "security": fold.security}
        self.states = tuple(state.table for state in program.states)
        self.written = tuple((place, title) for place, title in enumerate(self.sections) if self.sections[title] >= 0)
        self.order = tuple(self.fact(index) for index in (fold.amount, fold.prepaid, fold.requested_terms))
        self.highest = program.roles_rising[-1] if program.roles_rising else None

    def verdict(self, checks: Sequence[CheckOutcome], missing: frozenset[str]) -> str:
        """The gravest word of all: hard_stop, deny, refer or approve; facts whose absence denies are in `denying`."""
        said = {check.status for check in checks}
        if "hard_stop" in said:
            return "hard_stop"
        if "deny" in said or missing & self.denying:
            return "deny"
        return "refer" if missing or said & {"refer", "not_evaluated"} else "approve"

    def outcome(self, found: Sections, checks: tuple[CheckOutcome, ...], missing: frozenset[str]) -> Outcome:
        """The full answer from the sections, the checks and the reasons of all that is missing."""
        order, rows = found.order, dict(found.rows)
        offer = offered(self.program, found.offers, found.longest, order.requested_terms)
        prepay = offer == "prepaid"
        paid = order.prepaid or 0
        if prepay or not any(name.startswith("amount.") for name in found.held):
            security = to_bring(WHOLE if prepay else found.alternatives, order.amount, paid)
        else:
            security = with_held(found.alternatives or ((),), order.amount, paid, found.held)
        verdict, release = self.verdict(checks, missing), None
        if verdict == "approve" and (security or (offer and order.requested_terms not in (None, offer))):
            verdict = "approve_with_conditions"
        if verdict == "refer" and self.fold.authority >= 0:
            rows["authority"] = found.authority
            release = self.highest if found.release is None else found.release
        return Outcome(
            "deny" if verdict == "hard_stop" else verdict, verdict == "hard_stop", found.tier, found.limits, offer,
            found.longest, security, release, checks, tuple(sorted(missing)), rows,
        )  # fmt: skip

    def complete(self, reasons: Reasons, checks: tuple[CheckOutcome, ...]) -> Outcome:
        """The full answer where values may be missing, each with its reasons."""
        fold, rows, missing = self.fold, {}, NOTHING
        outputs: dict[str, dict[str, Any]] = {}
        for name, index in self.sections.items():
            outputs[name], gone = self._section(reasons, index)
            missing |= gone
            if index >= 0:
                rows[name] = reasons.rows[self.table(index).name]
        rows |= {table: reasons.rows[table] for table in self.states}
        if fold.limit_effective >= 0:
            outputs["limits"]["effective"] = reasons.value(fold.limit_effective)
            missing |= reasons.of(fold.limit_effective)
        read = (fold.amount, fold.prepaid, fold.requested_terms)
        order = Order(*(reasons.value(index) if index >= 0 else None for index in read))
        release, _ = self._section(reasons, fold.authority)
        terms = outputs["terms"]
        found = Sections(
            outputs["tiers"].get("tier"), outputs["limits"], terms.get("offer"), terms.get("longest"),
            outputs["security"].get("security") or (), order, rows,
            reasons.rows[self.table(fold.authority).name] if fold.authority >= 0 else -1, release.get("release"),
            outputs["security"],
        )  # fmt: skip
        return self.outcome(found, checks, missing.union(*(check.missing for check in checks)))

    def fact(self, index: int) -> str:
        """The name of a fact of the order, "" where the policy knows none."""
        node = self.program.nodes[index] if index >= 0 else None
        return node.name if isinstance(node, Fact) else ""

    def table(self, index: int) -> First:
        node = self.program.nodes[index]
        assert isinstance(node, First)
        return node

    def _section(self, reasons: Reasons, index: int) -> tuple[dict[str, Any], frozenset[str]]:
        if index < 0:
            return {}, NOTHING
        table = self.table(index)
        row = reasons.rows[table.name]
        if row < 0:
            return dict.fromkeys(table.outputs), reasons.of_row(table.name)
        nodes = table.rows[row].outputs
        values = {name: reasons.value(node) for name, node in zip(table.outputs, nodes, strict=True)}
        return values, NOTHING.union(*(reasons.of(node) for node in nodes))
