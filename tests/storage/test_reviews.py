"""Reviews say when the next one is due; alerts wait for a person; nothing of it is ever changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.standing import Standing
from storage.engine import Database
from storage.failures import Refused
from storage.reviews import NewReview, StoodThere
from storage.unit_of_work import Work
from tests.storage.records import a_customer, a_policy

DAY, NEXT = date(2026, 3, 1), date(2026, 6, 1)
ONE_DAY = timedelta(days=1)
HIGH, LOW = Standing("prime", ("net 60",), "net 90", 90, 5), Standing("low", ("prepaid",), None, 0, 1)


@pytest.fixture(autouse=True)
def customers(database: Database) -> None:
    """Three customers and a policy."""
    with database.write() as work:
        work.policies.add(a_policy())
        for name in ("C-1", "C-2", "C-3"):
            work.customers.put(a_customer(name))


def account_of(work: Work, customer_id: str = "C-1") -> int:
    """The account of a customer."""
    state = work.accounts.look(customer_id)
    assert state is not None
    return state.account_id


def review(database: Database, customer_id: str = "C-1", **changes: Any) -> None:
    """Keep a review of a customer."""
    said: dict[str, Any] = {"reviewed_on": DAY, "next_on": NEXT, "basis": "policy", "finding": "all well",
                            "by": "person:ann", "tier": "prime"} | changes  # fmt: skip
    with database.write() as work:
        work.reviews.record(NewReview(account_of(work, customer_id), customer_id, **said))


def due(database: Database, day: date) -> list[str]:
    """Whose review is due on a day."""
    with database.read() as work:
        return [one.customer_id for one in work.reviews.due(day).items]


def test_a_review_is_due_from_its_day_on_and_at_once_where_there_was_none(database: Database) -> None:
    review(database)
    assert due(database, NEXT - ONE_DAY) == ["C-2", "C-3"]
    assert due(database, NEXT) == due(database, NEXT + ONE_DAY) == ["C-1", "C-2", "C-3"]
    review(database, reviewed_on=NEXT, next_on=NEXT + ONE_DAY)
    assert due(database, NEXT) == ["C-2", "C-3"]
    with database.read() as work:
        first = work.reviews.due(NEXT, most=1)
        second = work.reviews.due(NEXT, first.next_cursor or "", most=1)
    assert [one.customer_id for one in (*first.items, *second.items)] == ["C-2", "C-3"]
    assert (first.next_cursor, second.next_cursor) == ("C-2", None)


def test_a_review_lies_not_before_the_last(database: Database) -> None:
    review(database)
    with pytest.raises(Refused, match="before the last review, of 2026-03-01"):
        review(database, reviewed_on=DAY - ONE_DAY)
    review(database, finding="the same day again")
    with database.read() as work:
        assert [one.finding for one in work.reviews.of_account(account_of(work))] == ["all well", "the same day again"]


def fall(database: Database, alert_id: str = "A-1", customer_id: str = "C-1") -> None:
    """Have a customer fall."""
    digest = a_policy().digest
    with database.write() as work:
        account_id = account_of(work, customer_id)
        for place, standing in ((1, HIGH), (2, LOW)):
            work.reviews.stand(account_id, StoodThere(place, DAY, standing, digest, "facts were told", work.now()))
        work.reviews.alert(alert_id, customer_id, account_id, 2, ("tier",))


def test_an_alert_is_listed_until_a_person_saw_it(database: Database) -> None:
    fall(database)
    fall(database, "A-2", "C-2")
    with database.read() as work:
        assert [one.alert_id for one in work.reviews.alerts(unseen=True).items] == ["A-1", "A-2"]
        [first, _] = work.reviews.alerts(unseen=True).items
        assert (first.fell, first.before.standing, first.after.standing) == (("tier",), HIGH, LOW)
        assert first.customer_id == "C-1" and work.reviews.alerts(unseen=True, most=1).next_cursor == "A-1"
        last = work.reviews.standing(account_of(work))
        assert last is not None and (last.place, last.standing) == (2, LOW)
    with database.write() as work:
        seen = work.reviews.see("A-1", "person:ann", "asked for a guarantee")
        assert seen is not None and seen.seen is not None and seen.seen.by == "person:ann"
        assert work.reviews.see("A-9", "person:ann", "x") is None
    with pytest.raises(Refused, match="seen already, by person:ann"), database.write() as work:
        work.reviews.see("A-1", "person:bo", "x")
    with database.read() as work:
        assert [one.alert_id for one in work.reviews.alerts(unseen=True).items] == ["A-2"]
        assert [one.alert_id for one in work.reviews.alerts(unseen=False).items] == ["A-1", "A-2"]
        kinds = [one.kind for one in work.events.list(subject="customer:C-1").items]
        assert kinds == ["alert_seen", "customer_downgraded"]


@pytest.mark.parametrize("change", [
    "UPDATE customer_review SET next_on = '2099-01-01'", "UPDATE customer_review SET finding = 'erased'",
    "DELETE FROM customer_review", "UPDATE customer_standing SET why = 'x'", "DELETE FROM downgrade_alert",
    "UPDATE downgrade_alert SET fell = '[]'", "DELETE FROM seen_alert", "UPDATE seen_alert SET note = 'x'",
])  # fmt: skip
def test_nobody_changes_what_was_found(database: Database, change: str) -> None:
    review(database)
    fall(database)
    with database.write() as work:
        work.reviews.see("A-1", "person:ann", "x")
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("changes", [{"next_on": DAY}, {"basis": "a feeling"}, {"finding": ""}, {"by": ""}])
def test_what_is_no_review_is_refused_by_the_database(database: Database, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        review(database, **changes)
