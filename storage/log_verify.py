"""Checking an export of the log with nothing but a public key: no database, no network, no trust in who made it.

It says which entry is wrong and how: bytes that are not those of the leaf, a record that is not the one that the entry
commits to, a missing entry or record, an erasure that nobody answers for, a root that the signature does not cover, an
older checkpoint that this log contradicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from policy.parts import Part, bound_source
from storage.checkpoints import BadCheckpoint, Checkpoint, VerifyingKey, decode, read_checkpoint
from storage.events import LOG_BEGUN
from storage.log_entries import commitment
from storage.log_export import FORMAT
from storage.merkle import EMPTY_ROOT, leaf_hash, node_hash

LONGEST_LINE = 8 * 1024 * 1024


@dataclass
class Checked:
    """What was found: each fault in a sentence, and how much was looked at."""

    checkpoint: Checkpoint | None = None
    faults: list[str] = field(default_factory=list)
    entries: int = 0
    decisions: int = 0
    policies: set[str] = field(default_factory=set)
    policies_wanted: set[str] = field(default_factory=set)
    without_bytes: set[str] = field(default_factory=set)  # decisions that the export calls erased
    erasures: set[str] = field(default_factory=set)  # decisions whose erasure the log tells
    letters: int = 0
    written_to: dict[str, str] = field(default_factory=dict)  # the customer of each message
    letters_without_bytes: set[str] = field(default_factory=set)  # messages whose letters the export calls erased
    customers_erased: set[str] = field(default_factory=set)
    begun: dict[str, str] = field(default_factory=dict)  # who ended a log of another name, and why
    lost: bool = False  # whether the checkpoint that somebody kept is not one of this log

    @property
    def erased(self) -> int:
        """How many decisions were erased."""
        return len(self.without_bytes)

    @property
    def good(self) -> bool:
        """Whether nothing was wrong."""
        return not self.faults


class GrowingRoot:
    """The root over leaves that come one by one, from the roots of the complete subtrees so far."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf: as many subtrees are completed as the size ends in ones."""
        self._roots.append(leaf)
        size = self.size
        while size & 1:
            right = self._roots.pop()
            self._roots.append(node_hash(self._roots.pop(), right))
            size >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The root over all so far."""
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root


def verify_export(lines: Iterable[str], key: VerifyingKey, older: Checkpoint | None = None) -> Checked:
    """Check an export line by line; `older` is a checkpoint that somebody kept.

    Every fault is collected; nothing that a file may hold raises.
    """
    found, tree = Checked(), GrowingRoot()
    told = read_lines(lines, found)
    first = next(told, None)
    found.checkpoint = read_first(first or {}, key, found)
    if found.checkpoint is None:
        return found
    check_older_size(found, older)
    for one in told:
        if "policy" in one and "seq" not in one:
            check_policy(one, found)
            continue
        check_entry(one, tree, found)
        if older is not None and tree.size == older.size and tree.root() != older.root:
            found.lost = True
            found.faults.append(f"the first {older.size} entries are not those that your checkpoint covers")
    check_older_name(found, older)
    check_root(tree, found)
    check_whole(found)
    return found


def read_lines(lines: Iterable[str], found: Checked) -> Iterator[Mapping[str, Any]]:
    """The objects in the lines; a line that holds none is a fault, and the last that is read."""
    for number, text in enumerate(lines, 1):
        try:
            one = json.loads(text) if len(text) <= LONGEST_LINE else None
        except (ValueError, RecursionError):
            one = None
        if not isinstance(one, dict):
            found.faults.append(f"line {number} is no line of an export; it may have been cut")
            return
        yield one


def read_first(first: Mapping[str, Any], key: VerifyingKey, found: Checked) -> Checkpoint | None:
    """The checkpoint that the file carries, once its signature is good."""
    if first.get("format") != FORMAT:
        found.faults.append(f"it is no export of a log: its first line does not say '{FORMAT}'")
        return None
    try:
        checkpoint = read_checkpoint(str(first.get("checkpoint")), key)
    except BadCheckpoint as fault:
        found.faults.append(f"the checkpoint is not good: {fault}")
        return None
    if (first.get("origin"), first.get("size")) != (checkpoint.origin, checkpoint.size):
        found.faults.append("its first line names another log or size than the checkpoint in it")
    return checkpoint


def check_older_size(found: Checked, older: Checkpoint | None) -> None:
    """The older checkpoint is not one of a larger log."""
    assert found.checkpoint is not None
    if older is None:
        return
    if older.size > found.checkpoint.size:
        found.lost = True
        found.faults.append(f"your checkpoint covers {older.size} entries, the export {found.checkpoint.size}: "
                            "entries were taken away")  # fmt: skip
    if older.size == 0 and older.root != EMPTY_ROOT:
        found.faults.append("your checkpoint is of an empty log that was not empty")


def check_older_name(found: Checked, older: Checkpoint | None) -> None:
    """The older checkpoint is one of the same log, or of one that this log itself says was ended for it."""
    assert found.checkpoint is not None
    if older is None or older.origin == found.checkpoint.origin:
        return
    if older.origin not in found.begun:
        found.faults.append(
            f"your checkpoint is of the log '{older.origin}', the export of '{found.checkpoint.origin}'"
        )
    elif found.lost:
        found.faults.append(f"the log '{older.origin}' was ended, {found.begun[older.origin]}")


def check_root(tree: GrowingRoot, found: Checked) -> None:
    """All leaves together are what was signed."""
    assert found.checkpoint is not None
    if tree.size != found.checkpoint.size:
        found.faults.append(f"the checkpoint covers {found.checkpoint.size} entries, the export has {tree.size}")
    elif tree.root() != found.checkpoint.root:
        found.faults.append(
            "the entries together are not those that were signed: one was changed, moved, added or removed"
        )


def check_whole(found: Checked) -> None:
    """Every policy that decided is there, and every erasure is told by the log itself."""
    found.faults += [f"policy {one} is missing" for one in sorted(found.policies_wanted - found.policies)]
    found.faults += [
        f"decision {one} is called erased, but no entry of the log says by whom"
        for one in sorted(found.without_bytes - found.erasures)
    ]
    found.faults += [
        f"the letter of message {one} is called erased, but no entry of the log says that its customer was"
        for one in sorted(found.letters_without_bytes)
        if found.written_to.get(one) not in found.customers_erased
    ]


def check_entry(one: Mapping[str, Any], tree: GrowingRoot, found: Checked) -> None:
    """One entry: its place, its leaf, and what stands behind it."""
    seq = one.get("seq")
    if seq != tree.size:
        found.faults.append(f"entry {tree.size} is missing; entry {seq!r} stands in its place")
    body, leaf = decoded(one.get("entry")), decoded(one.get("leaf"))
    name = f"entry {seq} ({str(one.get('id'))[:80]})"
    found.entries += 1
    if body is None:
        found.faults.append(f"{name} is missing; only its leaf is left")
        tree.add(leaf or b"")
        return
    if leaf_hash(body) != leaf:
        found.faults.append(f"{name} was changed after it got its leaf")
    tree.add(leaf_hash(body))
    entry = read_entry(body)
    if entry is not None:
        if entry.get("id") != one.get("id"):
            found.faults.append(f"{name} tells of '{str(entry.get('id'))[:80]}'")
        check_behind(name, entry, one, found)


def check_behind(name: str, entry: Mapping[str, Any], one: Mapping[str, Any], found: Checked) -> None:
    """The row that an entry tells of says the same, and the hidden parts are those that were committed to."""
    row = one.get("row")
    check_letter(name, entry, one, found)
    if not isinstance(row, dict):
        if entry.get("kind") == "decision" or str(entry.get("id")).startswith("event-"):
            found.faults.append(f"{name}: its record is missing")
        return
    for field_name, value in row.items():
        if entry.get(field_name) != value:
            found.faults.append(f"{name}: the record says {field_name} {value!r}, the log {entry.get(field_name)!r}")
    if entry.get("kind") == "record_erased":
        found.erasures.add(str(entry.get("subject")).removeprefix("decision:"))
    details = entry.get("details")
    if entry.get("kind") == LOG_BEGUN and isinstance(details, dict):
        told = f"by {entry.get('by')} at {entry.get('at')}: {details.get('reason')}"
        found.begun[str(details.get("before"))] = told
    if entry.get("kind") != "decision":
        return
    found.decisions += 1
    found.policies_wanted.add(str(entry.get("policy")))
    if isinstance(one.get("erased"), dict):
        found.without_bytes.add(str(entry.get("id")))
        return
    check_hidden(name, entry, one, found)


def check_letter(name: str, entry: Mapping[str, Any], one: Mapping[str, Any], found: Checked) -> None:
    """A letter's bytes and address are those that the log committed to before it left, or its customer was erased."""
    message = str(entry.get("message_id"))
    match entry.get("kind"):
        case "message_written":
            found.written_to[str(entry.get("id")).removeprefix("message-")] = str(entry.get("customer_id"))
        case "customer_erased":
            found.customers_erased.add(str(entry.get("subject")).removeprefix("customer:"))
        case "letter_written":
            found.letters += 1
            if isinstance(one.get("erased"), dict):
                found.letters_without_bytes.add(message)
            else:
                check_hidden(name, entry, one, found)


