"""What a simulation found: counts and money by old and new answer, what was missing, and the largest differences.

Money is added within one currency alone, in whole minor units, and told as text with all digits.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from api.simulating import APPROVED, LEFT_OUT, Answer, Compared, reasons_of
from credit.money import decimal_text
from rules.outcome import VERDICTS

EXAMPLES = 5  # of each pair of verdicts
MOST_MISSING = 50
PARTS = ("verdict", "tier", "terms")
Pair = tuple[str, str, str, str]  # subject, currency, old, new


@dataclass(slots=True)
class Sum:
    """How many decisions, and their money in minor units of one currency."""

    decisions: int = 0
    amount: int = 0
    unsecured: int = 0

    def add(self, amount: int, unsecured: int) -> None:
        """Count one more."""
        self.decisions += 1
        self.amount += amount
        self.unsecured += unsecured


@dataclass(slots=True)
class Report:
    """The sums of a run as they grow."""

    decisions: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    first: date | None = None
    last: date | None = None
    _pairs: dict[str, dict[Pair, Sum]] = field(default_factory=lambda: {part: {} for part in PARTS})
    _missing: Counter[str] = field(default_factory=Counter)
    _open: Counter[str] = field(default_factory=Counter)
    _with_missing: int = 0
    _moved: int = 0
    _as_recorded: int = 0
    _examples: dict[tuple[str, str, str], list[tuple[int, int, Compared]]] = field(default_factory=dict)
    _places: Iterator[int] = field(default_factory=lambda: count(0, -1))  # of orders alike the first is shown

    def add(self, one: Compared | str) -> None:
        """Count one decision, or why it could not be decided again."""
        self.decisions += 1
        if isinstance(one, str):
            self.left_out[one] += 1
            return
        stored = one.kept.decision
        self.first, self.last = self.first or stored.as_of, stored.as_of
        for part in PARTS:
            pair = (one.kept.subject, one.currency, _said(getattr(one.old, part)), _said(getattr(one.new, part)))
            self._pairs[part].setdefault(pair, Sum()).add(stored.order.amount, stored.order.unsecured_amount)
        self._missing.update(one.lacking)
        left_open = set(one.lacking).intersection(one.new.missing)
        self._open.update(left_open)
        self._with_missing += bool(left_open)
        self._moved += bool(one.new.moved)
        self._as_recorded += one.new.as_recorded
        if one.old.verdict != one.new.verdict:
            self._keep_example(one)

    def _keep_example(self, one: Compared) -> None:
        kept = self._examples.setdefault((one.currency, one.old.verdict, one.new.verdict), [])
        heapq.heappush(kept, (one.kept.decision.order.amount, next(self._places), one))
        if len(kept) > EXAMPLES:
            heapq.heappop(kept)

    def as_dict(self) -> dict[str, Any]:
        """The report for machines and for the record."""
        verdicts = self._pairs["verdict"]
        left = {reason: self.left_out[reason] for reason in LEFT_OUT if self.left_out[reason]}
        return {
            "decisions": self.decisions, "simulated": self.decisions - sum(left.values()), "left_out": left,
            "from": None if self.first is None else self.first.isoformat(),
            "to": None if self.last is None else self.last.isoformat(),
            "changed": sum(found.decisions for pair, found in verdicts.items() if pair[2] != pair[3]),
            "approved": _approved(verdicts),
            "verdicts": _told(verdicts), "tiers": _told(self._pairs["tier"]), "terms": _told(self._pairs["terms"]),
            "missing": {"decisions": self._with_missing, "facts": [
                {"fact": name, "decisions": number, "left_open": self._open[name]}
                for name, number in sorted(self._missing.most_common(MOST_MISSING), key=lambda one: (-one[1], one[0]))
            ]},
            "carried": {"exposure_moved": self._moved, "as_recorded": self._as_recorded},
            "examples": [_example(one) for one in self._largest()],
        }  # fmt: skip

    def _largest(self) -> Iterator[Compared]:
        for key in sorted(self._examples, key=lambda key: (key[0], *map(VERDICTS.index, key[1:]))):
            yield from (one for *_, one in sorted(self._examples[key], key=lambda each: each[:2], reverse=True))


def _said(value: str | None) -> str:
    return "none" if value is None else value


def _rank(word: str) -> tuple[int, str]:
    return (VERDICTS.index(word) if word in VERDICTS else len(VERDICTS), word)


def _told(pairs: dict[Pair, Sum]) -> list[dict[str, Any]]:
    """The sums in one order, whatever the order of the book."""
    ordered = sorted(pairs, key=lambda pair: (pair[0], pair[1], _rank(pair[2]), _rank(pair[3])))
    return [{"subject": subject, "currency": currency, "old": old, "new": new, "decisions": pairs[pair].decisions,
             "amount": decimal_text(pairs[pair].amount, currency),
             "unsecured": decimal_text(pairs[pair].unsecured, currency)}
            for pair in ordered for subject, currency, old, new in (pair,)]  # fmt: skip


def _approved(pairs: dict[Pair, Sum]) -> list[dict[str, Any]]:
    """What is approved under either, by subject and currency."""
    found: dict[tuple[str, str], tuple[Sum, Sum]] = {}
    for (subject, currency, *verdicts), money in pairs.items():
        for total, verdict in zip(found.setdefault((subject, currency), (Sum(), Sum())), verdicts, strict=True):
            if verdict in APPROVED:
                total.decisions += money.decisions
                total.amount += money.amount
                total.unsecured += money.unsecured
    return [{"subject": subject, "currency": currency,
             **{side: {"decisions": one.decisions, "amount": decimal_text(one.amount, currency),
                       "unsecured": decimal_text(one.unsecured, currency)}
                for side, one in zip(("old", "new"), both, strict=True)}}
            for (subject, currency), both in sorted(found.items())]  # fmt: skip


def _example(one: Compared) -> dict[str, Any]:
    stored = one.kept.decision
    return {
        "decision_id": stored.decision_id, "customer_id": stored.customer_id, "order_id": stored.order.order_id,
        "subject": one.kept.subject, "as_of": stored.as_of.isoformat(), "currency": one.currency,
        "amount": decimal_text(stored.order.amount, one.currency),
        "unsecured": decimal_text(stored.order.unsecured_amount, one.currency),
        "exposure_moved": decimal_text(one.new.moved, one.currency),
        "old": _side(one.old, one, 0), "new": _side(one.new, one, 1),
    }  # fmt: skip


def _side(answer: Answer, one: Compared, which: int) -> dict[str, Any]:
    return {"verdict": answer.verdict, "tier": answer.tier, "terms": answer.terms, "missing": list(answer.missing),
            "reasons": reasons_of(answer, one.kept, one.programs[which])}  # fmt: skip
