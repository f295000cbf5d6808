"""Place a hold: a person stops new orders of a customer, or the whole account, and ends that again with a reason.

Ladders place holds of their own; a person may end those too. The policy's day counts: from the day of the hold on
nothing new is approved, from the day of its end on orders are decided as ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from api.errors import Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.services import Services
from credit.decision import canonical_json, instant_text
from credit.holds import Hold
from storage.failures import Refused as RefusedByStorage
from storage.holds import NewHold, Release, StoredHold
from storage.unit_of_work import Work

LONGEST_ID = 200


def place_hold(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The hold as it is stored, or the stored answer to the same key and body. Raises: Refused for no such customer."""
    day = policy_day(held.database, CUSTOMER, asked.subject)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        owner = owner_of(work, CUSTOMER, asked.subject)
        new = NewHold(str(uuid.uuid4()), owner.account_id, Hold(wish["scope"], day), wish["reason"], asked.caller.by,
                      asked.caller.client)  # fmt: skip
        work.holds.place(new)
        stored = work.holds.get(new.hold_id)
        assert stored is not None
        return _answered(work, asked, stored, 201)


def end_hold(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The hold after it was ended, or the stored answer to the same key and body.

    Raises: Refused for one that is not there, or ended before.
    """
    with held.database.read() as work:
        customer_id = _hold_of(work, asked.subject).customer_id
    day = policy_day(held.database, CUSTOMER, customer_id)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        begun = _hold_of(work, asked.subject).hold.placed_on
        release = Release(max(begun, day), wish["reason"], asked.caller.by, asked.caller.client)
        try:
            ended = work.holds.end(asked.subject, release)
        except RefusedByStorage as refused:
            raise Refused("hold-ended", str(refused)) from None
        assert ended is not None, "holds are never removed"
        return _answered(work, asked, ended, 200)


def list_holds(held: Services, customer_id: str) -> bytes:
    """Every hold of a customer. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        return canonical_json({"items": [hold_dict(one) for one in work.holds.of_customer(customer_id)]})


def hold_dict(one: StoredHold) -> dict[str, object]:
    """A hold as it is shown."""
    ended = one.release
    assert ended is None or ended.at is not None, "what is stored has its time"
    return {
        "id": one.hold_id, "customer_id": one.customer_id, "scope": one.hold.scope,
        "placed_on": one.hold.placed_on.isoformat(), "by": one.by, "reason": one.reason,
        "invoice_id": one.invoice_id, "step": one.step, "at": instant_text(one.at),
        "release": None if ended is None or ended.at is None else
        {"released_on": ended.released_on.isoformat(), "by": ended.by, "reason": ended.reason,
         "at": instant_text(ended.at)},
    }  # fmt: skip


def _hold_of(work: Work, hold_id: str) -> StoredHold:
    found = work.holds.get(hold_id) if len(hold_id) <= LONGEST_ID and hold_id.isprintable() else None
    if found is None:
        raise Refused("not-found", "there is no hold with this id")
    return found


def _answered(work: Work, asked: KeyedRequest, one: StoredHold, status: int) -> Answer:
    """The answer, kept for the same key."""
    response = canonical_json({"hold": hold_dict(one)})
    return asked.answered(work, one.hold_id, status, response)
