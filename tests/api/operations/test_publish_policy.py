"""Publishing stores what can run, once, and makes it effective only where that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.build import load_version
from api.operations.publish_policy import NotPublishable, PolicyFile, publish_policy
from policy.parts import Part, Shelf
from storage.engine import Database, open_database
from tests.migrated import bring_up


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database without any policy."""
    found = open_database(tmp_path / "aval.db")
    bring_up(found)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def source(root: Path) -> bytes:
    """A policy that ships."""
    return (root / "policy" / "library" / "payment_record.yaml").read_bytes()


def test_a_published_policy_is_stored_under_the_digest_of_its_bytes_and_not_yet_effective(
    database: Database, source: bytes
) -> None:
    stored = publish_policy(database, PolicyFile(source, "p.yaml"), "officer")
    assert (stored.name, stored.version, stored.source) == ("payment-record", 1, source)
    with database.read() as work:
        assert work.policies.get(stored.digest) == stored
        assert work.policies.effective() is None


def test_the_same_bytes_again_are_the_same_version(database: Database, source: bytes) -> None:
    first = publish_policy(database, PolicyFile(source, "p.yaml"), "officer", effective=True)
    assert publish_policy(database, PolicyFile(source, "p.yaml"), "somebody else", effective=True) == first
    with database.read() as work:
        assert work.policies.effective() == first
        assert len(work.policies.list().items) == 1


def test_other_bytes_are_the_next_version_and_take_over_where_asked(database: Database, source: bytes) -> None:
    publish_policy(database, PolicyFile(source, "p.yaml"), "officer", effective=True)
    second = publish_policy(database, PolicyFile(source + b"# a remark\n", "p.yaml"), "officer", effective=True)
    assert second.version == 2
    with database.read() as work:
        assert work.policies.effective() == second


def test_a_file_with_errors_is_not_stored_and_all_of_them_are_told(database: Database, source: bytes) -> None:
    broken = source.replace(b"account.paid_invoices < 5", b"account.paid_invoice < 5").replace(b"net 45", b"45 nights")
    with pytest.raises(NotPublishable) as refused:
        publish_policy(database, PolicyFile(broken, "p.yaml"), "officer", effective=True)
    assert {problem.code for problem in refused.value.problems} >= {"unknown-fact", "terms"}
    with database.read() as work:
        assert work.policies.list().items == ()


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
    first = publish_policy(database, PolicyFile(USING.encode(), "p.yaml", Shelf.of([before])), "officer")
    second = publish_policy(database, PolicyFile(USING.encode(), "p.yaml", Shelf.of([after])), "officer")
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
        publish_policy(database, PolicyFile(USING.encode(), "p.yaml"), "officer")
