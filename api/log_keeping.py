"""The keeper of the transparency log: gives entries their leaves, signs, remembers, and publishes, until it is stopped.

It is a process of its own, as it alone holds the signing key. Nothing that decides waits for it: entries queue while it
is away, and readiness turns red when the oldest has waited too long.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from api.log_keys import Remembered
from api.log_places import NotPublished, Publish
from storage.checkpoints import BadCheckpoint, SigningKey
from storage.database import Database
from storage.failures import Busy, StorageFailure
from storage.sequencer import RefusedToSign, integrate, sign_head

log = logging.getLogger("aval.log")
STEP_SECONDS = 0.2
SIGN_SECONDS = 1.0
PUBLISH_SECONDS = 60.0


@dataclass
class LogKeeper:
    """One keeper of a log; `places` are those outside, by the name that the operator gave them."""

    database: Database
    key: SigningKey
    remembered: Remembered
    places: Mapping[str, Publish] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    publish_seconds: float = PUBLISH_SECONDS
    _signed_at: float = float("-inf")
    _signed_size: int = -1
    _published_at: dict[str, float] = field(default_factory=dict)
    _published: dict[str, str] = field(default_factory=dict)
    _note: str = ""

    def run(self, stopped: threading.Event, parent: int | None = None) -> None:
        """Go on until told to stop, or until `parent` is gone; what fails is told in the log and tried again."""
        while not stopped.is_set() and parent in (None, os.getppid()):
            try:
                self.step()
            except Busy:
                pass  # another keeper is at it
            except StorageFailure as fault:
                log.warning("log", extra={"problem": str(fault)})
                stopped.wait(1.0)
            except (RefusedToSign, BadCheckpoint) as fault:
                log.error("alarm", extra={"alarm": "the log is not signed", "detail": str(fault)})
                stopped.wait(10.0)
            stopped.wait(STEP_SECONDS)

    def step(self) -> int:
        """One round: all that waits gets its leaf; then sign and publish where it is time. Says how many had waited."""
        count = 0
        while self._looks()[1]:
            count += integrate(self.database).count
        size, _ = self._looks()
        if size != self._signed_size and self.clock() - self._signed_at >= SIGN_SECONDS:
            self.sign()
        self.publish()
        return count

    def _looks(self) -> tuple[int, bool]:
        """The tree's size, and whether an entry waits; asked without the lock that decisions want."""
        with self.database.read() as work:
            return work.log.size(), work.log.is_behind()

    def sign(self) -> None:
        """Sign the tree as it is, and remember that before anybody is told."""
        checkpoint, note = sign_head(self.database, self.key.name, self.key, self.remembered.last())
        if note != self._note:
            self.remembered.keep(note)
            self._note = note
        self._signed_at, self._signed_size = self.clock(), checkpoint.size

    def publish(self) -> None:
        """Bring the newest checkpoint to each place where it is time and which has not got it yet."""
        for name, send in self.places.items():
            due = self.clock() - self._published_at.get(name, float("-inf")) >= self.publish_seconds
            if not due or not self._note or self._published.get(name) == self._note:
                continue
            self._published_at[name] = self.clock()
            try:
                send(self._note)
            except NotPublished as fault:
                told = {"alarm": "a checkpoint was not published", "place": name, "detail": str(fault)}
                log.error("alarm", extra=told)
            else:
                self._published[name] = self._note
