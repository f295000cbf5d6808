"""How large a formula can grow: every number an engine holds stays below 2^126, and amounts beside limits below
"unlimited", or the file says where they may not.

Each node gets a bound on its size, its denominator and its numerator, from the bounds of the kinds of its facts.
Source: the bounds of values in the meaning of the Program (docs/program.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from policy.kinds import COUNT_MAX, MONEY_MAX, UNLIMITED
from policy.program import Calc, Compare, Const, Fact, First, Node, Round

LARGEST = 2**126


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest size (rounded up), denominator and numerator of a value, and the largest value itself."""

    size: int
    under: int
    over: int
    top: int


def _whole(size: int) -> Bound:
    return Bound(size, 1, size, size)


ONE = _whole(1)
_BY_KIND = {
    "money": _whole(MONEY_MAX), "limit": _whole(UNLIMITED), "percent": Bound(10**3, 10**8, 10**11, 10**3),
    "ratio": Bound(COUNT_MAX, COUNT_MAX, COUNT_MAX, COUNT_MAX),
}  # fmt: skip


def too_wide(nodes: Sequence[Node]) -> dict[int, str]:
    """The formulas that can pass what engines hold, the innermost of each only: "number", or "limit" beside a limit."""
    found: dict[int, str] = {}
    bounds: list[Bound] = []
    outputs = {node.name: node for node in nodes if isinstance(node, First)}
    for index, node in enumerate(nodes):
        met = _meets_a_limit(node, nodes, outputs)
        kinds = [getattr(nodes[arg], "kind", "") for arg in met]
        large = [a for a, kind in zip(met, kinds, strict=True) if kind == "money" and bounds[a].top >= UNLIMITED]
        found |= dict.fromkeys((index for index in large if index not in found), "limit")
        bound = _bound(node, bounds, outputs)
        if max(bound.over, bound.size) >= LARGEST:
            found[index] = "number"
            bound = ONE
        bounds.append(bound)
    return found


def _meets_a_limit(node: Node, nodes: Sequence[Node], outputs: dict[str, First]) -> tuple[int, ...]:
    """What is compared with a limit, or becomes one: it may not pass the mark that stands for "unlimited"."""
    match node:
        case Compare() if "limit" in (getattr(nodes[side], "kind", "") for side in (node.left, node.right)):
            return (node.left, node.right)
        case Calc(kind="limit") if node.op != "limit_minus":
            return node.args
        case Fact(kind="limit") if node.scope in outputs:
            table = outputs[node.scope]
            return tuple(row.outputs[table.outputs.index(node.name)] for row in table.rows)
    return ()


def _bound(node: Node, bounds: Sequence[Bound], outputs: dict[str, First]) -> Bound:
    match node:
        case Const(value=bool() | str() | tuple() | None):
            return ONE
        case Const():
            assert isinstance(node.value, (int, Fraction))
            value = abs(Fraction(node.value))
            size = value.numerator // value.denominator + 1
            return Bound(size, value.denominator, value.numerator, size if node.value > 0 else 0)
        case Fact() if node.scope in outputs:
            table = outputs[node.scope]
            place = table.outputs.index(node.name)
            return _widest([bounds[row.outputs[place]] for row in table.rows])
        case Fact(scope="figure", kind="percent" | "ratio"):
            return Bound(MONEY_MAX, MONEY_MAX, MONEY_MAX, MONEY_MAX)  # a share of amounts, or an average of them
        case Fact():
            return _BY_KIND.get(node.kind, _whole(COUNT_MAX))
        case Round():
            below = bounds[node.arg]
            return Bound(below.size + 1, 1, below.size + 1, below.top + 1)
        case Calc():
            return _COMBINE.get(node.op, _widest)([bounds[arg] for arg in node.args])
    return ONE


def _widest(bounds: Sequence[Bound]) -> Bound:
    tops = [b.top for b in bounds]
    return Bound(max(b.size for b in bounds), max(b.under for b in bounds), max(b.over for b in bounds), max(tops))


def _least(bounds: Sequence[Bound]) -> Bound:
    return replace(_widest(bounds), top=min(b.top for b in bounds))


def _sum(bounds: Sequence[Bound]) -> Bound:
    a, b = bounds
    size = a.size + b.size
    return Bound(size, a.under * b.under, a.over * b.under + b.over * a.under, size)


def _product(bounds: Sequence[Bound]) -> Bound:
    a, b = bounds
    return Bound(a.size * b.size, a.under * b.under, a.over * b.over, a.size * b.size)


def _quotient(bounds: Sequence[Bound]) -> Bound:
    a, b = bounds
    return Bound(a.size * b.under, a.under * b.over, a.over * b.under, a.size * b.under)


def _months_later(bounds: Sequence[Bound]) -> Bound:
    return _whole(bounds[0].size + 31 * bounds[1].size)


_COMBINE: dict[str, Callable[[Sequence[Bound]], Bound]] = {
    "add": _sum, "subtract": _sum, "limit_minus": _sum, "days_between": _sum, "add_days": _sum, "multiply": _product,
    "min": _least, "stricter": _least, "divide": _quotient, "money_over_limit": _quotient, "add_months": _months_later,
}  # fmt: skip
