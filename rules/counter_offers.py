"""What would be approved instead of an order that is not: found by asking the policy itself, never by its formulas.

Four things are varied, one at a time: the amount, what is prepaid, what is secured, and the payment terms. Each search
walks from what was asked over the places where an answer may turn (the money a failed check is too much by, and the
amounts written in the policy), and halves the last stretch down to one minor unit. A policy need not answer steadily,
so a search never says more than it asked: that this change is approved, and that the next step back is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from credit.security import ISSUED
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Const, In, Program
from rules.facts import read_terms
from rules.outcome import VERDICTS, Outcome

MOST_ASKED = 240  # evaluations for one answer, all searches together
MOST_OF_ONE = 90  # evaluations for one search
MOST_POINTS = 48
MOST_TERMS = 8
MOST_INSTRUMENTS = 3
APPROVED = ("approve", "approve_with_conditions")


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order as it might be: minor units, the terms asked for, and what an instrument would secure of it."""

    amount: int
    prepaid: int
    terms: str | None
    secured: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal that is approved; `what` was changed, `instrument` names the security.

    `beyond` lies one minor unit nearer to what was asked and is not approved; None where it was not asked.
    """

    what: str
    proposal: Proposal
    beyond: Proposal | None = None
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """The place nearest to what was asked where an answer is better, and the next one where it is not, if asked."""

    found: int
    beyond: int | None


class Search:
    """The counter-offers to one order; `ask` gives the verdict on a proposal, on the same facts as the order's."""

    def __init__(self, ask: Callable[[Proposal], str], asked: Proposal, verdict: str, most: int = MOST_ASKED) -> None:
        self._ask, self._asked, self._most = ask, asked, most
        self._better = {one for one in APPROVED if VERDICTS.index(one) < VERDICTS.index(verdict)}
        self._known: dict[Proposal, bool] = {asked: False}
        self._end = most

    @property
    def evaluations(self) -> int:
        """How often the policy was asked."""
        return len(self._known) - 1

    def offers(self, program: Program, outcome: Outcome) -> tuple[Offer, ...]:
        """What would be approved, in the order: less, more in advance, shorter terms, all in advance, secured."""
        if not self._better or outcome.hard_stop:
            return ()
        hints = excesses(outcome, program)
        amounts = money_constants(program)
        found = [self._smaller(hints, amounts), self._prepaid(hints, amounts, shares(program)),
                 self._shorter(program, outcome), self._in_advance()]  # fmt: skip
        if found[1] is not None and found[3] is not None and found[1].proposal.prepaid == self._asked.amount:
            found[1] = None
        found += self._secured(hints, amounts, instruments(program, outcome))
        return tuple(one for one in found if one is not None)

    def fits(self, proposal: Proposal) -> bool | None:
        """Whether a proposal is answered better than the order was; None where no more may be asked."""
        if proposal not in self._known:
            if self.evaluations >= self._end:
                return None
            self._known[proposal] = self._ask(proposal) in self._better
        return self._known[proposal]

    def nearest(self, at: Callable[[int], Proposal], start: int, end: int, points: Iterable[int]) -> Edge | None:
        """The fitting place nearest to `start`, which does not fit, as far as the points up to `end` show it."""
        self._end = min(self._most, self.evaluations + MOST_OF_ONE)
        low, high = min(start, end), max(start, end)
        within = {point for point in points if low < point < high} | {end} - {start}
        before = start
        for point in sorted(within, reverse=end < start):
            fits = self.fits(at(point))
            if fits is None:
                return None
            if fits:
                return self._between(at, before, point)
            before = point
        return None

    def _between(self, at: Callable[[int], Proposal], no: int, yes: int) -> Edge:
        while abs(yes - no) > 1:
            middle = (yes + no) // 2
            fits = self.fits(at(middle))
            if fits is None:
                return Edge(yes, None)
            no, yes = (no, middle) if fits else (middle, yes)
        return Edge(yes, no)

    def _smaller(self, hints: Sequence[int], amounts: Sequence[int]) -> Offer | None:
        asked = self._asked
        points = [asked.amount - hint for hint in hints] + [asked.amount >> half for half in (1, 2, 4)]
        further = [amount + paid for amount in amounts for paid in {0, asked.prepaid}]
        end = max(1, asked.prepaid)
        if end >= asked.amount:
            return None
        return self._offer("amount", lambda n: replace(asked, amount=n), asked.amount, end, chosen(points, further))

    def _prepaid(self, hints: Sequence[int], amounts: Sequence[int], parts: Sequence[Fraction]) -> Offer | None:
        asked = self._asked
        if asked.prepaid >= asked.amount:
            return None
        points = [asked.prepaid + hint for hint in hints]
        points += [-(-asked.amount * part.numerator // part.denominator) for part in parts]
        further = [asked.amount - amount for amount in amounts]
        return self._offer("prepaid", lambda n: replace(asked, prepaid=n), asked.prepaid, asked.amount,
                           chosen(points, further))  # fmt: skip

    def _secured(self, hints: Sequence[int], amounts: Sequence[int], names: Sequence[str]) -> list[Offer | None]:
        asked = self._asked
        credit = asked.amount - asked.prepaid
        if not names or credit <= asked.secured:
            return []
        points = [asked.secured + hint for hint in hints]
        further = [credit - amount for amount in amounts]
        offer = self._offer("security", lambda n: replace(asked, secured=n), asked.secured, credit,
                            chosen(points, further))  # fmt: skip
        return [] if offer is None else [replace(offer, instrument=name) for name in names]

    def _shorter(self, program: Program, outcome: Outcome) -> Offer | None:
        """The longest of the policy's terms that is shorter than those asked for, or than those offered."""
        now = read_terms(self._asked.terms or outcome.terms or "")
        shorter = [one for one in program.terms.values() if not one.prepaid
                   and (now is None or one.net_days < now.net_days)]  # fmt: skip
        self._end = self._most
        for one in sorted(shorter, key=lambda terms: -terms.net_days)[:MOST_TERMS]:
            proposal = replace(self._asked, terms=one.text)
            if self.fits(proposal):
                return Offer("terms", proposal)
        return None

    def _in_advance(self) -> Offer | None:
        """All paid before anything is shipped."""
        self._end = self._most
        proposal = replace(self._asked, terms="prepaid", prepaid=self._asked.amount)
        return Offer("in_advance", proposal) if self.fits(proposal) else None

    def _offer(self, what: str, at: Callable[[int], Proposal], start: int, end: int,
               points: Iterable[int]) -> Offer | None:  # fmt: skip
        edge = self.nearest(at, start, end, points)
        return None if edge is None else Offer(what, at(edge.found), None if edge.beyond is None else at(edge.beyond))


def chosen(points: Iterable[int], further: Iterable[int]) -> set[int]:
    """The places to ask at: all the points, and as many of the further ones, with both neighbours, as there is room."""
    found = set(points)
    others = sorted({place for one in further for place in (one - 1, one, one + 1)} - found)
    step = -(-len(others) // max(1, MOST_POINTS - len(found)))
    return found | set(others[:: max(1, step)])


def excesses(outcome: Outcome, program: Program) -> list[int]:
    """By how much money each failed check is beyond what it allows, rounded up to a whole minor unit."""
    found: set[int] = set()
    for check in outcome.checks:
        for one in check.evidence if check.status in ("deny", "refer", "warn") else ():
            if program.wording.kinds.get(one.node, getattr(program.nodes[one.node], "kind", "")) != "money":
                continue
            if isinstance(one.value, (int, Fraction)) and isinstance(one.wanted, (int, Fraction)):
                apart = abs(Fraction(one.value) - Fraction(one.wanted))
                found |= {-(-apart.numerator // apart.denominator) + more for more in (0, 1)}
    return sorted(found - {0})


def money_constants(program: Program) -> list[int]:
    """Every amount that is written in the policy, as minor units."""
    found: set[int] = set()
    for node in program.nodes:
        if isinstance(node, Const) and node.kind in ("money", "limit") and isinstance(node.value, int):
            found.add(node.value)
        elif isinstance(node, In):
            ends = [end for span in node.spans for end in (span.low, span.high)]
            found |= {end for end in (*node.points, *ends) if isinstance(end, int) and not isinstance(end, bool)}
    return sorted(one for one in found if one not in (NO_LIMIT, UNLIMITED) and one > 0)


def shares(program: Program) -> list[Fraction]:
    """Every share of an order that the policy asks to be secured or paid in advance."""
    return sorted({part for _, part in _securities(program)})


def instruments(program: Program, outcome: Outcome) -> list[str]:
    """The securities of others that the customer's row names, or else any row of the policy, at most three."""
    wanted = [one.instrument for alternative in outcome.security for one in alternative]
    named = [name for name, _ in _securities(program)]
    return [name for name in dict.fromkeys(wanted or named) if name in ISSUED][:MOST_INSTRUMENTS]


def _securities(program: Program) -> list[tuple[str, Fraction]]:
    written = [node.value for node in program.nodes if isinstance(node, Const) and node.kind == "security"]
    return [pair for value in written if isinstance(value, tuple) for alternative in value for pair in alternative]
