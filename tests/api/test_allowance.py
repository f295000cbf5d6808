"""So many askings a minute for each client: exactly that many at once, and one more when its time has passed."""

from __future__ import annotations

from api import allowance
from api.allowance import Allowance


class Clock:
    """A clock that is set by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_client_may_ask_so_often_and_then_waits_for_its_next() -> None:
    clock = Clock()
    found = Allowance(30, clock)
    assert [found.take("erp") for _ in range(31)] == [True] * 30 + [False]
    assert found.take("other")
    clock.now += 1.99
    assert not found.take("erp")
    clock.now += 0.01
    assert found.take("erp") and not found.take("erp")
    clock.now += 3_600
    assert [found.take("erp") for _ in range(31)] == [True] * 30 + [False]


def test_clients_are_forgotten_where_there_are_too_many() -> None:
    found = Allowance(1, Clock())
    for number in range(allowance.MOST_CLIENTS + 1):
        assert found.take(f"c-{number}")
    assert found.take("c-0") and not found.take(f"c-{allowance.MOST_CLIENTS}")
