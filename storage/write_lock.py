"""One writer at a time, over all threads and processes, with a bounded and fair wait.

SQLite's own waiting polls without order and starves somebody for seconds; old versions also corrupt a WAL that two
connections reset at once. So every write transaction, migration and checkpoint holds this lock: first a thread lock
within the process, then a turn, then the lock file beside the database. Only the process whose turn it is waits for the
lock file, so a busy process cannot overtake another one for ever. The kernel frees both files when a process dies.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.failures import Busy, Unavailable

FIRST_PAUSE_SECONDS = 0.0002
LONGEST_PAUSE_SECONDS = 0.004


class WriteLock:
    """The right to write to one database file; wait for it with `held()`."""

    def __init__(self, database: Path, wait_seconds: float = 5.0) -> None:
        """Name the lock files beside `database`; they are opened at the first use."""
        self.wait_seconds = wait_seconds
        self._paths = (Path(f"{database}-turn"), Path(f"{database}-lock"))
        self._files: list[int] = []
        self._threads = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the right to write until the block ends.

        Raises: Busy after the bounded wait; Unavailable where the lock files cannot be opened.
        """
        deadline = time.monotonic() + self.wait_seconds
        if not self._threads.acquire(timeout=self.wait_seconds):
            raise Busy("another thread is writing; try again")
        try:
            turn, lock = self._open()
            wait_for(turn, deadline)
            try:
                wait_for(lock, deadline)
            finally:
                fcntl.flock(turn, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def pause(self) -> bool:
        """Before a fork: let no thread start to write and close the files, or say that somebody is writing.

        An inherited file would share the parent's lock, so that both could write.
        """
        if not self._threads.acquire(blocking=False):
            return False
        self._close()
        return True

    def resume(self) -> None:
        """After a fork that `pause` allowed: let threads write again."""
        self._threads.release()

    def close(self) -> None:
        """Close the lock files; the next use opens them again."""
        with self._threads:
            self._close()

    def _close(self) -> None:
        files, self._files = self._files, []
        for file in files:
            os.close(file)

    def _open(self) -> list[int]:
        if not self._files:
            try:
                self._files = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for path in self._paths]
            except OSError as error:
                raise Unavailable(f"cannot open the lock file beside the database ({error.strerror})") from error
        return self._files


def wait_for(file: int, deadline: float) -> None:
    """Lock one open file exclusively, or give up at the deadline of the monotonic clock.

    Raises: Busy at the deadline.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy("another process is writing; try again") from None
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
