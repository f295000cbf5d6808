"""Referrals as people see them: the queue of orders that wait for a person, and what became of each.

A referral is the decision that referred an order. It waits for so long by the database's clock, and is then over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.auth import Caller
from api.errors import Refused
from api.operations.set_customer import is_identifier
from api.services import Services
from credit.decision import canonical_json, instant_text
from credit.money import Money
from policy.program import Program
from rules.release import FAILING, highest_role
from rules.states import roles_from
from storage.page import Page
from storage.referrals import DecidedReferral, Referral
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Officer:
    """The person who decides a referral, and the role of the policy in which they do."""

    person: str
    role: str


def officer_of(work: Work, caller: Caller, program: Program, authority: str | None) -> Officer:
    """Who decides, in the highest of their roles that may: the only place that says so, from what is stored now.

    `authority` is the role that is needed; the highest of the policy where it is None.
    Raises: Refused (person-only) for a key, (unauthorized) for a disabled person, (authority-too-low).
    """
    if caller.person is None:
        raise Refused("person-only", "sign in: a key stands for a system, and this is decided by a person")
    found = work.people.find(caller.person)
    if found is None or found.disabled_at is not None:
        raise Refused("unauthorized", "the person is disabled; ask an administrator")
    needed = authority or highest_role(program)
    known = (*program.roles_beside, *program.roles_rising)
    may_decide = known if needed is None else roles_from(program, needed)
    own = [role for role in may_decide if role in found.authorities and role in known]
    if not own:
        raise Refused("authority-too-low", f"the role '{needed}', or one above it, has to decide this")
    return Officer(found.name, own[-1])


def life_of(held: Services) -> timedelta:
    """How long a referral waits."""
    return timedelta(hours=held.settings.referral_hours)


def visible(work: Work, caller: Caller, referral_id: str) -> Referral:
    """The referral; an order system sees those of its own orders. Raises: Refused."""
    found = work.referrals.get(referral_id) if is_identifier(referral_id) else None
    hidden = found is not None and caller.role == "order_system" and found.decision.client != caller.client
    if found is None or hidden:
        raise Refused("not-found", "there is no referral with this id")
    return found


def refuse_erased(found: Referral) -> None:
    """Refuse to decide on a referral whose bytes are gone: nobody can know what was asked. Raises: Refused."""
    if not found.decision.response:
        raise Refused("record-erased", "what was asked was erased; the order has to be decided again")


def show_referral(held: Services, caller: Caller, referral_id: str) -> bytes:
    """A referral as it stands now. Raises: Refused for one that is not there or not the caller's."""
    with held.database.read() as work:
        found = visible(work, caller, referral_id)
        return canonical_json({"referral": referral_dict(found, work.now(), life_of(held))})


def list_referrals(held: Services, caller: Caller, asked: Mapping[str, Any]) -> tuple[Page[Referral], datetime]:
    """Referred orders in one state, the longest waiting first, and the database's clock; an order system sees its own.

    Raises: Refused for a cursor that no page gave.
    """
    own = caller.client if caller.role == "order_system" else None
    size = asked.get("limit") or held.settings.page_size
    try:
        with held.database.read() as work:
            page = work.referrals.list(life_of(held), state=asked["state"], customer_id=asked.get("customer_id"),
                                       client=own, cursor=asked.get("cursor"), limit=size)  # fmt: skip
            return page, work.now()
    except ValueError:
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged") from None


def referral_dict(found: Referral, now: datetime, life: timedelta) -> dict[str, object]:
    """A referral as it is shown: how long it waits, for what amount, and whom it needs."""
    decision, order = found.decision, found.decision.order
    erased: dict[str, Any] = {"checks": [], "authority": None, "missing": []}
    answered = json.loads(decision.response)["decision"] if decision.response else erased
    failed = [{"check": one["check"], "status": one["status"]} for one in answered["checks"]
              if one["status"] in FAILING]  # fmt: skip
    amount, unsecured = Money(order.amount, found.currency), Money(order.unsecured_amount, found.currency)
    if found.original is not None:  # in the order's own currency, as no rate may have been known
        amount, unsecured = found.original[0], found.original[0] - found.original[1]
    return {
        "id": decision.decision_id, "state": found.state(now, life), "customer_id": decision.customer_id,
        "order_id": order.order_id, "currency": amount.currency, "amount": amount.amount,
        "unsecured_amount": unsecured.amount, "verdict": decision.verdict,
        "authority": answered["authority"], "checks": failed, "missing": answered["missing"],
        "client": decision.client, "referred_at": instant_text(decision.decided_at),
        "expires_at": instant_text(found.ends_at(life)),
        "age_hours": max(0, int((now - decision.decided_at) / timedelta(hours=1))),
        "decided": None if found.decided is None else decided_dict(found.decided, found.currency),
    }  # fmt: skip


def decided_dict(made: DecidedReferral, currency: str) -> dict[str, object]:
    """What a person made of a referral, and where the decision that followed is found."""
    assert made.at is not None, "what is recorded has its time"
    return {
        "outcome": made.outcome, "person": made.person, "role": made.role, "client": made.client,
        "reason": made.reason, "at": instant_text(made.at), "decision_id": made.decision_id,
        "up_to": None if made.released is None else Money(made.released, currency).amount,
        "until": None if made.until is None else instant_text(made.until), "grant_id": made.grant_id,
    }  # fmt: skip
