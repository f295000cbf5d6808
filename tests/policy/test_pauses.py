"""The collector is paused while a policy is read, and afterwards is as it was, whoever else reads."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from policy import load
from policy.pauses import collection_paused
from rules.facts import trade_vocabulary
from tests.generated.hostile_files import SOUND


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    with collection_paused():
        assert not gc.isenabled()
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() is enabled


def test_a_failure_inside_sets_it_back() -> None:
    with pytest.raises(ZeroDivisionError), collection_paused():
        assert 1 / 0
    assert gc.isenabled()


def test_two_threads_that_overlap_leave_it_on() -> None:
    entered, leave = Event(), Event()

    def reads() -> None:
        with collection_paused():
            entered.set()
            leave.wait(60)

    other = Thread(target=reads)
    with collection_paused():
        other.start()
        assert entered.wait(60)
    assert not gc.isenabled()  # the other still reads
    leave.set()
    other.join(60)
    assert gc.isenabled()


def test_a_policy_is_read_without_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    real = load.read_source
    monkeypatch.setattr(load, "read_source", lambda *args: (seen.append(gc.isenabled()), real(*args))[1])
    assert load.load_policy(SOUND.encode(), "f", trade_vocabulary()).program is not None
    assert seen[0] is False and gc.isenabled()
