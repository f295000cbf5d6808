"""A message is leased to one at a time, its outcome is written once, and whoever lost the lease has no say."""

from __future__ import annotations

from datetime import date, timedelta
from time import sleep

import pytest

from storage.engine import Database
from storage.failures import Refused
from storage.outbox import Delivery, Leased, Message
from storage.unit_of_work import Work
from tests.storage.records import DIGEST, a_customer, a_policy

DAY = date(2026, 2, 15)
SENT = Delivery("sent", DAY, "sender", "250 ok")


@pytest.fixture(autouse=True)
def written(database: Database) -> None:
    """Two letters and a task."""
    with database.write() as work:
        work.policies.add(a_policy())
        work.customers.put(a_customer("C-1"))
        for name, kind, who in (("M-1", "letter", "email"), ("M-2", "letter", "email"), ("T-1", "task", "collector")):
            work.outbox.put(Message(name, "C-1", kind, "demand", who, "demand", ("I-1", "I-2"), DAY, DIGEST))


def lease(database: Database, most: int = 10, seconds: float = 60.0) -> tuple[Leased, ...]:
    """Take letters to deliver."""
    with database.write() as work:
        return work.outbox.lease(most, seconds)


def record(database: Database, leased: Leased, done: Delivery = SENT, again_in: float = 0.0) -> bool:
    """Write what became of an attempt."""
    with database.write() as work:
        return work.outbox.record(leased, done, again_in)


def entries(work: Work) -> list[str]:
    """The kinds of the log's entries."""
    rows = work._connection.exec_driver_sql("SELECT kind FROM log_entry ORDER BY place")
    return [row[0] for row in rows]


def test_nobody_gets_what_another_one_delivers(database: Database) -> None:
    first, rest, none = lease(database, 1), lease(database), lease(database)
    assert [one.message.message_id for one in (*first, *rest)] == ["M-1", "M-2"]
    assert (none, first[0].attempt, first[0].message.invoices) == ((), 1, ("I-1", "I-2"))


def test_what_is_sent_is_sent_once_and_leaves_an_entry(database: Database) -> None:
    [first] = lease(database, 1, 0.0)
    assert record(database, first)
    assert not record(database, first), "it has its outcome already"
    assert [one.message.message_id for one in lease(database)] == ["M-2"]
    with database.read() as work:
        assert work.outbox.deliveries("M-1") == (SENT,)
        assert work.outbox.waiting() == 2
        assert entries(work).count("message_written") == 3
        assert entries(work).count("message_sent") == 1


def test_who_slept_past_the_lease_has_no_say(database: Database) -> None:
    [sleeper] = lease(database, 1, 0.02)
    sleep(0.05)
    [second, _] = sorted(lease(database), key=lambda one: one.message.message_id)
    assert (second.message.message_id, second.attempt) == ("M-1", 2)
    assert not record(database, sleeper, Delivery("failed", DAY, "sender"))
    assert record(database, second)
    with database.read() as work:
        assert work.outbox.deliveries("M-1") == (SENT,)


def test_what_was_only_tried_comes_again_after_its_time(database: Database) -> None:
    [first] = lease(database, 1)
    assert record(database, first, Delivery("tried", DAY, "sender", "451 later"), again_in=0.15)
    assert [one.message.message_id for one in lease(database)] == ["M-2"]
    sleep(0.2)
    [again] = lease(database)
    assert (again.message.message_id, again.attempt) == ("M-1", 2)
    assert record(database, again)
    with database.read() as work:
        assert [one.outcome for one in work.outbox.deliveries("M-1")] == ["tried", "sent"]


def test_a_person_delivers_a_task_once(database: Database) -> None:
    proof = Delivery("sent", DAY, "person:ann", "called, promised to pay")
    with database.write() as work:
        assert work.outbox.deliver("T-1", proof)
        assert not work.outbox.deliver("T-9", proof)
    with pytest.raises(Refused, match="it was sent, or is not needed"), database.write() as work:
        work.outbox.deliver("T-1", proof)
    with database.read() as work:
        assert work.outbox.deliveries("T-1") == (proof,)
        assert work.outbox.get("T-9") is None


def test_a_person_who_delivers_takes_it_from_the_sender(database: Database) -> None:
    [leased] = lease(database, 1)
    with database.write() as work:
        assert work.outbox.deliver("M-1", Delivery("sent", DAY, "person:ann", "by hand"))
    assert not record(database, leased)
    with database.read() as work:
        assert [one.by for one in work.outbox.deliveries("M-1")] == ["person:ann"]


