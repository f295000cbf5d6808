"""What every test may rely on: no stray settings, benchmarks only when asked for, real data only where it is.

`AVAL_SOAK=1` asks for the long versions: tests read it through the fixture `soak` or the Hypothesis profile.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres
from tests.quick_routes import wire_once
from tests.quick_statements import compile_once

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"
SOAK = os.environ.get("AVAL_SOAK", "") not in ("", "0")

settings.register_profile(
    "short", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("soak" if SOAK else "short")


def pytest_configure(config: pytest.Config) -> None:
    """Settings of the developer's own service never reach a test, nor does what makes each process compile anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in [name for name in os.environ if name.startswith("AVAL_")]:
        if name != "AVAL_SOAK" and not name.startswith("AVAL_TEST_"):
            del os.environ[name]
    if SOAK:
        os.environ["PYTEST_TIMEOUT"] = "0"  # a long form lasts as long as it lasts
    wire_once()
    compile_once()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A benchmark runs only where the command names the mark `bench`: a busy machine must never fail a test."""
    if "bench" in config.option.markexpr:
        return
    measured = [item for item in items if item.get_closest_marker("bench")]
    if measured:
        config.hook.pytest_deselected(items=measured)
        items[:] = [item for item in items if not item.get_closest_marker("bench")]


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """No test leaves behind what it does on a signal: processes that are forked later would not end by SIGTERM."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    left = [number for number, handler in before.items() if signal.getsignal(number) != handler]
    for number in left:
        signal.signal(number, before[number])
    assert not left, "it left a handler behind"


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real inputs beside the repository, where there is one."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real data: the folder ../shared/data is not beside the repository")
    return REAL_DATA


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether the long versions are asked for."""
    return SOAK


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this run's own, where one can be started."""
    if why := postgres.missing():
        pytest.skip(f"no PostgreSQL: {why}")
    running = postgres.Server()
    with pytest.MonkeyPatch.context() as patch:
        for module, name, seconds in postgres.PATIENT:
            patch.setattr(module, name, seconds)
        yield running
    running.stop()


@pytest.fixture
def shipped_bounds(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds of sessions as the service has them, for tests of what they are."""
    for (module, name, _), shipped in zip(postgres.PATIENT, postgres.SHIPPED, strict=True):
        monkeypatch.setattr(module, name, shipped)
