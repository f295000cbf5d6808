"""Value tables: for every value of the subject exactly one cell fits, shown with an example where it does not.

Constant tests cut the subject's values into stretches; one value of each stretch, and each edge, is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import floor

from policy.document import Cell
from policy.kinds import Value
from policy.syntax import Block, Comparison, Condition, Expr, Interval, Membership

Read = Callable[[Expr], Value | None]
_COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "is": lambda a, b: a == b, "is_not": lambda a, b: a != b,
    "or_better": lambda a, b: a <= b, "or_worse": lambda a, b: a >= b, "better_than": lambda a, b: a < b,
    "worse_than": lambda a, b: a > b,  # of ranks, 1 the best
}  # fmt: skip


def misfits(
    cells: Iterable[Cell], read: Read, choices: tuple[Value, ...], whole: bool = False
) -> list[tuple[Value, list[Cell]]]:
    """Values that no cell fits, or more than one, each with the cells that do; `read` gives the value of a constant.

    `whole` says that the subject is never a fraction of a day, a point or a cent, so none is tried.
    """
    cells = list(cells)
    constants = [value for cell in cells for value in _constants(cell.test, read)]
    found = []
    for value in choices or _candidates(constants, whole):
        fitting = [cell for cell in cells if _fits(cell.test, value, read)]
        if len(fitting) != 1:
            found.append((value, fitting))
    return found


def _candidates(constants: list[Value], whole: bool) -> list[Value]:
    """Every edge, a value between each two, and one beyond either end; words stand for themselves."""
    words = [value for value in constants if isinstance(value, (str, bool))]
    numbers = (value for value in constants if isinstance(value, (int, Fraction)) and not isinstance(value, bool))
    edges = sorted({Fraction(value) for value in numbers})
    if not edges:
        return list(dict.fromkeys(words))
    between = [(low + high) / 2 for low, high in zip(edges, edges[1:], strict=False)]
    if whole:
        between = [Fraction(floor(value)) for value in between if floor(value) not in edges]
    return [edges[0] - 1, *edges, *between, edges[-1] + 1]


def _parts(test: Condition) -> Iterable[Condition]:
    return [part for item in test.items for part in _parts(item)] if isinstance(test, Block) else [test]


def _constants(test: Condition, read: Read) -> list[Value]:
    found: list[Value | None] = []
    for part in _parts(test):
        if isinstance(part, Comparison):
            found.append(read(part.right))
        elif isinstance(part, Membership):
            for item in part.items:
                ends = (item.low, item.high) if isinstance(item, Interval) else (item,)
                found += [read(end) for end in ends if end is not None]
    return [value for value in found if value is not None]


def _fits(test: Condition, value: Value, read: Read) -> bool:
    match test:
        case Block(op="any"):
            return any(_fits(item, value, read) for item in test.items)
        case Block(op="not"):
            return not _fits(test.items[0], value, read)
        case Block():
            return all(_fits(item, value, read) for item in test.items)
        case Comparison():
            wanted = read(test.right)
            return wanted is not None and _COMPARE[test.op](value, wanted)  # type: ignore[arg-type]
        case Membership():
            inside = any(_inside(item, value, read) for item in test.items)
            return inside is not test.negated
    return False


def _inside(item: Expr | Interval, value: Value, read: Read) -> bool:
    if not isinstance(item, Interval):
        return read(item) == value
    low = None if item.low is None else read(item.low)
    high = None if item.high is None else read(item.high)
    above = low is None or _COMPARE[">=" if item.low_closed else ">"](value, low)  # type: ignore[arg-type]
    return above and (high is None or _COMPARE["<=" if item.high_closed else "<"](value, high))  # type: ignore[arg-type]
