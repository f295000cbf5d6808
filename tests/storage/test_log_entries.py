"""What an entry says in the open, what it only commits to, and that erasing leaves every proof as it was."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Executable
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.failures import Refused
from storage.log_entries import HIDDEN, commitment
from storage.log_tables import erasure, log_entry, log_leaf
from storage.sequencer import integrate
from storage.tables import decision
from storage.triggers import ERASABLE, KEPT
from tests.storage.records import approve

REQUEST = b'{"customer":"Vale Trading"}'


def decided(database: Database) -> tuple[dict[str, object], bytes]:
    """An approval's entry and its salt."""
    with database.write() as work:
        approve(work, "k", 10, request=REQUEST, facts={"name": "Vale"})
    integrate(database)
    with database.read() as work:
        entry = list(work.log.entries(0, work.log.size()))[-1]
    return json.loads(entry.body), entry.salt


def test_a_decisions_entry_tells_its_verdict_and_hides_what_may_be_personal(database: Database) -> None:
    body, salt = decided(database)
    with database.read() as work:
        stored = work.decisions.get("D-k")
    assert stored is not None
    assert {name: body[name] for name in ("id", "kind", "verdict", "policy", "program", "account", "version")} == {
        "id": "D-k", "kind": "decision", "verdict": "approve", "policy": stored.policy_digest,
        "program": stored.program_digest, "account": stored.account_id, "version": stored.account_version,
    }  # fmt: skip
    assert "Vale" not in json.dumps(body)
    committed = body["commitments"]
    assert isinstance(committed, dict)
    assert sorted(committed) == sorted(HIDDEN)
    assert committed["request"] == commitment(salt, "request", REQUEST)
    assert committed["response"] == commitment(salt, "response", stored.response)


def test_a_commitment_fits_one_salt_one_name_and_one_text() -> None:
    meant = commitment(b"s" * 16, "request", b"a")
    others = (commitment(b"t" * 16, "request", b"a"), commitment(b"s" * 16, "facts", b"a"),
              commitment(b"s" * 16, "request", b"b"))  # fmt: skip
    assert meant not in others


def test_two_decisions_alike_have_other_commitments(database: Database) -> None:
    with database.write() as work:
        approve(work, "one", 0, request=REQUEST)
    with database.write() as work:
        approve(work, "two", 0, request=REQUEST)
    integrate(database)
    with database.read() as work:
        one, two = list(work.log.entries(0, work.log.size()))[-2:]
    assert one.salt != two.salt
    assert json.loads(one.body)["commitments"]["request"] != json.loads(two.body)["commitments"]["request"]


def test_erasing_takes_the_bytes_and_the_salt_and_leaves_the_proof(database: Database) -> None:
    decided(database)
    with database.read() as work:
        before = list(work.log.entries(0, work.log.size()))
        root = work.log.tree(work.log.size()).root()
    with database.write() as work:
        done = work.erasures.erase("D-k", "person:dpo", "request of the data subject")
        assert work.erasures.erase("D-k", "person:other", "again") == done
    with database.read() as work:
        stored = work.decisions.get("D-k")
        after = list(work.log.entries(0, work.log.size()))
        assert work.log.tree(work.log.size()).root() == root
    assert stored is not None
    assert (stored.request, stored.response, stored.facts, stored.outcome) == (b"", b"", {}, {})
    assert (stored.verdict, stored.account_version) == ("approve", 1)
    assert [entry.body for entry in after] == [entry.body for entry in before]
    assert (before[-1].salt != b"", after[-1].salt) == (True, b"")
    assert (done.by, done.reason) == ("person:dpo", "request of the data subject")


def test_only_a_decision_that_the_log_knows_is_erased(database: Database) -> None:
    with pytest.raises(Refused, match="the log has no decision 'D-404'"), database.write() as work:
        work.erasures.erase("D-404", "person:dpo", "asked")


@pytest.mark.parametrize(
    "change",
    [
        decision.update().values(request=b""),
        decision.update().values(verdict="deny"),
        decision.delete(),
        log_entry.update().values(salt=b""),
        log_entry.update().values(body=b"other"),
        log_entry.delete(),
        log_leaf.update().values(leaf=b"other"),
        erasure.delete(),
    ],
    ids=str,
)
def test_nothing_else_is_changed_even_where_one_decision_was_erased(database: Database, change: Executable) -> None:
    with database.write() as work:
        approve(work, "k", 10, request=REQUEST)
        approve(work, "other", 10, request=REQUEST)
        work.erasures.erase("D-k", "person:dpo", "asked")
    integrate(database)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(change)


def test_an_erasure_lets_go_of_what_it_names_and_of_nothing_else(database: Database) -> None:
    with database.write() as work:
        approve(work, "k", 10, request=REQUEST)
        work.erasures.erase("D-k", "person:dpo", "asked")
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(decision.update().values(request=b"another", response=b"", facts="{}", outcome="{}"))


@pytest.mark.parametrize(("table", "columns"), [("decision", decision.c), ("log_entry", log_entry.c)])
def test_every_column_is_either_kept_or_may_be_erased(table: str, columns: object) -> None:
    names = {column.name for column in columns}  # type: ignore[attr-defined]
    assert names == {*KEPT[table], *ERASABLE[table]}
