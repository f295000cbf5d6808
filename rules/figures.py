"""Figures over lists: `count of invoices where ...`, computed from the rows before a Program runs.

Engines never loop; they read a figure as a fact. The `where` lines are Program nodes and run by the reference engine.
Source: docs/decisions/0003-figures-are-computed-in-rules.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

from policy.kinds import Value, plain
from policy.program import DayWindow, Fact, Figure, First, Program
from policy.streaks import IN_A_ROW, STREAKS
from rules.arithmetic import add_months
from rules.memo import Memo
from rules.outcome import Missing
from rules.reference import Evaluation
from rules.streaks import Stretch, in_a_row, stretches

Item = Mapping[str, Value | None]
Remembered = tuple[Memo, str] | None
BESIDE = ("share", "every", *STREAKS)  # figures that also look at the items which do not fit


class CutOff(tuple[Item, ...]):
    """The newest items of a list that was not read to its end; on the days in `unread` there may be others.

    INVARIANT: a figure to which any item of those days could be something is missing, never a smaller number.
    """

    field: str
    unread: tuple[int, ...]

    @classmethod
    def of(cls, items: Iterable[Item], field: str, unread: Iterable[int]) -> CutOff:
        """The items that were read; `field` is the one that holds their day."""
        made = cls(items)
        made.field, made.unread = field, tuple(unread)
        return made


@dataclass(frozen=True, slots=True)
class Judged:
    """One item of the days that a figure looks at: whether it fits, and the field that is read (1: the whole item)."""

    fits: bool
    amount: Any
    item: Item


def with_figures(
    program: Program, facts: Mapping[str, Any], lists: Mapping[str, Sequence[Item]], memo: Memo | None = None
) -> dict[str, Any]:
    """The facts and every figure that is not already given; a list that is not there makes its figures missing.

    A list that the request brought stands among the facts. Items that were judged before are not judged again.
    """
    found: dict[str, Any] = dict(facts)
    for figure in program.figures:
        if figure.name not in facts:
            items = lists.get(figure.list_name, facts.get(figure.list_name))
            found[figure.name] = (
                Missing(frozenset({figure.list_name})) if items is None
                else compute(figure, found, items, None if memo is None else (memo, program.digest))
            )
    return found


def compute(figure: Figure, facts: Mapping[str, Any], items: Sequence[Item], known: Remembered = None) -> Any:
    """One figure; an item whose `where` or field is missing makes all of it missing, never dropped silently."""
    if isinstance(items, CutOff) and not _looks_past(figure, facts, items, known):
        return Missing(frozenset({figure.list_name}))
    judged = judge_all(figure, facts, items, known)
    return judged if isinstance(judged, Missing) else figure_of_judged(figure, facts, judged)


def figure_of_judged(figure: Figure, facts: Mapping[str, Any], judged: Sequence[Judged]) -> Any:
    """One figure from its items, once each of them is judged."""
    if figure.word in STREAKS:
        return len(streak_of(figure, facts, judged))
    amounts = [one.amount for one in judged if one.fits]
    if not amounts and figure.word in ("largest", "smallest", "average"):
        return figure.if_none[0] if figure.if_none else Missing(frozenset({f"no_item:{figure.list_name}"}))
    if figure.word == "share":
        return _share(sum(amounts), sum(one.amount for one in judged)) if judged else 0
    if figure.word == "every":
        return len(amounts) == len(judged)
    return _FROM[figure.word](amounts)


def judge_all(
    figure: Figure, facts: Mapping[str, Any], items: Sequence[Item], known: Remembered = None
) -> list[Judged] | Missing:
    """The items that are something to a figure; missing as soon as one cannot be judged.

    `known` is a customer's memo and the policy's digest: what the same facts said of an item is not asked again.
    """
    ask = partial(judge, figure, facts)
    if known is None:
        asked: Iterable[Judged | Missing | None] = map(ask, items)
    else:
        memo, digest = known
        asked = memo.of_each(figure.name, (digest, *_read_beside(figure, facts)), tuple(items), ask)
    judged = []
    for one in asked:
        if isinstance(one, Missing):
            return one
        if one is not None:
            judged.append(one)
    return judged


def _looks_past(figure: Figure, facts: Mapping[str, Any], items: CutOff, known: Remembered) -> bool:
    """Whether no item of the days that were not read could be anything to a figure, whatever it is worth."""
    unknown = dict.fromkeys(items[0] if items else ())

    def ask() -> bool:
        return all(judge(figure, facts, unknown | {items.field: day}) is None for day in items.unread)

    if known is None:
        return ask()
    memo, digest = known
    return memo.of(f"{figure.name}, unread", (digest, items.unread, *_read_beside(figure, facts)), ask)


def _read_beside(figure: Figure, facts: Mapping[str, Any]) -> Iterator[Any]:
    """Everything but the item itself that a figure's lines and days read."""
    for node in figure.nodes:
        if isinstance(node, Fact) and node.scope != "item":
            yield facts.get(node.name)
    if figure.window is not None:
        yield facts.get("as_of")
        yield facts.get(figure.window.since) if figure.window.since else None


