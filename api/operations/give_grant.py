"""Give a grant: a person lets one order go beyond a limit, by an amount and until a day; and take one back.

A grant is no verdict: the order is still asked for by the order system and decided by the policy, which sees the raised
limit. Only a person of the policy's highest role gives one, and never to an order that they submitted themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api import idempotency
from api.auth import Caller
from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.operations.decide_referral import end_of
from api.operations.referrals import officer_of
from api.operations.set_customer import is_identifier
from api.operations.tell_limit import CUSTOMER, GROUP, Owner, owner_of
from api.operations.use_policy import use_policy
from api.requests import read_currency, refused_fields
from api.services import Services
from credit.decision import canonical_json, instant_text
from credit.money import Money
from policy.program import Program
from storage.answers import NewAnswer
from storage.events import Event
from storage.failures import Refused as RefusedByStorage
from storage.grants import Grant, NewGrant
from storage.unit_of_work import Work

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Granting:
    """One request about a grant: whose it is, its key and bytes, which operation, and on which grant, if any."""

    caller: Caller
    key: str
    body: bytes
    operation: str
    grant_id: str = ""

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash(f"{self.operation} {self.grant_id}", self.body)


def give_grant(held: Services, asked: Granting, wish: Mapping[str, Any]) -> Answer:
    """The grant as it is stored, or the stored answer to the same key and body.

    Raises: Refused for a person who may not, an account that is not there, and an amount or day that cannot be.
    """
    with held.database.read() as work:
        digest = _policy_of(work, wish)
    with use_policy(held, digest) as loaded:
        program = loaded.program
        with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            officer = officer_of(work, asked.caller, program, None)
            new = _new_grant(work, asked, wish, program, officer.person)
            try:
                given = work.grants.add(new)
            except RefusedByStorage as refused:
                raise refused_fields([FieldError("until", str(refused))]) from None
            work.events.record(Event("grant_given", f"grant:{given.grant_id}", asked.caller.by, {
                "order": given.order_id, "amount": Money(given.amount, given.currency).amount,
                "currency": given.currency, "until": instant_text(given.until), "reason": given.reason,
                "role": officer.role, "customer": wish["customer_id"], "group": wish["group_id"],
            }))  # fmt: skip
            return _answered(work, asked, given, 201)


def withdraw_grant(held: Services, asked: Granting, wish: Mapping[str, Any]) -> Answer:
    """The grant after it was taken back, or the stored answer to the same key and body.

    What was held with it stays held. Raises: Refused for one that is not there, or was taken back before.
    """
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        known = is_identifier(asked.grant_id) and work.grants.get(asked.grant_id) is not None
        if not known:
            raise Refused("not-found", "there is no grant with this id")
        try:
            taken = work.grants.withdraw(asked.grant_id, asked.caller.person or "", wish["reason"],
                                         asked.caller.client)  # fmt: skip
        except RefusedByStorage:
            raise Refused("grant-withdrawn", "it raises nothing any more") from None
        assert taken is not None, "grants are never removed"
        work.events.record(Event("grant_withdrawn", f"grant:{taken.grant_id}", asked.caller.by,
                                 {"order": taken.order_id, "reason": wish["reason"]}))  # fmt: skip
        return _answered(work, asked, taken, 200)


def show_grant(held: Services, grant_id: str) -> bytes:
    """A grant as it stands. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        found = work.grants.get(grant_id) if is_identifier(grant_id) else None
        if found is None:
            raise Refused("not-found", "there is no grant with this id")
        return canonical_json(_shown(work, found))


def list_grants(held: Services, what: str, name: str) -> bytes:
    """Every grant to a customer or group. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        found = work.grants.of_account(owner_of(work, what, name).account_id)
        return canonical_json({"items": [_shown(work, one)["grant"] for one in found]})


def _new_grant(work: Work, asked: Granting, wish: Mapping[str, Any], program: Program, person: str) -> NewGrant:
    """The grant of a checked body. Raises: Refused."""
    read_currency(wish["currency"])
    owner = _owner(work, wish)
    if wish["currency"] != owner.currency:
        wrong = FieldError(field="currency", message="is another than the account's")
        raise Refused("currency-mismatch", f"the account is kept in {owner.currency}", [wrong])
    try:
        amount = Money.parse(wish["amount"], owner.currency)
    except ValueError as error:
        raise refused_fields([FieldError("amount", str(error))]) from None
    if amount.minor == 0:
        raise refused_fields([FieldError("amount", "is nothing; a grant is above zero")])
    _refuse_days(wish["until"], work.now().date())
    _refuse_own(work, asked.caller, owner, wish["order_id"])
    return NewGrant(
        grant_id=str(uuid.uuid4()), account_id=owner.account_id, order_id=wish["order_id"], amount=amount.minor,
        currency=owner.currency, until=end_of(program, wish["until"]), by=person, reason=wish["reason"],
        client=asked.caller.client,
    )  # fmt: skip


def _policy_of(work: Work, wish: Mapping[str, Any]) -> str | None:
    """The policy that decides the customer's orders, or by default; its highest role is the one that grants."""
    customer_id = wish["customer_id"]
    account = None if customer_id is None else work.accounts.look(customer_id, None)
    if account is not None:
        return account.policy_digest
    version = work.policies.effective()
    return None if version is None else version.digest


def _owner(work: Work, wish: Mapping[str, Any]) -> Owner:
    what = CUSTOMER if wish["customer_id"] is not None else GROUP
    return owner_of(work, what, wish[f"{what}_id"])


def _refuse_days(until: date, today: date) -> None:
    """Refuse a grant that nobody would remember. Raises: Refused."""
    if until > today + LONGEST:
        raise refused_fields([FieldError("until", f"is more than {LONGEST.days} days away; raise the limit")])


def _refuse_own(work: Work, caller: Caller, owner: Owner, order_id: str) -> None:
    """Refuse a grant to an order that the same person submitted. Raises: Refused."""
    if owner.what == CUSTOMER and caller.client in work.decisions.submitters(owner.name, order_id):
        raise Refused("own-submission", "the same person submitted the order; another one has to grant")


def _shown(work: Work, one: Grant) -> dict[str, object]:
    """A grant as it is shown."""
    taken = one.withdrawn
    return {"grant": {
        "id": one.grant_id, "order_id": one.order_id, "amount": Money(one.amount, one.currency).amount,
        "currency": one.currency, "until": instant_text(one.until), "valid": one.is_valid(work.now()), "by": one.by,
        "reason": one.reason, "referral_id": one.referral_id, "at": instant_text(one.at),
        "withdrawn": None if taken is None else
        {"by": taken.by, "reason": taken.reason, "at": instant_text(taken.at)},
    }}  # fmt: skip


def _answered(work: Work, asked: Granting, one: Grant, status: int) -> Answer:
    """The answer, kept for the same key."""
    response = canonical_json(_shown(work, one))
    work.answers.record(NewAnswer(asked.caller.client, asked.key, asked.hash, asked.operation, one.grant_id, status,
                                  response))  # fmt: skip
    return Answer(status, response, replayed=False)
