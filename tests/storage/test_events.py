"""Events: written with the change, read newest first, never altered."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.events import Event


def write(database: Database, *subjects: str, kind: str = "key_created") -> None:
    """One event for each subject."""
    with database.write() as work:
        for subject in subjects:
            work.events.record(Event(kind, subject, "operator:ann", {"client": "shop", "ends": None}))


def test_an_event_is_kept_with_its_time_and_details(database: Database) -> None:
    with database.read() as work:
        before = work.now()
    write(database, "key:a")
    with database.read() as work:
        [found] = work.events.list(kind="key_created").items
        after = work.now()
    assert (found.kind, found.subject, found.by) == ("key_created", "key:a", "operator:ann")
    assert found.details == {"client": "shop", "ends": None}
    assert found.at is not None and before <= found.at <= after


def test_events_come_newest_first_in_pages(database: Database) -> None:
    write(database, "key:a", "key:b", "key:c")
    with database.read() as work:
        first = work.events.list(limit=2, kind="key_created")
        rest = work.events.list(first.next_cursor, limit=2, kind="key_created")
    assert [one.subject for one in first.items] == ["key:c", "key:b"]
    assert ([one.subject for one in rest.items], rest.next_cursor) == (["key:a"], None)


def test_a_full_last_page_has_no_next(database: Database) -> None:
    write(database, "key:a", "key:b")
    with database.read() as work:
        assert work.events.list(limit=2, kind="key_created").next_cursor is None


def test_events_are_narrowed_by_kind_and_subject(database: Database) -> None:
    write(database, "key:a", "key:b")
    write(database, "key:a", kind="key_revoked")
    with database.read() as work:
        assert [one.kind for one in work.events.list(subject="key:a").items] == ["key_revoked", "key_created"]
        assert [one.subject for one in work.events.list(kind="key_created").items] == ["key:b", "key:a"]
        assert len(work.events.list(kind="key_revoked", subject="key:b").items) == 0


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.0", "٢", "9" * 19])
def test_a_cursor_that_no_page_gave_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(ValueError, match="no cursor of this list"), database.read() as work:
        work.events.list(cursor)


def test_an_event_of_an_unknown_kind_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(AssertionError), database.write() as work:
        work.events.record(Event("key_painted", "key:a", "operator:ann"))


@pytest.mark.parametrize("statement", ["UPDATE event SET done_by = 'operator:bo'", "DELETE FROM event"])
def test_an_event_cannot_be_altered_or_deleted(database: Database, statement: str) -> None:
    write(database, "key:a")
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(statement))
