"""What was told and filed of a customer goes with its record, on request, and only then."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.dossier import Document
from storage.documents import NewDocument
from storage.engine import Database
from storage.reviews import NewReview
from storage.told_facts import Telling
from storage.unit_of_work import Work
from tests.storage.records import a_customer

DAY = date(2026, 3, 1)
EMPTYING = (
    "UPDATE told_fact SET value = 'null', reason = 'erased', source = NULL",
    "UPDATE customer_document SET title = 'erased', number = NULL, source = 'erased', file_name = NULL, sha256 = NULL",
    "UPDATE customer_review SET finding = 'erased'",
)


def fill(work: Work, customer_id: str) -> None:
    """A customer with a file."""
    work.customers.put(a_customer(customer_id, facts={"customer.score": 80}))
    state = work.accounts.look(customer_id)
    assert state is not None
    work.told_facts.tell(state.account_id, {"customer.score": 60}, DAY, Telling("person:ann", "a review", "a bureau"))
    kept = Document(0, "registration", DAY)
    work.documents.file(NewDocument(f"D-{customer_id}", state.account_id, kept, "Licence of Ann", "Ann", "person:bo",
                                    number="9131", file_name="ann.pdf", sha256="ab" * 32))  # fmt: skip
    work.reviews.record(NewReview(state.account_id, customer_id, DAY, date(2026, 6, 1), "stated", "met Ann",
                                  "person:bo"))  # fmt: skip


def said(work: Work, customer_id: str) -> tuple[object, ...]:
    """What a file says of a person, and what it says of itself."""
    state = work.accounts.look(customer_id)
    assert state is not None
    facts, [document] = work.told_facts.of_account(state.account_id), work.documents.of_customer(customer_id)
    [review] = work.reviews.of_account(state.account_id)
    personal = (*((one.timed.value, one.source) for one in facts), document.title, document.number, document.sha256,
                document.source, review.finding)  # fmt: skip
    return (*personal, document.document.issued_on, review.next_on, [one.timed.name for one in facts])


def test_the_file_goes_with_its_customer_and_nobody_elses(database: Database) -> None:
    with database.write() as work:
        for name in ("C-1", "C-2"):
            fill(work, name)
    with database.read() as work:
        other = said(work, "C-2")
    with database.write() as work:
        assert work.erasures.erase_master("C-1", "person:ann", "asked to", 0)
    names = ["customer.score", "customer.score"]
    with database.read() as work:
        assert said(work, "C-1") == ((None, None), (None, None), "erased", None, None, "erased", "erased", DAY,
                                     date(2026, 6, 1), names)  # fmt: skip
        assert said(work, "C-2") == other != said(work, "C-1")
        state = work.accounts.look("C-1")
        assert state is not None and "customer.score" not in state.on_day(DAY).customer.facts
    with database.write() as work:  # what is filed afterwards goes with the second request
        assert state is not None
        again = Document(0, "licence", DAY)
        work.documents.file(NewDocument("D-9", state.account_id, again, "Ann again", "Ann", "person:bo"))
        assert not work.erasures.erase_master("C-1", "person:ann", "asked again", 0)
        assert [one.title for one in work.documents.of_customer("C-1")] == ["erased", "erased"]


@pytest.mark.parametrize("change", EMPTYING)
def test_nothing_is_emptied_where_nobody_asked_for_it(database: Database, change: str) -> None:
    with database.write() as work:
        fill(work, "C-1")
        work.customers.put(a_customer("C-2"))
        work.erasures.erase_master("C-2", "person:ann", "another one", 0)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("change", [
    "UPDATE told_fact SET value = '1'", "UPDATE told_fact SET valid_from = NULL",
    "UPDATE customer_document SET title = 'mine'", "UPDATE customer_document SET issued_on = '2020-01-01'",
    "UPDATE customer_review SET finding = 'mine'", "DELETE FROM told_fact", "DELETE FROM customer_document",
])  # fmt: skip
def test_an_erasure_lets_nothing_else_through(database: Database, change: str) -> None:
    with database.write() as work:
        fill(work, "C-1")
        work.erasures.erase_master("C-1", "person:ann", "asked to", 0)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))
