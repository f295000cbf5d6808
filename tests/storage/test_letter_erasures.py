"""What was written to a customer is erased with it, in every copy; the log stays whole, and letters to others."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from storage.contacts import Contact
from storage.engine import Database
from storage.letters import Letter
from storage.log_export import export_lines
from storage.log_tables import log_entry
from storage.log_verify import verify_export
from storage.outbox import Delivery, Message
from storage.proofs import NewProof
from storage.sequencer import integrate, sign_head
from tests.storage.log_verifier import accepts
from tests.storage.records import DIGEST, a_customer, a_policy
from tests.storage.test_sequencer import KEY

DAY = date(2026, 2, 15)
SECRET = "vale.example"


@pytest.fixture(autouse=True)
def written(database: Database) -> None:
    """A letter each to two customers, sent, with an address, a receipt and a file."""
    with database.write() as work:
        work.policies.add(a_policy())
        for number in "12":
            work.customers.put(a_customer(f"C-{number}"))
            work.contacts.put(Contact(f"C-{number}", "email", f"a@{SECRET}", "en", "person:ann"))
            work.outbox.put(Message(f"M-{number}", f"C-{number}", "letter", "demand", "email", "demand", ("I",), DAY,
                                    DIGEST))  # fmt: skip
            work.letters.keep(Letter(f"M-{number}", 1, "email", f"a@{SECRET}", "message/rfc822", SECRET, "sha256:t",
                                     SECRET.encode()))  # fmt: skip


def send_all(database: Database) -> None:
    """Both letters are sent, and both receipts come."""
    with database.write() as work:
        for leased in work.outbox.lease(10, 60.0):
            assert work.outbox.record(leased, Delivery("sent", DAY, "person:ann", SECRET))
        for number in "12":
            work.proofs.add(NewProof(f"M-{number}", "person:ann", SECRET, SECRET, content=SECRET.encode()))


def told(database: Database, number: str) -> list[str]:
    """Where the secret still stands of a customer's message."""
    tables = {"letter": "message_id", "delivery": "message_id", "delivery_proof": "message_id",
              "customer_contact": "customer_id"}  # fmt: skip
    found = []
    with database.looking() as connection:
        for table, key in tables.items():
            for row in connection.exec_driver_sql(f"SELECT * FROM {table} WHERE substr({key}, 3) = '{number}'"):
                found += [table] if any(SECRET.encode() in value_bytes(one) for one in row) else []
    return found


def value_bytes(value: object) -> bytes:
    """A value as bytes."""
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def test_what_was_written_to_a_customer_goes_and_the_rest_stays(database: Database) -> None:
    send_all(database)
    everywhere = ["letter", "delivery", "delivery_proof", "customer_contact"]
    assert (told(database, "1"), told(database, "2")) == (everywhere, everywhere)
    with database.write() as work:
        work.letter_erasures.erase("C-1", "person:dpo", "asked")
        work.letter_erasures.erase("C-1", "person:dpo", "asked again")
    assert (told(database, "1"), told(database, "2")) == ([], everywhere)


def test_the_salts_of_its_commitments_go_with_it_and_the_log_verifies(database: Database) -> None:
    send_all(database)
    with database.write() as work:
        work.letter_erasures.erase("C-1", "person:dpo", "asked")
        work.erasures.erase_master("C-1", "person:dpo", "asked", 0)
    with database.looking() as connection:
        salted = select(log_entry.c.body).where(log_entry.c.salt != b"")
        bodies = [bytes(one) for one in connection.execute(salted).scalars()]
    assert not any(b"M-1" in one or b"C-1" in one for one in bodies)
    assert sum(b"M-2" in one or b"C-2" in one for one in bodies) == 4  # address, letter, sent, proof
    while integrate(database).count:
        pass
    sign_head(database, KEY.name, KEY, None)
    with database.looking() as connection:
        lines = list(export_lines(connection))
    assert verify_export(lines, KEY.verifying).faults == []
    assert accepts("".join(lines), str(KEY.verifying))
    assert SECRET not in "".join(line for line in lines if "C-1" in line or "M-1" in line)


def test_what_comes_later_is_erased_by_the_next_request(database: Database) -> None:
    send_all(database)
    with database.write() as work:
        work.letter_erasures.erase("C-1", "person:dpo", "asked")
        work.proofs.add(NewProof("M-1", "person:ann", SECRET))
    assert told(database, "1") == ["delivery_proof"]
    with database.write() as work:
        work.letter_erasures.erase("C-1", "person:dpo", "asked")
    assert told(database, "1") == []


def test_a_message_is_open_until_it_is_done(database: Database) -> None:
    with database.read() as work:
        assert [work.letter_erasures.open_messages(one) for one in ("C-1", "C-3")] == [1, 0]
    send_all(database)
    with database.read() as work:
        assert work.letter_erasures.open_messages("C-1") == 0
