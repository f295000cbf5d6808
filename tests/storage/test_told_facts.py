"""Facts told from a day on: the day says which counts, what was told stays, and the master data follow."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage import told_facts
from storage.customers import Told
from storage.engine import Database
from storage.exposure_ledger import AccountState
from storage.failures import Refused
from storage.told_facts import COUNTRY, Telling, TimedFact, facts_of_day
from storage.unit_of_work import Work
from tests.storage.records import a_customer

FIRST = date(2026, 3, 1)
ONE_DAY = timedelta(days=1)
ANN = Telling("person:ann", "a new rating", "an agency")
SCORE = "customer.score"


@pytest.fixture(autouse=True)
def customers(database: Database) -> None:
    """Two customers, so that nobody's fact is another's."""
    with database.write() as work:
        for name in ("C-1", "C-2"):
            work.customers.put(a_customer(name, facts={SCORE: 80, "customer.type": "company"}, country="CN"))


def look(work: Work, customer_id: str = "C-1") -> AccountState:
    """The account of a customer."""
    state = work.accounts.look(customer_id)
    assert state is not None
    return state


def tell(database: Database, facts: dict[str, Any], first: date | None, telling: Telling = ANN) -> None:
    """Tell facts of C-1."""
    with database.write() as work:
        work.told_facts.tell(look(work).account_id, facts, first, telling)


class Undone(Exception):
    """Takes a transaction back: a lock wants a movement, and none is written here."""


def on_day(database: Database, day: date, customer_id: str = "C-1") -> dict[str, Any]:
    """The facts and the country on a day, as a look and a lock bring them alike."""
    found: list[AccountState] = []
    with database.read() as work:
        found.append(look(work, customer_id))
    with suppress(Undone), database.write() as work:
        locked = work.accounts.lock(customer_id)
        assert locked is not None
        found.append(locked)
        raise Undone
    seen = [one.on_day(day).customer for one in found]
    assert seen[0].facts == seen[1].facts and seen[0].country == seen[1].country
    return {**seen[0].facts, COUNTRY: seen[0].country}


def test_a_fact_counts_from_its_first_day_on_and_the_master_data_until_then(database: Database) -> None:
    with database.read() as work:
        today = work.now().date()
    tell(database, {SCORE: 60}, today + 5 * ONE_DAY)
    for days, score in ((0, 80), (4, 80), (5, 60), (6, 60)):
        found = on_day(database, today + days * ONE_DAY)
        assert (found[SCORE], found["customer.type"]) == (score, "company")
    assert on_day(database, today + 6 * ONE_DAY, "C-2")[SCORE] == 80
    with database.read() as work:
        assert [(one.timed.value, one.by, one.source) for one in work.told_facts.of_account(look(work).account_id)] == [
            (80, "service", None), (60, "person:ann", "an agency")]  # fmt: skip
        stored = work.customers.get("C-1")
        assert stored is not None and stored.facts[SCORE] == 60  # the copy says what was told last


def test_the_country_is_told_alike(database: Database) -> None:
    with database.read() as work:
        today = work.now().date()
    tell(database, {COUNTRY: "DE"}, today + ONE_DAY)
    assert on_day(database, today)[COUNTRY] == "CN"
    assert on_day(database, today + ONE_DAY)[COUNTRY] == "DE"
    with database.read() as work:
        stored = work.customers.get("C-1")
        assert stored is not None and stored.country == "DE" and COUNTRY not in stored.facts


def test_null_says_that_nobody_knows_it_from_that_day_on(database: Database) -> None:
    with database.read() as work:
        today = work.now().date()
    tell(database, {SCORE: None}, today + ONE_DAY)
    assert on_day(database, today)[SCORE] == 80
    assert SCORE not in on_day(database, today + ONE_DAY)


def test_what_begins_in_the_past_counts_at_once_and_the_last_told_wins(database: Database) -> None:
    with database.read() as work:
        today = work.now().date()
    tell(database, {SCORE: 60}, FIRST)
    tell(database, {SCORE: 70}, FIRST - ONE_DAY)
    assert on_day(database, today)[SCORE] == 70


def test_new_master_data_are_told_where_they_differ_from_what_was_told_last(database: Database) -> None:
    with database.read() as work:
        today = work.now().date()
        stored = work.customers.get("C-1")
    tell(database, {SCORE: 60}, today + 5 * ONE_DAY)
    with database.read() as work:
        stored = work.customers.get("C-1")
        assert stored is not None
    with database.write() as work:  # the same again changes nothing, whatever else does
        work.customers.put(replace(stored, name="Renamed"))
        assert len(work.told_facts.of_account(look(work).account_id)) == 2
    assert on_day(database, today)[SCORE] == 80
    with database.write() as work:
        work.customers.put(replace(stored, facts={SCORE: 50}), Told("person:bo", "a visit"))
        rows = work.told_facts.of_account(look(work).account_id)
        assert [(one.timed.value, one.timed.valid_from, one.by) for one in rows[2:]] == [(50, None, "person:bo")]
    assert on_day(database, today)[SCORE] == on_day(database, today + 9 * ONE_DAY)[SCORE] == 50
    with database.write() as work:  # left out: nobody knows it any more
        work.customers.put(replace(stored, facts={}))
    assert SCORE not in on_day(database, today)


def test_no_more_than_so_many_are_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_facts, "MOST_TOLD", 3)
    tell(database, {SCORE: 60}, None)
    tell(database, {SCORE: 61}, None)
    with pytest.raises(Refused, match="no more are kept"):
        tell(database, {SCORE: 62}, None)


@pytest.mark.parametrize("change", ["UPDATE told_fact SET value = '1'", "DELETE FROM told_fact"])
def test_nobody_changes_what_was_told(database: Database, change: str) -> None:
    tell(database, {SCORE: 60}, None)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


ROWS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 9), st.none() | st.integers(-9, 9)), max_size=12)


@given(rows=ROWS, shift=st.integers(-1, 12))
def test_what_the_lock_leaves_out_can_never_count(rows: list[tuple[str, int, int | None]], shift: int) -> None:
    today = date(2026, 6, 15)
    told = [TimedFact(place, name, value, None if days is None else today + days * ONE_DAY)
            for place, (name, value, days) in enumerate(rows, 1)]  # fmt: skip
    begun = {name: max((one.place for one in told if one.name == name and one.has_begun(today - ONE_DAY)), default=0)
             for name in ("a", "b")}  # fmt: skip
    kept = [one for one in told if one.place >= begun[one.name]]
    day = today + shift * ONE_DAY
    assert facts_of_day({"a": "x"}, kept, day) == facts_of_day({"a": "x"}, told, day)