def test_what_people_have_to_do_is_never_in_the_sender_s_way(database: Database) -> None:
    with database.write() as work:
        for number in range(300):
            for name, kind, who in ((f"A-{number}", "task", "collector"), (f"B-{number}", "letter", "letter")):
                work.outbox.put(Message(name, "C-1", kind, "demand", who, "demand", ("I-1",), DAY, DIGEST))
        work.outbox.put(Message("Z-1", "C-1", "letter", "demand", "email", "demand", ("I-1",), DAY, DIGEST))
    assert [one.message.message_id for one in lease(database)] == ["M-1", "M-2", "Z-1"]
    with database.read() as work:
        counts = work.messages.counts()
    assert (counts["queued"], counts["for_a_person"], counts["sent"]) == (3, 601, 0)


def test_a_message_that_was_put_off_was_not_tried(database: Database) -> None:
    [first] = lease(database, 1)
    with database.write() as work:
        assert work.outbox.postpone(first, "no such letter", 0.0)
        found = work.messages.get("M-1")
        assert found is not None and (found.state, found.reason, found.attempts) == ("queued", "no such letter", 0)
        assert work.outbox.deliveries("M-1") == ()


def test_what_was_given_up_is_tried_again_with_attempts_of_its_own(database: Database) -> None:
    [first] = lease(database, 1)
    with database.write() as work:
        assert not work.outbox.queue_again("M-1", "operator:ann"), "somebody holds it"
        assert work.outbox.record(first, Delivery("dead", DAY, "sender", "no answer", 1))
        assert work.outbox.queue_again("M-1", "operator:ann")
        assert not work.outbox.queue_again("M-9", "operator:ann")
    again = next(one for one in lease(database) if one.message.message_id == "M-1")
    assert (again.attempt, again.tries) == (2, 1)
    assert record(database, again)
    with database.write() as work:
        assert not work.outbox.queue_again("M-1", "operator:ann"), "what was sent stays sent"
        told = [(one.kind, one.by) for one in work.events.list(subject="message:M-1").items]
    assert told == [("message_sent", "sender"), ("message_queued_again", "operator:ann"), ("message_dead", "sender")]


@pytest.mark.parametrize("outcome", ["sent", "failed", "dead", "withdrawn"])
def test_every_end_is_an_event_that_quotes_no_proof(database: Database, outcome: str) -> None:
    [first] = lease(database, 1)
    assert record(database, first, Delivery(outcome, DAY, "sender", "550 ann@customer.example is unknown", 1))
    with database.read() as work:
        [event] = work.events.list(kind=f"message_{outcome}").items
        bodies = [bytes(row[0]) for row in work._connection.exec_driver_sql("SELECT body FROM log_entry")]
    assert event.subject == "message:M-1" and event.details["attempt"] == 1
    assert "customer.example" not in str(event.details) and not any(b"customer.example" in body for body in bodies)


@pytest.mark.parametrize("outcome", ["failed", "dead"])
def test_what_did_not_arrive_may_be_delivered_by_hand(database: Database, outcome: str) -> None:
    [first] = lease(database, 1)
    assert record(database, first, Delivery(outcome, DAY, "sender", "no"))
    with database.write() as work:
        assert work.outbox.deliver("M-1", Delivery("sent", DAY, "person:ann", "brought it"))
        found = work.messages.get("M-1")
        assert found is not None and (found.state, found.done_at is not None) == ("sent", True)
        assert [one.outcome for one in work.outbox.deliveries("M-1")] == [outcome, "sent"]
    with pytest.raises(Refused, match="it was sent"), database.write() as work:
        work.outbox.deliver("M-1", SENT)


def test_what_a_person_carries_is_never_given_to_the_sender(database: Database) -> None:
    with database.write() as work:
        work.outbox.put(Message("P-1", "C-1", "letter", "demand", "registered_mail", "demand", ("I-1",), DAY, DIGEST))
        assert work.outbox.deliver("P-1", Delivery("failed", DAY, "person:ann", "moved away"))
        assert not work.outbox.queue_again("P-1", "operator:ann")
        assert work.outbox.deliver("P-1", Delivery("sent", DAY, "person:ann", "at the new address"))


def test_the_queues_tell_what_is_due_and_what_waits_for_whom(database: Database) -> None:
    def waiting() -> dict[str, int]:
        with database.read() as work:
            found = work.queues.all(timedelta(days=1))
        names = ("due_letters", "letters_without_address", "messages_for_people", "dead_letters")
        return {name: found[name].count for name in names}

    assert waiting() == {"due_letters": 2, "letters_without_address": 0, "messages_for_people": 1, "dead_letters": 0}
    [first, second] = lease(database)
    assert waiting()["due_letters"] == 0, "both are held"
    with database.write() as work:
        work.outbox.record(first, Delivery("dead", DAY, "sender", "no"), again_in=600.0)
        work.outbox.postpone(second, "no contact", 0.0, "no_address")
    assert waiting() == {"due_letters": 0, "letters_without_address": 1, "messages_for_people": 1, "dead_letters": 1}
