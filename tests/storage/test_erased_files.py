"""What was told and filed of a customer goes with its record, on request, and only then."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from credit.dossier import Document
from credit.money import Money
from storage.answers import NewAnswer
from storage.documents import NewDocument, Withdrawal
from storage.engine import Database
from storage.reviews import NewReview
from storage.settlements import NewSettlement
from storage.tables import answered_request
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


ANSWERED = (
    ("tell_facts", "C-1", True), ("review_customer", "C-1", True), ("file_document", "D-C-1", True),
    ("withdraw_document", "D-C-1", True), ("enter_payment", "P-C-1", True), ("reverse_payment", "P-C-1", True),
    ("file_document", "D-C-2", False), ("enter_payment", "P-C-2", False), ("set_limit", "C-1", False),
    ("erase_customer", "C-1", False),
)  # fmt: skip


def pay_and_answer(work: Work) -> None:
    """Payments with references, a withdrawn document, and the answers to whoever told all that."""
    for name in ("C-1", "C-2"):
        fill(work, name)
        work.settlements.enter(NewSettlement("payment", f"P-{name}", name, Money(500, "CNY"), DAY, "Ann owes rent",
                                             "person:bo", "erp", ()), DAY)  # fmt: skip
        work.documents.withdraw(f"D-{name}", Withdrawal("Ann asked", "person:bo", "erp"))
    for place, (operation, subject, _) in enumerate(ANSWERED):
        work.answers.record(NewAnswer("erp", f"k-{place}", b"h", operation, subject, 200, b"about Ann"))


def told_of(work: Work, customer_id: str) -> tuple[object, ...]:
    """What a payment says and why a document was withdrawn, and what stays of both."""
    [payment] = work.settlements.of_customer(customer_id)
    [document] = work.documents.of_customer(customer_id)
    gone = document.withdrawal
    assert gone is not None
    return payment.told, gone.reason, payment.amount, payment.day, gone.by


def test_answers_and_references_go_with_their_customer_and_nobody_elses(database: Database) -> None:
    with database.write() as work:
        pay_and_answer(work)
        full = told_of(work, "C-2")
    with database.write() as work:
        work.erasures.erase_master("C-1", "person:ann", "asked to", 0)
    with database.read() as work:
        assert told_of(work, "C-1") == ("", "erased", *full[2:]) and told_of(work, "C-2") == full
        assert full[:2] == ("Ann owes rent", "Ann asked")
    with database.alone() as connection:
        rows = connection.execute(select(answered_request).order_by(answered_request.c.idempotency_key)).all()
    assert [(row.operation, row.subject_id, row.response == b"") for row in rows] == list(ANSWERED)
    assert {row.response for row in rows} == {b"", b"about Ann"}


@pytest.mark.parametrize("change", [
    "UPDATE answered_request SET response = :empty WHERE subject_id = 'C-1'",
    "UPDATE answered_request SET response = :empty WHERE subject_id = 'D-C-1'",
    "UPDATE settlement SET told = '' WHERE customer_id = 'C-1'",
    "UPDATE withdrawn_document SET reason = 'erased' WHERE document_id = 'D-C-1'",
])  # fmt: skip
def test_answers_and_references_are_kept_where_another_customer_is_erased(database: Database, change: str) -> None:
    with database.write() as work:
        pay_and_answer(work)
        work.erasures.erase_master("C-2", "person:ann", "another one", 0)
    wanted = text(change).bindparams(empty=b"") if ":empty" in change else text(change)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(wanted)


@pytest.mark.parametrize("change", [
    "UPDATE answered_request SET status = 201", "UPDATE settlement SET told = 'mine'", "DELETE FROM answered_request",
    "UPDATE settlement SET amount = 1", "UPDATE withdrawn_document SET reason = 'mine'", "DELETE FROM settlement",
])  # fmt: skip
def test_the_erasure_of_a_customer_changes_nothing_else(database: Database, change: str) -> None:
    with database.write() as work:
        pay_and_answer(work)
        work.erasures.erase_master("C-1", "person:ann", "asked to", 0)
    with pytest.raises(IntegrityError, match="only added to|FOREIGN KEY|foreign key"), database.alone() as connection:
        connection.execute(text(change))
