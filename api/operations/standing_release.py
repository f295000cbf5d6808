"""A released order comes back, to be amended or shipped: while the release counts, nobody is asked again.

The release is read before the lock, and only for what can be a later stage, so that an ordinary order pays nothing for
it. It counts until its last day and up to its amount, for the checks that had failed when the order was referred.
INVARIANT: what denies stays a denial, no hold passes the limit and its grants, and an amendment is no new release: what
counts is always what a person saw and released.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.operations.orders import Order
from api.operations.wanted import Wanted
from api.services import Services
from api.situation import Evaluated
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS
from credit.money import Money
from credit.release import Release
from policy.program import Program
from policy.subjects import SHIPMENT
from rules.release import BY_RELEASE, FAILING, Released, released_before
from storage.exposure_ledger import AccountState
from storage.referrals import GivenRelease
from storage.reservations import Reservation
from storage.unit_of_work import Work

Guard = Callable[[Evaluated], Evaluated]


@dataclass(frozen=True, slots=True)
class Stage:
    """A later stage of a released order: the program that decided on it, what it is worth with what was invoiced of it,
    and whether a grant raises the limit for it now.
    """

    program: Program
    order: Order
    amount: Money
    granted: bool
    allow_single: bool


def find_release(held: Services, wish: Mapping[str, Any], wanted: Wanted) -> GivenRelease | None:
    """The release of an order that is to be amended or shipped; None for an order that nobody released, or a new one.

    Nothing is read for a new one.
    """
    if wanted.order is None or (wanted.subject != SHIPMENT and wish.get("amends") is None):
        return None
    with held.database.read() as work:
        return work.referrals.release_of(str(wish["customer_id"]), wanted.order.order_id)


def stage_of(held: Services, work: Work, program: Program, account: AccountState, wanted: Wanted,
             replaced: Reservation | None) -> Stage:  # fmt: skip
    """The stage at which an order comes back. An amendment is about the rest: what was invoiced before is added."""
    order = wanted.order
    assert order is not None
    invoiced = 0 if replaced is None else work.reservations.converted_of(account.account_id, order.order_id)
    granted = account.granted > 0 or any(one.granted > 0 for one in account.groups)
    amount = Money(order.amount.minor + invoiced, order.amount.currency)
    return Stage(program, order, amount, granted, held.settings.allow_single)


def still_released(bare: Evaluated, guard: Guard, given: GivenRelease, stage: Stage) -> Evaluated:
    """The answer as the release leaves it: lifted while it counts, or as it was with what stands against that."""
    guarded = guard(bare)
    if guarded.decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS):
        return guarded
    release = release_given(given, stage.program)
    against = dict(_over(bare, release, given, stage))
    made = Released(bare.outcome, (), against)
    if not against:
        seen = {str(one["name"]): one for one in given.checks if one["status"] in FAILING}
        made = released_before(stage.program, bare.outcome, seen, stage.order.requested_terms)
    if not made.against:
        lifted = guard(with_release(bare, made, told(given, release, stage, made)))
        if lifted.decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS):
            return lifted
        made = Released(bare.outcome, (), {"limit": "is exceeded by more than was released"})
    return guard(with_release(bare, made, told(given, release, stage, made)))


def release_given(given: GivenRelease, program: Program) -> Release:
    """What a stored release allows, by the days of the policy's timezone."""
    zone = ZoneInfo(program.timezone)
    last = given.until.astimezone(zone) - timedelta(milliseconds=1)  # its end is the first instant that is not in it
    return Release(given.most, given.at.astimezone(zone).date(), last.date())


def with_release(found: Evaluated, made: Released, release: Mapping[str, object]) -> Evaluated:
    """The evaluated order as a release leaves it, and what the release was."""
    outcome = made.outcome
    checks = tuple(
        replace(one, status="lifted", lifted_by=BY_RELEASE) if one.check in made.lifted else one
        for one in found.decision.checks
    )  # fmt: skip
    changed = replace(found.decision, verdict=outcome.verdict, hard_stop=outcome.hard_stop, checks=checks,
                      authority=None if made.lifted else found.decision.authority, missing=outcome.missing,
                      release=release)  # fmt: skip
    return replace(found, decision=changed, outcome=outcome)


def told(given: GivenRelease, release: Release, stage: Stage, made: Released) -> Mapping[str, object]:
    """A release that was given before, as the decision shows it."""
    currency = stage.amount.currency
    return {
        "referral": given.referral_id, "role": given.role, "lifted": list(made.lifted),
        "against": [{"what": what, "why": why} for what, why in made.against.items()],
        "up_to": Money(release.most_minor, currency).amount, "until": release.last_day.isoformat(),
        "released_on": release.first_day.isoformat(), "amount": stage.amount.amount,
    }  # fmt: skip


def _over(found: Evaluated, release: Release, given: GivenRelease, stage: Stage) -> Mapping[str, str]:
    """Why the release does not count at this stage, by what stands against it; empty where it does."""
    against, day = {}, found.decision.as_of
    if stage.order.has_no_rate:
        return {"rate": "is missing or too old; add one"}
    if not release.covers(release.most_minor, day):
        against["until"] = f"the release counted from {release.first_day} to {release.last_day}; this is {day}"
    if not release.covers(stage.amount.minor, release.first_day):
        most = Money(release.most_minor, stage.amount.currency)
        against["amount"] = f"{stage.amount.display()} is more than the {most.display()} up to which the release counts"
    if given.granted and not stage.granted:
        against.setdefault("grant", "that came with the release is withdrawn or over")
    if found.decision.engines != "agreed" and not (found.decision.engines == "single" and stage.allow_single):
        against["engines"] = "did not agree"
    return against
