"""What a grant does to a decision: its order passes the limit by as much, and no other order does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.grants import NewGrant
from tests.api.service import Service, an_order, start_real_service


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Service]:
    """The real engines with the standard policy; C-1 has a limit of 500,000.00."""
    service = start_real_service(tmp_path)
    yield service
    service.held.database.dispose()


def give(service: Service, amount: int, order_id: str = "SO-1") -> None:
    """Grant an order of C-1 so much for an hour."""
    with service.held.database.write() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        until = work.now() + timedelta(hours=1)
        work.grants.add(
            NewGrant(f"G-{order_id}", state.account_id, order_id, amount, "CNY", until, "A. Example", "known")
        )


def decided(service: Service, amount: str, key: str, **fields: Any) -> dict[str, Any]:
    """The decision on an order."""
    answer = service.decide(an_order(amount, **fields), key)
    assert answer.status_code == 201, answer.data
    found: dict[str, Any] = json.loads(answer.data)["decision"]
    return found


def test_the_order_passes_up_to_what_was_granted_and_not_a_cent_more(real: Service) -> None:
    give(real, 10_000)
    assert decided(real, "500100.01", "k-1")["verdict"] == "refer"
    found = decided(real, "500100.00", "k-2")
    assert (found["verdict"], found["engines"]) == ("approve", "agreed")
    assert found["exposure"] == {"limit": "500100.00", "before": "0.00", "after": "500100.00", "headroom": "0.00"}
    [over] = [one for one in found["checks"] if one["check"] == "over_limit"]
    assert (over["status"], over["evidence"][0]["wanted"]) == ("pass", "<= 500100.00")
    with real.held.database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        moved = work.accounts.movements(state.account_id)[-1]
        stored = work.decisions.get(found["decision_id"])
    assert (moved.kind, moved.ceiling, moved.granted) == ("hold", 50_010_000, 10_000)
    assert stored is not None and stored.facts["limit.raised"] == 50_010_000


def test_no_other_order_passes(real: Service) -> None:
    give(real, 10_000)
    found = decided(real, "500000.01", "k-1", id="SO-2")
    assert (found["verdict"], found["exposure"]["limit"]) == ("refer", "500000.00")
    assert decided(real, "500000.00", "k-2", id="SO-2")["verdict"] == "approve"


def test_a_preview_shows_the_grant(real: Service) -> None:
    give(real, 10_000)
    asked = an_order("500100.00")
    answer = real.send("POST", "/v1/decisions:preview", "risk_officer", asked)
    assert json.loads(answer.data)["decision"]["verdict"] == "approve"


def test_a_grant_does_not_lift_another_check(real: Service) -> None:
    give(real, 10**13)
    found = decided(real, "9000000.00", "k-1")
    assert found["verdict"] == "refer"
    assert [one["check"] for one in found["checks"] if one["status"] == "refer"] == ["largest_order"]
