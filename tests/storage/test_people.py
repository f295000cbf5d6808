"""People and sessions: what is kept, what ends a session, and by which clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.people import Lifetime, Person

ANN = Person("ann", frozenset({"approver", "compliance"}), "hash")
LIFETIME = Lifetime(timedelta(minutes=30), timedelta(hours=12))
IDLE = LIFETIME.idle


def begin(database: Database, digest: bytes = b"token", lifetime: Lifetime = LIFETIME) -> None:
    """Ann, who is signed in."""
    with database.write() as work:
        if work.people.find("ann") is None:
            work.people.add(ANN, "operator:bo")
        work.people.begin_session("ann", digest, lifetime)


def alive(database: Database, digest: bytes = b"token") -> bool:
    """Whether a session is alive."""
    with database.read() as work:
        return work.people.session(digest, IDLE) is not None


def moved(database: Database, column: str, minutes: float) -> None:
    """Put an instant of all sessions so many minutes before now, as if that time had passed."""
    with database.write() as work:
        then = (work.now() - timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with database.alone() as connection:
        connection.execute(text(f"UPDATE session SET {column} = :then"), {"then": then})


def test_a_person_is_found_with_roles_and_the_time(database: Database) -> None:
    with database.write() as work:
        work.people.add(ANN, "operator:bo")
    with database.read() as work:
        found = work.people.find("ann")
        assert work.people.find("bo") is None and work.people.list()[0] == found
    assert found is not None
    assert (found.roles, found.password, found.disabled_at) == ({"approver", "compliance"}, "hash", None)
    assert found.created_at is not None


def test_a_name_is_given_once(database: Database) -> None:
    with database.write() as work:
        work.people.add(ANN, "operator:bo")
    with pytest.raises(IntegrityError), database.write() as work:
        work.people.add(ANN, "operator:bo")


def test_a_session_is_found_by_its_digest_with_its_person(database: Database) -> None:
    begin(database)
    with database.read() as work:
        found = work.people.session(b"token", IDLE)
        assert work.people.session(b"other", IDLE) is None
    assert found is not None
    assert (found.person.name, found.person.roles, found.stale) == ("ann", ANN.roles, False)
    assert found.expires_at - found.created_at == LIFETIME.longest


@pytest.mark.parametrize(("column", "minutes", "lives"), [
    ("used_at", 29.9, True), ("used_at", 30, False), ("expires_at", -0.1, True), ("expires_at", 0, False),
])  # fmt: skip
def test_a_session_ends_unused_or_at_its_end(database: Database, column: str, minutes: float, lives: bool) -> None:
    begin(database)
    moved(database, column, minutes)
    assert alive(database) is lives


def test_use_keeps_a_session_alive_and_is_noted_once_a_minute(database: Database) -> None:
    begin(database)
    moved(database, "used_at", 29)
    with database.write() as work:
        found = work.people.session(b"token", IDLE)
        assert found is not None and found.stale
        work.people.note_use(b"token")
        again = work.people.session(b"token", IDLE)
    assert again is not None and not again.stale


@pytest.mark.parametrize("how", ["disable", "set_password", "end_session"])
def test_what_ends_a_session_ends_it_for_good(database: Database, how: str) -> None:
    begin(database)
    with database.write() as work:
        if how == "end_session":
            assert work.people.end_session(b"token") and not work.people.end_session(b"token")
        elif how == "disable":
            assert work.people.disable("ann", "operator:bo") and not work.people.disable("ann", "operator:bo")
            assert work.people.enable("ann", "operator:bo") and not work.people.enable("ann", "operator:bo")
        else:
            assert work.people.set_password("ann", "other", "operator:bo")
        work.people.note_use(b"token")
    assert not alive(database)
    begin(database, b"new")
    assert alive(database, b"new")


def test_a_disabled_person_has_no_session(database: Database) -> None:
    begin(database)
    with database.alone() as connection:
        connection.execute(text("UPDATE person SET disabled_at = created_at"))
    assert not alive(database)


def test_what_is_done_to_nobody_is_not_done(database: Database) -> None:
    with database.write() as work:
        assert not work.people.disable("bo", "operator:cy")
        assert not work.people.enable("bo", "operator:cy")
        assert not work.people.set_password("bo", "hash", "operator:cy")
        assert not work.people.end_session(b"none")
        assert work.events.list(subject="person:bo").items == ()


def test_every_change_leaves_its_event_without_the_password(database: Database) -> None:
    begin(database)
    with database.write() as work:
        work.people.set_password("ann", "secret-hash", "operator:cy")
        work.people.begin_session("ann", b"next", LIFETIME)
        work.people.end_session(b"next")
        work.people.disable("ann", "person:cy")
        work.people.enable("ann", "person:cy")
        events = work.events.list(subject="person:ann").items
    told = [(one.kind, one.by) for one in reversed(events)]
    assert told == [
        ("person_added", "operator:bo"), ("signed_in", "person:ann"), ("password_changed", "operator:cy"),
        ("signed_in", "person:ann"), ("signed_out", "person:ann"), ("person_disabled", "person:cy"),
        ("person_enabled", "person:cy"),
    ]  # fmt: skip
    assert "hash" not in str(events)


def test_authorities_change_with_an_event_of_before_and_after(database: Database) -> None:
    with database.write() as work:
        work.people.add(ANN, "operator:bo")
        assert work.people.set_authorities("ann", frozenset({"cfo", "finance"}), "operator:cy")
        assert not work.people.set_authorities("ann", frozenset({"cfo", "finance"}), "operator:cy")
        assert not work.people.set_authorities("bo", frozenset({"cfo"}), "operator:cy")
        assert work.people.set_authorities("ann", frozenset(), "operator:cy")
        found, events = work.people.find("ann"), work.events.list(kind="authority_changed").items
    assert found is not None and found.authorities == frozenset()
    both = ["cfo", "finance"]
    assert [one.details for one in events] == [{"before": both, "after": []}, {"before": [], "after": both}]
