"""States and acts: one order of events for each customer, only ever added to."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.engine import Database
from storage.states import Act, StateChanged
from storage.unit_of_work import Work
from tests.storage.records import a_decision

CLEARED = Act("cleared", "finance", "A. Example", "collector-1", "paid")
DAY = date(2026, 11, 23)


def enter(work: Work, key: str, entered: bool = True) -> int:
    """A decision that enters or ends a state, and its account."""
    locked = work.accounts.lock("C-1")
    assert locked is not None
    new = a_decision(locked, key)
    work.decisions.record(locked, new)
    work.states.change(locked, [StateChanged("held", entered, DAY, ("a > 1",), new.decision_id)])
    return locked.account_id


def test_changes_and_acts_stand_in_one_order(database: Database) -> None:
    with database.write() as work:
        assert work.states.act("C-1", CLEARED) is not None
        enter(work, "k-1")
        work.states.act("C-1", CLEARED)
        account_id = enter(work, "k-2", entered=False)
        assert work.states.act("C-9", CLEARED) is None
    with database.read() as work:
        history = work.states.history(account_id)
    assert [one.place for one in history.acts] == [1, 3]
    assert [(one.place, one.entered) for one in history.changes] == [(2, True), (4, False)]
    assert history.changes[0].why == ("a > 1",) and history.changes[0].day == DAY


def test_each_change_and_act_is_an_event_with_an_entry_of_the_log(database: Database) -> None:
    with database.write() as work:
        work.states.act("C-1", CLEARED)
        enter(work, "k-1")
        enter(work, "k-2", entered=False)
        locked = work.accounts.lock("C-1")
        assert locked is not None
        work.decisions.record(locked, a_decision(locked, "k-3"))
        work.states.change(locked, [])  # a decision that changes no state says nothing
    with database.read() as work:
        told = list(reversed(work.events.list(subject="customer:C-1").items))
        assert all(work.log.entry(f"event-{one.seq}") is not None for one in told)
    assert [(one.kind, one.by) for one in told] == [
        ("act_recorded", "client:collector-1"), ("state_entered", "decision:D-k-1"), ("state_left", "decision:D-k-2"),
    ]  # fmt: skip
    assert told[0].details == {"act": "cleared", "role": "finance", "person": "A. Example", "reason": "paid"}
    assert told[1].details == {"state": "held", "day": "2026-11-23", "why": ["a > 1"]}


def test_what_is_taken_back_leaves_no_event(database: Database) -> None:
    def die() -> None:
        with database.write() as work:
            work.states.act("C-1", CLEARED)
            raise RuntimeError("the process died")

    with pytest.raises(RuntimeError):
        die()
    with database.read() as work:
        assert work.events.list(subject="customer:C-1").items == ()


def test_a_decision_in_work_sees_that_its_facts_moved(database: Database) -> None:
    with database.read() as work:
        before = work.accounts.look("C-1")
    with database.write() as work:
        work.states.act("C-1", CLEARED)
    with database.read() as work:
        after = work.accounts.look("C-1")
    assert before is not None and after is not None and after.facts_version == before.facts_version + 1
    assert after.version == before.version


@pytest.mark.parametrize("change", ["UPDATE act SET reason = 'x'", "DELETE FROM act"])
def test_what_is_recorded_is_never_changed(database: Database, change: str) -> None:
    with database.write() as work:
        work.states.act("C-1", CLEARED)
    with pytest.raises(DBAPIError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))
