"""Which row of an old list is which row of the new one: by meaning, by name, by condition, and last by what it gives.

A row that is found again further up or down was moved; one that is not found was taken out, or is new.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from policy.nodes import Mapping, Node
from policy.sameness import sense, written

NAMED_BY = ("check", "tier", "step", "exception", "name", "base", "state", "charge", "fee", "from", "until")
CONDITIONS = ("when", "otherwise", "for")
Key = Callable[[Node], Hashable | None]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows by their places from 0: those found again, those no longer there, those that are new, and those moved."""

    kept: tuple[tuple[int, int], ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]
    moved: frozenset[tuple[int, int]]


def paired(old: Sequence[Node], new: Sequence[Node]) -> Pairs:
    """Each old row with the new row that it became."""
    left, right = list(range(len(old))), list(range(len(new)))
    kept: list[tuple[int, int]] = []
    keys: tuple[Key, ...] = (sense, _name, _condition, _cells)
    for key in keys:
        waiting: dict[Hashable, list[int]] = {}
        for place in right:
            if (found := key(new[place])) is not None:
                waiting.setdefault(found, []).append(place)
        for place in tuple(left):
            partners = waiting.get(key(old[place]), [])
            if partners:
                kept.append((place, partners.pop(0)))
                left.remove(place)
                right.remove(kept[-1][1])
    kept.sort()
    return Pairs(tuple(kept), tuple(left), tuple(right), frozenset(kept) - _in_order(kept))


def named(row: Node) -> str:
    """How people call a row: by its name, else by its condition."""
    if not isinstance(row, Mapping):
        return written(row)
    for key in NAMED_BY:
        if (value := row.get(key)) is not None:
            return written(value) if key not in ("from", "until") else f"{key} {written(value)}"
    if row.get("otherwise") is not None:
        return "otherwise"
    when = row.get("when")
    return written(row) if when is None else written(when).strip("[]")


def _name(row: Node) -> Hashable | None:
    if not isinstance(row, Mapping):
        return None
    found = [(key, written(value), _scope(row)) for key in NAMED_BY if (value := row.get(key)) is not None]
    return found[0] if found else None


def _scope(row: Mapping) -> str:
    scope = row.get("for")
    return "" if scope is None else written(scope)


def _condition(row: Node) -> Hashable | None:
    if not isinstance(row, Mapping):
        return None
    found = frozenset((key, sense(value)) for key in CONDITIONS if (value := row.get(key)) is not None)
    return found or None


def _cells(row: Node) -> Hashable | None:
    if not isinstance(row, Mapping):
        return None
    return frozenset((key.text, sense(value)) for key, value in row.entries if key.text not in CONDITIONS) or None


def _in_order(kept: Sequence[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """The longest stretch of pairs that stand in the same order as before."""
    ends: list[int] = []
    best: list[list[tuple[int, int]]] = []
    for pair in kept:
        place = bisect_left(ends, pair[1])
        chain = [*(best[place - 1] if place else []), pair]
        ends[place : place + 1], best[place : place + 1] = [pair[1]], [chain]
    return frozenset(best[-1] if best else ())
