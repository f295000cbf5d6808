"""The right to write: over threads and processes, bounded, fair, and freed by death."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from storage.engine import open_database
from storage.failures import Busy, Unavailable
from storage.write_lock import WriteLock
from tests.cost import clock_seconds
from tests.storage.records import a_database, start


def test_another_thread_waits_no_longer_than_the_bound(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "aval.db", wait_seconds=0.1)
    told: list[type[BaseException]] = []

    def wait() -> None:
        try:
            with lock.held():
                told.append(AssertionError)
        except Busy:
            told.append(Busy)

    with lock.held():
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(timeout=60)
    assert told == [Busy]
    lock.close()


def test_two_locks_on_one_database_exclude_each_other(tmp_path: Path) -> None:
    first, second = (WriteLock(tmp_path / "aval.db", wait_seconds=0.1) for _ in range(2))
    with first.held(), pytest.raises(Busy), second.held():
        pass
    with second.held():
        pass
    first.close()
    second.close()


def test_a_process_that_holds_the_lock_makes_writers_busy_but_not_readers(tmp_path: Path) -> None:
    a_database(tmp_path / "aval.db").dispose()
    process = start("hold_lock", str(tmp_path / "aval.db"), "before")
    database = open_database(tmp_path / "aval.db", wait_seconds=0.2)

    def try_both() -> None:
        with pytest.raises(Busy), database.write():
            pass
        with pytest.raises(Busy):
            database.checkpoint()

    assert clock_seconds(try_both, 2) < 2
    with database.read() as work:
        assert work.customers.get("C-1") is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    with database.write():
        pass
    database.dispose()


def test_two_processes_worth_of_writers_take_turns(tmp_path: Path) -> None:
    busy, rival = (WriteLock(tmp_path / "aval.db", wait_seconds=20.0) for _ in range(2))
    rounds = {"busy": 0, "rival": 0}
    ended = threading.Event()

    def write(name: str, lock: WriteLock) -> None:
        while not ended.is_set():
            with lock.held():
                rounds[name] += 1
                time.sleep(0.002)

    running = [
        *(threading.Thread(target=write, args=("busy", busy)) for _ in range(8)),
        threading.Thread(target=write, args=("rival", rival)),
    ]
    for one in running:
        one.start()
    ends = time.monotonic() + 60
    while sum(rounds.values()) < 200 and time.monotonic() < ends:
        time.sleep(0.01)
    ended.set()
    for one in running:
        one.join()
    assert sum(rounds.values()) >= 200
    assert max(rounds.values()) < 3 * min(rounds.values())
    busy.close()
    rival.close()


def test_a_pause_closes_the_files_and_is_refused_while_somebody_writes(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "aval.db", wait_seconds=0.1)
    with lock.held():
        assert lock.pause() is False
    assert lock.pause() is True
    with pytest.raises(Busy), lock.held():
        pass
    lock.resume()
    with lock.held():
        pass
    lock.close()


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "nowhere" / "aval.db")
    with pytest.raises(Unavailable, match="lock file"), lock.held():
        pass
