"""Figures over lists to little programs of their own, and the nodes that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.kinds import Value
from policy.meaning import Referent, figure_of
from policy.program import Calc, Const, DayWindow, Fact, Figure, Logic
from policy.streaks import is_streak, kind_of
from policy.syntax import DateLiteral, Expr

if TYPE_CHECKING:
    from policy.lower import Lowering


def add_figure(low: Lowering, name: str) -> None:
    """A figure over a list: a little program of its own, behind the figures that it reads itlow."""
    if any(figure.name == name for figure in low.figures):
        return
    figure = figure_of(low.checked.names.lets[name])
    assert figure is not None
    inner = type(low)(low.checked)
    inner.figures = low.figures
    where = inner.add(Logic("and", tuple(inner.condition(line) for line in figure.where)))
    listing = low.checked.vocabulary.lists[figure.list_name]
    read, kind = -1, "count" if figure.word == "count" else "flag"
    kind = kind_of(figure) if is_streak(figure) else kind
    if figure.field:
        kind = listing.fields[figure.field].kind
        read = inner.add(Fact(figure.field, kind, "item"))
    kind = "percent" if figure.word == "share" else kind
    window = None
    if figure.window is not None and figure.window.unit != "ever":
        since = figure.window.since
        window = DayWindow(figure.window.unit, figure.window.size, listing.dated_by, since.text if since else "")
        inner.fact_if_known("as_of")
        if since is not None:
            inner.formula(since)
    if_none = () if figure.if_none is None else (_plain(low, figure.if_none),)
    low.facts.update(inner.facts)
    if (declared := low.checked.names.facts.get(listing.name)) is not None:
        low.facts[listing.name] = declared
    nodes = tuple(inner.nodes)
    low.figures.append(Figure(name, figure.word, listing.name, nodes, where, read, kind, window, if_none,
                              figure.empty_breaks))  # fmt: skip


def _plain(low: Lowering, expr: Expr) -> Value:
    """The value of a written number or date."""
    return expr.day if isinstance(expr, DateLiteral) else low.checked.meanings.numbers[expr]  # type: ignore[index]


def read_figure(low: Lowering, referent: Referent) -> int:
    """The node that reads a figure; an average may be a fraction, so it is a ratio of one unit of its kind."""
    add_figure(low, referent.name)
    figure = figure_of(low.checked.names.lets[referent.name])
    kind = referent.sort.kind
    if figure is None or figure.word != "average" or kind in ("percent", "ratio"):
        return low.add(Fact(referent.name, kind, "figure"))
    exact = low.add(Fact(referent.name, "ratio", "figure"))
    return low.labelled(low.add(Calc("multiply", (exact, low.add(Const(kind, 1))), kind)), referent.name)
