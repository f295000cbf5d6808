"""States that stay, around a decision: from what was recorded to facts, and from the answer to what is to be recorded.

The tables of a Program decide (`policy/lower_states.py`); the day and the record of one customer come in as values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.acts import is_asked, parts_of_day, parts_of_fact
from policy.meaning import ENTRIES, STATE
from policy.program import Program
from policy.state_rules import ENTERED, INACTIVE, StateLine, StateRule
from rules.outcome import Outcome
from rules.reference import Evaluation


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state that one customer entered or left; `place` orders changes and acts of one customer."""

    state: str
    entered: bool
    day: date
    place: int = 0
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActDone:
    """An act that somebody of a role recorded for one customer, on a day of the policy's own zone."""

    act: str
    role: str
    place: int
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything recorded of one customer, each in the order of `place`."""

    changes: tuple[StateChange, ...] = ()
    acts: tuple[ActDone, ...] = ()


@dataclass(frozen=True, slots=True)
class StateNow:
    """What a decision makes of one state: as it was, as it is, since when, and what is still needed to leave it."""

    name: str
    was_active: bool
    active: bool
    since: date | None
    why: tuple[str, ...]
    to_leave: tuple[str, ...]

    @property
    def entered(self) -> bool:
        """Whether this decision enters it."""
        return self.active and not self.was_active

    @property
    def left(self) -> bool:
        """Whether this decision ends it."""
        return self.was_active and not self.active


def remembers(program: Program) -> bool:
    """Whether a policy reads anything that is recorded of a customer from one decision to the next."""
    return bool(program.states) or any(is_asked(name) for name in program.facts)


def recorded_facts(program: Program, known: Recorded) -> tuple[dict[str, Any], dict[str, Sequence[Mapping[str, Any]]]]:
    """The stored states, acts and lists of entries that a Program reads; nothing recorded is not active, and no act."""
    last = {change.state: change for change in known.changes}
    facts: dict[str, Any] = {}
    for state in program.states:
        change = last.get(state.name)
        facts[state.table] = change is not None and change.entered
        facts[f"{state.table}.since"] = change.day.toordinal() if change is not None and change.entered else None
    for name in program.facts:
        parts = parts_of_fact(name)
        if parts is not None:
            subject, act, role = parts
            change = last.get(subject.removeprefix(STATE))
            after = change.place if subject.startswith(STATE) and change is not None else -1
            enough = roles_from(program, role)
            facts[name] = any((one.act, one.place > after) == (act, True) and one.role in enough for one in known.acts)
        elif (asked := parts_of_day(name)) is not None:
            facts[name] = _last_day(known.acts, asked[0], roles_from(program, asked[1]))
    return facts, {f"{ENTRIES}{state.name}": _entries(state, known.changes) for state in program.states}


def _last_day(acts: Sequence[ActDone], act: str, roles: Sequence[str]) -> int | None:
    """The day on which somebody of these roles last recorded an act; None where nobody did."""
    days = [one.day.toordinal() for one in acts if one.act == act and one.role in roles and one.day is not None]
    return max(days, default=None)


def roles_from(program: Program, role: str) -> tuple[str, ...]:
    """A role and those above it, who may do what it may."""
    rising = program.roles_rising
    return rising[rising.index(role) :] if role in rising else (role,)


def _entries(state: StateRule, changes: Sequence[StateChange]) -> tuple[Mapping[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for change in changes:
        if change.state == state.name and change.entered:
            found.append({"entered_on": change.day.toordinal()})
        elif change.state == state.name and found:
            found[-1]["left_on"] = change.day.toordinal()
    return tuple(found)


def states_now(program: Program, outcome: Outcome, facts: Mapping[str, Any]) -> tuple[StateNow, ...]:
    """Every state of a policy after a decision on these facts, in the order of the file."""
    return tuple(_now(program, state, outcome.rows[state.table], facts) for state in program.states)


def changes_of(program: Program, outcome: Outcome, facts: Mapping[str, Any], day: date) -> tuple[StateChange, ...]:
    """The states that a decision enters or ends, to be recorded with it."""
    now = states_now(program, outcome, facts)
    return tuple(StateChange(one.name, one.active, day, 0, one.why) for one in now if one.entered or one.left)


def _now(program: Program, state: StateRule, row: int, facts: Mapping[str, Any]) -> StateNow:
    was_active, active = facts.get(state.table) is True, row != INACTIVE
    since = facts.get("as_of" if row == ENTERED else f"{state.table}.since")
    lines = state.enter if row == ENTERED else state.leave if was_active and not active else ()
    seen = facts
    if row == ENTERED:  # acts from before it was entered do not count for leaving it
        seen = {name: value for name, value in facts.items() if not _is_act_of(state, name)}
    return StateNow(
        state.name, was_active, active, date.fromordinal(since) if active and isinstance(since, int) else None,
        tuple(line.text for line in lines), _not_true(program, state.leave, seen) if active else (),
    )  # fmt: skip


def _is_act_of(state: StateRule, name: str) -> bool:
    parts = parts_of_fact(name)
    return parts is not None and parts[0] == state.table


def _not_true(program: Program, lines: Sequence[StateLine], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines that are false or unknown."""
    evaluation = Evaluation(program.nodes, program.tables, facts)
    return tuple(line.text for line in lines if evaluation.value(line.node) is not True)
