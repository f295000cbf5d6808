"""Simulations are kept by the digest of the bytes: the last one is shown, each is an event, and none is changed."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.engine import Database
from storage.policy_simulations import NewSimulation
from tests.storage.records import WRITER, add_both

B = "sha256:b"


def kept(database: Database, *reports: dict[str, object]) -> None:
    """Keep these reports, one after the other, as a person who is known."""
    with database.write() as work:
        add_both(work)
        for report in reports:
            work.simulations.add(NewSimulation(B, report, WRITER), "draft:D")


def test_the_last_simulation_of_some_bytes_is_shown_and_none_of_others(database: Database) -> None:
    kept(database, {"changed": 1}, {"changed": 2})
    with database.read() as work:
        found = work.simulations.of(B)
        assert found is not None and (found.report, found.by, found.digest) == ({"changed": 2}, WRITER, B)
        assert work.simulations.of("sha256:edited") is None
        events = work.events.list(kind="policy_simulated").items
    assert [one.subject for one in events] == ["draft:D"] * 2
    assert events[0].details == {"simulation": found.simulation_id, "digest": B}


@pytest.mark.parametrize("change", ["UPDATE policy_simulation SET report = '{}'", "DELETE FROM policy_simulation"])
def test_a_simulation_is_never_changed(database: Database, change: str) -> None:
    kept(database, {"changed": 1})
    with pytest.raises(DBAPIError, match="is only added to"), database.write() as work:
        work._connection.execute(text(change))
