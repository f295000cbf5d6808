"""Facts that a file divides by and that may well be zero or less, such as a customer's net worth.

The quotient is then missing and the order is referred, so nothing passes by mistake; but a customer with negative net
worth is hardly meant to be a case of missing facts. What the file itself tests is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.infer import Inference
from policy.meaning import parts_of
from policy.syntax import Binary, Comparison, Condition, Expr, Name

MAY_BE_NEGATIVE = ("money", "number", "ratio")
Node = Expr | Condition


def divisor_findings(inference: Inference) -> None:
    """A warning at the first division by each fact of the file that may be negative and that no line tests."""
    policy = inference.names.policy
    declared = {fact.name.text for fact in policy.facts if fact.kind.text in MAY_BE_NEGATIVE}
    nodes = list(_all(inference)) if declared else []
    tested = {side.text for node in nodes if isinstance(node, Comparison)
              for side in (node.left, node.right) if isinstance(side, Name)}  # fmt: skip
    for node in nodes:
        if isinstance(node, Binary) and node.op == "/" and isinstance(node.right, Name):
            fact = node.right.text
            if fact in declared - tested and node.at.file == policy.file:
                tested.add(fact)
                name = fact.rpartition(".")[2]
                inference.note("zero-divisor", node.right.at, f"where '{fact}' is 0 or negative, this quotient has no "
                               "value and the order is referred", "say what that means, in a check: - {check: "
                               f"{name}_above_0, when: {fact} <= 0, verdict: refer}}", "warning")  # fmt: skip


def _all(inference: Inference) -> Iterator[Node]:
    """Every formula and condition of figures, checks and rows, and all that is under them."""
    policy = inference.names.policy
    for let in policy.lets:
        yield from _under(let.formula)
    for check in policy.checks:
        for root in (check.measure, check.when, check.only_when):
            yield from () if root is None else _under(root)
    for rows in policy.rows.values():
        for row in rows:
            yield from () if row.when is None else _under(row.when)


def _under(node: Node) -> Iterator[Node]:
    yield node
    for part in parts_of(node):
        yield from _under(part)
