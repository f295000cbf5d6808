"""The log's keeper beside the service: a process of its own, started again when it ends before it should.

The service never holds the signing key; it hands the keeper the path alone. The keeper ends with the service.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence

log = logging.getLogger("aval.serve")
COMMAND = (sys.executable, "-c", "from api.commands import main; main()", "log", "run", "--end-with-parent")
AGAIN_SECONDS = 2.0


class KeeperProcess(threading.Thread):
    """Starts the keeper and waits for it, until it is told to stop."""

    def __init__(self, arguments: Sequence[str], command: Sequence[str] = COMMAND) -> None:
        """Start `command` with these arguments."""
        super().__init__(name="aval-log-keeper", daemon=True)
        self._command = (*command, *arguments)
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()

    def run(self) -> None:
        """Start it, wait for its end, and start it again."""
        while True:
            with self._changing:
                if self._stopped.is_set():
                    return
                self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            self._process.wait()
            if self._stopped.wait(AGAIN_SECONDS):
                return
            log.error("alarm", extra={"alarm": "the log's keeper ended and is started again"})

    def stop(self) -> None:
        """End the keeper, and start it no more."""
        with self._changing:
            self._stopped.set()
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
        self.join(timeout=10)
