"""The log as a file that an outsider can check: every entry up to a checkpoint, with what stands behind it.

One line of JSON each. The first names the log and carries the signed checkpoint; then each entry with its leaf, the row
it tells of, and what its commitments hide, or that this was erased; last the policies by which anything was decided.
Bytes are written as base64, so that nothing has to be spelled again.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from storage.letters import entry_of
from storage.log_entries import hidden_bytes
from storage.log_tables import erasure, log_entry, log_leaf
from storage.policies import Policies
from storage.sending_tables import letter
from storage.tables import decision, event
from storage.transparency import TransparencyLog

FORMAT = "aval-log-1"
PAGE = 500
EVENT_PREFIX = "event-"
LETTER, LETTER_PREFIX = "letter_written", "letter-"
# what an entry says in the open, by the column of the row that it tells of
OF_DECISION = {
    "verdict": "verdict", "as_of": "as_of", "policy": "policy_digest", "program": "program_digest",
    "account": "account_id", "version": "account_ver", "at": "decided_at",
}  # fmt: skip
OF_EVENT = {"kind": "kind", "subject": "subject", "by": "done_by", "at": "at"}


class NothingSigned(Exception):
    """No checkpoint was signed yet, so there is nothing that an outsider could check."""


def export_lines(connection: Connection) -> Iterator[str]:
    """The lines of an export under the newest checkpoint.

    Raises: NothingSigned.
    """
    log = TransparencyLog(connection)
    signed = log.checkpoint()
    if signed is None:
        raise NothingSigned("no checkpoint was signed yet; see that 'aval log run' runs")
    checkpoint, note = signed
    yield line({"format": FORMAT, "origin": checkpoint.origin, "size": checkpoint.size, "checkpoint": note})
    policies: set[str] = set()
    for start in range(0, checkpoint.size, PAGE):
        for one in page(connection, start, min(start + PAGE, checkpoint.size)):
            if one.get("row") and "policy" in one["row"]:
                policies.add(one["row"]["policy"])
            yield line(one)
    for digest in sorted(policies):
        yield line(policy_line(connection, digest))


def page(connection: Connection, start: int, end: int) -> Iterable[dict[str, Any]]:
    """Some entries with their rows, in the order of their leaves."""
    wanted = select(log_leaf.c.seq, log_leaf.c.leaf, log_entry).join(
        log_entry, log_entry.c.place == log_leaf.c.place, isouter=True
    )
    found = connection.execute(
        wanted.where(log_leaf.c.seq >= start, log_leaf.c.seq < end).order_by(log_leaf.c.seq)
    ).all()
    decisions = decisions_of(connection, [one.entry_id for one in found if one.kind == "decision"])
    events = events_of(connection, [one.entry_id for one in found if str(one.entry_id).startswith(EVENT_PREFIX)])
    letters = letters_of(connection, [one.entry_id for one in found if one.kind == LETTER])
    erased = erasures_of(connection, [one.entry_id for one in found if one.entry_id])
    for one in found:
        told: dict[str, Any] = {"seq": one.seq, "leaf": encoded(one.leaf)}
        if one.entry_id is not None:
            told |= {"id": one.entry_id, "entry": encoded(one.body)}
            row = decisions.get(one.entry_id) or events.get(one.entry_id)
            told["row"] = row and open_part(row, OF_DECISION if one.kind == "decision" else OF_EVENT)
            if one.kind == "decision" and row is not None:
                told |= {"erased": erased[one.entry_id]} if one.entry_id in erased else hidden_part(one.salt, row)
            elif one.entry_id in letters:
                told |= {"erased": erased[one.entry_id]} if one.entry_id in erased else {
                    "salt": encoded(one.salt), "hidden": letters[one.entry_id]}  # fmt: skip
            elif row is not None:
                told["row"]["details"] = json.loads(row["details"])
        yield told


def hidden_part(salt: bytes, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the commitments of a decision hide, and their salt."""
    return {"salt": encoded(salt), "hidden": {name: encoded(held) for name, held in hidden_bytes(row).items()}}


def open_part(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """What the row says of the things that its entry says in the open."""
    return {name: row[column] for name, column in names.items()}


def decisions_of(connection: Connection, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The rows of some decisions."""
    rows = connection.execute(select(decision).where(decision.c.decision_id.in_(ids))).mappings() if ids else ()
    return {str(row["decision_id"]): dict(row) for row in rows}


def letters_of(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """What some letters hide, their bytes and their addresses, by the names of their entries."""
    messages = [one.removeprefix(LETTER_PREFIX).rpartition("-")[0] for one in ids]
    rows = connection.execute(select(letter).where(letter.c.message_id.in_(messages))) if ids else ()
    return {
        entry_of(row.message_id, row.edition): {
            "content": encoded(row.content),
            "address": encoded(row.address.encode()),
        }
        for row in rows
    }


def events_of(connection: Connection, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The rows of some events, by the names of their entries."""
    numbers = [int(one.removeprefix(EVENT_PREFIX)) for one in ids if one.removeprefix(EVENT_PREFIX).isdecimal()]
    rows = connection.execute(select(event).where(event.c.seq.in_(numbers))).mappings() if numbers else ()
    return {f"{EVENT_PREFIX}{row['seq']}": dict(row) for row in rows}


def erasures_of(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The erasures among some entries."""
    rows = connection.execute(select(erasure).where(erasure.c.entry_id.in_(ids))) if ids else ()
    return {row.entry_id: {"by": row.done_by, "reason": row.reason, "at": row.at} for row in rows}


def policy_line(connection: Connection, digest: str) -> dict[str, Any]:
    """A policy version with its bytes and those of its parts; without bytes where none is stored under its digest."""
    version = Policies(connection).get(digest)
    if version is None:
        return {"policy": digest}
    parts = [{"name": one.name, "source": encoded(one.source)} for one in version.parts]
    return {"policy": digest, "source": encoded(version.source), "parts": parts}


def encoded(held: bytes) -> str:
    """Bytes as they stand in a line."""
    return b64encode(bytes(held)).decode()


def line(told: Mapping[str, Any]) -> str:
    """One line of the file."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
