"""Letters as they leave, byte for byte: kept before the first attempt, so that every attempt sends the same.

A letter to another address, after somebody corrected it, is another edition under the same message. The log commits
to the bytes and the address before the letter leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.clock import database_now, read_clock, read_instant
from storage.log_entries import LogEntries
from storage.new_rows import insert_new
from storage.sending_tables import letter


@dataclass(frozen=True, slots=True)
class Letter:
    """The bytes of one letter, to whom by which carrier, and the version of the template that it was written by.

    One that is printed is carried by "paper", to no address that is known here.
    """

    message_id: str
    edition: int
    carried_by: str
    address: str
    media_type: str
    subject: str
    template: str
    content: bytes
    at: datetime | None = None


class KeptLetters:
    """The letters of one transaction."""

    def __init__(self, connection: Connection, log: LogEntries) -> None:
        """Read and write over the transaction's connection; each letter is an entry of the log."""
        self._connection = connection
        self._log = log

    def last(self, message_id: str) -> Letter | None:
        """The newest edition of a message's letter, None where none was written yet."""
        wanted = select(letter).where(letter.c.message_id == message_id).order_by(letter.c.edition.desc()).limit(1)
        row = self._connection.execute(wanted).first()
        return None if row is None else Letter(
            row.message_id, row.edition, row.carried_by, row.address, row.media_type, row.subject, row.template,
            bytes(row.content), read_instant(row.at))  # fmt: skip

    def keep(self, new: Letter) -> Letter:
        """Keep a letter; the one that another sender kept at the same moment, where there is one."""
        values = {"message_id": new.message_id, "edition": new.edition, "carried_by": new.carried_by,
                  "address": new.address, "media_type": new.media_type, "subject": new.subject,
                  "template": new.template, "content": new.content}  # fmt: skip
        if insert_new(self._connection, letter, values | {"at": database_now()}):
            told = {"kind": "letter_written", "message_id": new.message_id, "edition": new.edition,
                    "carried_by": new.carried_by, "template": new.template}  # fmt: skip
            hidden = {"address": new.address.encode(), "content": new.content}
            self._log.add(entry_of(new.message_id, new.edition), told, read_clock(self._connection), hidden)
        kept = self.last(new.message_id)
        assert kept is not None, "it was written just now"
        return kept


def entry_of(message_id: str, edition: int) -> str:
    """The name of a letter's entry in the log."""
    return f"letter-{message_id}-{edition}"
