"""What is still needed is told with its reason, and what is erased is erased in every copy of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from credit.money import Money
from storage.answers import NewAnswer
from storage.decisions import RECORD, Decisions
from storage.engine import Database
from storage.policy_challenges import Challenge
from storage.policy_tables import policy_challenge
from storage.referrals import DECIDED_ANEW, DecidedReferral
from storage.retention import BEFORE_LOG, FOLLOWED, HOLDS, LEFT_OVER, STATE, TERM, UNPAID, WAITS, Terms, Wanted
from storage.settlements import Change, NewSettlement
from storage.states import StateChanged
from storage.tables import answered_request, invoice
from storage.unit_of_work import Work
from tests.storage.records import DIGEST, a_customer, a_decision, an_invoice, approve

TERMS = Terms(timedelta(days=14))
AN_ANSWER = NewAnswer("person:ann", "a-1", b"body", "approve_referral", "D-r", 200, b'{"name":"Vale"}')


def decide(work: Work, key: str, **changes: object) -> None:
    """A decision that holds nothing."""
    locked = work.accounts.lock("C-1")
    assert locked is not None
    work.decisions.record(locked, a_decision(locked, key, **changes))


def needs(database: Database, key: str, terms: Terms = TERMS) -> tuple[str, ...]:
    """Why a decision is needed."""
    with database.read() as work:
        return work.retention.needs([f"D-{key}"], terms).get(f"D-{key}", ())


def test_a_denial_is_not_needed_and_an_approval_only_while_it_holds(database: Database) -> None:
    with database.write() as work:
        decide(work, "no")
        approve(work, "k", 10)
    assert (needs(database, "no"), needs(database, "k")) == ((), (HOLDS,))
    end(database, "R-k")
    assert needs(database, "k") == ()


def end(database: Database, reservation_id: str) -> None:
    """Void what is held."""
    with database.write() as work:
        found = work.reservations.get(reservation_id)
        assert found is not None
        work.reservations.take(work.accounts.take(found.account_id), found, "voided", found.remaining, client="shop")


@pytest.mark.parametrize(("days", "settled", "why"), [
    (0, None, (UNPAID,)), (-1, None, (UNPAID,)), (1, None, (UNPAID,)), (-2, None, ()), (2, None, ()),
    (0, date(2030, 1, 1), ()),
])  # fmt: skip
def test_an_unpaid_invoice_of_its_days_keeps_it(
    database: Database, days: int, settled: date | None, why: tuple[str, ...]
) -> None:
    with database.write() as work:
        approve(work, "k", 10)
        day = work.now().date() + timedelta(days=days)
    end(database, "R-k")
    with database.write() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        work.invoices.enter(account.account_id, [an_invoice(invoiced_on=day, due_on=day + timedelta(days=30))])
    if settled is not None:
        with database.alone() as connection:
            connection.execute(update(invoice).values(settled_on=settled.isoformat(), open_amount=0))
    assert needs(database, "k") == why


def test_a_referral_is_needed_while_a_person_may_decide_it(database: Database) -> None:
    with database.write() as work:
        decide(work, "r", verdict="refer")
    assert (needs(database, "r"), needs(database, "r", Terms(timedelta(0)))) == ((WAITS,), ())
    decided_anew(database)
    assert needs(database, "r") == ()


def decided_anew(database: Database, holds: int = 0) -> None:
    """A person's decision on the referral D-r, followed by D-n."""
    with database.write() as work:
        if holds:
            approve(work, "n", holds)
        else:
            decide(work, "n")
        work.referrals.decide(DecidedReferral("D-r", DECIDED_ANEW, "ann", "cfo", "person:ann", "why", "D-n"))


def test_a_referral_is_needed_as_long_as_the_decision_that_followed_it(database: Database) -> None:
    with database.write() as work:
        decide(work, "r", verdict="refer")
    decided_anew(database, holds=10)
    assert (needs(database, "r"), needs(database, "n")) == ((FOLLOWED,), (HOLDS,))
    end(database, "R-n")
    assert (needs(database, "r"), needs(database, "n")) == ((), ())


def test_a_state_that_stands_keeps_the_decision_that_entered_it(database: Database) -> None:
    for key, entered, why in (("in", True, (STATE,)), ("out", False, ())):
        with database.write() as work:
            locked = work.accounts.lock("C-1")
            assert locked is not None
            work.decisions.record(locked, a_decision(locked, key))
            work.states.change(locked, [StateChanged("held", entered, date(2026, 1, 1), ("why",), f"D-{key}")])
        assert needs(database, "in") == why
    assert needs(database, "out") == ()


def test_what_the_log_does_not_know_is_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Decisions, "_write", lambda self, row, locked: RECORD.run(self._connection, row))
    with database.write() as work:
        decide(work, "old")
    assert needs(database, "old") == (BEFORE_LOG,)


@pytest.mark.parametrize(("decided", "kept"), [(date(2026, 3, 1), (TERM,)), (date(2026, 2, 28), ())])
def test_a_record_is_kept_until_the_day_behind_its_term(
    database: Database, decided: date, kept: tuple[str, ...]
) -> None:
    with database.write() as work:
        decide(work, "k", as_of=decided)
    ten_days = Terms.on_day(date(2026, 3, 11), 10, timedelta(days=14))
    assert needs(database, "k", ten_days) == kept
    assert needs(database, "k", Terms.on_day(date(2026, 3, 11), 0, timedelta(days=14))) == ()


