"""Policy versions and which one is effective."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.failures import NotInTime, Refused
from storage.policies import Approved, PolicyPart
from storage.policy_timeline import Whose
from tests.storage.records import DIGEST, a_policy, let_decide


def test_versions_of_a_name_count_from_one(database: Database) -> None:
    with database.write() as work:
        second = work.policies.add(a_policy(digest="sha256:b", source=b"b"))
        other = work.policies.add(a_policy(digest="sha256:c", source=b"c", name="payment-record"))
        assert (second.version, other.version) == (2, 1)
        assert work.policies.get("sha256:b") == second
        assert second.source == b"b"
        assert work.policies.get("sha256:none") is None


def test_the_same_bytes_are_stored_once(database: Database) -> None:
    with database.write() as work:
        again = work.policies.add(a_policy(stored_by="somebody else"))
        assert (again.version, again.stored_by) == (1, "officer")
        assert len(work.policies.list().items) == 1


def test_a_policy_is_effective_from_its_instant_on(database: Database) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest="sha256:b", source=b"b"))
        published = let_decide(work, "sha256:b", work.now() + timedelta(days=1)).publication
        assert published is not None
        start, millisecond = published.effective_from, timedelta(milliseconds=1)
        found = [work.policies.effective(at) for at in (None, start - millisecond, start, start + millisecond)]
    assert [one and one.digest for one in found] == [DIGEST, DIGEST, "sha256:b", "sha256:b"]


def test_before_the_first_instant_nothing_is_effective(database: Database) -> None:
    with database.read() as work:
        assert work.policies.effective(work.now() - timedelta(days=365)) is None


def test_going_back_names_the_older_digest_again(database: Database) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest="sha256:b", source=b"b"))
        start = work.now() + timedelta(days=1)
        let_decide(work, "sha256:b", start)
        let_decide(work, DIGEST, start + timedelta(days=1))
        found = [work.policies.effective(start + timedelta(days=days)) for days in (0, 1)]
    assert [one and one.digest for one in found] == ["sha256:b", DIGEST]


def test_two_policies_never_begin_at_one_instant(database: Database) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest="sha256:b", source=b"b"))
        start = work.now() + timedelta(days=1)
        let_decide(work, "sha256:b", start)
    with pytest.raises(NotInTime, match="another policy begins") as refused, database.write() as work:
        let_decide(work, DIGEST, start)
    assert refused.value.name == "effective-overlap"
    with database.write() as work:
        let_decide(work, DIGEST, start, "country:CN")  # for others it may
        assert work.policies.effective(start, Whose("C-1", (), "CN")) == work.policies.get(DIGEST)


def test_now_is_effective_at_once(database: Database) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest="sha256:b", source=b"b"))
        let_decide(work, "sha256:b")
        locked = work.accounts.look("C-1")
    assert locked is not None
    assert locked.policy_digest == "sha256:b"


def test_the_past_and_unknown_digests_are_refused(database: Database) -> None:
    with pytest.raises(Refused, match="has passed"), database.write() as work:
        let_decide(work, DIGEST, work.now() - timedelta(seconds=1))
    with pytest.raises(Refused, match="'sha256:none'"), database.write() as work:
        work.policies.publish(Approved("S-1", "sha256:none"), "officer")


def test_pages_go_through_all_versions_once(database: Database) -> None:
    with database.write() as work:
        for number in range(2, 6):
            work.policies.add(a_policy(digest=f"sha256:{number}", name="another" if number > 3 else "standard"))
        first = work.policies.list(limit=3)
        second = work.policies.list(first.next_cursor, limit=3)
    names = [(one.name, one.version) for one in (*first.items, *second.items)]
    assert names == [("another", 1), ("another", 2), ("standard", 1), ("standard", 2), ("standard", 3)]
    assert second.next_cursor is None


def test_parts_are_kept_with_the_version_in_their_order(database: Database) -> None:
    parts = (PolicyPart("shared/z", b"z"), PolicyPart("shared/a", b"a"))
    with database.write() as work:
        stored = work.policies.add(a_policy(digest="sha256:b", source=b"b", parts=parts))
        let_decide(work, "sha256:b")
        assert stored.parts == parts
        effective = work.policies.effective()
        assert effective is not None
        assert effective.parts == parts
        assert [one.parts for one in work.policies.list().items] == [(), parts]


@pytest.mark.parametrize("change", ["UPDATE policy_part SET source = NULL", "DELETE FROM policy_part"])
def test_parts_are_only_added_to(database: Database, change: str) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest="sha256:b", source=b"b", parts=(PolicyPart("shared/a", b"a"),)))
    with pytest.raises(IntegrityError, match="policy_part is only added to"), database.alone() as connection:
        connection.exec_driver_sql(change)
