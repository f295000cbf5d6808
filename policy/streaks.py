"""Streaks, `months in a row with any payment where days_late > 0`: how far back one month after the other was alike.

A streak is a figure over a list that looks at closed calendar months, from the last full one backwards. Officers say
"any payment" of the list `payments`, so a list may stand here in the singular too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from policy.document import Let, Policy
from policy.line_slips import Slip
from policy.problems import Where
from policy.syntax import FigureOf, Window
from policy.vocabulary import ListDeclaration, Vocabulary

IN_A_ROW = "in_a_row"  # the unit of a streak's window; its size is that of one stretch, in months
STREAKS = ("any_in_a_row", "every_in_a_row")  # words of figures: what an item of each stretch must be
MONTHS = {"months": 1, "quarters": 3}


def is_streak(figure: FigureOf) -> bool:
    """Whether a figure counts months or quarters in a row."""
    return figure.word in STREAKS


def kind_of(figure: FigureOf) -> str:
    """Months in a row are months; there is no kind for quarters, so these are counted."""
    return "months" if figure.window is not None and figure.window.size == 1 else "count"


def streak(words: Any, name: Any, breaks: Any, at: Where) -> FigureOf:
    """The figure of `months in a row with any LIST`, still without its lines. Raises: Slip."""
    unit, quantifier = words.split()[0], words.split()[-1]
    list_name, _, field = str(name).partition(".")
    if field:
        help = f"write with {quantifier} {list_name}"
        raise Slip("expression", name.start_pos, "a streak asks about whole items", help)
    if breaks is not None and unit not in breaks.split():
        raise Slip("expression", breaks.start_pos, f"this streak counts {unit}", f"write ', empty {unit} break'")
    window = Window(IN_A_ROW, MONTHS[unit], at)
    return FigureOf(f"{quantifier}_in_a_row", list_name, "", (), at, window, None, breaks is not None)


def with_list_names(policy: Policy, vocabulary: Vocabulary) -> Policy:
    """The policy with the lists of its streaks by their own names: `payment` is one of `payments`."""
    return replace(policy, lets=tuple(_named(let, vocabulary.lists) for let in policy.lets))


def _named(let: Let, lists: Mapping[str, ListDeclaration]) -> Let:
    figure = let.formula
    if not isinstance(figure, FigureOf) or not is_streak(figure) or figure.list_name in lists:
        return let
    one = figure.list_name
    several = next((name for name in (f"{one}s", f"{one.removesuffix('y')}ies") if name in lists), one)
    return replace(let, formula=replace(figure, list_name=several))
