"""Erase the record of a decision, or of a customer with all of its decisions, on request of whom it tells of.

Only what nothing needs any more is erased (`storage/retention.py`); of a customer everything is, or nothing. What was
erased stays erased, so a second request is told of the first one. A customer's decisions go in pages, each in a
transaction that holds their accounts; its own record goes last, so a request that broke off is sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.referrals import life_of
from api.operations.set_customer import is_identifier
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.services import Services
from credit.decision import canonical_json, instant_text
from storage.database import Database
from storage.retention import (
    BEFORE_LOG,
    FOLLOWED,
    HOLDS,
    LEFT_OVER,
    OPEN_MESSAGE,
    STATE,
    TERM,
    UNPAID,
    WAITS,
    Candidate,
    Terms,
    Wanted,
)
from storage.unit_of_work import Work

PAGE = 50
MOST_TOLD = 20
WHY = {
    HOLDS: "exposure is held", WAITS: "it waits for a person", UNPAID: "an invoice is unpaid",
    STATE: "a state that it entered stands", FOLLOWED: "the decision that followed it is needed",
    TERM: "the time for which records are kept is not over", BEFORE_LOG: "it was made before there was a log",
    OPEN_MESSAGE: "a letter or a task about it is not done", LEFT_OVER: "money that it paid goes to no invoice yet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """By whom something is erased, and why."""

    by: str
    reason: str


def erase_decision(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """That the decision is erased, by whom, why and when; or the stored answer to the same key and body.

    Raises: Refused for one that is not there (not-found), or is still needed (record-kept).
    """
    terms, said = terms_of(held), Said(asked.caller.by, wish["reason"])
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        account_id = work.retention.account_of(asked.subject) if is_identifier(asked.subject) else None
        if account_id is None:
            raise Refused("not-found", "there is no decision with this id")
        if work.erasures.get(asked.subject) is None:
            work.accounts.lock_in_order([account_id])
            refuse_kept(work.retention.needs([asked.subject], terms))
        done = work.erasures.erase(asked.subject, said.by, said.reason)
        told = {"decision_id": done.decision_id, "by": done.by, "reason": done.reason, "at": instant_text(done.at)}
        return _answered(work, asked, told)


def erase_customer(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """That the customer is erased, with how many decisions; or the stored answer to the same key and body.

    Raises: Refused for one that is not there (not-found), or of whom anything is still needed (record-kept).
    """
    terms, said = terms_of(held), Said(asked.caller.by, wish["reason"])
    wanted = Wanted(customer_id=asked.subject)
    with held.in_work.claim(asked.caller.client, asked.key):
        with held.database.read() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            owner_of(work, CUSTOMER, asked.subject)
            refuse_kept(_needs_of_customer(work, asked.subject, terms))
        deque(erase_wanted(held.database, wanted, said, terms), maxlen=0)
        with held.database.write() as work:
            work.accounts.lock_in_order([owner_of(work, CUSTOMER, asked.subject).account_id])
            refuse_kept(_needs_of_customer(work, asked.subject, terms))
            while _erase_page(work, wanted, 0, said, terms):
                pass  # what was decided since
            erased = work.retention.count_erased(asked.subject)
            work.letter_erasures.erase(asked.subject, said.by, said.reason)
            work.erasures.erase_master(asked.subject, said.by, said.reason, erased)
            return _answered(work, asked, _customer_told(work, asked.subject, erased))


def erase_wanted(database: Database, wanted: Wanted, said: Said, terms: Terms) -> Iterator[Candidate]:
    """Erase what nothing needs any more of some decisions, page by page; each is told, also those that are kept.

    Raises: storage's failures. What is done stays done, and a second run goes on with the rest.
    """
    after = 0
    while True:
        with database.write() as work:
            page = _erase_page(work, wanted, after, said, terms)
        yield from page
        if not page:
            return
        after = page[-1].seq


def looked_at(database: Database, wanted: Wanted, terms: Terms) -> Iterator[Candidate]:
    """The same decisions, with why each is kept; nothing is erased."""
    after = 0
    while True:
        with database.read() as work:
            page = work.retention.page(wanted, after, PAGE, terms)
        yield from page
        if not page:
            return
        after = page[-1].seq


def terms_of(held: Services) -> Terms:
    """How long records are kept today."""
    return Terms.on_day(policy_day(held.database), held.settings.retention_days, life_of(held))


def refuse_kept(needs: Mapping[str, Sequence[str]]) -> None:
    """Refuse to erase what is needed. Raises: Refused (record-kept) with the reasons, by decision."""
    if not needs:
        return
    reasons = [why for why in WHY if any(why in found for found in needs.values())]
    errors = [FieldError(name, "; ".join(WHY[why] for why in found)) for name, found in needs.items()]
    raise Refused("record-kept", f"it is still needed: {'; '.join(WHY[why] for why in reasons)}", errors[:MOST_TOLD])


def _erase_page(work: Work, wanted: Wanted, after: int, said: Said, terms: Terms) -> Sequence[Candidate]:
    """One page, under the lock of every account in it: what is needed is asked once more, as it may have changed."""
    found = work.retention.page(wanted, after, PAGE, terms)
    work.accounts.lock_in_order({one.account_id for one in found})
    needs = work.retention.needs([one.decision_id for one in found], terms)
    for one in found:
        if one.decision_id not in needs:
            work.erasures.erase(one.decision_id, said.by, said.reason)
    return [Candidate(one.seq, one.decision_id, one.account_id, needs.get(one.decision_id, ())) for one in found]


def _needs_of_customer(work: Work, customer_id: str, terms: Terms) -> Mapping[str, Sequence[str]]:
    """Why a customer's decisions and its own record are needed, by decision, the record under the customer's id."""
    own = work.retention.needs_of_master(customer_id)
    own += (OPEN_MESSAGE,) if work.letter_erasures.open_messages(customer_id) else ()
    needs: dict[str, Sequence[str]] = {customer_id: own} if own else {}
    wanted, after = Wanted(customer_id=customer_id), 0
    while page := work.retention.page(wanted, after, PAGE, terms):
        needs |= {one.decision_id: one.kept for one in page if one.kept}
        after = page[-1].seq
    return needs


def _customer_told(work: Work, customer_id: str, erased: int) -> dict[str, object]:
    """The last erasure of a customer, and how many of its decisions are erased by now."""
    [told] = work.events.list(limit=1, kind="customer_erased", subject=f"customer:{customer_id}").items
    assert told.at is not None, "what is stored has its time"
    return {"customer_id": customer_id, "decisions": erased, "by": told.by, "reason": told.details["reason"],
            "at": instant_text(told.at)}  # fmt: skip


def _answered(work: Work, asked: KeyedRequest, told: Mapping[str, object]) -> Answer:
    """The answer, kept for the same key."""
    response = canonical_json({"erased": told})
    return asked.answered(work, asked.subject, 200, response)
