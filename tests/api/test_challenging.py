"""A challenger decides in the shadow: the answer is never another one, and what it would have said is kept."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from api import challenging
from api.build import build_policy
from api.challenging import Challenger
from storage.policy_challenges import Challenges
from tests.api.policies import SMALL, Life
from tests.api.service import an_order, start_service
from tests.api.test_metrics import read

LOOSE = SMALL.replace("1_000.00", "2_000.00")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A service that decides by the small policy, with a challenger that lets larger orders pass."""
    folder: Path = tmp_path_factory.mktemp("challenger")
    service = start_service(folder, policy=False, build=lambda stored: build_policy(stored, False))
    found = Life(service)
    service.put_customer("C-1", granted_limit="500000.00")
    found.published()
    found.challenger = found.published(LOOSE, "challenger")["digest"]  # type: ignore[attr-defined]
    yield found
    service.held.challenger.wait()


def decided(life: Life, amount: str, key: str) -> Any:
    """The decision on an order, with what the challenger said written down."""
    answer = life.service.decide(an_order(amount, id=f"SO-{key}"), key)
    assert answer.status_code == 201, answer.data
    life.service.held.challenger.wait()
    return json.loads(answer.data)["decision"]


def test_what_differs_is_kept_and_what_is_answered_is_the_policy_in_effect(life: Any) -> None:
    same, other = decided(life, "900.00", "same"), decided(life, "1500.00", "other")
    assert (other["verdict"], other["policy"]["version"]) == ("deny", 1)
    [found] = life.get("challengers")["items"]
    assert (found["digest"], found["compared"], found["differing"]) == (life.challenger, 2, 1)
    [example] = found["examples"]
    assert (example["decision_id"], example["verdict"]) == (other["decision_id"], "deny")
    assert example["challenger"] == same["verdict"] and "verdict" in example["parts"]
    assert sum(pair["count"] for pair in found["verdicts"]) == 2


def test_a_fault_of_the_challenger_is_counted_and_nothing_else(life: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError

    held = life.service.held
    before = held.challenger.failed
    monkeypatch.setattr(challenging, "compared", broken)
    assert decided(life, "1500.00", "broken")["verdict"] == "deny"
    assert held.challenger.failed == before + 1


def test_what_a_challenger_says_is_counted_by_verdicts_and_by_whether_it_differs(life: Any) -> None:
    before = counted(life)
    decided(life, "800.00", "agreed")
    decided(life, "1600.00", "differed")
    decided(life, "2600.00", "denied")
    found = {labels: number - before.get(labels, 0) for labels, number in counted(life).items()}
    assert {labels: number for labels, number in found.items() if number} == {
        ("small", "approve", "agreed", "approve", "2"): 1, ("small", "approve", "differed", "deny", "2"): 1,
        ("small", "deny", "agreed", "deny", "2"): 1,
    }  # fmt: skip


def counted(life: Any) -> dict[tuple[str, ...], float]:
    """The comparisons among the figures, by the values of the labels in the order of their names."""
    held = life.service.held
    figures = read(held.metrics.tell(held.database, timedelta(hours=1)).decode())
    return {labels: number for (name, labels), number in figures.items()
            if name == "aval_challenger_comparisons_total"}  # fmt: skip


def test_comparisons_that_cannot_be_written_are_counted_as_failed(life: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held, before = life.service.held, counted(life)
    failed = held.challenger.failed
    monkeypatch.setattr(Challenges, "add_many", Mock(side_effect=OSError))
    decided(life, "800.00", "unwritten")
    assert (held.challenger.failed, counted(life)) == (failed + 1, before)
    figures = read(held.metrics.tell(held.database, timedelta(hours=1)).decode())
    assert figures["aval_challenger_not_compared_total", ("failed",)] == held.challenger.failed


def test_who_cannot_keep_up_is_left_out_and_never_waited_for(life: Any) -> None:
    full = Challenger(most_waiting=1)
    full._waiting.put_nowait(None)  # type: ignore[arg-type]  # whatever it is, it is never looked at
    full.offer(life.service.held, None)  # type: ignore[arg-type]
    assert full.left_out == 1 and full._thread is None
    with pytest.raises(queue.Full):
        full._waiting.put_nowait(None)  # type: ignore[arg-type]


def test_a_preview_is_no_decision_and_is_not_compared(life: Any) -> None:
    before = life.get("challengers")["items"][0]["compared"]
    answer = life.service.send("POST", "/v1/decisions:preview", "risk_officer", an_order("1500.00"))
    assert answer.status_code == 200
    life.service.held.challenger.wait()
    assert life.get("challengers")["items"][0]["compared"] == before
