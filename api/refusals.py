"""Refusals that are kept: who tried what they may not do, as events with leaves, and never more than somebody can read.

Each refusal is a line of the service's log and counted among its figures, whatever it is. Those that say something of a
person or a client are events beside: at most so many of each in a minute. What goes beyond is counted, and the next one
that is told says how many went untold. So nobody can hide an attempt, nor flood the log with attempts.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from api.allowance import MOST_CLIENTS, Allowance
from storage.database import Database
from storage.events import Event
from storage.failures import StorageFailure

log = logging.getLogger("aval.api")
MOST_EACH_MINUTE = 10
REQUEST, POLICY = "request_refused", "policy_refused"
# what says that somebody may not do it; the refusals of a policy's life are told where they are found
TOLD = frozenset({"forbidden", "person-only", "own-submission", "authority-too-low", "record-kept"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that was refused: the kind of its event, what it was about, by whom, the operation and the problem."""

    kind: str
    subject: str
    by: str
    operation: str
    problem: str


class Refusals:
    """Which refusals of one process are told, and how many of each client went untold since the last that was."""

    def __init__(self, each_minute: int = MOST_EACH_MINUTE, clock: Callable[[], float] = monotonic) -> None:
        self._allowance = Allowance(each_minute, clock)
        self._untold: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, who: str) -> int | None:
        """How many of theirs went untold before this one, which is to be told; None where it goes untold as well."""
        told = self._allowance.take(who)
        with self._lock:
            untold = self._untold.pop(who, 0)
            if told:
                return untold
            self._untold[who] = untold + 1
            if len(self._untold) > MOST_CLIENTS:
                self._untold.popitem(last=False)
            return None


def keep(database: Database, refusals: Refusals, tried: Attempt) -> None:
    """Write a refusal down as an event, in a transaction of its own; where that fails, the log says so instead."""
    untold = refusals.count(tried.by)
    if untold is None:
        return
    details: dict[str, object] = {"operation": tried.operation, "problem": tried.problem}
    if untold:
        details["untold"] = untold
    try:
        with database.write() as work:
            work.events.record(Event(tried.kind, tried.subject, tried.by, details))
    except StorageFailure as fault:
        log.warning("refusal not kept", extra={"problem": tried.problem, "detail": type(fault).__name__})
