"""Begin the transparency log anew under another name, where the one of before cannot be gone on with.

That is so where a backup was put back: the tree is smaller than one that was signed, and nobody may sign that under the
old name. The entries that are there stay, and go on under the new name and a new key; the first thing that the new log
tells is that it was begun, by whom, why, and what was signed last under the old name. INVARIANT: at no moment can a
keeper with the old key sign again; the old checkpoints stay good for what they covered.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.log_keys import Remembered, load_log_key, make_log_key, memory_of
from storage.checkpoints import KEY_NAME, BadCheckpoint, Checkpoint, SigningKey
from storage.database import Database
from storage.events import LOG_BEGUN, Event
from storage.failures import Busy
from storage.sequencer import integrate, sign_head

PATIENCE_SECONDS = 10.0


class CannotBegin(ValueError):
    """A log that cannot be begun so; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new log is to be called, by whom it is begun, and why."""

    name: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class BegunLog:
    """A new log: its key, its first checkpoint, the last one under the old name, how many of its entries are surely
    there, and where the old key lies now.
    """

    key: SigningKey
    checkpoint: Checkpoint
    before: Checkpoint | None
    shared: int
    old_key: Path


def begin_log(database: Database, path: Path, wanted: Beginning) -> BegunLog:
    """Begin a new log in the place of the one whose key lies at `path`; the old key is kept beside it.

    Raises: CannotBegin for a name that is none or was used; ValueError and OSError for a key that cannot be read;
    storage's failures, after which it is begun again with another name.
    """
    old = load_log_key(path)
    if not KEY_NAME.fullmatch(wanted.name):
        raise CannotBegin(f"'{wanted.name}' is no name of a log; write letters without spaces, as firm.example/log-2")
    with database.read() as work:
        used = work.log.origins() | {old.name}
    if wanted.name in used:
        raise CannotBegin(f"'{wanted.name}' was signed already; a new log has a name of its own")
    before = last_known(path, old)
    fresh = path.with_name(path.name + ".next")
    fresh.unlink(missing_ok=True)
    key = make_log_key(fresh, wanted.name)
    shared = _write_down(database, wanted, key, (old.name, before))
    kept = _put_in_place(path, fresh, old)
    return BegunLog(key, _sign_first(database, key, path), before, shared, kept)


def last_known(path: Path, key: SigningKey) -> Checkpoint | None:
    """What was signed last with a key, as its owner remembers; None where nothing is, or it cannot be read."""
    try:
        return Remembered(memory_of(path), key.verifying).last()
    except BadCheckpoint:
        return None


def _write_down(database: Database, wanted: Beginning, key: SigningKey, old: tuple[str, Checkpoint | None]) -> int:
    """The event that ends the old log, which is not signed any more from here on; how many of its entries are there."""
    name, before = old
    with database.write() as work:
        shared = work.log.shared(name)
        details: Mapping[str, object] = {
            "origin": wanted.name, "key": str(key.verifying), "reason": wanted.reason, "size": work.log.size(),
            "before": name, "shared": shared, "last": None if before is None else
            {"size": before.size, "root": base64.b64encode(before.root).decode()},
        }  # fmt: skip
        work.events.record(Event(LOG_BEGUN, f"log:{wanted.name}", wanted.by, details))
        return shared


def _put_in_place(path: Path, fresh: Path, old: SigningKey) -> Path:
    """The new key in the place of the old one, which is kept under another name with what it signed last."""
    kept = path.with_name(f"{path.name}.{old.verifying.key_id.hex()}")
    for one, copy in ((path, kept), (memory_of(path), memory_of(kept))):
        if one.exists() and not copy.exists():
            os.link(one, copy)
    fresh.replace(path)
    return kept


def _sign_first(database: Database, key: SigningKey, path: Path) -> Checkpoint:
    """The first checkpoint of the new log, over all that is there, remembered in the place of the old one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            while integrate(database).count:
                pass
            checkpoint, note = sign_head(database, key.name, key, None)
            break
        except Busy:  # the keeper is at it
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    Remembered(memory_of(path), key.verifying).keep(note)
    return checkpoint
