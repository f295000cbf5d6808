"""Facts for a generated document: on its thresholds, one unit beside, far off, missing, zero where it divides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from policy.kinds import COUNT_MAX, MONEY_MAX, NO_LIMIT, UNLIMITED
from policy.program import Calc, Compare, Const, Fact, In, Node, Program
from policy.vocabulary import FactDeclaration
from rules.facts import trade_vocabulary
from tests.generated.formulas import COUNTRIES, TERMS

DAY = 739_647  # 31 January 2026
ASKED = ("net 7", "net 30", "net 45", "net 61", "net 30 end of month", "prepaid")
LARGEST = {"money": MONEY_MAX, "limit": MONEY_MAX, "percent": 10**6, "ratio": 10**9}
POOL: dict[str, tuple[Any, ...]] = {
    "money": (0, 100, 1_000, 33_300), "limit": (0, 100_000, NO_LIMIT, UNLIMITED), "percent": (Fraction(1, 3), 0, 1),
    "ratio": (Fraction(9, 10), 1, 0), "date": (DAY, DAY + 28, DAY - 702), "count": (0, 3), "days": (0, 15),
    "months": (0, 6), "hours": (0, 24), "text": COUNTRIES, "terms": (*TERMS, *ASKED), "flag": (True, False),
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """The facts of one order and the lists that figures count; a fact that is not there is missing."""

    facts: Mapping[str, Any]
    lists: Mapping[str, tuple[Mapping[str, Any], ...]]


class Situations:
    """Makes situations for one Program, whose constants are the thresholds."""

    def __init__(self, program: Program, random: Random) -> None:
        self.random = random
        self.declared = {**trade_vocabulary().facts, **program.facts}
        self.read = [name for name in {*program.facts, "order.amount", "order.prepaid", "order.requested_terms"}
                     if name in self.declared and self.declared[name].listing is None]  # fmt: skip
        self.read.sort()
        self.thresholds: dict[str, set[Any]] = {kind: set(values) for kind, values in POOL.items()}
        self._collect(program.nodes)
        for figure in program.figures:
            self._collect(figure.nodes)
        self.pools = {kind: sorted(values, key=lambda value: (str(type(value)), value)) for kind, values
                      in self.thresholds.items()}  # fmt: skip
        self.listed = {figure.list_name for figure in program.figures}

    def _collect(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Const) and node.kind in POOL and node.value is not None:
                self.thresholds[node.kind].add(node.value)
            elif isinstance(node, In):
                kind = getattr(nodes[node.arg], "kind", "")
                ends = [end for span in node.spans for end in (span.low, span.high) if end is not None]
                self.thresholds.setdefault(kind, set()).update([*node.points, *ends])
            elif isinstance(node, Compare):
                self._bare(nodes[node.left], nodes[node.right])

    def _bare(self, left: Node, right: Node) -> None:
        """A count against a number of no kind."""
        if isinstance(right, Const) and isinstance(left, Calc | Fact) and left.kind in POOL and right.kind == "number":
            self.thresholds[left.kind].add(right.value)

    def situation(self) -> Situation:
        """One order, mostly with all facts, sometimes with many missing."""
        whole = self.random.random() < 0.6  # then nothing is missing at all
        absent = 0.0 if whole else self.random.choice((0.0, 0.03, 0.25))
        facts = {}
        for name in self.read:
            optional = name in ("order.requested_terms", "order.placed_on", "order.prepaid") and not whole
            if self.random.random() >= (0.5 if optional else absent):
                facts[name] = self.value(self.declared[name])
        if self.random.random() < 0.7:  # mostly computed from the amount and what is prepaid
            facts.pop("order.credit_amount", None)
            facts.pop("order.unsecured_amount", None)
            facts.pop("order.requested_days" if "order.requested_terms" in facts else "", None)
        return Situation(facts, {name: self.items(name, absent) for name in sorted(self.listed)
                                 if self.random.random() >= absent / 2})  # fmt: skip

    def items(self, name: str, absent: float) -> tuple[Mapping[str, Any], ...]:
        """The rows of a list, now and then with a field that is missing."""
        declared = self.declared.get(name)
        listing = trade_vocabulary().lists[name] if declared is None or declared.listing is None else declared.listing
        fields = listing.fields.values()
        return tuple(
            {field.name: self.value(field) for field in fields if self.random.random() >= absent / 4}
            for _ in range(self.random.randrange(4))
        )

    def value(self, fact: FactDeclaration) -> Any:
        """A value of the fact's kind and within its bounds, often a threshold."""
        r, kind = self.random, fact.kind
        if kind == "choice":
            return r.choice(fact.choices)
        if kind == "rating":
            return r.choice(fact.ranks)[1]
        value = r.choice(self.pools[kind])
        if kind in ("text", "terms", "flag") or value in (NO_LIMIT, UNLIMITED):
            return value
        if kind != "date" and r.random() < 0.06:
            value = r.choice((1, 1, -1)) * LARGEST.get(kind, COUNT_MAX)
        elif r.random() < 0.45:
            value += r.choice((1, -1)) * (Fraction(1, 10**6) if kind in ("percent", "ratio") else 1)
        if kind not in ("percent", "ratio", "number"):
            value = int(value)
        value = max(value, 0) if kind == "limit" or fact.name in ("order.amount", "order.prepaid") else value
        return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value
