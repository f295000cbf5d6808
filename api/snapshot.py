"""Facts and outcomes as plain JSON for the record, exact: fractions as "3/10", days as ISO text, missing as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from typing import Any

from api.situation import Evaluated

_AS_IT_IS = frozenset({type(None), bool, int, str})


def outcome_record(evaluated: Evaluated) -> dict[str, Any]:
    """The outcome that was answered, and under `engines` what each engine said where they did not agree."""
    record: dict[str, Any] = plain_json(evaluated.outcome)
    if evaluated.decision.subject != "order":
        record["subject"] = evaluated.decision.subject
    if evaluated.decision.release is not None:
        record["release"] = dict(evaluated.decision.release)
    if evaluated.decision.conversion is not None:
        record["conversion"] = dict(evaluated.decision.conversion)
    return record if evaluated.disagreed is None else record | {"engines": plain_json(evaluated.disagreed)}


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    """The fields of a record."""
    return tuple(one.name for one in fields(kind))


def plain_json(value: Any) -> Any:
    """A value that JSON can hold without loss.

    Raises: TypeError for a kind of value that has no agreed spelling, floats among them.
    """
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is tuple or kind is list:  # the commonest first: a record has a hundred values
        return [held if type(held) in _AS_IT_IS else plain_json(held) for held in value]
    if kind is dict:
        return {str(name): held if type(held) in _AS_IT_IS else plain_json(held) for name, held in value.items()}
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain_json(held) for name, held in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain_json(held) for held in value)
    if isinstance(value, tuple | list):
        return [plain_json(held) for held in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain_json(getattr(value, name)) for name in _names_of(kind)}  # type: ignore[arg-type]
    raise TypeError(f"no spelling of {type(value).__name__} in a record")
