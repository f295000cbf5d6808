"""The decision log and its idempotency keys."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.failures import Busy
from tests.storage.records import a_customer, a_decision, approve


def test_a_new_key_is_new_and_asks_again_for_the_same_bytes(database: Database) -> None:
    with database.write() as work:
        assert work.decisions.claim("shop", "k", b"body").state == "new"
        approve(work, "k", 10, response=b'{"exactly":  "these"}\n', status=201)
    for _ in range(2):
        with database.write() as work:
            again = work.decisions.claim("shop", "k", b"body")
        assert (again.state, again.status, again.decision_id) == ("replay", 201, "D-k")
        assert again.response == b'{"exactly":  "these"}\n'


def test_the_same_key_with_another_body_is_a_conflict(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
        other = work.decisions.claim("shop", "k", b"other body")
    assert (other.state, other.response) == ("conflict", b"")


def test_keys_of_two_clients_are_two_keys(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
        assert work.decisions.claim("other shop", "k", b"body").state == "new"


def test_a_key_is_decided_once_even_by_a_caller_who_did_not_claim(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10)
    with pytest.raises((IntegrityError, Busy), match=r"idempotency.key"), database.write() as work:
        approve(work, "k", 10, decision_id="D-2")


def test_a_stored_decision_tells_everything_it_was_made_from(database: Database) -> None:
    with database.write() as work:
        locked = work.accounts.lock("C-1")
        assert locked is not None
        new = a_decision(locked, "k", 10, request=b'{"amount":10}', facts={"名": [1, None]}, outcome={"rows": {"t": 3}})
        work.decisions.record(locked, new)
    with database.read() as work:
        stored = work.decisions.get("D-k")
        assert stored == work.decisions.find("shop", "k")
        assert work.decisions.get("D-404") is None
        assert work.decisions.find("shop", "404") is None
    assert stored is not None
    assert (stored.customer_id, stored.account_version, stored.decided_at) == ("C-1", 1, locked.now)
    for field in (
        "decision_id", "client", "idempotency_key", "body_hash", "status", "response", "verdict", "policy_digest",
        "program_digest", "as_of", "order", "request", "facts", "outcome",
    ):  # fmt: skip
        assert getattr(stored, field) == getattr(new, field)


def test_the_log_is_listed_newest_first_by_page_customer_and_verdict(database: Database) -> None:
    with database.write() as work:
        work.customers.put(a_customer("C-2"))
        for number, customer_id, amount in ((1, "C-1", 5), (2, "C-2", 0), (3, "C-1", 0), (4, "C-2", 5), (5, "C-1", 5)):
            locked = work.accounts.lock(customer_id)
            assert locked is not None
            work.decisions.record(locked, a_decision(locked, str(number), amount))
    with database.read() as work:
        first = work.decisions.list(limit=2)
        second = work.decisions.list(first.next_cursor, limit=2)
        third = work.decisions.list(second.next_cursor, limit=2)
        pages = [[one.decision_id for one in page.items] for page in (first, second, third)]
        mine = work.decisions.list(customer_id="C-1", verdict="approve")
    assert pages == [["D-5", "D-4"], ["D-3", "D-2"], ["D-1"]]
    assert third.next_cursor is None
    assert [one.decision_id for one in mine.items] == ["D-5", "D-1"]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "٣", "9" * 30])
def test_a_cursor_that_no_page_gave_is_refused(database: Database, cursor: str) -> None:
    with database.read() as work, pytest.raises(ValueError, match="no cursor"):
        work.decisions.list(cursor)


def test_decisions_of_some_days_come_page_by_page_by_the_day_that_they_were_made_on(database: Database) -> None:
    days = [date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 24)]
    with database.write() as work:
        for number, day in enumerate(days):
            approve(work, f"day-{number}", 1, as_of=day)
    first, last = days[1], days[2]
    with database.read() as work:
        page = work.decisions.decided_between(first, last, 0, 1)
        rest = work.decisions.decided_between(first, last, page[0][0], 10)
        assert [one.decision_id for _, one in (*page, *rest)] == ["D-day-1", "D-day-2"]
        assert work.decisions.count_between(first, last) == 2
        assert work.decisions.count_between(date.min, date.max) == 4
