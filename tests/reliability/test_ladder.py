"""T16 on both databases: workers of the ladder and its letters killed all the time, each step and each effect once.

The control with a fresh key per attempt reads the same wire, the one that says so before it sends climbs anew: both
must go red, which shows that the arrangement can see the fault.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.operations.escalate import begin_run, run_escalation
from tests.postgres import Server
from tests.reliability.ladder import DAYS, DUE, climb, count_letters, count_steps, heard, make_book, wrongs
from tests.reliability.ladder_workers import MARK_FIRST, send

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("AVAL_TEST_SEED", "7"))
SHORT, LONG = 40, 500  # invoices
CONTROL = 6
WORST = {SHORT: 20, LONG: 200, CONTROL: 6}  # one letter in so many falls into each of the two worst moments
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new location on each kind of database."""
    if request.param == "sqlite":
        yield str(tmp_path / "ladder.db")
        return
    server: Server = request.getfixturevalue("server")
    location = server.migrated()
    yield location
    server.drop(location)


def test_each_step_has_one_record_and_one_effect_whoever_is_killed(place: str, tmp_path: Path, soak: bool) -> None:
    invoices = LONG if soak else SHORT
    found = climb(place, tmp_path / "wire", invoices, seed=SEED, worst=WORST[invoices])
    told(f"{invoices} invoices, {len(DAYS)} steps, seed {SEED}", found)
    assert wrongs(found) == {}
    assert found["records"] == found["effects"] == invoices * len(DAYS)
    assert found["kills"] >= (54 if soak else 3), "nobody was killed: this shows nothing"
    assert found["duplicates"] == found["on_the_wire"] - found["effects"] > 0, "no worst moment: this shows nothing"
    assert found["effects_of_fresh_keys"] > found["effects"], "the control: a fresh key per attempt acts twice"


def test_control_who_says_so_before_sending_loses_letters(place: str, tmp_path: Path) -> None:
    found = climb(place, tmp_path / "wire", CONTROL, seed=SEED, worst=WORST[CONTROL], way=MARK_FIRST)
    told("control, said before sent", found)
    assert found["unheard"] > 0
    assert found["missed"] == found["letters_twice"] == 0, "the records are whole; only the wire is not"


def test_control_the_checker_finds_each_kind_of_fault(tmp_path: Path) -> None:
    database, wire = make_book(str(tmp_path / "ladder.db"), CONTROL), tmp_path / "wire"
    late = DUE + timedelta(DAYS["reminder"] + 1)
    assert len(list(run_escalation(database, begin_run(database, late, "tests")))) == CONTROL // 2
    with database.write() as work:
        leased = work.outbox.lease(2, 60.0)
    sending = os.open(wire, os.O_WRONLY | os.O_CREAT)
    for one in (leased[0].message, leased[0].message, replace(leased[0].message, what="another_letter")):
        send(sending, one)
    os.close(sending)
    found = Counter[str]()
    count_steps(found, database, CONTROL)
    count_letters(found, database, heard(wire))
    assert wrongs(found) == {"missed": 18, "wrong_day": 6, "without_hold": 6, "unheard": 5, "never_said": 6,
                             "other_words": 1}  # fmt: skip
    assert (found["on_the_wire"], found["duplicates"], found["effects"]) == (3, 2, 1)


def told(what: str, found: Counter[str]) -> None:
    """Every count, by name."""
    print(f"\nT16 {what}: " + " ".join(f"{name}={count}" for name, count in sorted(found.items())))
