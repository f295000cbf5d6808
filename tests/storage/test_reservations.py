"""What the ledger itself holds of a reservation's life, whatever the program above it believes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from storage.clock import write_instant
from storage.decisions import Hold
from storage.engine import Database, open_database
from storage.reservations import Reservation
from storage.schema import downgrade, upgrade
from storage.sqlite_database import SqliteDatabase
from storage.unit_of_work import Work
from tests.storage.records import approve

STEP = """
INSERT INTO reservation (reservation_id, step, decision_id, account_id, account_ver, change, amount, remaining,
                         step_before, remaining_before, expires_at, at)
SELECT reservation_id, {step}, decision_id, account_id, account_ver, '{change}', {amount}, {remaining}, {before},
       {remaining_before}, expires_at, at FROM reservation WHERE step = 1
"""


def reserve(database: Database, amount: int = 100, hours: float = 24.0) -> Reservation:
    """A reservation of C-1 that lasts for so many hours."""
    with database.write() as work:
        now = work.now()
        approve(work, "k", amount, hold=Hold("R-k", amount, 1_000, now + timedelta(hours=hours)))
        return known(work)


def known(work: Work) -> Reservation:
    """The one reservation, as it stands."""
    found = work.reservations.get("R-k")
    assert found is not None
    return found


def take(database: Database, change: str, amount: int) -> None:
    """Take a part from the reservation, without asking whether it may be."""
    with database.write() as work:
        found = known(work)
        work.reservations.take(work.accounts.take(found.account_id), found, change, amount)


def test_each_step_moves_the_account_by_as_much(database: Database) -> None:
    reserve(database)
    take(database, "converted", 30)
    take(database, "voided", 70)
    with database.read() as work:
        found = known(work)
        moved = work.accounts.movements(found.account_id)
        account = work.accounts.look("C-1")
    assert account is not None
    assert (account.balance, found.state, found.remaining) == (0, "voided", 0)
    assert [(one.kind, one.amount) for one in moved] == [("hold", 100), ("release", -30), ("release", -70)]
    assert [step.account_version for step in found.steps] == [1, 2, 3]


def test_each_step_after_the_first_is_an_event_with_an_entry_of_the_log(database: Database) -> None:
    reserve(database)
    with database.write() as work:
        for change, amount, client in (("converted", 30, "erp"), ("secured", 20, "person:ann"), ("expired", 50, None)):
            found = known(work)
            work.reservations.take(work.accounts.take(found.account_id), found, change, amount, client=client)
    with database.read() as work:
        told = list(reversed(work.events.list(subject="reservation:R-k").items))
        assert all(work.log.entry(f"event-{one.seq}") is not None for one in told)
    assert [(one.kind, one.by, one.details["amount"], one.details["remaining"]) for one in told] == [
        ("reservation_converted", "client:erp", "0.30", "0.70"),
        ("reservation_secured", "person:ann", "0.20", "0.50"),
        ("reservation_expired", "expiry", "0.50", "0.00"),
    ]
    assert {one.details["decision"] for one in told} == {"D-k"}


def test_that_a_changed_order_replaced_a_hold_is_told_by_its_decision_alone(database: Database) -> None:
    reserve(database)
    take(database, "replaced", 100)
    with database.read() as work:
        assert work.events.list(subject="reservation:R-k").items == ()


@pytest.mark.parametrize("amount", [0, -1, 101])
def test_no_more_leaves_than_is_held(database: Database, amount: int) -> None:
    reserve(database)
    with pytest.raises(IntegrityError):
        take(database, "converted", amount)


@pytest.mark.parametrize("end", ["voided", "expired", "replaced"])
def test_an_end_takes_all_and_nothing_follows_it(database: Database, end: str) -> None:
    reserve(database)
    with pytest.raises(IntegrityError, match="ends_in_full"):
        take(database, end, 99)
    take(database, end, 100)
    with pytest.raises(IntegrityError):
        take(database, "converted", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 2, "amount": 10, "remaining": 90, "before": 1, "remaining_before": 101},  # more than was left
        {"step": 3, "amount": 10, "remaining": 90, "before": 2, "remaining_before": 100},  # a step is left out
        {"step": 3, "amount": 10, "remaining": 90, "before": 1, "remaining_before": 100},
        {"step": 2, "amount": 10, "remaining": 91, "before": 1, "remaining_before": 100},
        {"step": 2, "amount": 10, "remaining": 10, "before": "NULL", "remaining_before": "NULL"},
    ],
)
def test_a_step_that_does_not_follow_is_refused(database: Database, wrong: dict[str, object]) -> None:
    reserve(database)
    with pytest.raises(IntegrityError), database.alone() as connection:
        connection.execute(text(STEP.format(change="converted", **wrong)))
    right = {"step": 2, "amount": 10, "remaining": 90, "before": 1, "remaining_before": 100}
    with database.alone() as connection:
        connection.execute(text(STEP.format(change="converted", **right)))


def test_a_reservation_is_due_at_its_expiry_and_not_a_millisecond_before(database: Database) -> None:
    found = reserve(database)
    assert found.is_due(found.expires_at)
    assert not found.is_due(found.expires_at - timedelta(milliseconds=1))


def test_what_is_held_for_too_long_ends_by_itself(database: Database) -> None:
    reserve(database, hours=0.2 / 3600)
    time.sleep(0.3)
    with database.write() as work:
        (ended,) = work.reservations.expire(work.reservations.due(10, timedelta(days=1)))
        account = work.accounts.look("C-1")
    assert account is not None
    assert (ended.remaining, account.balance, account.version) == (100, 0, 2)


def set_clock(database: SqliteDatabase, now: datetime) -> None:
    """Give every connection of the database this time for its clock."""
    told = write_instant(now)
    for engine in (database._writer, database._reader):
        event.listen(engine, "connect", lambda raw, record: raw.create_function("strftime", 2, lambda *_: told))
    database.dispose()


@pytest.mark.parametrize(("milliseconds", "expired"), [(-1, 0), (0, 1), (1, 1)])
def test_the_sweep_goes_by_the_clock_of_the_database(
    file_database: SqliteDatabase, milliseconds: int, expired: int
) -> None:
    found = reserve(file_database)
    set_clock(file_database, found.expires_at + timedelta(milliseconds=milliseconds))
    for look_back in (timedelta(days=7), None):
        with file_database.write() as work:
            due = work.reservations.due(10, look_back)
            assert len(due) == expired
            if look_back is None:
                assert len(work.reservations.expire(due)) == expired
    with file_database.read() as work:
        assert known(work).state == ("expired" if expired else "held")
        assert work.reservations.due(10) == ()


def test_a_short_look_back_leaves_old_ones_to_the_long_look(file_database: SqliteDatabase) -> None:
    found = reserve(file_database)
    set_clock(file_database, found.expires_at + timedelta(days=8))
    with file_database.read() as work:
        assert work.reservations.due(10, timedelta(days=7)) == ()
        assert len(work.reservations.due(10)) == 1


def test_what_was_resolved_in_the_meantime_is_not_expired(file_database: SqliteDatabase) -> None:
    found = reserve(file_database)
    set_clock(file_database, found.expires_at)
    with file_database.read() as work:
        due = work.reservations.due(10)
    take(file_database, "converted", 100)
    with file_database.write() as work:
        assert work.reservations.expire(due) == ()


def test_what_was_held_before_this_version_is_still_held(tmp_path: Path) -> None:
    database = open_database(tmp_path / "old.db", wait_seconds=5.0)
    upgrade(database, "0003")
    at = write_instant(datetime.now(UTC))
    with database.alone() as connection:
        for statement in OLD.strip().split(";"):
            connection.exec_driver_sql(statement.replace("NOW", at))
    upgrade(database)
    with database.read() as work:
        found = work.reservations.get("R-1")
        assert found is not None
        assert (found.state, found.amount, found.remaining, found.steps[0].account_version) == ("held", 70, 70, 1)
    downgrade(database, "0003")
    upgrade(database)
    with database.read() as work:
        assert work.reservations.get("R-1") == found
    database.dispose()


OLD = """
INSERT INTO customer VALUES ('C-1', 'Vale Trading', NULL, 'CNY', 'amount', 1000, '{}', 'NOW');
INSERT INTO account VALUES (1, 'C-1', 'CNY', 0, 0, 1, 0);
INSERT INTO policy_version VALUES ('d', 'standard', 1, x'00', 'p', 'NOW', 'officer');
INSERT INTO decision VALUES (1, 'D-1', 'shop', 'k', x'00', 201, 'C-1', 1, 1, 'd', 'p', 'approve', 'NOW', '2026-11-23',
  'SO-1', 70, 70, '2026-11-23', x'00', x'00', '{}', '{}');
INSERT INTO movement VALUES (1, 1, 'hold', 70, 70, 1000, 'D-1', 'NOW');
INSERT INTO reservation VALUES ('R-1', 1, 'D-1', 1, 70, 'held', 'NOW', 'NOW')
"""


def test_the_steps_of_many_are_read_at_once_by_decision(database: Database) -> None:
    reserve(database)
    take(database, "converted", 30)
    with database.write() as work:
        approve(work, "none", 5, hold=None)
    with database.read() as work:
        assert work.reservations.steps_of(["D-k", "D-none", "D-404"]) == {"D-k": known(work).steps}
        assert work.reservations.steps_of([]) == {}
