"""What is done to a log by somebody who may write the database, and who notices: the export, a witness, a receipt.

Source: the tamper matrix of the reliability notes. The row that nobody catches is here as well, as a test.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, text, update

from storage.checkpoints import Checkpoint, SigningKey, sign
from storage.engine import Database
from storage.events import Event
from storage.letters import Letter
from storage.log_entries import commitments
from storage.log_export import NothingSigned, export_lines
from storage.log_tables import log_entry, log_head, log_leaf, log_tile
from storage.log_verify import Checked, GrowingRoot, verify_export
from storage.merkle import Tree, grow, is_included, leaf_hash
from storage.outbox import Message
from storage.sequencer import integrate, sign_head
from storage.sqlite_database import SqliteDatabase
from storage.tables import decision
from storage.transparency import Receipt
from tests.storage.log_verifier import accepts
from tests.storage.records import a_customer, a_policy, approve

KEY = SigningKey("aval.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SOURCE = b"aval: 1\n"
POLICY = "sha256:" + hashlib.sha256(SOURCE).hexdigest()


def exported(database: Database) -> str:
    """The export, signed anew by whoever holds the key, without asking what was signed before."""
    with database.looking() as connection:
        return "".join(export_lines(connection))


@dataclass
class Kept:
    """A log of twelve entries, and what outsiders keep of it: a checkpoint of the first half, one receipt."""

    database: Database
    witness: Checkpoint
    receipt: Receipt

    def checked(self, older: Checkpoint | None = None) -> Checked:
        return verify_export(exported(self.database).splitlines(keepends=True), KEY.verifying, older)


@pytest.fixture
def kept(file_database: SqliteDatabase) -> Kept:
    """Six entries and the outsiders' visit, then six more and the firm's own checkpoint."""
    with file_database.write() as work:
        work.policies.add(a_policy(digest=POLICY, source=SOURCE, name="logged"))
    fill(file_database, "a")
    integrate(file_database)
    witness, _ = sign_head(file_database, KEY.name, KEY, None)
    with file_database.read() as work:
        receipt = work.log.receipt("D-a1")
    assert receipt is not None
    fill(file_database, "b")
    integrate(file_database)
    sign_head(file_database, KEY.name, KEY, None)
    return Kept(file_database, witness, receipt)


def fill(database: Database, name: str) -> None:
    for number in range(3):
        with database.write() as work:
            approve(work, f"{name}{number}", 1, policy_digest=POLICY, request=b"{}", facts={"n": number})
        with database.write() as work:
            work.events.record(Event("signed_in", f"person:{name}{number}", "person:ann", {"from": "there"}))


def without_guards(database: Database, change: Callable[[Any], None]) -> None:
    """Do what somebody does who owns the database: take the triggers away, then write."""
    with database.alone() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))
        change(connection)


def rebuild(connection: Any) -> None:
    """Make leaves and tiles anew over the entries as they are now, in the order of their leaves."""
    rows = connection.execute(
        select(log_leaf.c.seq, log_entry.c.place, log_entry.c.body)
        .join(log_entry, log_entry.c.place == log_leaf.c.place).order_by(log_leaf.c.seq)
    ).all()  # fmt: skip
    connection.execute(delete(log_leaf))
    connection.execute(delete(log_tile))
    leaves = [leaf_hash(row.body) for row in rows]
    for seq, (row, leaf) in enumerate(zip(rows, leaves, strict=True)):
        connection.execute(insert(log_leaf).values(seq=seq, place=row.place, leaf=leaf, at="2026-01-01T00:00:00.000Z"))
    for (level, place), hashes in grow(0, leaves, lambda *_: b"").items():
        connection.execute(insert(log_tile).values(level=level, place=place, hashes=hashes))
    connection.execute(update(log_head).values(size=len(leaves)))


def sign_again(kept: Kept) -> None:
    """Sign what is there now, as one does who holds the key and asks nobody."""
    with kept.database.alone() as connection:
        connection.execute(text("DELETE FROM log_checkpoint"))
    sign_head(kept.database, KEY.name, KEY, None)


def edit_entry(name: str, verdict: str = "deny") -> Callable[[Any], None]:
    """Change a decision's verdict everywhere: the row, the entry and its commitments."""

    def change(connection: Any) -> None:
        row = connection.execute(select(log_entry).where(log_entry.c.entry_id == name)).one()
        body = json.loads(row.body) | {"verdict": verdict}
        body["commitments"] |= commitments(row.salt, {"response": b'{"verdict":"deny"}'})
        told = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        connection.execute(update(log_entry).where(log_entry.c.entry_id == name).values(body=told))
        values = {"verdict": verdict, "response": b'{"verdict":"deny"}'}
        connection.execute(update(decision).where(decision.c.decision_id == name).values(**values))

    return change


