"""Collecting by itself: the day's run of ladders once its hour has come, and letters as they become due, until stopped.

The hour is told by the database's clock in the timezone of the policy, so machines that disagree do not matter. Any
number may run: a day has one run with one leader, a letter one sender at a time. A day on which nobody ran is made up
for by the next run, as ladders count days and not runs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from api.build import load_version
from api.operations.deliver import Outcome, Sending, deliver_due
from api.operations.escalate import begin_run, run_escalation
from api.operations.plan_escalation import Done
from storage.engine import Database
from storage.escalation import LeaseLost
from storage.failures import Busy, StorageFailure

log = logging.getLogger("aval.collecting")
LOOK_SECONDS = 5.0
AGAIN = timedelta(minutes=10)  # until a run that another leads, or that could not handle a customer, is looked at again


def local_clock(database: Database) -> datetime:
    """What the database's clock says, in the timezone of the policy that decides by default; in UTC without one."""
    with database.read() as work:
        now, version = work.now(), work.policies.effective()
    program = None if version is None else load_version(version).program
    return now.astimezone(UTC if program is None else ZoneInfo(program.timezone))


@dataclass
class Collecting:
    """One process that collects; `sending` None leaves letters to another, `clock` is tried with others in tests.

    `ran` and `sent` are told each customer of a run and each message as it is done.
    """

    database: Database
    at: time
    holder: str
    sending: Sending | None
    ran: Callable[[Done], None]
    sent: Callable[[Outcome], None]
    clock: Callable[[Database], datetime] = local_clock
    _done: date | None = None
    _not_before: datetime | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Go on until told to stop; what fails is told in the log and tried again."""
        while not self.stopped.is_set():
            try:
                self.step()
            except StorageFailure as fault:
                log.warning("collecting", extra={"problem": str(fault)})
            except Exception:
                log.exception("collecting")
            self.stopped.wait(LOOK_SECONDS)

    def step(self) -> None:
        """One look: the run of today where its hour has come and it is not done, then the letters that are due."""
        now = self.clock(self.database)
        waits = self._not_before is not None and now < self._not_before
        if now.time() >= self.at and now.date() != self._done and not waits:
            self._not_before = now + AGAIN
            if self.run_of(now.date()):
                self._done = now.date()
        if self.sending is not None:
            for one in deliver_due(self.sending, self.stopped.is_set):
                self.sent(one)

    def run_of(self, day: date) -> bool:
        """The run of a day, led by this process; whether it is done by anybody, with every customer handled."""
        faults = 0
        try:
            run = begin_run(self.database, day, self.holder)
            for one in run_escalation(self.database, run):
                faults += bool(one.fault)
                self.ran(one)
                if self.stopped.is_set():
                    return False
        except Busy:
            return False
        except LeaseLost:
            log.warning("another one leads the run by now", extra={"day": day.isoformat()})
            return False
        return not faults
