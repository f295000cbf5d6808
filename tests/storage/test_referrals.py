"""Referrals in storage: the queue by the database's clock, and one outcome for each, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.engine import Database
from storage.failures import StorageFailure
from storage.referrals import APPROVED, DECIDED_ANEW, OPEN, REJECTED, DecidedReferral, Referral
from storage.unit_of_work import Work
from tests.storage.records import a_decision

LIFE = timedelta(hours=1)
SAID = DecidedReferral("", REJECTED, "A. Example", "cfo", "approver-1", "too much")


def refer(work: Work, key: str, verdict: str = "refer") -> str:
    """A decision with this verdict, and its id."""
    locked = work.accounts.lock("C-1")
    assert locked is not None
    new = replace(a_decision(locked, key), verdict=verdict, hold=None)
    work.decisions.record(locked, new)
    return new.decision_id


def queue(database: Database, state: str = OPEN, life: timedelta = LIFE) -> list[str]:
    """The referrals in a state."""
    with database.read() as work:
        return [one.decision.decision_id for one in work.referrals.list(life, state=state).items]


def test_referred_orders_wait_in_their_order_and_no_others(database: Database) -> None:
    with database.write() as work:
        first = refer(work, "k-1")
        refer(work, "k-2", "approve"), refer(work, "k-3", "deny")
    with database.write() as work:
        second = refer(work, "k-4")
    assert queue(database) == [first, second]
    with database.read() as work:
        page = work.referrals.list(LIFE, limit=1)
        rest = work.referrals.list(LIFE, limit=1, cursor=page.next_cursor)
        assert [one.decision.decision_id for one in (*page.items, *rest.items)] == [first, second]
        assert work.referrals.list(LIFE, customer_id="C-9").items == work.referrals.list(LIFE, client="x").items == ()


def test_a_referral_is_open_until_its_life_is_over(database: Database) -> None:
    with database.write() as work:
        found = refer(work, "k-1")
    with database.read() as work:
        referral = work.referrals.get(found)
    assert referral is not None
    ends, tick = referral.ends_at(LIFE), timedelta(milliseconds=1)
    assert [referral.state(at, LIFE) for at in (ends - tick, ends, ends + tick)] == ["open", "expired", "expired"]
    assert (queue(database, life=timedelta(0)), queue(database, "expired", timedelta(0))) == ([], [found])


@pytest.mark.parametrize("outcome", [APPROVED, REJECTED, DECIDED_ANEW])
def test_what_became_of_it_is_kept_in_full(database: Database, outcome: str) -> None:
    with database.write() as work:
        found, other = refer(work, "k-1"), refer(work, "k-2", "approve")
        until = datetime(2027, 1, 1, tzinfo=UTC) if outcome == APPROVED else None
        released = 70_000 if outcome == APPROVED else None
        work.referrals.decide(replace(SAID, referral_id=found, outcome=outcome, released=released, until=until,
                                      decision_id=None if outcome == REJECTED else other))  # fmt: skip
    with database.read() as work:
        stored: Referral | None = work.referrals.get(found)
    assert stored is not None and stored.decided is not None
    made = stored.decided
    assert (made.outcome, made.released, made.until, made.person) == (outcome, released, until, "A. Example")
    assert queue(database) == [] and queue(database, outcome) == [found]


def test_the_database_keeps_one_outcome_for_each(database: Database) -> None:
    with database.write() as work:
        found = refer(work, "k-1")
        work.referrals.decide(replace(SAID, referral_id=found))
    with pytest.raises((DBAPIError, StorageFailure)), database.write() as work:
        work.referrals.decide(replace(SAID, referral_id=found))


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "forgotten"}, {"reason": ""}, {"person": ""}, {"outcome": APPROVED},
        {"outcome": DECIDED_ANEW}, {"released": 1}, {"grant_id": "G-1"},
    ],
)  # fmt: skip
def test_the_database_refuses_what_no_outcome_is(database: Database, wrong: dict[str, object]) -> None:
    with database.write() as work:
        found = refer(work, "k-1")
    with pytest.raises((DBAPIError, StorageFailure)), database.write() as work:
        work.referrals.decide(replace(SAID, referral_id=found, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", ["UPDATE decided_referral SET reason = 'x'", "DELETE FROM decided_referral"])
def test_an_outcome_is_never_changed(database: Database, change: str) -> None:
    with database.write() as work:
        work.referrals.decide(replace(SAID, referral_id=refer(work, "k-1")))
    with pytest.raises(DBAPIError, match="only added to"), database.migrating() as connection:
        connection.execute(text(change))


def test_whoever_holds_a_referral_makes_others_wait(database: Database) -> None:
    with database.write() as work:
        found = refer(work, "k-1")
    with database.write() as work:
        referral = work.referrals.get(found)
        assert referral is not None
        before = work.now()
        assert work.referrals.hold(referral.decision.account_id) >= before