def test_an_untouched_log_is_good_for_everybody(kept: Kept) -> None:
    found = kept.checked(kept.witness)
    assert (found.faults, found.entries, found.decisions) == ([], kept.witness.size + 6, 6)
    assert accepts(exported(kept.database), str(KEY.verifying))


def receipt_holds(kept: Kept) -> bool:
    """Whether the order system's receipt still proves into the log as it is now."""
    with kept.database.read() as work:
        signed = work.log.checkpoint()
        assert signed is not None
        tree = work.log.tree(signed[0].size)
        if kept.receipt.seq >= signed[0].size:
            return False
        proof = tree.inclusion(kept.receipt.seq)
    return is_included(leaf_hash(kept.receipt.body), kept.receipt.seq, signed[0].size, proof, signed[0].root)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE decision SET verdict = 'deny' WHERE decision_id = 'D-a1'", "(D-a1): the record says verdict 'deny'"),
        ("UPDATE decision SET request = x'00' WHERE decision_id = 'D-a1'", "(D-a1): the request is not the one"),
        ("UPDATE decision SET facts = '{\"n\":7}' WHERE decision_id = 'D-a1'", "(D-a1): the facts is not the one"),
        ("UPDATE decision SET outcome = '{}' WHERE decision_id = 'D-b1'", "(D-b1): the outcome is not the one"),
        ("UPDATE decision SET response = x'00' WHERE decision_id = 'D-b1'", "(D-b1): the response is not the one"),
        ("UPDATE decision SET decided_at = '2020-01-01T00:00:00.000Z' WHERE decision_id = 'D-a1'", "record says at"),
        ("UPDATE event SET done_by = 'person:eve' WHERE subject = 'person:a1'", "the record says by 'person:eve'"),
        ("UPDATE event SET details = '{}' WHERE subject = 'person:a1'", "the record says details {}"),
        ("DELETE FROM event WHERE subject = 'person:a1'", "its record is missing"),
        ("UPDATE log_entry SET salt = x'' WHERE entry_id = 'D-a1'", "(D-a1): the facts is not the one"),
        ("UPDATE log_entry SET body = x'7b7d' WHERE entry_id = 'D-a1'", "was changed after it got its leaf"),
        ("DELETE FROM log_leaf WHERE seq = 4", "entry 4 is missing"),
        ("UPDATE policy_version SET source = x'00'", "its bytes are not those that its digest names"),
        (
            "INSERT INTO erasure VALUES ('D-a1', 'eve', 'none', '2026-01-01T00:00:00.000Z')",
            "D-a1 is called erased, but no entry of the log says by whom",
        ),
    ],
)
def test_what_is_changed_beside_the_tree_is_named(kept: Kept, statement: str, told: str) -> None:
    without_guards(kept.database, lambda connection: connection.exec_driver_sql(statement))
    found = kept.checked()
    assert any(told in fault for fault in found.faults), found.faults
    assert not accepts(exported(kept.database), str(KEY.verifying))


