"""States and acts of a customer between storage and a policy: what is read, recorded, and what people may record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.auth import Caller
from api.errors import FieldError, Refused
from api.operations.use_policy import use_policy
from api.requests import refused_fields
from api.services import Services
from api.situation import Evaluated
from policy.acts import act_asked, is_asked, line_of
from policy.program import Program
from rules.states import ActDone, Recorded, StateChange, changes_of, roles_from
from storage.states import Act, History, StateChanged


def recorded_of(history: History, zone: str, until: date | None = None) -> Recorded:
    """What was recorded of a customer, as a policy of this time zone reads it; up to a day where one is given."""
    changes = [one for one in history.changes if until is None or one.day <= until]
    acts = [(one, None if one.at is None else one.at.astimezone(ZoneInfo(zone)).date()) for one in history.acts]
    return Recorded(
        tuple(StateChange(one.state, one.entered, one.day, one.place, one.why) for one in changes),
        tuple(ActDone(one.act, one.role, one.place, day) for one, day in acts
              if until is None or day is None or day <= until),
    )


def changed_states(program: Program, evaluated: Evaluated) -> tuple[StateChanged, ...]:
    """The states that a decision enters or ends, to be recorded with it."""
    decision = evaluated.decision
    changes = changes_of(program, evaluated.outcome, evaluated.facts, decision.as_of)
    return tuple(StateChanged(one.state, one.entered, one.day, one.why, decision.decision_id) for one in changes)


def record_act(held: Services, caller: Caller, customer_id: str, wish: Mapping[str, Any]) -> tuple[Act, datetime]:
    """Record what a person of a role did for a customer; saying it twice changes nothing.

    Raises: Refused for an unknown customer, or an act that no line of the effective policy asks for.
    """
    done = Act(" ".join(wish["act"].split()), wish["role"], wish["person"], caller.client, wish["reason"])
    _refuse_unasked(held, done)
    with held.database.write() as work:
        at = work.states.act(customer_id, done)
    if at is None:
        raise Refused("not-found", "there is no customer with this id")
    return done, at


def _refuse_unasked(held: Services, done: Act) -> None:
    with held.database.read() as work:
        version = work.policies.effective()
    with use_policy(held, None if version is None else version.digest) as loaded:
        asked = tuple(name for name in loaded.program.facts if is_asked(name))
        if not any(_answers(loaded.program, name, done) for name in asked):
            lines = ", ".join(f"'{line}'" for line in _lines(asked)) or "none"
            told = f"is not what the policy asks for with role '{done.role}'; its lines are {lines}"
            raise refused_fields([FieldError("act", told)])


def _answers(program: Program, name: str, done: Act) -> bool:
    act, role = act_asked(name)
    return act == done.act and done.role in roles_from(program, role)


def _lines(asked: Iterable[str]) -> list[str]:
    return sorted({line_of(name) for name in asked})


def show_states(held: Services, customer_id: str) -> History:
    """Everything recorded of a customer.

    Raises: Refused for an unknown customer.
    """
    with held.database.read() as work:
        account = work.accounts.look(customer_id)
        if account is not None:
            return work.states.history(account.account_id)
    raise Refused("not-found", "there is no customer with this id")
