"""Publishing stores what can run, once, and makes it effective only where that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.build import load_version
from api.operations.publish_policy import NotPublishable, PolicyFile, TwoPeople, Wished, keep_policy, publish_policy
from policy.parts import Part, Shelf
from storage.engine import Database, open_database
from storage.failures import NotAllowed
from tests.migrated import bring_up
from tests.storage.records import CHECKER, WRITER, add_both

BOTH = TwoPeople(WRITER, CHECKER)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database without any policy."""
    found = open_database(tmp_path / "aval.db")
    bring_up(found)
    with found.write() as work:
        add_both(work)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def source(root: Path) -> bytes:
    """A policy that ships."""
    return (root / "policy" / "library" / "payment_record.yaml").read_bytes()


def test_a_published_policy_is_stored_under_the_digest_of_its_bytes_and_not_yet_effective(
    database: Database, source: bytes
) -> None:
    stored = keep_policy(database, PolicyFile(source, "p.yaml"), WRITER)
    assert (stored.name, stored.version, stored.source) == ("payment-record", 1, source)
    with database.read() as work:
        assert work.policies.get(stored.digest) == stored
        assert work.policies.effective() is None


def test_the_same_bytes_again_are_the_same_version(database: Database, source: bytes) -> None:
    first = publish_policy(database, PolicyFile(source, "p.yaml"), BOTH)
    assert publish_policy(database, PolicyFile(source, "p.yaml"), BOTH) == first
    with database.read() as work:
        assert work.policies.effective() == first
        assert len(work.policies.list().items) == 1


def test_other_bytes_are_the_next_version_and_take_over_where_asked(database: Database, source: bytes) -> None:
    publish_policy(database, PolicyFile(source, "p.yaml"), BOTH)
    second = publish_policy(database, PolicyFile(source + b"# a remark\n", "p.yaml"), BOTH)
    assert second.version == 2
    with database.read() as work:
        assert work.policies.effective() == second


def test_a_file_with_errors_is_not_stored_and_all_of_them_are_told(database: Database, source: bytes) -> None:
    broken = source.replace(b"account.paid_invoices < 5", b"account.paid_invoice < 5").replace(b"net 45", b"45 nights")
    with pytest.raises(NotPublishable) as refused:
        publish_policy(database, PolicyFile(broken, "p.yaml"), BOTH)
    assert {problem.code for problem in refused.value.problems} >= {"unknown-fact", "terms"}
    with database.read() as work:
        assert work.policies.list().items == ()


def test_what_was_not_looked_at_is_told_last_and_only_where_there_is_something(
        database: Database, source: bytes) -> None:  # fmt: skip
    broken = source.replace(b"account.paid_invoices < 5", b"account.paid_invoice < 5")
    with pytest.raises(NotPublishable) as refused:
        publish_policy(database, PolicyFile(broken, "p.yaml"), BOTH)
    last = refused.value.told("en").splitlines()[-1]
    assert last.startswith("not looked at until the errors are mended: ")
    assert not refused.value.told("zh").splitlines()[-1].startswith("not looked at")
    assert "not looked at" not in NotPublishable(refused.value.problems).told("en")


USING = """aval: 1
policy: with-a-part
title: {en: With a part, zh: 带共享部分}
currency: CNY
roles: {rising: [cfo]}
use: [shared/countries]
checks:
  - {check: embargo, when: customer.country in lists.embargo, verdict: deny}
"""


def test_a_version_is_built_again_from_the_parts_that_were_published_with_it(database: Database) -> None:
    before, after = (Part("shared/countries", f"lists:\n  embargo: [{code}]\n".encode()) for code in ("KP", "IR"))
    first = keep_policy(database, PolicyFile(USING.encode(), "p.yaml", Shelf.of([before])), WRITER)
    second = keep_policy(database, PolicyFile(USING.encode(), "p.yaml", Shelf.of([after])), WRITER)
    assert (first.source, first.parts[0].source) == (second.source, before.source)
    assert first.digest != second.digest
    for stored in (first, second):
        with database.read() as work:
            found = work.policies.get(stored.digest)
        assert found is not None
        program = load_version(found).program
        assert program is not None
        assert (program.source_digest, program.digest) == (stored.digest, stored.program_digest)


def test_a_part_that_is_not_there_stops_publishing(database: Database) -> None:
    with pytest.raises(NotPublishable, match="there is no part 'shared/countries'"):
        keep_policy(database, PolicyFile(USING.encode(), "p.yaml"), WRITER)


def test_the_whole_way_is_kept_draft_check_submission_approval_and_who(database: Database, source: bytes) -> None:
    stored = publish_policy(database, PolicyFile(source, "p.yaml"), BOTH)
    with database.read() as work:
        [asked] = work.submissions.list(of=stored.digest).items
        assert asked.draft_id is not None and asked.check_id is not None and asked.approval is not None
        assert (asked.author, asked.approval.person, asked.state(work.now())) == (WRITER, CHECKER, "published")
        draft, checked = work.drafts.get(asked.draft_id), work.drafts.check(asked.check_id)
        kinds = [one.kind for one in reversed(work.events.list().items) if one.kind.startswith("policy_")]
    assert draft is not None and (draft.source, draft.digest) == (source, stored.digest)
    assert checked is not None and checked.publishable
    assert all(one["passed"] for one in checked.report["tests"]) and checked.report["tests"]
    assert kinds == ["policy_drafted", "policy_checked", "policy_submitted", "policy_approved", "policy_published"]


def test_one_person_is_not_two(database: Database, source: bytes) -> None:
    with pytest.raises(NotAllowed) as refused:
        publish_policy(database, PolicyFile(source, "p.yaml"), TwoPeople(WRITER, WRITER))
    assert refused.value.name == "own-policy"
    with database.read() as work:
        assert work.policies.effective() is None and work.policies.list().items == ()


def test_a_policy_of_before_decides_again_by_the_same_gate(database: Database, source: bytes) -> None:
    first = publish_policy(database, PolicyFile(source, "p.yaml"), BOTH)
    publish_policy(database, PolicyFile(source + b"# a remark\n", "p.yaml"), BOTH)
    assert publish_policy(database, PolicyFile(source, "p.yaml"), BOTH) == first
    with database.read() as work:
        assert work.policies.effective() == first
        assert work.submissions.list().items[0].kind == "version"


def test_a_day_of_its_own_and_only_for_a_country(database: Database, source: bytes) -> None:
    with database.read() as work:
        start = work.now() + timedelta(days=2)
    publish_policy(database, PolicyFile(source, "p.yaml"), BOTH, Wished("country:CN", start))
    with database.read() as work:
        assert work.policies.timeline().all_at(start - timedelta(milliseconds=1)) == {}
        assert list(work.policies.timeline().all_at(start)) == ["country:CN"]
