"""The documents of customers' files: each filed once with its dates and source, withdrawn by a row, never changed.

Each is an event, and so a leaf of the log. The lock of an account brings what counts of them, so the next decision
reads them as facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from credit.dossier import Document
from storage.clock import database_now, read_instant
from storage.customer_file_tables import customer_document, withdrawn_document
from storage.events import Event, Events
from storage.failures import Refused
from storage.qualified import qualified
from storage.row_texts import json_rows, read_rows
from storage.tables import account

MOST_DOCUMENTS = 500  # of one customer, those that were withdrawn too


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to be filed; the file stays where it is, `sha256` says which one it was, as 64 hexadecimal digits."""

    document_id: str
    account_id: int
    document: Document
    title: str
    source: str
    by: str
    client: str = ""
    number: str | None = None
    file_name: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who withdrew a document, and why."""

    reason: str
    by: str
    client: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it was filed, with its withdrawal where there is one."""

    document_id: str
    customer_id: str
    document: Document
    title: str
    number: str | None
    source: str
    file_name: str | None
    sha256: str | None
    by: str
    at: datetime
    withdrawal: Withdrawal | None = None


KEPT = select(withdrawn_document.c.document_id).where(
    withdrawn_document.c.document_id == customer_document.c.document_id
)
FIELDS = ("place", "kind", "issued_on", "valid_until", "months", "years", "quality")
# all that were not withdrawn: one that has run out says that its kind is not on file
DOCUMENTS = qualified(
    select(json_rows(*(customer_document.c[name] for name in FIELDS)))
    .where(customer_document.c.account_id == account.c.account_id, ~KEPT.exists())
    .correlate(account)
    .scalar_subquery()
)
WITHDRAWN = (
    withdrawn_document.c.reason, withdrawn_document.c.withdrawn_by, withdrawn_document.c.client.label("with_client"),
    withdrawn_document.c.at.label("withdrawn_at"),
)  # fmt: skip
READ = (
    select(customer_document, account.c.customer_id, *WITHDRAWN)
    .join(account, account.c.account_id == customer_document.c.account_id)
    .outerjoin(withdrawn_document, withdrawn_document.c.document_id == customer_document.c.document_id)
    .order_by(customer_document.c.account_id, customer_document.c.place)
)


def read_documents(text: str | None) -> tuple[Document, ...]:
    """The documents in the text that a lock brings."""
    return tuple(_document(*row) for row in read_rows(text))


class Documents:
    """The documents of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each change is an event."""
        self._connection = connection
        self._events = events

    def file(self, new: NewDocument) -> StoredDocument:
        """Put a document on file; its place is the next one.

        Raises: Refused for the same file of the same kind a second time, and where too many are there.
        """
        customer_id = self._lock(new.account_id)
        known = self.of_customer(customer_id)
        for one in known:
            same = one.sha256 is not None and (one.document.kind, one.sha256) == (new.document.kind, new.sha256)
            if same and one.withdrawal is None:
                raise Refused(f"this very file is on file already, as '{one.document_id}'")
        mine = select(func.coalesce(func.max(customer_document.c.place), 0))
        taken = self._connection.execute(mine.where(customer_document.c.account_id == new.account_id)).scalar_one()
        if taken >= MOST_DOCUMENTS:
            raise Refused(f"{MOST_DOCUMENTS} documents were filed of this customer; no more are kept")
        self._connection.execute(insert(customer_document).values(**_row(new, taken + 1)))
        kept = new.document
        told = {"document_id": new.document_id, "kind": kept.kind, "issued_on": kept.issued_on.isoformat(),
                "valid_until": _day(kept.valid_until)}  # fmt: skip  (what may be erased is in the row alone)
        self._events.record(Event("document_filed", f"customer:{customer_id}", new.by, told))
        stored = self.get(new.document_id)
        assert stored is not None
        return stored

    def withdraw(self, document_id: str, withdrawal: Withdrawal) -> StoredDocument | None:
        """Say that a document counts no longer, for good; None for an unknown one.

        Raises: Refused for one that was withdrawn before.
        """
        wanted = select(customer_document.c.account_id).where(customer_document.c.document_id == document_id)
        account_id = self._connection.scalar(wanted)
        if account_id is None:
            return None
        customer_id = self._lock(account_id)
        found = self.get(document_id)  # as it stands under the lock
        assert found is not None
        if found.withdrawal is not None:
            raise Refused(f"the document was withdrawn already, by {found.withdrawal.by}")
        self._connection.execute(insert(withdrawn_document).values(
            document_id=document_id, reason=withdrawal.reason, withdrawn_by=withdrawal.by, client=withdrawal.client,
            at=database_now(),
        ))  # fmt: skip
        told = {"document_id": document_id, "kind": found.document.kind}
        self._events.record(Event("document_withdrawn", f"customer:{customer_id}", withdrawal.by, told))
        return self.get(document_id)

    def get(self, document_id: str) -> StoredDocument | None:
        """One document by its id, None for an unknown one."""
        return next(iter(self._found(READ.where(customer_document.c.document_id == document_id))), None)

    def of_customer(self, customer_id: str) -> Sequence[StoredDocument]:
        """All documents of a customer in the order in which they were filed, those withdrawn too."""
        return self._found(READ.where(account.c.customer_id == customer_id))

    def _found(self, wanted: Select[Any]) -> Sequence[StoredDocument]:
        return tuple(read_document(row) for row in self._connection.execute(wanted))

    def _lock(self, account_id: int) -> str:
        """Wait for whoever decides on an account; its customer."""
        locking = select(account.c.customer_id).where(account.c.account_id == account_id).with_for_update()
        return str(self._connection.execute(locking).scalar_one())


def _row(new: NewDocument, place: int) -> dict[str, Any]:
    one = new.document
    return {
        "document_id": new.document_id, "account_id": new.account_id, "place": place, "kind": one.kind,
        "title": new.title, "number": new.number, "issued_on": one.issued_on.isoformat(),
        "valid_until": _day(one.valid_until), "source": new.source, "file_name": new.file_name, "sha256": new.sha256,
        "months": one.months, "years": one.years, "quality": one.quality, "filed_by": new.by, "client": new.client,
        "at": database_now(),
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _document(place: int, kind: str, issued: str, until: str | None, months: int | None, years: int | None,
              quality: str | None) -> Document:  # fmt: skip
    last = None if until is None else date.fromisoformat(until)
    return Document(place, kind, date.fromisoformat(issued), last, months, years, quality)


def read_document(row: Row[Any]) -> StoredDocument:
    """A document from its row."""
    gone = None if row.reason is None else Withdrawal(row.reason, row.withdrawn_by, row.with_client,
                                                      read_instant(row.withdrawn_at))  # fmt: skip
    document = _document(*(getattr(row, name) for name in FIELDS))
    return StoredDocument(row.document_id, row.customer_id, document, row.title, row.number, row.source, row.file_name,
                          row.sha256, row.filed_by, read_instant(row.at), gone)  # fmt: skip
