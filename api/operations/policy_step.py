"""One step of a policy's life, asked for by a person: once for its key, in one transaction, and told where refused.

Every door takes its steps here, so a key, a command and a console are refused alike. INVARIANT: a refused attempt is an
event too (`policy_refused`), written after the transaction that it spoiled was taken back, as far as `api.refusals` has
room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api import idempotency
from api.auth import Caller
from api.errors import Refused
from api.idempotency import Answer, stored_answer
from api.refusals import POLICY, Attempt, keep
from api.services import Services
from credit.decision import canonical_json
from storage.answers import NewAnswer
from storage.failures import NotAllowed
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Step:
    """One request for a step: whose it is, its key, its bytes, the operation, what it is about, and what it says.

    `about` is `draft:ID`, `submission:ID`, `policy:DIGEST`, or `drafts` where something new begins.
    """

    caller: Caller
    key: str
    body: bytes
    operation: str
    about: str
    wish: Mapping[str, Any]

    @property
    def person(self) -> str:
        """Who takes the step. Raises: Refused (person-only) for a key."""
        if self.caller.person is None:
            raise Refused("person-only", "sign in: a key stands for a system, and policies are changed by people")
        return self.caller.person

    @property
    def subject_id(self) -> str:
        """The id alone of what the step is about."""
        return self.about.partition(":")[2] or self.about

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash(f"{self.operation} {self.about}", self.body)


Done = tuple[int, Mapping[str, Any]]


def once(held: Services, asked: Step, take: Callable[[Work], Done]) -> Answer:
    """What the step came to, or the stored answer to the same key and body. Raises: Refused; storage's failures."""
    assert asked.person
    with held.in_work.claim(asked.caller.client, asked.key):
        try:
            with held.database.write() as work:
                claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
                if claim.state != "new":
                    return stored_answer(claim)
                status, told = take(work)
                response = canonical_json(dict(told))
                work.answers.record(NewAnswer(asked.caller.client, asked.key, asked.hash, asked.operation,
                                              asked.subject_id, status, response))  # fmt: skip
                return Answer(status, response, replayed=False)
        except NotAllowed as refusal:
            raise noted(held, asked, refusal) from None


def answered_before(held: Services, asked: Step) -> Answer | None:
    """The answer that the key has already, for a step that computes much before its transaction. Raises: Refused."""
    assert asked.person
    with held.database.read() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
    return None if claim.state == "new" else stored_answer(claim)


def noted(held: Services, asked: Step, refusal: NotAllowed) -> Refused:
    """A refusal as it leaves, once it stands among the events."""
    keep(held.database, held.refusals,
         Attempt(POLICY, asked.about, asked.caller.by, asked.operation, refusal.name))  # fmt: skip
    return Refused(refusal.name, str(refusal))
