"""Publishing stores what can run, once, and makes it effective only where that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.operations.publish_policy import NotPublishable, publish_policy
from storage.engine import Database, open_database
from storage.schema import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database without any policy."""
    found = open_database(tmp_path / "aval.db")
    upgrade(found)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def source(root: Path) -> bytes:
    """A policy that ships."""
    return (root / "policy" / "library" / "payment_record.yaml").read_bytes()


def test_a_published_policy_is_stored_under_the_digest_of_its_bytes_and_not_yet_effective(
    database: Database, source: bytes
) -> None:
    stored = publish_policy(database, source, "p.yaml", "officer")
    assert (stored.name, stored.version, stored.source) == ("payment-record", 1, source)
    with database.read() as work:
        assert work.policies.get(stored.digest) == stored
        assert work.policies.effective() is None


def test_the_same_bytes_again_are_the_same_version(database: Database, source: bytes) -> None:
    first = publish_policy(database, source, "p.yaml", "officer", effective=True)
    assert publish_policy(database, source, "p.yaml", "somebody else", effective=True) == first
    with database.read() as work:
        assert work.policies.effective() == first
        assert len(work.policies.list().items) == 1


def test_other_bytes_are_the_next_version_and_take_over_where_asked(database: Database, source: bytes) -> None:
    publish_policy(database, source, "p.yaml", "officer", effective=True)
    second = publish_policy(database, source + b"# a remark\n", "p.yaml", "officer", effective=True)
    assert second.version == 2
    with database.read() as work:
        assert work.policies.effective() == second


def test_a_file_with_errors_is_not_stored_and_all_of_them_are_told(database: Database, source: bytes) -> None:
    broken = source.replace(b"account.paid_invoices < 5", b"account.paid_invoice < 5").replace(b"net 45", b"45 nights")
    with pytest.raises(NotPublishable) as refused:
        publish_policy(database, broken, "p.yaml", "officer", effective=True)
    assert {problem.code for problem in refused.value.problems} >= {"unknown-fact", "terms"}
    with database.read() as work:
        assert work.policies.list().items == ()
