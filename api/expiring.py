"""The sweep beside the service: in every worker a thread that ends what approvals held for too long, every half minute.

Several may look at the same time; each reservation is ended once, under the lock of its account. A sweep that fails is
told in the log and tried again: until it succeeds, amounts count for longer than they must, which is the safe side.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from api.operations.expire_reservations import expire_reservations
from storage.engine import Database

log = logging.getLogger("aval.expiring")
RECENT = timedelta(days=7)  # only the first look goes through the whole history


class Sweeping(threading.Thread):
    """A thread that looks for expired reservations until the process ends or it is told to stop."""

    def __init__(self, database: Database, seconds: float) -> None:
        super().__init__(name="aval-expiring", daemon=True)
        self._database, self._seconds = database, seconds
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look once through the whole history, then every so many seconds through the last days."""
        look_back: timedelta | None = None
        while not self._stopped.wait(self._seconds):
            try:
                expired = list(expire_reservations(self._database, look_back))
            except Exception:
                log.exception("sweep")
                continue
            look_back = RECENT
            if expired:
                log.info("expired", extra={"count": len(expired)})

    def stop(self) -> None:
        """End after the present look."""
        self._stopped.set()
