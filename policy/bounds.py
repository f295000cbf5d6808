"""How large a formula can grow: every number an engine holds stays below 2^126, or the file says where it may not.

Each node gets a bound on its size and on its denominator, from the bounds of the kinds of its facts.
Source: the bounds of values in the meaning of the Program (docs/program.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from policy.kinds import COUNT_MAX, MONEY_MAX, UNLIMITED
from policy.program import Calc, Const, Fact, First, Node, Round

LARGEST = 2**126
Bound = tuple[int, int]  # the largest size (rounded up) and the largest denominator
_BY_KIND = {
    "money": (MONEY_MAX, 1), "limit": (UNLIMITED, 1), "ratio": (COUNT_MAX, COUNT_MAX), "percent": (10**6, 10**8),
}  # fmt: skip


def too_wide(nodes: Sequence[Node]) -> list[int]:
    """The formulas that can pass 2^126, the innermost of each only."""
    found: list[int] = []
    bounds: list[Bound] = []
    outputs = {node.name: node for node in nodes if isinstance(node, First)}
    for index, node in enumerate(nodes):
        bound = _bound(node, bounds, outputs)
        if bound[0] * bound[1] >= LARGEST:
            found.append(index)
            bound = (1, 1)
        bounds.append(bound)
    return found


def _bound(node: Node, bounds: Sequence[Bound], outputs: dict[str, First]) -> Bound:
    match node:
        case Const(value=bool() | str() | tuple() | None):
            return (1, 1)
        case Const():
            assert isinstance(node.value, (int, Fraction))
            value = Fraction(node.value)
            return (abs(value.numerator) // value.denominator + 1, value.denominator)
        case Fact() if node.scope in outputs:
            table = outputs[node.scope]
            place = table.outputs.index(node.name)
            return _widest([bounds[row.outputs[place]] for row in table.rows])
        case Fact():
            return _BY_KIND.get(node.kind, (COUNT_MAX, 1))
        case Round():
            return (bounds[node.arg][0] + 1, 1)
        case Calc():
            return _COMBINE.get(node.op, _all)([bounds[arg] for arg in node.args])
    return (1, 1)


def _widest(bounds: Sequence[Bound]) -> Bound:
    return (max(size for size, _ in bounds), max(denominator for _, denominator in bounds))


def _all(bounds: Sequence[Bound]) -> Bound:
    return _widest(bounds)


def _sum(bounds: Sequence[Bound]) -> Bound:
    (a, b), (c, d) = bounds
    return (a + c, b * d)


def _product(bounds: Sequence[Bound]) -> Bound:
    (a, b), (c, d) = bounds
    return (a * c, b * d)


def _quotient(bounds: Sequence[Bound]) -> Bound:
    (a, b), (c, d) = bounds
    return (a * d, b * c * d)


_COMBINE: dict[str, Callable[[Sequence[Bound]], Bound]] = {
    "add": _sum, "subtract": _sum, "limit_minus": _sum, "days_between": _sum, "add_days": _sum, "multiply": _product,
    "divide": _quotient, "money_over_limit": _quotient,
    "add_months": lambda bounds: (bounds[0][0] + 31 * bounds[1][0], 1),
}  # fmt: skip