def streak_of(figure: Figure, facts: Mapping[str, Any], judged: Sequence[Judged]) -> list[Stretch]:
    """The months or quarters in a row that a streak counts, the latest first; items need a day to be judged."""
    if not judged:
        return []
    assert figure.window is not None
    days: list[Any] = [one.item[figure.window.field] for one in judged]
    dated = [(day, one.fits) for day, one in zip(days, judged, strict=True)]
    return in_a_row(figure, facts["as_of"], stretches(figure, facts["as_of"], dated))


def judge(figure: Figure, facts: Mapping[str, Any], item: Item) -> Judged | Missing | None:
    """What an item is to a figure; None outside of its days, or where it does not fit and nobody looks at it."""
    tables = {node.name: index for index, node in enumerate(figure.nodes) if isinstance(node, First)}
    evaluation = Evaluation(figure.nodes, tables, facts)
    evaluation.item = item
    inside, fits = _inside(figure, facts, item), evaluation.value(figure.where)
    beside = figure.word in BESIDE
    if inside is False or (fits is False and not beside):
        return None
    unknown = [truth for truth in (inside, fits) if isinstance(truth, Missing)]
    if unknown:
        return _of(figure, Missing(frozenset().union(*(one.reasons for one in unknown))))
    amount = 1 if figure.field < 0 else evaluation.value(figure.field)
    return _of(figure, amount) if isinstance(amount, Missing) else Judged(fits, amount, item)


def _inside(figure: Figure, facts: Mapping[str, Any], item: Item) -> bool | Missing:
    """Whether an item lies in the days that a figure looks at."""
    window = figure.window
    if window is None:
        return True
    read: dict[str, Any] = {window.field: item.get(window.field), "as_of": facts.get("as_of")}
    if window.since:
        read[window.since] = facts.get(window.since)
    lacking = frozenset(name for name, value in read.items() if not isinstance(value, int))
    if lacking:
        return Missing(lacking)
    day, today = read[window.field], read["as_of"]
    first, last = (read[window.since], today) if window.since else days_of(window, today)
    return bool(first <= day <= last)


def days_of(window: DayWindow, today: int) -> tuple[int, int]:
    """The first and last day of a window, as ordinal day numbers."""
    if window.unit == "days":
        return today - window.size + 1, today
    if window.unit == "months":
        return add_months(today, -window.size) + 1, today
    now = date.fromordinal(today)
    begin = now.replace(month=(now.month - 1) // window.size * window.size + 1, day=1).toordinal()
    if window.unit == IN_A_ROW:
        return date.min.toordinal(), begin - 1
    return add_months(begin, -window.size), begin - 1


def _share(part: Any, whole: Any) -> Any:
    """A part of the whole; of nothing, or less, there is no share."""
    return plain(Fraction(part, whole)) if whole > 0 else Missing(frozenset({"zero_divisor"}))


_FROM: dict[str, Callable[[list[Any]], Any]] = {
    "count": len, "sum": sum, "largest": max, "smallest": min, "any": bool,
    "average": lambda amounts: plain(Fraction(sum(amounts), len(amounts))),
}  # fmt: skip


def _of(figure: Figure, missing: Missing) -> Missing:
    """Reasons that are fields of an item named with their list."""
    fields = {node.name for node in figure.nodes if isinstance(node, Fact) and node.scope == "item"}
    fields |= {figure.window.field} if figure.window is not None else set()
    return Missing(frozenset(f"{figure.list_name}.{reason}" if reason in fields else reason
                             for reason in missing.reasons))  # fmt: skip
