"""The keys of those who may knock."""

from __future__ import annotations

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
