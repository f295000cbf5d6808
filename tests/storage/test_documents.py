"""Documents are filed once, withdrawn once, never changed, and every lock of the account brings those that count."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.dossier import Document
from storage import documents
from storage.documents import NewDocument, StoredDocument, Withdrawal
from storage.engine import Database
from storage.exposure_ledger import AccountState
from storage.failures import Refused
from storage.unit_of_work import Work
from tests.storage.records import a_customer

ISSUED, LAST = date(2026, 3, 1), date(2027, 2, 28)
HASH = "ab" * 32


@pytest.fixture(autouse=True)
def customers(database: Database) -> None:
    """Two customers, so that nobody's document is another's."""
    with database.write() as work:
        work.customers.put(a_customer("C-1"))
        work.customers.put(a_customer("C-2"))


def account_of(work: Work, customer_id: str = "C-1") -> int:
    """The account of a customer."""
    state = work.accounts.look(customer_id)
    assert state is not None
    return state.account_id


def file(work: Work, document_id: str = "D-1", kind: str = "registration", **changes: Any) -> StoredDocument:
    """Put a document of C-1 on file."""
    kept = Document(0, kind, ISSUED, LAST, months=12, years=1, quality="audited")
    values = {"title": "A licence", "source": "the customer", "by": "person:ann"} | changes
    return work.documents.file(NewDocument(document_id, account_of(work), kept, **values))


class Undone(Exception):
    """Takes a transaction back: a lock wants a movement, and none is written here."""


def brought(database: Database, customer_id: str = "C-1") -> tuple[Document, ...]:
    """The documents that a look and a lock bring alike."""
    found: list[AccountState | None] = []
    with database.read() as work:
        found.append(work.accounts.look(customer_id))
    with suppress(Undone), database.write() as work:
        found.append(work.accounts.lock(customer_id))
        raise Undone
    seen = [one.documents for one in found if one is not None]
    assert len(seen) == 2 and seen[0] == seen[1]
    return seen[0]


def test_a_lock_brings_what_is_on_file_until_it_is_withdrawn(database: Database) -> None:
    with database.write() as work:
        file(work, number="91310000", file_name="licence.pdf", sha256=HASH)
        file(work, "D-2", "statements")
    wanted = tuple(Document(place, kind, ISSUED, LAST, 12, 1, "audited")
                   for place, kind in ((1, "registration"), (2, "statements")))  # fmt: skip
    assert brought(database) == wanted
    assert brought(database, "C-2") == ()
    with database.write() as work:
        gone = work.documents.withdraw("D-1", Withdrawal("a forgery", "person:bo"))
        assert gone is not None and gone.withdrawal is not None and gone.withdrawal.by == "person:bo"
    assert brought(database) == wanted[1:]
    with database.read() as work:
        assert [one.document_id for one in work.documents.of_customer("C-1")] == ["D-1", "D-2"]
        assert [one.kind for one in work.events.list(subject="customer:C-1").items] == [
            "document_withdrawn", "document_filed", "document_filed"]  # fmt: skip


def test_a_document_is_withdrawn_once(database: Database) -> None:
    with database.write() as work:
        file(work)
        work.documents.withdraw("D-1", Withdrawal("a forgery", "person:bo"))
    with pytest.raises(Refused, match="withdrawn already, by person:bo"), database.write() as work:
        work.documents.withdraw("D-1", Withdrawal("again", "person:ann"))
    with database.write() as work:
        assert work.documents.withdraw("D-9", Withdrawal("why", "person:ann")) is None


def test_the_same_file_of_the_same_kind_is_filed_once_until_it_is_withdrawn(database: Database) -> None:
    with database.write() as work:
        file(work, sha256=HASH)
        file(work, "D-2", "statements", sha256=HASH)  # of another kind
        file(work, "D-3")  # nobody knows which file this was
        file(work, "D-4")
    with pytest.raises(Refused, match="on file already, as 'D-1'"), database.write() as work:
        file(work, "D-5", sha256=HASH)
    with database.write() as work:
        work.documents.withdraw("D-1", Withdrawal("a slip", "person:bo"))
        assert file(work, "D-5", sha256=HASH).document.place == 5


def test_no_more_than_so_many_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    with database.write() as work:
        file(work)
        file(work, "D-2")
    with pytest.raises(Refused, match="no more are kept"), database.write() as work:
        file(work, "D-3")


@pytest.mark.parametrize("change", [
    "UPDATE customer_document SET valid_until = '2099-01-01'", "DELETE FROM customer_document",
    "UPDATE withdrawn_document SET reason = 'x'", "DELETE FROM withdrawn_document",
])  # fmt: skip
def test_nobody_changes_a_document(database: Database, change: str) -> None:
    with database.write() as work:
        file(work)
        work.documents.withdraw("D-1", Withdrawal("a forgery", "person:bo"))
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("changes", [{"title": ""}, {"source": ""}, {"by": ""}, {"sha256": "ab"}])
def test_what_is_no_document_is_refused_by_the_database(database: Database, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), database.write() as work:
        file(work, **changes)
