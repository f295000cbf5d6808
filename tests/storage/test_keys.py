"""The keys of those who may knock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.keys import ApiKey
from storage.schema import downgrade, upgrade

KEY = ApiKey("k1", b"\x00digest\xff", "order_system", "shop")


def test_a_key_is_found_by_its_id_with_its_digest(database: Database) -> None:
    with database.write() as work:
        work.keys.add(KEY)
    with database.read() as work:
        found = work.keys.find("k1")
        assert work.keys.find("k2") is None
        assert work.keys.list() == (found,)
    assert found is not None
    assert (found.digest, found.role, found.client, found.revoked_at) == (KEY.digest, "order_system", "shop", None)
    assert found.created_at is not None


def test_a_revoked_key_stays_known_as_revoked(database: Database) -> None:
    with database.write() as work:
        work.keys.add(KEY)
        assert work.keys.revoke("k1") is True
        first = work.keys.find("k1")
        assert work.keys.revoke("k1") is False
        assert work.keys.revoke("k2") is False
        assert work.keys.find("k1") == first
    assert first is not None
    assert first.revoked_at is not None


def test_a_key_id_is_given_once(database: Database) -> None:
    with database.write() as work:
        work.keys.add(KEY)
    with pytest.raises(IntegrityError), database.write() as work:
        work.keys.add(KEY)


def test_a_key_keeps_its_label_permissions_and_pepper(database: Database) -> None:
    full = replace(KEY, label="shop, ask Lin", permissions=frozenset({"a", "b"}), pepper_id="01234567")
    with database.write() as work:
        work.keys.add(full)
        work.keys.add(replace(KEY, key_id="k2"))
    with database.read() as work:
        found, plain = work.keys.find("k1"), work.keys.find("k2")
    assert found is not None and plain is not None
    assert (found.label, found.permissions, found.pepper_id) == ("shop, ask Lin", {"a", "b"}, "01234567")
    assert (plain.label, plain.permissions, plain.pepper_id) == (None, frozenset(), None)


@pytest.mark.parametrize(("milliseconds", "ended"), [(-1, True), (0, True), (60_000, False)])
def test_a_key_ends_at_its_instant(database: Database, milliseconds: int, ended: bool) -> None:
    with database.write() as work:
        ends = work.now() + timedelta(milliseconds=milliseconds)
        work.keys.add(replace(KEY, expires_at=ends))
        work.keys.add(replace(KEY, key_id="k2"))
    with database.read() as work:
        found, without = work.keys.find("k1"), work.keys.find("k2")
    assert found is not None and without is not None
    assert (found.expires_at, found.ended, without.ended) == (ends, ended, False)


def test_a_revoked_key_has_ended(database: Database) -> None:
    with database.write() as work:
        work.keys.add(KEY)
        work.keys.revoke("k1")
    with database.read() as work:
        assert [one.ended for one in work.keys.list()] == [True]


def test_a_replaced_key_goes_on_until_its_end_and_is_replaced_once(database: Database) -> None:
    with database.write() as work:
        work.keys.add(KEY)
        old = work.keys.find("k1")
        assert old is not None
        ends = work.now() + timedelta(hours=1)
        assert work.keys.replace(old, replace(KEY, key_id="k2"), ends, "operator:ann")
    with database.read() as work:
        replaced = work.keys.find("k1")
    assert replaced is not None
    assert (replaced.replaced_by, replaced.expires_at, replaced.ended) == ("k2", ends, False)
    with database.write() as work:
        assert not work.keys.replace(replaced, replace(KEY, key_id="k3"), ends)


def test_a_key_that_ends_sooner_than_the_overlap_keeps_its_end(database: Database) -> None:
    with database.write() as work:
        soon = work.now() + timedelta(minutes=1)
        work.keys.add(replace(KEY, expires_at=soon))
        old = work.keys.find("k1")
        assert old is not None
        assert work.keys.replace(old, replace(KEY, key_id="k2"), soon + timedelta(hours=1))
        found = work.keys.find("k1")
    assert found is not None and found.expires_at == soon


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_has_ended_is_not_replaced(database: Database, end: str) -> None:
    with database.write() as work:
        expires = work.now() if end == "expired" else None
        work.keys.add(replace(KEY, expires_at=expires))
        if end == "revoked":
            work.keys.revoke("k1")
        assert not work.keys.replace(KEY, replace(KEY, key_id="k2"), work.now() + timedelta(hours=1))


def test_every_change_writes_its_event_with_its_author_and_no_digest(database: Database) -> None:
    with database.write() as work:
        work.keys.add(replace(KEY, label="shop"), "operator:ann")
        old = work.keys.find("k1")
        assert old is not None
        work.keys.replace(old, replace(KEY, key_id="k2"), work.now() + timedelta(hours=1), "operator:bo")
        work.keys.revoke("k1", "person:cy")
        assert not work.keys.revoke("k1", "person:cy")
    with database.read() as work:
        events = [one for one in work.events.list().items if one.subject.startswith("key:")]
    told = [(one.kind, one.subject, one.by) for one in reversed(events)]
    assert told == [
        ("key_created", "key:k1", "operator:ann"), ("key_created", "key:k2", "operator:bo"),
        ("key_rotated", "key:k1", "operator:bo"), ("key_revoked", "key:k1", "person:cy"),
    ]  # fmt: skip
    assert "digest" not in str(events)


def test_a_change_that_is_taken_back_leaves_no_event(database: Database) -> None:
    def add_twice() -> None:
        with database.write() as work:
            work.keys.add(KEY)
            work.keys.add(KEY)

    with pytest.raises(IntegrityError):
        add_twice()
    with database.read() as work:
        assert (work.keys.list(), work.events.list(subject="key:k1").items) == ((), ())


def test_keys_outlive_the_way_to_older_tables_and_back_but_for_those_with_an_end(database: Database) -> None:
    with database.write() as work:
        work.keys.add(replace(KEY, label="shop", permissions=frozenset({"a"})))
        work.keys.add(replace(KEY, key_id="k2", expires_at=work.now() + timedelta(days=1)))
        work.keys.add(replace(KEY, key_id="k3"))
        work.keys.revoke("k3")
    downgrade(database, "0004")
    upgrade(database)
    with database.read() as work:
        found = {one.key_id: (one.digest, one.permissions, one.ended) for one in work.keys.list()}
    assert found == {"k1": (KEY.digest, frozenset(), False), "k2": (KEY.digest, frozenset(), True),
                     "k3": (KEY.digest, frozenset(), True)}  # fmt: skip