def test_a_change_that_is_carried_through_and_signed_anew_is_caught_by_those_outside(kept: Kept) -> None:
    without_guards(kept.database, lambda connection: (edit_entry("D-a1")(connection), rebuild(connection)))
    sign_again(kept)
    assert kept.checked().good  # the log alone says nothing: that is why somebody else keeps checkpoints
    assert any("not those that your checkpoint covers" in fault for fault in kept.checked(kept.witness).faults)
    assert not receipt_holds(kept)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM log_leaf WHERE seq = {first}", "UPDATE log_leaf SET seq = 1000 WHERE seq = {first}"]
)
def test_what_is_taken_away_or_moved_is_caught_by_those_outside(kept: Kept, statement: str) -> None:
    asked = statement.format(first=kept.witness.size - 6)
    without_guards(kept.database, lambda connection: (connection.exec_driver_sql(asked), rebuild(connection)))
    sign_again(kept)
    assert any("not those that your checkpoint covers" in fault for fault in kept.checked(kept.witness).faults)
    assert not receipt_holds(kept)


def test_a_backup_that_was_put_back_is_caught_by_the_witness(kept: Kept) -> None:
    asked = f"DELETE FROM log_leaf WHERE seq >= {kept.witness.size - 1}"
    without_guards(kept.database, lambda connection: (connection.exec_driver_sql(asked), rebuild(connection)))
    sign_again(kept)
    assert kept.checked().good
    assert "entries were taken away" in kept.checked(kept.witness).faults[0]


def test_what_nobody_catches_is_a_change_behind_the_last_checkpoint_that_somebody_kept(kept: Kept) -> None:
    """Stated in the documents too: the guarantee reaches back to the last checkpoint or receipt of an outsider."""
    without_guards(kept.database, lambda connection: (edit_entry("D-b1")(connection), rebuild(connection)))
    sign_again(kept)
    assert kept.checked(kept.witness).good
    assert receipt_holds(kept)


def test_an_erased_record_leaves_everything_good(kept: Kept) -> None:
    with kept.database.write() as work:
        work.erasures.erase("D-a1", "person:dpo", "request of the data subject")
    integrate(kept.database)
    sign_head(kept.database, KEY.name, KEY, None)
    found = kept.checked(kept.witness)
    assert (found.faults, found.erased) == ([], 1)
    assert accepts(exported(kept.database), str(KEY.verifying))
    assert receipt_holds(kept)


def test_every_byte_of_an_export_counts_for_both_verifiers(kept: Kept) -> None:
    whole = exported(kept.database)
    key = str(KEY.verifying)
    for place in range(0, len(whole), 7):
        if whole[place] == "\n":
            continue
        other = whole[:place] + ("A" if whole[place] != "A" else "B") + whole[place + 1 :]
        first = verify_export(other.splitlines(keepends=True), KEY.verifying).good
        assert (first, accepts(other, key)) == (False, False), other[place - 40 : place + 40]


def test_bytes_in_another_spelling_are_refused_by_both_verifiers(kept: Kept) -> None:
    whole = exported(kept.database)
    # 16 bytes leave four bits of the last sign unused
    found = re.search(r'"salt":"[A-Za-z0-9+/]{21}([AQgw])=="', whole)
    assert found is not None
    at = found.start(1)
    other = whole[:at] + chr(ord(whole[at]) + 1) + whole[at + 1 :]
    assert verify_export(whole.splitlines(keepends=True), KEY.verifying).good
    first = verify_export(other.splitlines(keepends=True), KEY.verifying).good
    assert (first, accepts(other, str(KEY.verifying))) == (False, False)


@pytest.mark.parametrize(
    ("text_of", "told"),
    [
        (lambda whole: "", "its first line does not say"),
        (lambda whole: "[]\n", "line 1 is no line of an export"),
        (lambda whole: "[" * 100_000, "line 1 is no line of an export"),
        (lambda whole: whole[:-30], "it may have been cut"),
        (lambda whole: "".join(whole.splitlines(keepends=True)[:-2]), "the export has"),
        (lambda whole: whole.replace("aval-log-1", "aval-log-2"), "does not say 'aval-log-1'"),
    ],
)
def test_what_is_no_export_is_told_and_never_raises(kept: Kept, text_of: Callable[[str], str], told: str) -> None:
    found = verify_export(text_of(exported(kept.database)).splitlines(keepends=True), KEY.verifying)
    assert any(told in fault for fault in found.faults), found.faults