def test_a_term_of_the_decision_that_followed_does_not_keep_the_referral(database: Database) -> None:
    with database.write() as work:
        decide(work, "r", verdict="refer", as_of=date(2026, 1, 1))
    decided_anew(database)
    assert needs(database, "n", Terms(timedelta(0), date(2026, 1, 2))) == (TERM,)
    assert needs(database, "r", Terms(timedelta(0), date(2026, 1, 2))) == ()


def test_a_customers_record_is_needed_while_money_of_it_goes_to_no_invoice(database: Database) -> None:
    today = date(2026, 2, 1)
    new = NewSettlement("payment", "P-1", "C-1", Money(100, "CNY"), today, "transfer", "person:ann")

    def needed() -> tuple[str, ...]:
        with database.read() as work:
            return work.retention.needs_of_master("C-1")

    with database.write() as work:
        work.settlements.enter(new, today)
    assert needed() == (LEFT_OVER,)
    with database.write() as work:
        work.invoices.add_many([an_invoice("I-1", 100)], today)
        work.settlements.allocate("payment", "P-1", (), Change(today, "person:ann"))
    assert needed() == ()
    with database.write() as work:
        work.settlements.take_back("payment", "P-1", "I-1", Change(today, "person:ann"))
    assert needed() == (UNPAID, LEFT_OVER)
    with database.write() as work:
        work.settlements.reverse("payment", "P-1", Change(today, "person:ann", "bounced"), today)
    assert needed() == (UNPAID,)


def test_a_customers_record_is_needed_while_anything_is_held_or_owed(database: Database) -> None:
    def needed() -> tuple[str, ...]:
        with database.read() as work:
            return work.retention.needs_of_master("C-1")

    assert needed() == ()
    with database.write() as work:
        approve(work, "k", 10)
    assert needed() == (HOLDS,)
    with database.write() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        work.invoices.enter(account.account_id, [an_invoice()])
    assert needed() == (HOLDS, UNPAID)
    end(database, "R-k")
    assert needed() == (UNPAID,)
    with database.alone() as connection:
        connection.execute(update(invoice).values(settled_on="2026-02-01", open_amount=0))
    assert needed() == ()


def test_pages_go_on_where_they_ended_and_leave_out_what_is_erased(database: Database) -> None:
    with database.write() as work:
        for key in "abcde":
            decide(work, key, as_of=date(2016, 1, 1) if key in "abd" else date(2026, 1, 1))
        work.erasures.erase("D-a", "person:dpo", "asked")
    old = Wanted(before=date(2016, 1, 2))
    with database.read() as work:
        assert (work.retention.count(old), work.retention.count(Wanted("C-1"))) == (2, 4)
        assert work.retention.count(Wanted(before=date(2016, 1, 1))) == work.retention.count(Wanted("C-2")) == 0
        [first] = work.retention.page(old, 0, 1, TERMS)
        [second] = work.retention.page(old, first.seq, 5, TERMS)
    assert (first.decision_id, second.decision_id, second.kept) == ("D-b", "D-d", ())


@pytest.mark.parametrize("erased", ["D-r", "D-n"])
def test_the_copies_of_an_erased_decision_go_with_it(database: Database, erased: str) -> None:
    with database.write() as work:
        decide(work, "r", verdict="refer")
    decided_anew(database)
    with database.write() as work:
        decide(work, "x")
        work.answers.record(AN_ANSWER)
        work.answers.record(NewAnswer("person:ann", "a-2", b"body", "approve_referral", "D-x", 200, b"kept"))
        work.challenges.add_many(
            [Challenge(one, DIGEST, DIGEST, "refer", "deny", True, {"name": "Vale"}) for one in (erased, "D-x")]
        )
        work.erasures.erase(erased, "person:dpo", "asked")
    with database.looking() as connection:
        answers = connection.execute(select(answered_request.c.response).order_by(answered_request.c.idempotency_key))
        details = connection.execute(select(policy_challenge.c.decision_id, policy_challenge.c.details))
        assert [bytes(one) for one in answers.scalars()] == [b"", b"kept"]
        assert {row.decision_id: row.details for row in details} == {erased: "{}", "D-x": '{"name": "Vale"}'}
    with database.write() as work:
        assert work.decisions.claim("person:ann", "a-1", b"body").response == b""


@pytest.mark.parametrize("values", [{"response": b""}, {"response": b"other"}, {"status": 201}])
def test_an_answer_loses_nothing_that_no_erasure_names(database: Database, values: dict[str, object]) -> None:
    with database.write() as work:
        decide(work, "r", verdict="refer")
        work.answers.record(AN_ANSWER)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(update(answered_request).values(**values))


def test_a_customers_record_is_erased_once_and_its_account_stays(database: Database) -> None:
    with database.write() as work:
        assert work.erasures.erase_master("C-1", "person:dpo", "asked", 3)
        assert not work.erasures.erase_master("C-1", "person:dpo", "asked", 3)
    with database.read() as work:
        found = work.customers.get("C-1")
        [told] = work.events.list(kind="customer_erased").items
        assert found is not None and (found.name, found.country, found.facts) == ("erased", None, {})
        assert found.limit.minor == 1_000 and work.accounts.look("C-1") is not None
    assert (told.subject, told.by) == ("customer:C-1", "person:dpo")
    assert told.details == {"reason": "asked", "decisions": 3}


def test_another_customer_keeps_its_name(database: Database) -> None:
    with database.write() as work:
        work.customers.put(a_customer("C-2", name="Other Ltd"))
        work.erasures.erase_master("C-1", "person:dpo", "asked", 0)
    with database.read() as work:
        assert [one.name for one in work.customers.list().items] == ["erased", "Other Ltd"]
