"""The keys of those who may knock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.keys import ApiKey

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
