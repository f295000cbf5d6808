"""States and acts of a customer between storage and a policy: what is read, recorded, and what people may record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api import idempotency
from api.auth import Caller
from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.operations.use_policy import use_policy
from api.policies import LoadedPolicy
from api.requests import refused_fields
from api.services import Services
from api.situation import Evaluated
from credit.decision import canonical_json, instant_text
from policy.acts import is_asked, line_of
from policy.program import Program
from rules.ladders import acts_of
from rules.states import ActDone, Recorded, StateChange, changes_of, roles_from
from storage.answers import NewAnswer
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


@dataclass(frozen=True, slots=True)
class Recording:
    """One request to record an act: whose it is, its key, its bytes, and whose customer it is about."""

    caller: Caller
    key: str
    body: bytes
    customer_id: str

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash(f"record_act {self.customer_id}", self.body)


def record_act(held: Services, asked: Recording, wish: Mapping[str, Any]) -> Answer:
    """What a person of a role did for a customer, recorded once, or the stored answer to the same key and body.

    Raises: Refused for an unknown customer, or an act that no line of the effective policy asks for.
    """
    done = Act(" ".join(wish["act"].split()), wish["role"], wish["person"], asked.caller.client, wish["reason"])
    with held.in_work.claim(asked.caller.client, asked.key):
        with held.database.read() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        _refuse_unasked(held, done)
        with held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            at = work.states.act(asked.customer_id, done)
            if at is None:
                raise Refused("not-found", "there is no customer with this id")
            response = canonical_json(act_dict(done, at))
            work.answers.record(NewAnswer(asked.caller.client, asked.key, asked.hash, "record_act", asked.customer_id,
                                          201, response))  # fmt: skip
    return Answer(201, response, replayed=False)


def act_dict(one: Act, at: datetime | None) -> dict[str, object]:
    """An act as it is shown."""
    assert at is not None, "what is recorded has its time"
    return {"act": one.act, "role": one.role, "person": one.person, "client": one.client, "reason": one.reason,
            "at": instant_text(at)}  # fmt: skip


def _refuse_unasked(held: Services, done: Act) -> None:
    with held.database.read() as work:
        version = work.policies.effective()
    with use_policy(held, None if version is None else version.digest) as loaded:
        asked = _lines_of(loaded)
        if not any(_answers(loaded.program, line, done) for line in asked):
            lines = ", ".join(f"'{line}'" for line in asked) or "none"
            told = f"is not what the policy asks for with role '{done.role}'; its lines are {lines}"
            raise refused_fields([FieldError("act", told)])


def _answers(program: Program, line: str, done: Act) -> bool:
    act, _, role = line.rpartition(" by ")
    return act == done.act and done.role in roles_from(program, role)


def _lines_of(loaded: LoadedPolicy) -> list[str]:
    """The lines that ask for an act: of the rows for whatever the policy decides on, and of the days of its ladders."""
    of_rows = {line_of(name) for name in loaded.facts if is_asked(name)}
    return sorted(of_rows.union(*(acts_of(ladder) for ladder in loaded.program.ladders)))


def show_states(held: Services, customer_id: str) -> History:
    """Everything recorded of a customer.

    Raises: Refused for an unknown customer.
    """
    with held.database.read() as work:
        account = work.accounts.look(customer_id)
        if account is not None:
            return work.states.history(account.account_id)
    raise Refused("not-found", "there is no customer with this id")
