"""T1 and T3 on both databases: no hold above limit and grants at any version, every decision as the policy makes it.

Each has its control in the same arrangement, which must go red: it shows that the arrangement can see the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import Server
from tests.reliability.contention import SHAPES, THREADS, run, wrongs

pytestmark = pytest.mark.slow
SHORT, LONG = 8, 400
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives a new location at each call."""
    made: list[str] = []
    server: Server | None = request.getfixturevalue("server") if request.param == "postgresql" else None

    def give() -> str:
        made.append(server.migrated() if server else str(tmp_path / f"ledger-{len(made)}.db"))
        return made[-1]

    yield give
    for one in made if server else ():
        server.drop(one)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_over_and_every_decision_is_the_policys(
    fresh: Callable[[], str], shape: str, soak: bool, record_property: Callable[[str, object], None]
) -> None:
    seed, orders = 1, LONG if soak else SHORT
    found = run("locked", fresh(), SHAPES[shape], orders, seed)
    print(f"{shape}, seed {seed}: {dict(found)}")
    assert wrongs(found) == {}
    assert found["decisions"] == 2 * THREADS * orders


def test_control_looking_outside_the_lock_stores_figures_that_never_held(fresh: Callable[[], str]) -> None:
    found = run("outside", fresh(), SHAPES["one hot customer"], SHORT, 1)
    assert found["wrong_before"] > 0
    assert found["over_ceiling"] == found["version_gaps"] == found["wrong_balances"] == 0  # the CHECK kept the limit


def test_control_reading_before_writing_goes_over(fresh: Callable[[], str]) -> None:
    found = run("read_then_write", fresh(), SHAPES["one hot customer"], SHORT, 1)
    assert found["over_limit_plus_grants"] > 0
