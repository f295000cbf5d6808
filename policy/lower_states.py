"""States that stay to ordinary tables: the stored state is a fact, and entering and leaving are rows.

A line that is unknown neither enters nor leaves: its truth is a table of its own, and where that has no value, false
takes its place. So engines need nothing new. Source: docs/decisions/0009-stored-state-is-a-fact.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.acts import line_of, parts_of_fact
from policy.document import Line, StateWritten
from policy.meaning import STATE, Referent
from policy.program import Calc, Compare, Const, Fact, First, Logic, Row
from policy.state_rules import StateLine, StateRule

if TYPE_CHECKING:
    from policy.lower import Lowering


def add_states(low: Lowering) -> None:
    """The table of every state, read or not, for what it says is recorded."""
    for state in low.checked.policy.states:
        _add_state(low, state)


def _add_state(low: Lowering, state: StateWritten) -> None:
    name = f"{STATE}{state.name.text}"
    if name in low.tables:
        return
    line = state.name.at.line
    enter, leave = (_lines(low, lines) for lines in (state.enter, state.leave))
    entering = _known_true(low, f"{name}.enter", enter, state.enter[0].condition.at.line)
    leaving = _known_true(low, f"{name}.leave", leave, state.leave[0].condition.at.line)
    stays = low.add(Logic("or", (entering, low.add(Logic("not", (leaving,))))))
    active, inactive = (low.add(Const("choice", word)) for word in ("active", "not active"))
    low.table(First(name, ("state",), (
        Row(low.add(Logic("and", (_was_active(low, name), stays))), (active,), line),
        Row(entering, (active,), line),
        Row(low.add(Logic("and", ())), (inactive,), line),
    )))  # fmt: skip
    low.states[name] = StateRule(state.name.text, name, enter, leave)


def _lines(low: Lowering, lines: tuple[Line, ...]) -> tuple[StateLine, ...]:
    return tuple(StateLine(low.condition(line.condition), line.text) for line in lines)


def _known_true(low: Lowering, table: str, lines: tuple[StateLine, ...], line: int) -> int:
    """Whether all lines are known to be true: false where one of them is unknown."""
    true, false = (low.add(Const("flag", word)) for word in (True, False))
    nodes = tuple(one.node for one in lines)
    holds = nodes[0] if len(nodes) == 1 else low.add(Logic("and", nodes))
    low.table(First(table, ("value",), (Row(holds, (true,), line), Row(low.add(Logic("and", ())), (false,), line))))
    found = low.add(Calc("first_known", (low.add(Fact("value", "flag", table)), false), "flag"))
    return low.add(Compare("=", low.labelled(found, table), true))


def recorded(low: Lowering, name: str) -> int:
    """A flag that somebody records: false where nobody did."""
    fact = low.fact_of(low.checked.names.facts[name])
    name = line_of(name) if parts_of_fact(name) else f"{name} before"
    low.labels[fact] = name
    found = low.add(Calc("first_known", (fact, low.add(Const("flag", False))), "flag"))
    return low.labelled(found, name)


def _was_active(low: Lowering, name: str) -> int:
    return low.add(Compare("=", recorded(low, name), low.add(Const("flag", True))))


def read_state(low: Lowering, referent: Referent) -> int:
    """The node that reads a state, since when it is active, or for how many days."""
    name = referent.table if referent.name == "state" else referent.table.removesuffix(".held")
    _add_state(low, next(one for one in low.checked.policy.states if f"{STATE}{one.name.text}" == name))
    if referent.name == "state":
        return low.labelled(low.add(Fact("state", "choice", name)), name)
    if referent.table not in low.tables:
        _add_held(low, name)
    return low.labelled(low.add(Fact(referent.name, referent.sort.kind, referent.table)), f"{name}.{referent.name}")


def _add_held(low: Lowering, name: str) -> None:
    """Since when, and for how many days, a state is active; without a value where it is not."""
    since, today = low.fact_of(low.checked.names.facts[f"{name}.since"]), low.fact_if_known("as_of")
    active = low.add(Compare("=", low.add(Fact("state", "choice", name)), low.add(Const("choice", "active"))))
    days = low.add(Calc("days_between", (today, since), "days"))
    low.table(First(f"{name}.held", ("since", "days"), (
        Row(low.add(Logic("and", (active, _was_active(low, name)))), (since, days)),
        Row(active, (today, low.add(Const("days", 0)))),
    )))  # fmt: skip
