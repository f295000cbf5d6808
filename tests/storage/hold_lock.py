"""A process that keeps the write lock, run as `python -m tests.storage.hold_lock DATABASE WHEN` until it is killed.

WHEN is `before`, holding the lock only, or `recorded`, with a decision written and not yet committed.
"""

from __future__ import annotations

import sys
import time

from storage.engine import open_database
from tests.storage.records import approve

if __name__ == "__main__":
    database = open_database(sys.argv[1])
    with database.write() as work:
        if sys.argv[2] == "recorded":
            approve(work, "killed", 10)
        print("ready", flush=True)
        time.sleep(60)
