"""Example orders: facts that lie in a box of the grid, as a test of the policy would give them.

A formula is led back to its facts by undoing it step by step; the outcome is calculated forward again, and an example
that does not lie where it should is not shown at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import chain, islice

from policy.analysis.axes import FREE, WHOLE, Axis
from policy.analysis.boxes import Box, bits
from policy.kinds import COUNT_MAX, MONEY_MAX, NO_LIMIT, UNLIMITED, Value, plain
from policy.numbers import float_free
from policy.program import Calc, Compare, Const, Fact, First, In, Logic, Node, Program, Round

Facts = dict[str, Value]
Number = int | Fraction
Together = Callable[[Mapping[str, Value]], bool]  # whether facts can be those of one order
TRIED = 6  # cells of one axis that are tried
ORDERS = 60  # orders of a box that are tried
PLAIN_DAY = date(2026, 1, 31).toordinal()  # for dates that may be any day
PLAIN_AMOUNT = 1_000  # in whole units, for what is never nothing
MONEY = ("money", "limit")
LAST_DAY = date.max.toordinal()
_FORWARD: dict[str, Callable[..., Number]] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b, "negate": lambda a: -a,
    "min": min, "max": max, "abs": abs, "days_between": lambda a, b: a - b, "add_days": lambda a, b: a + b,
}  # fmt: skip


def order_in(program: Program, axes: list[Axis], box: Box, together: Together = lambda facts: True) -> Facts | None:
    """Facts of an order inside a box; None where none was found.

    One whose facts can be those of one order, where one is found; else one that is only inside the box.
    """
    simple = [number for number in box if _is_free(axes[number].node) and axes[number].key[1] < 0]
    harder = [number for number in box if number not in simple]
    first: Facts | None = None
    for found in islice(_orders(program, axes, [(number, box[number]) for number in simple + harder], {}), ORDERS):
        sound = all(_can_be(program, name, value) for name, value in found.items())
        if sound and lies(program, axes, box, found):
            if together(found):
                return found
            first = first or found
    return first


def _orders(program: Program, axes: list[Axis], left: list[tuple[int, int]], facts: Facts) -> Iterator[Facts]:
    """Facts that lie in the cells of every axis, the plainest first."""
    if not left:
        yield facts
        return
    (number, cells), *rest = left
    for cell in _cells(axes[number], cells):
        found = _settle(program, axes[number], cell, facts)
        if found is not None:
            yield from _orders(program, axes, rest, found)


def _can_be(program: Program, name: str, value: Value) -> bool:
    """Whether a fact may have the value at all."""
    kind, declared = kind_of(program, name), program.facts.get(name)
    if isinstance(value, (str, tuple)) or (kind == "limit" and value == UNLIMITED):
        return True
    if declared is not None and declared.scale:
        return bool(declared.grade(value))
    if declared is not None and declared.least is not None and Fraction(value) < declared.least:
        return False
    most = MONEY_MAX if kind in MONEY else COUNT_MAX
    size = Fraction(value)
    return 0 < size <= LAST_DAY if kind == "date" else -most <= size <= most


def lies(program: Program, axes: list[Axis], box: Box, facts: Facts) -> bool:
    """Whether facts lie inside a box."""
    return all(_lies(program, axes[number], box[number], facts) for number in box)


def _is_free(node: Node) -> bool:
    return isinstance(node, Fact) and node.scope in FREE


def _cells(axis: Axis, cells: int) -> Iterator[int]:
    """Cells to try: thresholds first, for officers know them, then what lies between."""
    edges = cells & axis.edges
    return islice(chain(bits(edges), bits(cells & ~edges)), TRIED)


def _settle(program: Program, axis: Axis, cell: int, facts: Facts) -> Facts | None:
    """The facts with one more axis in a cell; None where that fails. A missing fact is left out."""
    if axis.missing == 1 << cell:
        return dict(facts) if _is_free(axis.node) else None
    if axis.key[1] >= 0:
        return _compared(program, axis, cell, facts)
    value = axis.sample(cell)
    if isinstance(axis.node, Fact) and axis.node.scope in program.tables:
        return dict(facts) if axis.node.scope == "tiers" else None  # the tier follows from the other axes
    return None if value is None else _lead(program.nodes, axis.key[0], value, facts)


def _compared(program: Program, axis: Axis, cell: int, facts: Facts) -> Facts | None:
    """Two formulas that stand to each other as the cell says: the second is made known, the first led there."""
    for known, other, sign in ((axis.key[1], axis.key[0], cell - 1), (axis.key[0], axis.key[1], 1 - cell)):
        filled = dict(facts)
        value = _fill(program.nodes, known, filled)
        if isinstance(value, (int, Fraction)):
            found = _lead(program.nodes, other, plain(Fraction(value + sign)), filled)
            if found is not None:
                return found
    return None


def _lies(program: Program, axis: Axis, cells: int, facts: Facts) -> bool:
    if isinstance(axis.node, Fact) and axis.node.scope in program.tables:
        return True
    if axis.key[1] >= 0:
        left, right = (value_of(program.nodes, index, facts) for index in axis.key)
        if left is None or right is None:
            return bool(cells & axis.missing)
        if not isinstance(left, (int, Fraction)) or not isinstance(right, (int, Fraction)):
            return False
        return bool(cells >> ((left > right) - (left < right) + 1) & 1)
    value = value_of(program.nodes, axis.key[0], facts)
    if value is None:
        return bool(cells & axis.missing)
    return bool(axis.cell_of(value) & cells) if value != "other" else bool(cells)


def completed(program: Program, axes: list[Axis], box: Box, facts: Facts, condition: int) -> Facts:
    """The facts with a plain value for each other fact that a condition reads, so that it is known whether it holds.

    A fact that is missing on purpose stays so. Empty where that cannot be made sure.
    """
    absent = {axes[number].node for number, cells in box.items() if axes[number].missing & cells}
    found = dict(facts)
    for node in _facts_under(program, condition):
        if node.scope.startswith("settings."):
            return {}  # the day decides whether it has a value at all: no example rather than a wrong one
        value = _plain_value(program, node) if node.scope in FREE else None
        if node not in absent and value is not None:
            found.setdefault(node.name, value)
    return found


def _plain_value(program: Program, node: Fact) -> Value | None:
    declared = program.facts.get(node.name)
    words = {"choice": declared.choices if declared is not None else (), "text": ("other",), "terms": program.terms}
    if node.kind in words:
        return next(iter(words[node.kind]), None)
    if declared is not None and declared.scale:
        return 1
    if declared is not None and declared.least:
        return PLAIN_AMOUNT * 10**program.minor_digits if node.kind == "money" else declared.least
    return False if node.kind == "flag" else PLAIN_DAY if node.kind == "date" else 0


def _facts_under(program: Program, index: int) -> Iterator[Fact]:
    node = program.nodes[index]
    below: tuple[int, ...] = ()
    match node:
        case Fact() if node.scope in FREE:
            yield node
        case Fact() if node.scope in program.tables:
            yield node
            table = program.nodes[program.tables[node.scope]]
            assert isinstance(table, First)
            below = tuple(one for row in table.rows for one in (row.condition, *row.outputs))
        case Calc() | Logic():
            below = node.args
        case Compare():
            below = (node.left, node.right)
        case In() | Round():
            below = (node.arg,)
    for one in below:
        yield from _facts_under(program, one)


def value_of(nodes: tuple[Node, ...], index: int, facts: Facts) -> Value | None:
    """What a formula gives for these facts; None where that is missing or not worked out here."""
    node = nodes[index]
    match node:
        case Const():
            return node.value
        case Fact():
            return facts.get(node.name) if node.scope in FREE else None
        case Calc():
            args = [value_of(nodes, arg, facts) for arg in node.args]
            if any(not isinstance(arg, (int, Fraction)) for arg in args):
                return None
            if node.op == "divide":
                return plain(Fraction(args[0]) / Fraction(args[1])) if args[1] else None  # type: ignore[arg-type]
            work = _FORWARD.get(node.op)
            return None if work is None else plain(Fraction(work(*args)))
    return None


def _fill(nodes: tuple[Node, ...], index: int, facts: Facts, value: int = 0) -> Value | None:
    """The value of a formula, with each fact that is not known yet set to a plain value."""
    node = nodes[index]
    if isinstance(node, Fact) and node.scope in FREE:
        facts.setdefault(node.name, PLAIN_DAY if node.kind == "date" else value)
    elif isinstance(node, Calc):
        for arg in node.args:
            _fill(nodes, arg, facts, value)
    return value_of(nodes, index, facts)


def _lead(nodes: tuple[Node, ...], index: int, value: Value, facts: Facts) -> Facts | None:
    """Facts that make a formula give a value."""
    node = nodes[index]
    match node:
        case Const():
            return facts if node.value == value else None
        case Fact() if node.scope in FREE:
            if node.name in facts:
                return facts if facts[node.name] == value else None
            whole = node.kind not in WHOLE or isinstance(value, int)
            return {**facts, node.name: value} if whole else None
        case Calc() if isinstance(value, (int, Fraction)):
            for place in reversed(range(len(node.args))):
                found = _undo(nodes, node, place, value, dict(facts))
                if found is not None:
                    return found
    return None


def _undo(nodes: tuple[Node, ...], node: Calc, place: int, value: Number, facts: Facts) -> Facts | None:
    """Lead one argument of a formula to where the whole gives a value, the others made known first."""
    if node.op == "divide":
        if place == 1:
            return None
        bottom = _lead(nodes, node.args[1], Fraction(value).denominator, facts)
        return None if bottom is None else _lead(nodes, node.args[0], Fraction(value).numerator, bottom)
    beside = [arg for at, arg in enumerate(node.args) if at != place]
    if node.op in ("min", "max"):
        others = [_lead_other(nodes, arg, value, facts) for arg in beside]
    else:
        others = [_fill(nodes, arg, facts, 1 if node.op == "multiply" else 0) for arg in beside]
    if any(not isinstance(other, (int, Fraction)) for other in others):
        return None
    first = others[0] if others else 0
    assert isinstance(first, (int, Fraction))
    match node.op:
        case "add" | "add_days":
            wanted: Number | None = value - first
        case "subtract" | "days_between":
            wanted = value + first if place == 0 else first - value
        case "multiply":
            wanted = Fraction(value) / first if first else None
        case "negate":
            wanted = -value
        case "min" | "max" | "abs":
            wanted = value
        case _:
            wanted = None
    return None if wanted is None else _lead(nodes, node.args[place], plain(Fraction(wanted)), facts)


def _lead_other(nodes: tuple[Node, ...], index: int, value: Number, facts: Facts) -> Value | None:
    """The other side of a lowest or highest: led to the same value where its facts are free, else as it is."""
    found = _lead(nodes, index, value, facts)
    facts.update(found or {})
    return _fill(nodes, index, facts)


def shown(program: Program, facts: Facts) -> tuple[tuple[str, str], ...]:
    """An order as a test gives it, fact by fact."""
    return tuple((name, fact_text(program, name, value)) for name, value in sorted(facts.items()))


def fact_text(program: Program, name: str, value: Value) -> str:
    """The value of a fact or figure as a test gives it; a rating by its word."""
    declared = program.facts.get(name)
    return (declared.grade(value) if declared else "") or text_of(program, kind_of(program, name), value)


def kind_of(program: Program, name: str) -> str:
    """The kind of a fact or figure."""
    declared = program.facts.get(name)
    if declared is not None:
        return declared.kind
    return next((figure.kind for figure in program.figures if figure.name == name), "")


def text_of(program: Program, kind: str, value: Value) -> str:
    """A value as it is written in a policy."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, tuple)):
        return str(value)
    if kind == "limit" and value in (NO_LIMIT, UNLIMITED):
        return "none" if value == NO_LIMIT else "unlimited"
    if kind == "date":
        return date.fromordinal(int(value)).isoformat()
    if kind in ("money", "limit"):
        return float_free(Fraction(value, 10**program.minor_digits))
    if kind == "percent":
        return f"{float_free(Fraction(value) * 100)}%"
    return float_free(Fraction(value))