def check_hidden(name: str, entry: Mapping[str, Any], one: Mapping[str, Any], found: Checked) -> None:
    """Each commitment is of the bytes that are there."""
    salt, hidden, committed = decoded(one.get("salt")), one.get("hidden"), entry.get("commitments")
    if not isinstance(hidden, dict) or not isinstance(committed, dict) or salt is None:
        found.faults.append(f"{name}: what it commits to is missing, and no erasure says why")
        return
    for part in sorted({*committed, *hidden}):
        held = decoded(hidden.get(part))
        if held is None or commitment(salt, part, held) != committed.get(part):
            found.faults.append(f"{name}: the {part} is not the one that the log committed to")


def check_policy(one: Mapping[str, Any], found: Checked) -> None:
    """A policy's bytes are those that its digest names."""
    found.policies.add(str(one.get("policy")))
    source, parts = decoded(one.get("source")), one.get("parts")
    name = f"policy {str(one.get('policy'))[:80]}"
    if source is None or not isinstance(parts, list):
        found.faults.append(f"{name} is missing")
        return
    read = [Part(str(part.get("name")), decoded(part.get("source")) or b"") for part in parts if isinstance(part, dict)]
    if "sha256:" + sha256(bound_source(source, read)).hexdigest() != one.get("policy"):
        found.faults.append(f"{name}: its bytes are not those that its digest names")


def read_entry(body: bytes) -> Mapping[str, Any] | None:
    """What an entry says; None for bytes that are no JSON, which are covered all the same."""
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def decoded(text: object) -> bytes | None:
    """Bytes from their line, or None; bytes that are spelled in another way are none."""
    return decode(text) if isinstance(text, str) else None
