"""Whether two written values mean the same, however they are spelled: `5_000` and `5000`, one line and a list of one.

The differences of two files (`policy/diff.py`) are told in sentences; what only looks different is no difference.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from fractions import Fraction

from policy.expression import read_condition, read_formula
from policy.nodes import Mapping, Node, Scalar, Sequence
from policy.problems import Problem, Where
from policy.syntax import Comparison, Condition, Expr

TEXTS = ("title", "say", "say_customer", "meaning", "source")  # what people read: compared letter by letter
ANYWHERE = Where("", 1, 1)
UNSAID = ("at", "decimals")


def same(one: Node | None, other: Node | None, text: bool = False) -> bool:
    """Whether two values of one key mean the same; `text` where they are words for people."""
    return one is other or (one is not None and other is not None and sense(one, text) == sense(other, text))


def sense(node: Node, text: bool = False) -> Hashable:
    """What a value means, as something that can be compared: without places, spelling and the order of keys."""
    if isinstance(node, Scalar):
        return node.text if text else _shape(parsed(node.text))
    if isinstance(node, Sequence):
        senses = tuple(sense(item, text) for item in node.items)
        return senses[0] if len(senses) == 1 else ("list", senses)
    entries = {(key.text, sense(value, text or key.text in TEXTS)) for key, value in node.entries}
    return ("block", frozenset(entries))


def parsed(text: str) -> Condition | Expr | str:
    """A line as a condition or a formula, the text itself where it is neither."""
    for read in (read_condition, read_formula):
        found = read(text, ANYWHERE)
        if not isinstance(found, Problem):
            return found
    return text


def comparison(node: Node) -> Comparison | None:
    """The comparison that a line is, None for any other value."""
    found = parsed(node.text) if isinstance(node, Scalar) else None
    return found if isinstance(found, Comparison) else None


def same_formula(one: Expr, other: Expr) -> bool:
    """Whether two formulas are written alike."""
    return _shape(one) == _shape(other)


def written(node: Node) -> str:
    """A value as it would be written on one line."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return f"[{', '.join(map(written, node.items))}]"
    return "{" + ", ".join(f"{key.text}: {written(value)}" for key, value in node.entries) + "}"


def lines_of(node: Node | None) -> tuple[Node, ...]:
    """The lines of a condition; a condition of one line is a list of one."""
    if node is None:
        return ()
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Mapping) and len(node.entries) > 1:
        return tuple(Mapping((entry,), entry[0].at, node.flow) for entry in node.entries)
    return (node,)


def _shape(value: object) -> Hashable:
    if isinstance(value, tuple):
        return tuple(_shape(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        kept = [one.name for one in fields(value) if one.name not in UNSAID]  # type: ignore[arg-type]
        return (type(value).__name__, *(_shape(getattr(value, name)) for name in kept))
    assert value is None or isinstance(value, bool | int | str | Fraction), value
    return value
