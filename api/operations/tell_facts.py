"""Tell facts of a customer from a day on: a rating, a score, the country, whatever master data a policy reads.

Nothing that was told is changed: what was wrong is corrected by telling it again. From its first day on the fact
decides orders, until a later one's first day has come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.errors import FieldError
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.known_facts import Words, effective_facts
from api.operations.set_customer import day_text
from api.operations.tell_limit import CUSTOMER, Owner, owner_of, policy_day
from api.requests import refused_fields
from api.reviewing import watched
from api.services import Services
from credit.decision import canonical_json, instant_text
from storage.events import Event
from storage.failures import Refused as RefusedByStorage
from storage.told_facts import COUNTRY, FactTold, Telling, facts_of_day, master_of
from storage.unit_of_work import Work

TOLD = "facts were told"


def tell_facts(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """Every fact that was told of the customer, with the new ones, or the stored answer to the same key and body.

    Raises: Refused for a customer that is not there, and facts that cannot be.
    """
    day = policy_day(held.database, CUSTOMER, asked.subject)
    with held.in_work.claim(asked.caller.client, asked.key):
        with held.database.read() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            currency = owner_of(work, CUSTOMER, asked.subject).currency
        refuse_unfit(wish["facts"], Words(effective_facts(held), held.vocabulary, currency))
        with held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            owner = owner_of(work, CUSTOMER, asked.subject)
            telling = Telling(asked.caller.by, wish["reason"], wish["source"])
            with watched(work, owner.name, TOLD):
                record_facts(work, owner, wish["facts"], wish["valid_from"], telling)
            return asked.answered(work, owner.name, 201, canonical_json(facts_dict(work, owner, day)))


def refuse_unfit(facts: Mapping[str, Any], words: Words) -> None:
    """Refuse facts that nobody can keep. Raises: Refused."""
    if not facts:
        raise refused_fields([FieldError("facts", "names no fact; send at least one")])
    words.read(facts)
    country = facts.get(COUNTRY)
    if country is not None and re.fullmatch("[A-Z]{2}", str(country)) is None:
        raise refused_fields([FieldError(f"facts.{COUNTRY}", "is no country; write its ISO 3166 code, such as CN")])


def record_facts(work: Work, owner: Owner, facts: Mapping[str, Any], first: date | None, telling: Telling) -> None:
    """Store facts with their event. Raises: Refused where too many were told."""
    try:
        work.told_facts.tell(owner.account_id, facts, first, telling)
    except RefusedByStorage as refused:
        raise refused_fields([FieldError("facts", str(refused))]) from None
    work.events.record(Event("facts_told", f"customer:{owner.name}", telling.by, {
        "facts": sorted(facts), "from": day_text(first),  # values stay where they can be erased
    }))  # fmt: skip


def show_facts(held: Services, customer_id: str) -> bytes:
    """What is so of a customer today, and every fact told. Raises: Refused for one that is not there."""
    day = policy_day(held.database, CUSTOMER, customer_id)
    with held.database.read() as work:
        return canonical_json(facts_dict(work, owner_of(work, CUSTOMER, customer_id), day))


def facts_dict(work: Work, owner: Owner, day: date) -> dict[str, object]:
    """Every fact as it is shown, and which ones count on a day."""
    rows = work.told_facts.of_account(owner.account_id)
    stored = work.customers.get(owner.name)
    assert stored is not None, "customers are never removed"
    counting = counting_places(rows, day)
    return {
        "customer_id": owner.name, "on": day.isoformat(),
        "facts": facts_of_day(master_of(stored.facts, stored.country), [one.timed for one in rows], day),
        "items": [
            {"place": one.timed.place, "name": one.timed.name, "value": one.timed.value,
             "valid_from": day_text(one.timed.valid_from), "source": one.source, "reason": one.reason,
             "told_by": one.by, "told_at": instant_text(one.at), "counts": one.timed.place in counting}
            for one in rows
        ],
    }  # fmt: skip


def counting_places(rows: Sequence[FactTold], day: date) -> set[int]:
    """The places of the rows that count on a day: of each fact the one told last among those that have begun."""
    return set({one.timed.name: one.timed.place for one in rows if one.timed.has_begun(day)}.values())
