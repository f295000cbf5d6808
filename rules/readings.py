"""What the Rete engine is told of one order: whole numbers only, every one checked before it leaves Python.

The engine compares a text with a number by uninitialised memory, rounds what passes int64 without a word, and knows no
missing value. So a value of another type is refused (guard 1), a token becomes a number of our own and an unknown one 0
(guard 3), and a missing or too large value takes the whole decision back to the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from policy.program import Node
from rules.outcome import Missing
from rules.ranges import INT64_MAX, Field, encode
from rules.reference import Evaluation
from rules.schedule import Absent, Schedule

WHOLE, FLAG = frozenset({int}), frozenset({bool})
TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,), "rational": (int, Fraction), "token": (str,), "flag": (bool,), "truth": (bool,),
    "sign": (int, Fraction, str, bool),
}  # fmt: skip


class Unsettled(Exception):
    """A value is missing or passes int64, so only the reference can decide these facts."""


class WrongKind(TypeError):
    """A value of a type that its field does not have: a fault of the caller, never handed to the engine."""


class Reading:
    """The fields that one stage reads, in the order of `names`."""

    def __init__(self, fields: Sequence[Field], nodes: Sequence[Node] = ()) -> None:
        whole = [field for field in fields if field.fact and field.form == "integer"]
        flags = [field for field in fields if field.fact and field.form == "flag"]
        tokens = [field for field in fields if field.fact and field.form == "token"]
        outputs = [field for field in fields if field.by_row]
        given = [*whole, *flags, *tokens, *outputs]
        figures = [field for field in fields if field not in given]
        self._outputs = [(field.table, field.by_row) for field in outputs]
        wanted = [node for field in figures for node in (field.node, field.other) if node >= 0]
        self._schedule = Schedule(nodes, wanted if nodes else [])
        slots = self._schedule.slots
        self._lined_up = [
            (slots[field.node], slots[field.other] if field.other >= 0 else -1, field)
            for field in figures if field.node in slots and (field.other < 0 or field.other in slots)
        ]
        lined_up = [field for _, _, field in self._lined_up]
        self._figures = [field for field in figures if field not in lined_up]
        self._whole, self._flags = [field.fact for field in whole], [field.fact for field in flags]
        self._tokens = [(f.fact, {token: code for code, token in enumerate(f.tokens, 1)}) for f in tokens]
        self.names = tuple(field.name for field in [*given, *lined_up, *self._figures])

    def numbers(self, facts: Mapping[str, Any], evaluation: Evaluation) -> tuple[int, ...]:
        """The number of every field. Raises Unsettled where one is missing or too large, WrongKind for a wrong type."""
        found: list[int] = [*map(facts.get, self._whole)]  # type: ignore[list-item]  # checked on the next line
        if not WHOLE.issuperset(map(type, found)):
            _refuse(self._whole, found, int)
        if self._flags:
            flags = [*map(facts.get, self._flags)]
            if not FLAG.issuperset(map(type, flags)):
                _refuse(self._flags, flags, bool)
            found += flags  # type: ignore[arg-type]  # a flag is written as 0 or 1
        for name, codes in self._tokens:
            token = facts.get(name)
            if type(token) is not str:
                _refuse([name], [token], str)
            found.append(codes.get(token, 0))  # type: ignore[arg-type]
        try:
            for table, by_row in self._outputs:
                row = evaluation.value(table)
                if isinstance(row, Missing):
                    raise Unsettled("an earlier table has no row")
                found.append(by_row[row])
            values = self._schedule.values(facts)
            for slot, beside, field in self._lined_up:
                value, other = values[slot], values[beside] if beside >= 0 else None
                if field.form == "sign" and type(value) is int and type(other) is int:
                    found.append((value > other) - (value < other))
                else:
                    found.append(derived(field, value, other))
            for field in self._figures:
                other = evaluation.value(field.other) if field.other >= 0 else None
                found.append(derived(field, evaluation.value(field.node), other))
        except (Absent, ArithmeticError, ValueError) as error:
            raise Unsettled("a figure cannot be computed") from error
        if max(found, default=0) > INT64_MAX or min(found, default=0) < -INT64_MAX:
            raise Unsettled("a number passes int64")
        return tuple(found)


def derived(field: Field, value: Any, other: Any = None) -> int:
    """The number of a figure that the reference's code computed; of a sign field, beside `other`."""
    if field.form == "integer" and type(value) is int:
        return value
    if isinstance(value, Missing) or isinstance(other, Missing):
        raise Unsettled("a figure is missing")
    if type(value) not in TYPES[field.form]:
        raise WrongKind(f"'{value}' is no value of a {field.form} field; check how the facts are gathered")
    return encode(field, value, other)


def _refuse(names: Sequence[str], values: Sequence[Any], wanted: type) -> None:
    """Guard 1: no float, no text of digits, no truth value for a number."""
    for name, value in zip(names, values, strict=True):
        if type(value) is not wanted and value is not None and not isinstance(value, Missing):
            raise WrongKind(f"'{name}' is {value!r}; give a value of its declared kind")
    raise Unsettled("a fact is missing")
