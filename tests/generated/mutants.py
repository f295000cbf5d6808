"""Faults put into the way from a document to a Program, and into the Rete engine, on purpose and by name.

Each is a context manager; what is loaded or built inside it is faulty. A comparison that misses one proves little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from policy import compile as compiling
from policy import lower, lower_figures, lower_scopes, lower_states
from policy.program import Calc, Compare, In, Logic, Node
from rules import durable, flatten, ranges, readings, stages

Mutant = Callable[[], AbstractContextManager[None]]


@contextmanager
def replaced(owner: Any, name: str, made: Callable[[Any], Any]) -> Iterator[None]:
    """The attribute (or entry of a mapping) made anew from the old one, until the end."""
    if isinstance(owner, dict):
        with patch.dict(owner, {name: made(owner[name])}):
            yield
    else:
        with patch.object(owner, name, made(getattr(owner, name))):
            yield


def nodes(change: Callable[[Node], Node]) -> Mutant:
    """A compiler that changes nodes as it adds them."""
    return partial(replaced, lower.Lowering, "add", lambda add: lambda self, node: add(self, change(node)))


def _months_as_days(node: Node) -> Node:
    return replace(node, op="add_days") if isinstance(node, Calc) and node.op == "add_months" else node


def _open_ends(node: Node) -> Node:
    if not isinstance(node, In):
        return node
    return replace(node, spans=tuple(replace(span, high_closed=not span.high_closed) for span in node.spans))


def _none_as_one(node: Node) -> Node:
    """The mark of none taken for an amount."""
    return replace(node, op="abs") if isinstance(node, Calc) and node.op == "none_as_zero" else node


def _any_as_all(node: Node) -> Node:
    return replace(node, op="and") if isinstance(node, Logic) and node.op == "or" else node


def _at_least_as_above(node: Node) -> Node:
    return replace(node, op=">") if isinstance(node, Compare) and node.op == ">=" else node


def _last_first(section: Callable[..., int]) -> Callable[..., int]:
    """Rows from the last up, `otherwise` still at the end."""
    def turned(low: Any, name: str, rows: Any) -> int:
        return section(low, name, (*rows[-2::-1], rows[-1]))
    return turned


def _one_line(known_true: Callable[..., int]) -> Callable[..., int]:
    """Of the lines that enter or end a state only the first is read."""
    return lambda low, table, lines, line: known_true(low, table, lines[:1], line)


def _without_where(figure_of: Callable[..., Any]) -> Callable[..., Any]:
    def bare(let: Any) -> Any:
        figure = figure_of(let)
        return None if figure is None else replace(figure, where=())
    return bare


COMPILER: Mapping[str, Mutant] = {
    "at_most_turned_into_below": partial(replaced, compiling.FAILS, "at_most", lambda _: ">="),
    "above_turned_into_at_least": partial(replaced, compiling.FAILS, "above", lambda _: "<"),
    "only_when_dropped": partial(replaced, compiling, "applies", lambda _: lambda low, check: -1),
    "scope_dropped": partial(replaced, lower_scopes, "scope_tests", lambda _: lambda low, scope: []),
    "wider_check_kept": partial(replaced, lower_scopes, "level_of", lambda _: lambda check: 0),
    "exceptions_forgotten": partial(replaced, compiling, "lifts", lambda _: lambda low, check: ()),
    "wider_exception_first": partial(replaced, compiling, "lifts", lambda lifts: lambda *of: lifts(*of)[::-1]),
    "rows_from_the_last": partial(replaced, compiling, "_section", _last_first),
    "months_added_as_days": nodes(_months_as_days),
    "upper_ends_turned": nodes(_open_ends),
    "any_read_as_all": nodes(_any_as_all),
    "at_least_read_as_above": nodes(_at_least_as_above),
    "where_dropped": partial(replaced, lower_figures, "figure_of", _without_where),
    "negative_divisors_kept": partial(replaced, lower.Lowering, "_positive", lambda _: lambda self, at, kind: at),
    "limits_not_rounded": partial(replaced, lower.Lowering, "whole_units", lambda _: lambda self, at: at),
    "limits_below_zero": partial(replaced, lower.Lowering, "not_below_zero", lambda _: lambda self, at, expr: at),
    "none_not_counted_as_zero": nodes(_none_as_one),
    "states_by_their_first_line": partial(replaced, lower_states, "_known_true", _one_line),
    "days_between_turned": partial(replaced, lower.Lowering, "_call", lambda call: lambda self, e: call(
        self, replace(e, args=e.args[::-1]) if e.function == "days_between" else e)),
}  # fmt: skip


def _edge_moved(compared: Callable[..., Any]) -> Callable[..., Any]:
    return lambda field, op, constant: compared(field, {"<=": "<"}.get(op, op), constant)


def _no_remainder(encode: Callable[..., int]) -> Callable[..., int]:
    """Values between two thresholds counted as the lower one."""
    def cut(field: Any, value: Any, other: Any = None) -> int:
        found = encode(field, value, other)
        return found - found % 2 if field.form == "rational" else found
    return cut


def _missing_as_zero(numbers: Callable[..., Any]) -> Callable[..., Any]:
    def daring(self: Any, facts: Any, evaluation: Any) -> Any:
        try:
            return numbers(self, facts, evaluation)
        except readings.Unsettled:
            return (0,) * len(self.names)
    return daring


def _last_row(first_boxes: Callable[..., Any]) -> Callable[..., Any]:
    """Each row of a first-match table takes the boxes of the one behind it."""
    def shifted(rows: Any) -> Any:
        kept = first_boxes(rows)
        return tuple(replace(row, boxes=after.boxes) for row, after in zip(kept, (*kept[1:], kept[-1]), strict=True))
    return shifted


def _not_forgotten(terms: Callable[..., Any]) -> Callable[..., Any]:
    def forgetful(self: Any, index: int, wanted: bool) -> Any:
        node = self.nodes[index]
        return terms(self, node.args[0] if isinstance(node, Logic) and node.op == "not" else index, wanted)
    return forgetful


def _always_asked(ask: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, facts, evaluation: (ask(self, facts, evaluation)[0], -1)


RETE: Mapping[str, Mutant] = {
    "exceptions_mixed_up": partial(replaced, flatten, "lifts_of", lambda lifts_of: lambda of: lifts_of(of)[::-1]),
    "at_most_edge_moved": partial(replaced, ranges, "compared", _edge_moved),
    "remainder_lost": partial(replaced, readings, "encode", _no_remainder),
    "missing_taken_for_zero": partial(replaced, readings.Reading, "numbers", _missing_as_zero),
    "next_row_taken": partial(replaced, flatten, "_first_boxes", _last_row),
    "not_forgotten": partial(replaced, flatten.Flattening, "_terms", _not_forgotten),
    "every_check_asked": partial(replaced, durable.Durable, "_ask", _always_asked),
    "no_otherwise": partial(replaced, stages, "_otherwise", lambda _: lambda table: stages.NO_ROW),
}
