"""The keeper beside the service is started again when it ends, and ends with the service."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from api.keeper_process import KeeperProcess

COUNTS = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(float(sys.argv[2]))"


def until(state: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not state():
        assert time.monotonic() < ends
        time.sleep(0.02)


def started(file: Path) -> int:
    return len(file.read_text()) if file.exists() else 0


def test_it_is_started_again_until_it_is_told_to_stop(tmp_path: Path) -> None:
    keeper = KeeperProcess([str(tmp_path / "starts"), "0"], (sys.executable, "-S", "-c", COUNTS))
    keeper.start()
    until(lambda: started(tmp_path / "starts") >= 2)
    keeper.stop()
    assert not keeper.is_alive()


def test_one_that_runs_is_ended(tmp_path: Path) -> None:
    keeper = KeeperProcess([str(tmp_path / "starts"), "600"], (sys.executable, "-S", "-c", COUNTS))
    keeper.start()
    until(lambda: started(tmp_path / "starts") == 1)
    keeper.stop()
    assert not keeper.is_alive()
    assert started(tmp_path / "starts") == 1
