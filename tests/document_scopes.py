"""How wide scopes are, for the second evaluator."""

from __future__ import annotations

from typing import Any

from policy.document import Scope


def width(scope: Scope | None) -> int:
    """How wide a scope is: one customer, a group, some customers, all."""
    kinds = ("customer", "group", "customers", "all")
    return kinds.index("all" if scope is None else scope.text.split()[0])


def concerns(part: Any, section: str, subject: str) -> bool:
    """Whether a row or check is for a subject."""
    if part.subjects:
        return subject in part.subjects
    if section == "documents":
        return subject in ("limit_request", "customer")
    return section in ("tiers", "limits") or subject == "order"
