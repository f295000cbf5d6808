"""What a decision table answers once it is known which of its rows fit: the hit policies of DMN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from policy.dmn.evaluate import Inexact, Value, evaluate, fits, is_number
from policy.dmn.feel import Scalar
from policy.dmn.model import LISTS, Rule, Table, TableOutput

_AGGREGATE: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "SUM": lambda numbers: sum(numbers, Fraction(0)), "MIN": min, "MAX": max,
}  # fmt: skip


def decide_table(table: Table, scope: Mapping[str, Value]) -> Value:
    """The answer of a table: one result, a list of them or an aggregate; null where no row fits."""
    values = [evaluate(column.expression, scope) for column in table.inputs]
    outside = any(column.allowed is not None and value is not None and fits(column.allowed, value, scope) is not True
                  for column, value in zip(table.inputs, values, strict=True))  # fmt: skip
    fitting = [rule for rule in table.rules if not outside and fitting_rule(rule, values, scope)]
    if not fitting:
        return _nothing(table, scope)
    results = [tuple(evaluate(result, scope) for result in rule.results) for rule in fitting]
    if table.aggregation:
        return _aggregated(table, results)
    if table.hit_policy in ("UNIQUE", "ANY") and len(results) > 1:
        if table.hit_policy == "UNIQUE" or any(result != results[0] for result in results):
            return None  # DMN calls such a table wrong: it has no answer here
        return _whole(table, results[0])
    if table.hit_policy in ("PRIORITY", "OUTPUT ORDER"):
        results = sorted(results, key=lambda result: rank(table.outputs, result))  # sorted keeps the order of equals
    if table.hit_policy in LISTS:
        return tuple(_whole(table, result) for result in results)
    return _whole(table, results[0])


def fitting_rule(rule: Rule, values: Sequence[Value], scope: Mapping[str, Value]) -> bool:
    """Whether every cell of a row holds; a test that cannot be said does not."""
    return all(fits(cell, value, scope) is True for cell, value in zip(rule.cells, values, strict=True))


def rank(outputs: Iterable[TableOutput], result: Sequence[Scalar]) -> tuple[int, ...]:
    """The priority of a row's results, the first output first; a value outside the order comes last."""
    return tuple(column.order.index(value) if value in column.order else len(column.order)
                 for column, value in zip(outputs, result, strict=True))  # fmt: skip


def _nothing(table: Table, scope: Mapping[str, Value]) -> Value:
    if any(column.default is not None for column in table.outputs):
        result = tuple(None if column.default is None else evaluate(column.default, scope) for column in table.outputs)
        whole = _whole(table, result)
        return (whole,) if table.hit_policy in LISTS and not table.aggregation else whole
    if table.hit_policy == "COLLECT" and table.aggregation in ("", "COUNT"):
        return Fraction(0) if table.aggregation else ()
    return None


def _aggregated(table: Table, results: list[tuple[Value, ...]]) -> Value:
    if table.aggregation == "COUNT":
        return Fraction(len(results))
    if len(table.outputs) > 1:
        raise Inexact(f"{table.aggregation} over several outputs has no meaning")
    numbers = [result[0] for result in results]
    return _AGGREGATE[table.aggregation](numbers) if all(map(is_number, numbers)) else None


def _whole(table: Table, result: tuple[Value, ...]) -> Value:
    """One result as it is, several as a structure by the names of the outputs."""
    if len(table.outputs) == 1:
        return result[0]
    return {column.name: value for column, value in zip(table.outputs, result, strict=True)}
