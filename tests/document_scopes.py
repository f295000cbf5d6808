"""How wide scopes are, for the second evaluator."""

from __future__ import annotations

from policy.document import Scope


def width(scope: Scope | None) -> int:
    """How wide a scope is: one customer, a group, some customers, all."""
    kinds = ("customer", "group", "customers", "all")
    return kinds.index("all" if scope is None else scope.text.split()[0])