def test_another_key_or_another_log_is_told(kept: Kept) -> None:
    other = SigningKey("aval.example/log", Ed25519PrivateKey.generate())
    found = verify_export(exported(kept.database).splitlines(), other.verifying)
    assert "the checkpoint is not good: the checkpoint is not signed by" in found.faults[0]
    foreign = Checkpoint("other/log", kept.witness.size, kept.witness.root)
    assert "your checkpoint is of the log 'other/log'" in kept.checked(foreign).faults[0]
    assert sign(foreign, KEY).startswith("other/log")


def test_the_root_grows_leaf_by_leaf_to_that_of_the_tree() -> None:
    growing, tiles = GrowingRoot(), dict[tuple[int, int], bytes]()
    for size in range(70):
        assert growing.root() == Tree(size, lambda level, place: tiles[level, place]).root()
        leaf = leaf_hash(str(size).encode())
        tiles.update(grow(size, [leaf], lambda level, place: tiles[level, place]))
        growing.add(leaf)


def test_nothing_is_exported_before_anything_is_signed(database: Database) -> None:
    with pytest.raises(NothingSigned), database.looking() as connection:
        next(export_lines(connection))


def test_an_export_from_either_database_is_good(database: Database) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest=POLICY, source=SOURCE, name="logged"))
    fill(database, "c")
    integrate(database)
    sign_head(database, KEY.name, KEY, None)
    whole = exported(database)
    assert verify_export(whole.splitlines(keepends=True), KEY.verifying).faults == []
    assert accepts(whole, str(KEY.verifying))
    assert base64.b64encode(SOURCE).decode() in whole


def with_a_letter(kept: Kept) -> None:
    """One more entry of a letter that was kept, with its leaf, under a new checkpoint."""
    with kept.database.write() as work:
        if work.customers.get("C-1") is None:
            work.customers.put(a_customer("C-1"))
        day = date(2026, 2, 15)
        work.outbox.put(Message("M-1", "C-1", "letter", "demand", "email", "demand", ("I-1",), day, POLICY))
        work.letters.keep(Letter("M-1", 1, "email", "a@b.example", "message/rfc822", "Pay", "sha256:t", b"Pay 100.00"))
    integrate(kept.database)
    sign_head(kept.database, KEY.name, KEY, None)


def letter_line(whole: str, change: Callable[[dict[str, Any]], None]) -> list[str]:
    """An export in which somebody changed the line of the letter."""
    lines = whole.splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if '"letter-M-1-1"' in line)
    told = json.loads(lines[place])
    change(told)
    lines[place] = json.dumps(told) + "\n"
    return lines


def test_a_letter_in_an_export_is_the_one_that_was_sent(kept: Kept) -> None:
    with_a_letter(kept)
    found = kept.checked()
    assert (found.faults, found.letters) == ([], 1)
    whole = exported(kept.database)

    def told(change: Callable[[dict[str, Any]], None]) -> str:
        return " ".join(verify_export(letter_line(whole, change), KEY.verifying).faults)

    other = base64.b64encode(b"Pay 900.00").decode()
    found_other = told(lambda one: one["hidden"].update(content=other))
    assert "the content is not the one that the log committed to" in found_other
    assert "the address is not the one" in told(lambda one: one["hidden"].update(address=other))
    assert "is missing, and no erasure says why" in told(lambda one: one.pop("hidden"))
    assert "the letter of message M-1 is called erased" in told(lambda one: one.update(erased={"by": "x"}))


def test_a_letter_of_an_erased_customer_has_no_bytes_and_the_export_is_good(kept: Kept) -> None:
    with_a_letter(kept)
    with kept.database.write() as work:
        work.letter_erasures.erase("C-1", "person:dpo", "asked")
        work.erasures.erase_master("C-1", "person:dpo", "asked", 0)
    integrate(kept.database)
    sign_head(kept.database, KEY.name, KEY, None)
    assert kept.checked().faults == []
    assert "b.example" not in exported(kept.database)
