"""The items behind a figure: up to five invoices, payments or orders that made a check fail, as plain text.

Nothing is decided here. Items are shown only where they give the very figure that the check measured: a figure that was
given as a fact has no items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policy.kinds import Value
from policy.program import Figure, Program
from policy.streaks import STREAKS
from policy.vocabulary import FactDeclaration
from rules.facts import trade_vocabulary
from rules.figures import Item, Judged, figure_of_judged, judge_all, streak_of
from rules.outcome import Missing
from rules.streaks import STRETCHES, stretch_text
from rules.wording import Wording

MOST = 5
MOST_STRETCHES = 24  # months in a row: two years say enough
LISTS = Mapping[str, Sequence[Item]]
LARGEST_FIRST = ("sum", "share", "average")
Shown = tuple[Mapping[str, str], ...]


def items_behind(wording: Wording, name: str, facts: Mapping[str, Any], lists: LISTS) -> Shown:
    """The items of the figure with this name, those that weigh most first; none where it is no figure over a list."""
    figure = next((one for one in wording.program.figures if one.name == name), None)
    items = None if figure is None else lists.get(figure.list_name, facts.get(figure.list_name))
    if figure is None or items is None:
        return ()
    judged = judge_all(figure, facts, items)
    if isinstance(judged, Missing) or figure_of_judged(figure, facts, judged) != facts.get(name):
        return ()
    if figure.word in STREAKS:
        return _stretches(figure, facts, judged)
    fields = _fields(wording.program, figure)
    return tuple(_text(wording, figure, fields, one.item) for one in _chosen(figure, judged)[:MOST])


def _chosen(figure: Figure, judged: Sequence[Judged]) -> list[Judged]:
    """The items that caused the figure: those that fit, of `every` those that do not."""
    found = [one for one in judged if one.fits is (figure.word != "every")]
    if figure.word in LARGEST_FIRST:
        return sorted(found, key=lambda one: one.amount, reverse=True)
    if figure.word in ("largest", "smallest") and found:
        end = (max if figure.word == "largest" else min)(one.amount for one in found)
        return [one for one in found if one.amount == end]
    return found


def _stretches(figure: Figure, facts: Mapping[str, Any], judged: Sequence[Judged]) -> Shown:
    assert figure.window is not None
    size = figure.window.size
    return tuple(
        {"list": figure.list_name, STRETCHES[size]: stretch_text(one.number, size), "count": str(one.fitting)}
        for one in streak_of(figure, facts, judged)[:MOST_STRETCHES]
    )


def _fields(program: Program, figure: Figure) -> Mapping[str, FactDeclaration]:
    declared = program.facts.get(figure.list_name)
    own = None if declared is None else declared.listing
    return (own or trade_vocabulary().lists[figure.list_name]).fields


def _text(
    wording: Wording, figure: Figure, fields: Mapping[str, FactDeclaration], item: Mapping[str, Value | None]
) -> Mapping[str, str]:
    """The known fields of an item in their declared order."""
    shown = {name: wording.plain(item.get(name), field.kind) for name, field in fields.items()}
    return {"list": figure.list_name} | {name: text for name, text in shown.items() if text is not None}
