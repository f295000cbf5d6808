"""A process whose files may not grow, run as `python -m tests.storage.fill_disk DATABASE`: what does a commit say?

The limit stops the write-ahead log in the middle of a COMMIT. Prints the name of the exception, whether the next read
works, and, after the limit is lifted, whether the same key decides anew and commits.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from storage.engine import open_database
from storage.failures import StorageFailure
from tests.storage.records import approve

if __name__ == "__main__":
    path = Path(sys.argv[1])
    database = open_database(path)
    with database.write() as work:
        approve(work, "before", 10)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = Path(f"{path}-wal").stat().st_size
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, hard))
    try:
        with database.write() as work:
            approve(work, "cut", 10, response=b"x" * 100_000)
    except StorageFailure as failure:
        print(type(failure).__name__)
    with database.read() as work:
        print(work.decisions.find("shop", "before") is not None, work.decisions.find("shop", "cut") is None)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    with database.write() as work:
        print(work.decisions.claim("shop", "cut", b"body").state)
        approve(work, "cut", 10)
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        print(state.version, state.balance)
