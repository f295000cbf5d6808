"""Decision tables to tables of the policy language: every hit policy as rows of which the first holds, or as checks.

PRIORITY sorts its rows by priority, MIN and MAX by their results: the first that fits is then the answer. SUM and COUNT
add up one little table for each row. Lists become checks, which are all asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from policy.dmn.completeness import Coverage, Example, candidates, constants, coverage
from policy.dmn.conditions import ALWAYS, NEVER, Condition, Line, grouped, scalar, written
from policy.dmn.evaluate import fits
from policy.dmn.feel import Expression, Literal, Scalar, Tests
from policy.dmn.findings import Finding, refuse
from policy.dmn.hit_policies import rank
from policy.dmn.model import LISTS, Rule, Table, listed_values
from policy.dmn.terms import Amount, Collected, Structure, Term, Truth, literal
from policy.dmn.translate import Translation
from policy.problems import Where

Row = tuple[Condition, Rule]
At = Callable[[str, Where], Translation]


def rewrite_table(table: Table, wanted: str, at: At) -> Term:
    """The counterpart of a decision table; `at` gives a translation for a name and a place. Raises: Refused."""
    here = at(wanted, table.where)
    columns = [_column(at(f"{wanted} {one.label}", one.where), one.expression) for one in table.inputs]
    rows = [(_fits(table, rule, columns, at(wanted, rule.where)), rule) for rule in table.rules]
    if table.hit_policy not in LISTS:
        _look_for_faults(table, wanted, here)
    if table.aggregation in ("SUM", "COUNT"):
        return _added_up(table, rows, wanted, at)
    if table.hit_policy in LISTS and not table.aggregation:
        return _collected(table, rows, wanted, at)
    if table.aggregation:
        rows = _by_result(table, rows)
    elif table.hit_policy == "PRIORITY":
        rows = _by_priority(table, rows)
    if len(table.outputs) == 1:
        return _single(table, rows, 0, wanted, at)
    return Structure({column.name: _single(table, rows, place, f"{wanted} {column.name}", at)
                      for place, column in enumerate(table.outputs)})  # fmt: skip


def _column(here: Translation, expression: Expression) -> Amount | Truth:
    found = here.term(expression)
    if isinstance(found, (Amount, Truth)):
        return found
    raise here.refuse("a column tests a list or a structure", "test one of its components")


def _fits(table: Table, rule: Rule, columns: Sequence[Amount | Truth], here: Translation) -> Condition:
    """When a row fits: each of its cells holds, and each column has one of its allowed values."""
    parts = []
    for place, (subject, cell) in enumerate(zip(columns, rule.cells, strict=True)):
        parts.append(here.cell(subject, cell))
        allowed = table.inputs[place].allowed
        if allowed is not None and _lets_more(subject, cell, allowed):
            parts.append(here.cell(subject, allowed))
    return grouped("all", parts)


def _lets_more(subject: Amount | Truth, cell: Tests, allowed: Tests) -> bool:
    """Whether a cell holds for a value that the column may not take."""
    if isinstance(subject, Truth) or subject.kind == "boolean":
        return False
    edges = constants([cell, allowed])
    if edges is None:
        return True
    values = list(subject.words) or [*candidates(edges), *(["", *listed_values(allowed)] if subject.kind == "string"
                                                           else [])]  # fmt: skip
    return any(fits(cell, value, {}) is True and fits(allowed, value, {}) is not True for value in values)


def _constants(rule: Rule, told: str) -> tuple[Scalar, ...]:
    if not all(isinstance(result, Literal) for result in rule.results):
        raise refuse("dmn-not-kept", rule.where, f"{told}, but this row gives a formula",
                     "write the results as values")  # fmt: skip
    return tuple(result.value for result in rule.results if isinstance(result, Literal))


def _by_priority(table: Table, rows: list[Row]) -> list[Row]:
    if not any(column.order for column in table.outputs):
        raise refuse("dmn-hit-policy", table.where, f"{table.hit_policy} needs the output values in their order",
                     "list them under the output")  # fmt: skip
    told = f"{table.hit_policy} orders the rows by their results"
    return sorted(rows, key=lambda row: rank(table.outputs, _constants(row[1], told)))


def _by_result(table: Table, rows: list[Row]) -> list[Row]:
    """Rows by their number, the one that MIN (or MAX) prefers first."""
    _one_output(table)
    told = f"{table.aggregation} compares the results of rows"
    numbers = [_constants(rule, told)[0] for _, rule in rows]
    for (_, rule), number in zip(rows, numbers, strict=True):
        if not isinstance(number, Fraction):
            raise refuse("dmn-not-kept", rule.where, f"{told}, but this is no number", "write a number")
    sign = 1 if table.aggregation == "MIN" else -1
    ordered = sorted(range(len(rows)), key=lambda place: sign * numbers[place])  # type: ignore[operator]
    return [rows[place] for place in ordered]


def _one_output(table: Table) -> None:
    if len(table.outputs) != 1:
        raise refuse("dmn-not-kept", table.where, f"{table.aggregation} over several outputs has no meaning",
                     "make a table for each output")  # fmt: skip


def _single(table: Table, rows: list[Row], place: int, wanted: str, at: At) -> Amount:
    """One output of a table of which one row answers."""
    found = [(condition, _result(at(wanted, rule.where), rule.results[place])) for condition, rule in rows]
    default = table.outputs[place].default
    if default is not None:
        found.append((ALWAYS, _result(at(wanted, table.where), default)))
    return at(wanted, table.where).sheet.table(wanted, found, table.where)


def _result(here: Translation, expression: Expression) -> Amount:
    return literal(expression.value, here.where) if isinstance(expression, Literal) else here.amount(expression)


def _added_up(table: Table, rows: list[Row], wanted: str, at: At) -> Amount:
    """SUM and COUNT: what each row adds where it fits; without any row SUM has no answer, COUNT is 0."""
    here = at(wanted, table.where)
    if table.aggregation == "SUM":
        _one_output(table)
    parts = []
    for number, (condition, rule) in enumerate(rows, 1):
        one = table.aggregation == "COUNT"
        adds = Amount("1", "number") if one else _result(at(wanted, rule.where), rule.results[0])
        if adds.kind != "number":
            raise refuse("dmn-not-kept", rule.where, f"{table.aggregation} of something that is no number",
                         "write a number")  # fmt: skip
        if condition != NEVER:
            nothing = [(ALWAYS, Amount("0", "number"))]
            parts.append(here.sheet.table(f"{wanted} row {number}", [(condition, adds), *nothing], rule.where).text)
    default = table.outputs[0].default
    total = here.sheet.figure(f"{wanted} total", " + ".join(parts) or "0", "number")
    if table.aggregation == "COUNT" and default is None:
        return total
    some = grouped("any", [condition for condition, _ in rows])
    otherwise = [(ALWAYS, _result(here, default))] if default is not None else []
    return here.sheet.table(wanted, [(some, total), *otherwise], table.where)


def _collected(table: Table, rows: list[Row], wanted: str, at: At) -> Collected:
    """A list of results: one check for each row, in the order of the list."""
    here = at(wanted, table.where)
    if any(column.default is not None for column in table.outputs):
        raise here.refuse("a list with a default output has no counterpart", "take the default out")
    if table.hit_policy == "OUTPUT ORDER":
        rows = _by_priority(table, rows)
    found = []
    for condition, rule in rows:
        values = _constants(rule, "a list is collected from rows")
        name = here.sheet.name(f"{wanted} {table.rules.index(rule) + 1}")
        told = ", ".join(literal(value, rule.where).text for value in values)
        if condition != NEVER:
            here.sheet.checks += _check_lines(name, condition, f"{wanted} gives {told}", rule.where)
            whole = values[0] if len(values) == 1 else {column.name: value for column, value
                                                        in zip(table.outputs, values, strict=True)}  # fmt: skip
            found.append((name, whole))
    return Collected(tuple(found), () if table.hit_policy == "COLLECT" else None)


def _check_lines(name: str, condition: Condition, told: str, source: Where) -> list[str]:
    lines = [f"  - check: {name}  # line {source.line}"]
    if condition == ALWAYS:  # a check has no word for it, and the day of a decision is either known or missing
        condition = grouped("any", [Line("as_of", "is", "known"), Line("as_of", "is", "missing")])
    lines += ["    when:", *written(condition, "      ")]
    say = told.replace("{", "(").replace("}", ")")
    return [*lines, "    verdict: warn", f"    say: {scalar(say)}"]


def _look_for_faults(table: Table, wanted: str, here: Translation) -> None:
    """Gaps are told; overlaps that DMN leaves without an answer are refused."""
    found = coverage(table)
    clashing = found.conflicts if table.hit_policy == "ANY" else (*found.conflicts, *found.repeats)
    if table.hit_policy in ("ANY", "UNIQUE"):
        _no_overlap(table, wanted, found, clashing)
    if all(column.default is None for column in table.outputs):
        for gap in found.gaps:
            told = f"no row of '{wanted}' fits when {_shown(gap)}"
            here.sheet.findings.append(Finding("dmn-gap", table.where, told, "add a row for it", "warning"))


def _no_overlap(table: Table, wanted: str, found: Coverage, clashing: Sequence[Example]) -> None:
    for example in clashing[:1]:
        first, other = (table.rules[number].where for number in example.rules)
        raise refuse("dmn-overlap", other, f"this row of '{wanted}' and the one in line {first.line} both fit when "
                     f"{_shown(example)}, which {table.hit_policy} forbids",
                     "let one of them end before the other, or use FIRST")  # fmt: skip
    if not found.exact:
        raise refuse("dmn-not-kept", table.where, f"it cannot be shown that no two rows of '{wanted}' fit together, as "
                     f"{table.hit_policy} wants", "use FIRST, which says which row counts")  # fmt: skip


def _shown(example: Example) -> str:
    from policy.dmn.cases import shown

    return " and ".join(f"{label} is {shown(value)}" for label, value in example.values) or "anything is given"
