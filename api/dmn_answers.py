"""What an imported policy answers where its DMN file would: inputs as facts, tables and checks back to DMN's values.

`aval dmn test` shows both answers, so that nobody has to believe that the import kept the meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from policy.dmn.importing import Imported
from policy.dmn.terms import Amount, Collected, Structure, Term
from policy.kinds import plain
from policy.program import Collect, Program
from rules.outcome import Missing
from rules.reference import Evaluation

Value = Any  # a DMN value, as policy/dmn/evaluate.py has them


def facts_of(imported: Imported, value_at: Callable[[tuple[str, ...]], Value]) -> dict[str, Value]:
    """The facts of the imported policy; `value_at` gives the value of an input, or of a refused decision."""
    return {name: _fact(value_at(path)) for name, path in imported.inputs.items()}


def _fact(value: Value) -> Value:
    if isinstance(value, Fraction):
        return plain(value)
    return value.toordinal() if isinstance(value, date) else value


def answer(program: Program, term: Term, facts: Mapping[str, Value]) -> Value:
    """What the policy says of one decision, as a value of DMN: a missing one is null."""
    evaluation = Evaluation(program.nodes, program.tables, facts)
    return _answer(program, evaluation, term)


def _answer(program: Program, evaluation: Evaluation, term: Term) -> Value:
    if isinstance(term, Structure):
        return {name: _answer(program, evaluation, part) for name, part in term.parts.items()}
    if isinstance(term, Collected):
        return _collected(program, evaluation, term)
    assert isinstance(term, Amount), term
    return _amount(program, evaluation, term)


def _amount(program: Program, evaluation: Evaluation, term: Amount) -> Value:
    if term.text in program.lets:
        found = evaluation.value(program.lets[term.text])
    elif term.text in program.tables:
        row = evaluation.value(program.tables[term.text])
        table: Any = program.nodes[program.tables[term.text]]
        found = row if isinstance(row, Missing) else evaluation.value(table.rows[row].outputs[0])
    else:
        found = evaluation.facts.get(term.text)
    if found is None or isinstance(found, Missing):
        return None
    if term.kind == "date":
        return date.fromordinal(found)
    return Fraction(found) if term.kind == "number" else found


def _collected(program: Program, evaluation: Evaluation, term: Collected) -> Value:
    (checks,) = [evaluation.value(index) for index, node in enumerate(program.nodes) if isinstance(node, Collect)]
    status = {check.name: check.status for check in checks}
    if any(status[name] == "not_evaluated" for name, _ in term.rows):
        return None
    found = tuple(value for name, value in term.rows if status[name] == "warn")
    return found or term.empty
