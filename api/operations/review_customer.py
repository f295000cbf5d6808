"""Review a customer, list whose review is due, and list the alerts of customers that fell until a person saw them.

The next review is on the day that a person states, else so many months later as the policy's `review_every` says for
the customer as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.known import shown_limit
from api.operations.set_customer import day_text, is_identifier
from api.operations.tell_facts import record_facts
from api.operations.tell_limit import CUSTOMER, Owner, owner_of, policy_day
from api.requests import refused_fields
from api.reviewing import Under, note_standing, standing_of, under_policy, words_of
from api.services import Services
from credit.decision import canonical_json, instant_text
from credit.money import Money
from rules.arithmetic import add_months
from storage.failures import Refused as RefusedByStorage
from storage.page import Page
from storage.reviews import Alert, DueReview, NewReview, Review, StoodThere
from storage.told_facts import Telling
from storage.unit_of_work import Work

LONGEST_ID = 200
REVIEWED_ON = "customer.reviewed_on"  # a policy that declares this fact reads the day of the last review
REVIEWED = "the customer was reviewed"


def review_customer(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """Every review of the customer with the new one, or the stored answer to the same key and body.

    Raises: Refused for a customer that is not there, and a next day that is none.
    """
    day = policy_day(held.database, CUSTOMER, asked.subject)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        owner = owner_of(work, CUSTOMER, asked.subject)
        record_review(work, owner, day, wish, asked.caller.by)
        return asked.answered(work, owner.name, 201, canonical_json(reviews_dict(work, owner, day)))


def record_review(work: Work, owner: Owner, day: date, wish: Mapping[str, Any], by: str) -> Review:
    """Keep a review of today, and where the customer stands. Raises: Refused where no next day can be said."""
    account = work.accounts.look(owner.name, None)
    assert account is not None, "its owner was found"
    note_standing(work, owner.name, REVIEWED)
    found = under_policy(work, account, day)
    next_on = wish["next_on"] or next_day(found, day)
    if next_on <= day:
        raise refused_fields([FieldError("next_on", f"is not after today, {day}")])
    new = NewReview(
        owner.account_id, owner.name, day, next_on, "policy" if wish["next_on"] is None else "stated", wish["finding"],
        by, tier=None if found is None else found.tier, policy_digest=None if found is None else found.version.digest,
    )  # fmt: skip
    try:
        kept = work.reviews.record(new)
    except RefusedByStorage as refused:
        raise refused_fields([FieldError("finding", str(refused))]) from None
    if REVIEWED_ON in words_of(work, account).known:
        record_facts(work, owner, {REVIEWED_ON: day.isoformat()}, day, Telling(by, REVIEWED))
    return kept


def next_day(found: Under | None, day: date) -> date:
    """The day that the policy says. Raises: Refused where it says none."""
    months = None if found is None else standing_of(found).review_every
    if months is None:
        told = "is missing: the policy says no review_every for this customer as it stands; state a day"
        raise refused_fields([FieldError("next_on", told)])
    return date.fromordinal(add_months(day.toordinal(), months))


def list_reviews(held: Services, customer_id: str) -> bytes:
    """Every review of a customer. Raises: Refused for one that is not there."""
    day = policy_day(held.database, CUSTOMER, customer_id)
    with held.database.read() as work:
        return canonical_json(reviews_dict(work, owner_of(work, CUSTOMER, customer_id), day))


def reviews_dict(work: Work, owner: Owner, day: date) -> dict[str, object]:
    """Every review as it is shown, and whether the next one is due."""
    found: Sequence[Review] = work.reviews.of_account(owner.account_id)
    next_on = found[-1].next_on if found else None
    return {
        "customer_id": owner.name, "next_on": day_text(next_on), "due": next_on is None or next_on <= day,
        "items": [
            {"reviewed_on": one.reviewed_on.isoformat(), "next_on": one.next_on.isoformat(), "basis": one.basis,
             "tier": one.tier, "finding": one.finding, "by": one.by, "at": instant_text(one.at)} for one in found
        ],
    }  # fmt: skip


def list_due(held: Services, asked: Mapping[str, Any]) -> bytes:
    """The customers whose review is due. Raises: Refused for a cursor that no page gave."""
    if asked["cursor"] is not None and not is_identifier(asked["cursor"]):
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged")
    day = asked["on"] or policy_day(held.database)
    with held.database.read() as work:
        page = work.reviews.due(day, asked["cursor"] or "", asked["limit"] or held.settings.page_size)
    return canonical_json(due_dict(page))


def due_dict(page: Page[DueReview]) -> dict[str, object]:
    """A page of the list as it is shown."""
    items = [{"customer_id": one.customer_id, "name": one.name, "due_on": day_text(one.due_on),
              "reviewed_on": day_text(one.reviewed_on), "tier": one.tier} for one in page.items]  # fmt: skip
    return {"items": items, "next": page.next_cursor}


def list_alerts(held: Services, asked: Mapping[str, Any]) -> bytes:
    """Alerts of customers that fell: those that nobody saw, or all."""
    size = asked["limit"] or held.settings.page_size
    with held.database.read() as work:
        page = work.reviews.alerts(asked["all"] == "no", asked["cursor"] or "", size)
        items = [alert_dict(work, one) for one in page.items]
    return canonical_json({"items": items, "next": page.next_cursor})


def see_alert(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The alert with who saw it, or the stored answer to the same key and body.

    Raises: Refused for one that is not there, or was seen before.
    """
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        known = len(asked.subject) <= LONGEST_ID and asked.subject.isprintable()
        try:
            seen = work.reviews.see(asked.subject, asked.caller.by, wish["note"]) if known else None
        except RefusedByStorage as refused:
            raise Refused("alert-seen", str(refused)) from None
        if seen is None:
            raise Refused("not-found", "there is no alert with this id")
        return asked.answered(work, seen.alert_id, 200, canonical_json({"alert": alert_dict(work, seen)}))


def alert_dict(work: Work, one: Alert) -> dict[str, object]:
    """An alert as it is shown."""
    kept, seen = work.customers.get(one.customer_id), one.seen
    assert kept is not None, "customers are never removed"
    return {
        "id": one.alert_id, "customer_id": one.customer_id, "fell": list(one.fell),
        "before": standing_dict(one.before, kept.currency), "after": standing_dict(one.after, kept.currency),
        "at": instant_text(one.at),
        "seen": None if seen is None else {"by": seen.by, "note": seen.note, "at": instant_text(seen.at)},
    }  # fmt: skip


def standing_dict(one: StoodThere, currency: str) -> dict[str, object]:
    """A standing as it is shown."""
    kept = one.standing
    largest = None if kept.largest_order is None else Money(kept.largest_order, currency).amount
    return {
        "as_of": one.as_of.isoformat(), "tier": kept.tier, "terms": list(kept.offer), "longest": kept.longest,
        "limit": shown_limit(kept.limit, currency), "largest_order": largest, "ratings": dict(kept.words),
        "policy_digest": one.policy_digest, "why": one.why,
    }  # fmt: skip
