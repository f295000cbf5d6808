"""The fixed end of a decision as z3 formulas, and where one order fares worse than another.

The choice of terms and the comparison of securities are worked out beforehand for each row that can happen, by the same
functions that decide an order, so that only numbers are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from policy.program import Check, Collect, Const, First
from rules.fold import AMOUNT
from rules.outcome import VERDICTS
from rules.prove_terms import NO_WORD, Copy
from rules.prove_values import BeyondProof, Formula, Value, both, choose, compared, either, negation
from rules.standing import NOTHING, WHOLE, fold_of, given_days, longest_days, looser, terms_given

APPROVE, CONDITIONS, REFER, DENY = range(len(VERDICTS))
STOPPED = DENY + 1
RANKS = {"hard_stop": STOPPED, "deny": DENY, "refer": REFER}


@dataclass(frozen=True, slots=True)
class Terms:
    """Chosen terms: days of the longest and of the chosen ones, whether they are others than asked for, or prepaid."""

    longest: Value
    days: Value
    changed: Formula
    prepaid: Formula


class Decision:
    """The end of one copy's decision; what does not move is made once, for both copies."""

    def __init__(self, copy: Copy, asked: Sequence[str]) -> None:
        self.copy, self.world, self.asked = copy, copy.world, asked
        self.fold = fold_of(self.world.program)
        self.known: list[Formula] = []
        self.tier = self._output(self.fold.tiers, "tier")
        self.limits = {name: self._output(self.fold.limits, name) for name in self._names(self.fold.limits)}
        self.effective = self.copy.value(self.fold.limit_effective) if self.fold.limit_effective >= 0 else None
        self.known += [] if self.effective is None else [self.effective.known]
        self.terms = self._terms()
        self.security = self._security()
        self.rank = self._rank()

    @property
    def limit(self) -> Value | None:
        """The limit that holds."""
        return self.effective or self.limits.get("limit")

    @property
    def brings(self) -> Formula:
        """Whether there is security to bring."""
        return either(*(both(self.security.top == place, self._to_bring(place)) for place in self._places()))

    def authority(self) -> Formula:
        """The role that may release, as a word; NO_WORD where nobody may."""
        roles = self.world.program.roles_rising
        highest = self.world.words.place(roles[-1]) if roles else NO_WORD
        if self.fold.authority < 0:
            return NO_WORD
        found = self._output(self.fold.authority, "release", counts=False)
        return choose(both(self.rank == REFER), choose(found.known, found.top, highest), NO_WORD)

    def _names(self, index: int) -> tuple[str, ...]:
        node = self.world.nodes[index] if index >= 0 else None
        return node.outputs if isinstance(node, First) else ()

    def _output(self, index: int, name: str, counts: bool = True) -> Value:
        table = self.world.nodes[index] if index >= 0 else None
        if not isinstance(table, First):
            return Value(NO_WORD)
        place = table.outputs.index(name)
        found = self.copy.row_of(index, [self.copy.value(row.outputs[place]) for row in table.rows], place)
        self.known += [found.known] if counts else []
        return found

    def _rank(self) -> Formula:
        collect = self.world.nodes[self.fold.checks]
        assert isinstance(collect, Collect)
        reached: dict[int, list[Formula]] = {STOPPED: [], DENY: [], REFER: [negation(both(*self.known))]}
        for check in collect.rows:
            fails, unknown = self._status(check)
            reached[REFER].append(unknown)
            if check.verdict in RANKS:
                reached[RANKS[check.verdict]].append(fails)
        conditions = choose(either(self.terms.changed, self.brings), CONDITIONS, APPROVE)
        found = conditions
        for rank in (REFER, DENY, STOPPED):
            found = choose(either(*reached[rank]), rank, found)
        return found

    def _status(self, check: Check) -> tuple[Formula, Formula]:
        """Where a check's verdict counts, and where it is not evaluated."""
        fails = self.copy.truth(check.fails)
        lifted = either(*(self.copy.truth(lift.condition).yes for lift in check.lifts))
        counts, unknown = both(fails.yes, negation(lifted)), fails.unknown
        if check.applies < 0:
            return counts, unknown
        applies = self.copy.truth(check.applies)
        return both(applies.yes, counts), either(applies.unknown, both(applies.yes, unknown))

    def _terms(self) -> Terms:
        index, program = self.fold.terms, self.world.program
        table = self.world.nodes[index] if index >= 0 else None
        if not isinstance(table, First):
            return Terms(Value(0, known=False), Value(0, known=False), False, False)
        pairs = [tuple(_constant(self.world.nodes[row.outputs[table.outputs.index(name)]])
                       if name in table.outputs else None for name in ("offer", "longest"))
                 for row in table.rows]  # fmt: skip
        asked = self.copy.value(self.fold.requested_terms) if self.fold.requested_terms >= 0 else Value(NO_WORD)
        made: dict[Any, tuple[Value, ...]] = {}
        for pair in pairs:
            if pair not in made:
                longest = longest_days(program, *pair)
                made[pair] = (Value(longest or 0, known=longest is not None), *self._chosen(pair, asked.top))
        columns = list(zip(*(made[pair] for pair in pairs), strict=True))
        found = [self.copy.row_of(index, column, ("terms", at)) for at, column in enumerate(columns)]
        longest_, days, changed, prepaid = found
        self.known.append(longest_.known if all(pair[0] for pair in pairs) else True)
        self._row_known(index)
        return Terms(longest_, days, both(changed.known, changed.top), both(prepaid.known, prepaid.top))

    def _row_known(self, index: int) -> None:
        table = self.world.nodes[index]
        assert isinstance(table, First)
        self.known.append(self.copy.row_of(index, [Value(0)] * len(table.rows), "row").known)

    def _chosen(self, pair: Any, asked: Formula) -> tuple[Value, Value, Value]:
        """Days, whether changed and whether prepaid, for one row of terms and all that may be asked."""
        program, words = self.world.program, self.world.words
        options = {NO_WORD: None, **{words.place(text): text for text in self.asked}}
        days: Formula = 0
        changed: Formula = False
        prepaid: Formula = False
        given = {place: terms_given(program, pair, text) for place, text in options.items()}
        for place, text in given.items():
            here = asked == place
            days = choose(here, 0 if text is None else given_days(program, text, options[place]), days)
            changed = choose(here, place != NO_WORD and text is not None and text != options[place], changed)
            prepaid = choose(here, text == "prepaid", prepaid)
        exists = any(text is not None for text in given.values())
        return Value(days, known=exists), Value(changed), Value(prepaid)

    def _security(self) -> Value:
        """What is asked for, as a word; NO_WORD where nothing is."""
        whole = self.world.words.place(WHOLE)
        if self.fold.security < 0:
            return Value(choose(self.terms.prepaid, whole, NO_WORD))
        if any(name.startswith(AMOUNT) for name in self._names(self.fold.security)):
            raise BeyondProof("the prover does not know securities that are shares of another amount")
        found = self._output(self.fold.security, "security")
        return Value(choose(self.terms.prepaid, whole, choose(found.known, found.top, NO_WORD)))

    def _places(self) -> list[int]:
        """The words of all securities that may be asked for."""
        table = self.world.nodes[self.fold.security] if self.fold.security >= 0 else None
        rows = table.rows if isinstance(table, First) else ()
        wanted = [_constant(self.world.nodes[row.outputs[0]]) for row in rows]
        return sorted({self.world.words.place(one) for one in (WHOLE, *wanted) if one})

    def _to_bring(self, place: int) -> Formula:
        """Whether something is left of a security after the prepayment."""
        if self.fold.amount < 0:
            return True
        amount = self.copy.value(self.fold.amount).top
        prepaid = self.copy.value(self.fold.prepaid).top if self.fold.prepaid >= 0 else 0
        wanted = self.world.words.word(place)
        return both(*(_rest(alternative, amount) > prepaid for alternative in wanted))

    def worse_than(self, other: Decision, aspect: str) -> Formula:
        """Where this order fares worse than the other one in a part."""
        if aspect == "verdict":
            return self.rank > other.rank
        if aspect == "security":
            return self._stricter_than(other)
        mine, its = self._part(aspect), other._part(aspect)
        if mine is None or its is None:
            return False
        return both(mine.known, its.known, compared(mine, "<", its))

    def _part(self, aspect: str) -> Value | None:
        if aspect in ("longest", "terms"):
            return self.terms.longest if aspect == "longest" else self.terms.days
        return self.limit if aspect == "limit" else self.limits.get("largest_order")

    def _stricter_than(self, other: Decision) -> Formula:
        words, places = self.world.words, self._places()
        pairs = []
        for before in (NO_WORD, *places):
            had = NOTHING if before == NO_WORD else words.word(before)
            refused = [place for place in places if not looser(had, words.word(place))]
            if refused:
                same = either(*(self.security.top == place for place in refused))
                brought = negation(other.brings) if before == NO_WORD else both(
                    other.brings, other.security.top == before)  # fmt: skip
                pairs.append(both(brought, same))
        return both(self.brings, either(*pairs))


def _rest(alternative: Sequence[tuple[str, Fraction]], amount: Formula) -> Formula:
    """All shares of an amount together, in whole units, half-even."""
    shares = [Fraction(share) for _, share in alternative]
    under = lcm(*(share.denominator for share in shares))
    top = sum(share.numerator * (under // share.denominator) for share in shares) * amount
    if top is amount and under == 1:
        return amount
    if under == 1:
        return top
    below = top / under
    rest = top - below * under
    return below + choose(either(2 * rest > under, both(2 * rest == under, below % 2 == 1)), 1, 0)


def _constant(node: Any) -> Any:
    assert isinstance(node, Const), node
    return node.value
