"""The decisions of a whole model on given inputs, each computed when another one reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.dmn.evaluate import Callback, Value, Within, evaluate, fits
from policy.dmn.findings import refuse
from policy.dmn.hit_policies import decide_table
from policy.dmn.model import Boxed, Context, Formula, Invocation, Knowledge, Model, Table, Type, Unkept

DEPTH_MAX = 60


class Decisions(Mapping[str, Value]):
    """A model's names with their values: inputs as given, decisions as computed. Raises: Refused, Inexact."""

    def __init__(self, model: Model, given: Mapping[str, Value]) -> None:
        self.model = model
        self._found: dict[str, Value] = {
            name: admitted(one.type, given.get(name)) for name, one in model.inputs.items()
        }  # fmt: skip
        self._open: list[str] = []

    def __getitem__(self, name: str) -> Value:
        if name not in self._found:
            self._found[name] = self._made(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.model.inputs, *self.model.decisions, *self.model.knowledge))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _made(self, name: str) -> Value:
        if name in self.model.knowledge:
            return self._callback(self.model.knowledge[name])
        decision = self.model.decisions[name]  # a KeyError means: no such name, which get() turns into null
        if name in self._open:
            raise refuse("dmn-cycle", decision.where, f"decisions need each other: {' -> '.join((*self._open, name))}",
                         "one of them must not read the others")  # fmt: skip
        self._open.append(name)
        try:
            return self.boxed(decision.body, self)
        finally:
            self._open.pop()

    def _callback(self, knowledge: Knowledge) -> Callback:
        def call(arguments: Mapping[str, Value]) -> Value:
            if len(self._open) > DEPTH_MAX:
                raise refuse("dmn-cycle", knowledge.where, f"'{knowledge.name}' calls itself without end",
                             "write it without itself")  # fmt: skip
            self._open.append(knowledge.name)
            try:
                return self.boxed(knowledge.body, {**self._callbacks(), **arguments})
            finally:
                self._open.pop()

        return Callback(knowledge.parameters, call)

    def _callbacks(self) -> dict[str, Value]:
        return {name: self[name] for name in self.model.knowledge}

    def boxed(self, body: Boxed, scope: Mapping[str, Value]) -> Value:
        """The value of a boxed expression."""
        match body:
            case Unkept():
                raise refuse(body.finding.code, body.finding.where, body.finding.message, body.finding.help)
            case Formula():
                return evaluate(body.expression, scope)
            case Table():
                return decide_table(body, scope)
            case Invocation():
                return self._invocation(body, scope)
            case Context():
                return self._context(body, scope)

    def _invocation(self, body: Invocation, scope: Mapping[str, Value]) -> Value:
        called = scope.get(body.function)
        if not isinstance(called, Callback):
            raise refuse("dmn-reference", body.where, f"there is no business knowledge model '{body.function}'",
                         "name one of this file")  # fmt: skip
        arguments: dict[str, Value] = dict.fromkeys(called.parameters)
        return called.call(arguments | {name: self.boxed(one, scope) for name, one in body.bindings})

    def _context(self, body: Context, scope: Mapping[str, Value]) -> Value:
        names: dict[str, Value] = {}
        for name, entry in body.entries:
            value = self.boxed(entry, Within(names, scope))
            if not name:
                return value
            names[name] = value
        return names


def admitted(type_: Type, value: Value) -> Value:
    """A given value, null where its type does not allow it."""
    if type_.collection:
        return value
    if type_.components and isinstance(value, Mapping):
        return {name: admitted(inner, value.get(name)) for name, inner in type_.components.items()}
    if value is not None and type_.allowed is not None and fits(type_.allowed, value, {}) is not True:
        return None
    return value
