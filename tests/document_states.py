"""States that stay, in the second meaning of a policy: what `tests/document_evaluator.py` says of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any


def stay(evaluator: Any, name: str, column: str) -> Any:
    """Whether a state is active, since when, or for how many days."""
    row = place(evaluator, name)
    if column == "state":
        return "not active" if row == 2 else "active"
    if row == 2:
        return evaluator.fact(f"no_row:{name}.held", "date")
    today = evaluator.fact("as_of", "date")
    since = today if row == 1 else evaluator.fact(f"{name}.since", "date")
    if column == "since":
        return since
    missing = [one for one in (today, since) if not isinstance(one, Fraction)]
    if row == 0 and missing:
        return replace(missing[0], why=frozenset().union(*(one.why for one in missing)))
    return Fraction(0) if row == 1 else today - since


def place(evaluator: Any, name: str) -> int:
    """0 where a state was active and stays, 1 where it is entered now, 2 where it is not active."""
    state = next(one for one in evaluator.policy.states if f"state.{one.name.text}" == name)
    enters, leaves = (all(evaluator.truth(line.condition) is True for line in lines)
                      for lines in (state.enter, state.leave))  # fmt: skip
    if evaluator.facts.get(name) is True and (enters or not leaves):
        return 0
    return 1 if enters else 2


def rows(evaluator: Any) -> dict[str, int]:
    """The row of every state's table; only orders change states."""
    states = evaluator.policy.states if evaluator.subject == "order" else ()
    names = [f"state.{one.name.text}" for one in states]
    return {name: place(evaluator, name) for name in names}
