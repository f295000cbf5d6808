"""A contact is one row; setting it lets the letters leave that waited, and only those of that customer."""

from __future__ import annotations

from datetime import date

import pytest

from storage.contacts import Contact
from storage.engine import Database
from storage.outbox import Message
from tests.storage.records import DIGEST, a_customer, a_policy

DAY = date(2026, 2, 15)


@pytest.fixture(autouse=True)
def written(database: Database) -> None:
    """A letter each of two customers, both waiting for an address."""
    with database.write() as work:
        work.policies.add(a_policy())
        for number in ("1", "2"):
            work.customers.put(a_customer(f"C-{number}"))
            work.outbox.put(Message(f"M-{number}", f"C-{number}", "letter", "demand", "email", "demand", ("I",), DAY,
                                    DIGEST))  # fmt: skip
    with database.write() as work:
        for leased in work.outbox.lease(10, 60.0):
            assert work.outbox.postpone(leased, "no contact", 0.0, "no_address")


def states(database: Database) -> list[str]:
    """How the two letters stand."""
    with database.read() as work:
        found = [work.messages.get(f"M-{number}") for number in "12"]
    return [one.state for one in found if one is not None]


def test_letters_wait_until_their_own_customer_has_an_address(database: Database) -> None:
    assert states(database) == ["no_address", "no_address"]
    with database.write() as work:
        assert work.outbox.lease(10, 60.0) == ()
        work.contacts.put(Contact("C-1", "email", "a@b.example", "en", "person:ann"))
    assert states(database) == ["queued", "no_address"]
    with database.write() as work:
        [leased] = work.outbox.lease(10, 60.0)
        assert (leased.message.message_id, leased.attempt, leased.tries) == ("M-1", 1, 1)


def test_a_contact_is_replaced_and_forgotten(database: Database) -> None:
    with database.write() as work:
        work.contacts.put(Contact("C-1", "email", "a@b.example", None, "person:ann"))
        work.contacts.put(Contact("C-1", "webhook", "https://b.example/", "zh", "person:ben"))
        found = work.contacts.get("C-1")
        assert found is not None and found.at is not None
        assert (found.kind, found.address, found.language, found.by) == ("webhook", "https://b.example/", "zh",
                                                                         "person:ben")  # fmt: skip
        work.contacts.remove("C-1", "person:ann")
        work.contacts.remove("C-1", "person:ann")
        assert work.contacts.get("C-1") is None
        assert len(work.events.list(kind="contact_set").items) == 3
