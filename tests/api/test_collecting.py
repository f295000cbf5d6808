"""The run of a day begins at its hour by the database's clock, once; letters leave when due; faults come again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from api import collecting
from api.collecting import AGAIN, Collecting, local_clock
from api.escalating import Plan
from api.operations.escalate import begin_run
from api.operations.plan_escalation import Done
from storage.contacts import Contact
from storage.engine import Database
from tests.api.operations.test_deliver import LADDER, a_sending, owed
from tests.api.operations.test_escalate import PER_INVOICE, written
from tests.api.service import Service, publish, start_real_service
from tests.receivers import mail_server

DAY = date(2026, 1, 4)
SIX = datetime(2026, 1, 4, 6, 0, tzinfo=UTC)


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes an invoice whose reminder is due on DAY."""
    service = start_real_service(location)
    publish(service, "dunning.yaml", written(LADDER.replace("formal_demand", "written_reminder"), PER_INVOICE))
    owed(service, "I-100", DAY - timedelta(3))
    with service.held.database.write() as work:
        work.contacts.put(Contact("C-1", "email", "credit@customer.example", "en", "person:ann"))
    return service


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self, database: Database) -> datetime:
        return self.now


def a_collector(service: Service, now: datetime, port: int = 0) -> tuple[Collecting, Clock, list[str]]:
    """A process that collects from six o'clock on, its clock, and what it told."""
    clock, told = Clock(now), list[str]()
    sending = a_sending(service, port) if port else None
    made = Collecting(service.held.database, time(6), "tests", sending,
                      lambda one: told.append(f"{one.plan.customer_id} {len(one.plan.steps)} {one.fault}".strip()),
                      lambda one: told.append(f"{one.message.what} {one.outcome}"), clock)  # fmt: skip
    return made, clock, told


def days_run(service: Service) -> list[tuple[date, bool]]:
    """The days that were run, and whether each is done."""
    with service.held.database.read() as work:
        return [(one.as_of, one.finished_at is not None) for one in work.escalation.runs()]


@pytest.mark.parametrize(("minutes", "runs"), [(-1, 0), (0, 1), (1, 1), (17 * 60, 1)])
def test_the_run_begins_at_its_hour(real: Service, minutes: int, runs: int) -> None:
    made, _, told = a_collector(real, SIX + timedelta(minutes=minutes))
    made.step()
    assert (len(days_run(real)), told) == (runs, ["C-1 1"] * runs)


def test_a_day_is_run_once_and_the_next_one_at_its_own_hour(real: Service) -> None:
    made, clock, told = a_collector(real, SIX)
    for minutes in (0, 1, 60, 24 * 60 - 1):
        clock.now = SIX + timedelta(minutes=minutes)
        made.step()
    assert days_run(real) == [(DAY, True)]
    clock.now = SIX + timedelta(days=1)
    made.step()
    assert days_run(real) == [(DAY + timedelta(1), True), (DAY, True)]
    assert [one for one in told if one != "C-1 0"] == ["C-1 1"]


def test_a_letter_leaves_in_the_same_look_as_its_step(real: Service) -> None:
    with mail_server() as box:
        made, _, told = a_collector(real, SIX, box.port)
        made.step()
    assert (told, len(box.took)) == (["C-1 1", "written_reminder sent"], 1)


def test_letters_leave_also_while_the_hour_has_not_come(real: Service) -> None:
    made, clock, _ = a_collector(real, SIX)
    made.step()
    with mail_server() as box:
        later, _, told = a_collector(real, SIX + timedelta(hours=20), box.port)
        later.at = time(23)
        later.step()
    assert told == ["written_reminder sent"]


def test_a_run_that_another_one_leads_is_looked_at_again_later(real: Service) -> None:
    with real.held.database.write() as work:
        work.escalation.lead(DAY, "another", 600.0)
    made, clock, told = a_collector(real, SIX)
    made.step()
    assert told == []
    clock.now = SIX + AGAIN - timedelta(seconds=1)
    made.step()
    assert told == []
    with real.held.database.write() as work:  # the other one died
        work._connection.exec_driver_sql("UPDATE escalation_run SET lease_until = '2020-01-01T00:00:00.000Z'")
    clock.now = SIX + AGAIN
    made.step()
    assert (told, days_run(real)) == (["C-1 1"], [(DAY, True)])


def test_a_customer_that_could_not_be_handled_is_tried_again_after_ten_minutes(
    real: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, clock, told = a_collector(real, SIX)
    runs, run = [], collecting.run_escalation

    def failing(database: Database, begun: object) -> object:
        runs.append(begun)
        if len(runs) == 1:
            return iter([Done(Plan("C-1"), fault="it could not be handled")])
        return run(database, begin_run(database, DAY, "tests"))

    monkeypatch.setattr(collecting, "run_escalation", failing)
    made.step()
    made.step()
    assert told == ["C-1 0 it could not be handled"]
    clock.now = SIX + AGAIN
    made.step()
    assert told[1:] == ["C-1 1"] and days_run(real) == [(DAY, True)]


def test_the_clock_is_the_database_s_in_the_timezone_of_the_policy(real: Service) -> None:
    now = local_clock(real.held.database)
    assert (now.utcoffset(), abs(now - datetime.now(UTC)) < timedelta(minutes=1)) == (timedelta(hours=8), True)


def test_a_fault_of_a_look_ends_nothing(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _, told = a_collector(real, SIX)
    monkeypatch.setattr(collecting, "LOOK_SECONDS", 0.01)
    looks: list[int] = []

    def clock(database: Database) -> datetime:
        looks.append(1)
        if len(looks) == 1:
            raise ZeroDivisionError("a fault of ours")
        made.stopped.set()
        return SIX

    made.clock = clock
    made.run()
    assert len(looks) == 2 and told == ["C-1 1"]
