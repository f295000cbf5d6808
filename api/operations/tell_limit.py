"""Tell a limit of a customer or a group: from a day on, or for some days in place of the permanent one.

Nothing that was told is changed: what was wrong is corrected by telling another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from api import idempotency
from api.auth import Caller
from api.build import load_version
from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.known import granted_limit
from api.operations.set_customer import day_text, is_identifier, limit_told, read_granted
from api.requests import refused_fields
from api.services import Services
from credit.decision import canonical_json, instant_text
from storage.answers import NewAnswer
from storage.customers import PERMANENT, TEMPORARY, GrantedLimit, Told
from storage.engine import Database
from storage.limits import LimitRow, limit_of_day
from storage.unit_of_work import Work

CUSTOMER, GROUP = "customer", "group"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose limit: a customer's or a group's account, and the currency that it is kept in."""

    what: str
    name: str
    account_id: int
    currency: str


@dataclass(frozen=True, slots=True)
class Telling:
    """One request to tell a limit: whose it is, its key, its bytes, and of which customer or group."""

    caller: Caller
    key: str
    body: bytes
    what: str
    name: str

    @property
    def operation(self) -> str:
        """What is asked for."""
        return "tell_limit" if self.what == CUSTOMER else "tell_group_limit"


def tell_limit(held: Services, asked: Telling, wish: Mapping[str, Any]) -> Answer:
    """Every limit of the customer or group, with the new one, or the stored answer to the same key and body.

    Raises: Refused for one that is not there, and a limit or days that cannot be; storage's failures.
    """
    hashed = idempotency.body_hash(f"{asked.operation} {asked.name}", asked.body)
    day = policy_day(held.database, asked.what, asked.name)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, hashed)
        if claim.state != "new":
            return stored_answer(claim)
        owner = owner_of(work, asked.what, asked.name)
        record_limit(work, owner, wish["kind"], read_limit_wish(wish, owner.currency),
                     Told(asked.caller.by, wish["reason"]))  # fmt: skip
        response = canonical_json(limits_dict(work, owner, day))
        work.answers.record(NewAnswer(asked.caller.client, asked.key, hashed, asked.operation, asked.name, 201,
                                      response))  # fmt: skip
        return Answer(201, response, replayed=False)


def show_limits(held: Services, what: str, name: str) -> bytes:
    """Every limit of a customer or group. Raises: Refused for one that is not there."""
    day = policy_day(held.database, what, name)
    with held.database.read() as work:
        return canonical_json(limits_dict(work, owner_of(work, what, name), day))


def policy_day(database: Database, what: str = "", name: str = "") -> date:
    """Today in the timezone of the policy that decides for a customer, or of the default one; in UTC where none does.

    A policy is read outside of any transaction, as that can take a while.
    """
    with database.read() as work:
        now, customer = work.now(), work.accounts.look(name, None) if is_identifier(name) and what == CUSTOMER else None
        found = work.policies.effective()
        if customer is not None and customer.policy_digest is not None:
            found = work.policies.get(customer.policy_digest)
    program = None if found is None else load_version(found).program
    return now.astimezone(UTC if program is None else ZoneInfo(program.timezone)).date()


def owner_of(work: Work, what: str, name: str) -> Owner:
    """The account whose limits are meant. Raises: Refused (not-found)."""
    if is_identifier(name) and what == CUSTOMER:
        account = work.accounts.look(name, None)
        if account is not None:
            return Owner(what, name, account.account_id, account.currency)
    elif is_identifier(name):
        group, kept = work.groups.get(name), work.groups.account_of(name)
        if group is not None and kept is not None:
            return Owner(what, name, kept.account_id, group.currency)
    raise Refused("not-found", f"there is no {what} with this id")


def read_limit_wish(wish: Mapping[str, Any], currency: str) -> GrantedLimit:
    """The limit of a checked body. Raises: Refused."""
    first, last = wish["valid_from"], wish["valid_until"]
    if wish["kind"] == TEMPORARY and last is None:
        raise refused_fields([FieldError("valid_until", "is missing; a temporary limit has a last day")])
    if wish["kind"] == TEMPORARY and wish["limit"] == "none":  # takes back what was told for these days
        if first is not None and last < first:
            raise refused_fields([FieldError("valid_until", "lies before 'valid_from'")])
        return GrantedLimit("none", None, first, last)
    named = {"granted_limit": "limit", "limit_valid_from": "valid_from", "limit_valid_until": "valid_until"}
    try:
        return read_granted({ours: wish[sent] for ours, sent in named.items()}, currency)
    except Refused as refused:
        errors = [FieldError(named.get(one.field, one.field), one.message.replace("limit_valid", "valid"))
                  for one in refused.errors]  # fmt: skip
        raise refused_fields(errors) from None


def record_limit(work: Work, owner: Owner, kind: str, limit: GrantedLimit, told: Told) -> LimitRow:
    """Store a limit with its event."""
    stored = work.limits.add(owner.account_id, kind, limit, told)
    work.events.record(limit_told(f"{owner.what}:{owner.name}", stored, owner.currency))
    return stored


def limits_dict(work: Work, owner: Owner, day: date) -> dict[str, object]:
    """Every limit as it is shown, and which one counts on a day."""
    rows = work.limits.of_account(owner.account_id)
    counting = counting_row(rows, day)
    return {"currency": owner.currency, "items": [
        {"place": one.timed.place, "kind": one.timed.kind, "limit": str(granted_limit(one.timed.limit, owner.currency)),
         "valid_from": day_text(one.timed.limit.valid_from), "valid_until": day_text(one.timed.limit.valid_until),
         "reason": one.reason, "told_by": one.by, "told_at": instant_text(one.at), "counts": one is counting}
        for one in rows
    ]}  # fmt: skip


def counting_row(rows: Sequence[LimitRow], day: date) -> LimitRow | None:
    """The row that counts on a day; None where none does."""
    found = limit_of_day([one.timed for one in rows], day)
    same = [one for one in rows if one.timed.limit == found and one.timed.limit.is_in_force(day)]
    kinds = {one.timed.kind: one for one in same}  # the last of each kind
    return kinds.get(TEMPORARY) or kinds.get(PERMANENT)
