"""Workers that climb a ladder and send its letters, killed at any moment; started as `python -m` with a plan in JSON.

The master forks workers, kills one every 0.15 to 0.4 s and forks another in its place, until one finds that every day
is run and every letter gone. What leaves a worker is a line in a file, the wire: it stays there
whatever becomes of the worker. Some letters are chosen by their key to fall into the worst moment, once each: their
worker dies, or sleeps past its lease, between sending a letter and saying so.

A look at customers has to fit into a lease, and a start into a life, else nobody ever gets on: workers look at few
customers at once, and where nothing left for a while, leases and lives of those to come are twice as long.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date

from api.operations.escalate import Pace, begin_run, planned, run_escalation
from storage.engine import Database, open_database
from storage.escalation import LeaseLost
from storage.failures import Busy, StorageFailure
from storage.outbox import Delivery, Leased, Message

WORKERS = 4
LEASE_SECONDS = 0.3
AT_ONCE = 4
LOOKED_OVER = 8  # invoices of one look
PAUSES = (0.15, 0.4)  # seconds between two kills
PATIENCE = 4.0  # seconds without a letter, before there is twice as much time for everything
SEND_FIRST, MARK_FIRST = "send first", "mark first"


@dataclass(frozen=True, slots=True)
class Climb:
    """What the workers are to do, with leases of so many seconds; one letter in `worst` falls into the worst moment."""

    location: str
    wire: str
    days: tuple[str, ...]
    seed: int
    worst: int
    way: str = SEND_FIRST
    lease: float = LEASE_SECONDS


class Strain:
    """How many times the usual time everything gets: twice as much whenever nothing reached the wire for a while."""

    def __init__(self, wire: str) -> None:
        """Watch a wire from now on."""
        self.times = 1
        self._wire, self._seen, self._since = wire, 0, time.monotonic()

    def look(self) -> None:
        """Look whether something left since the last look."""
        size = os.stat(self._wire).st_size if os.path.exists(self._wire) else 0
        if size != self._seen:
            self._seen, self._since = size, time.monotonic()
        elif time.monotonic() - self._since > PATIENCE * self.times:
            self.times, self._since = 2 * self.times, time.monotonic()


def work_on(database: Database, climb: Climb) -> None:
    """Run the days and send what is written, until there is nothing left of either."""
    holder = secrets.token_hex(8)
    wire = os.open(climb.wire, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        with suppress(StorageFailure):
            left = days_left(database, climb)
            run_days(database, climb, holder, left)
            if send_some(database, climb, wire) == 0:
                if not left and nothing_waits(database):
                    return
                time.sleep(0.03)


def run_days(database: Database, climb: Climb, holder: str, days: list[str]) -> None:
    """Go on with each day that is not done, as long as nobody else leads one."""
    with suppress(Busy, LeaseLost):
        for day in days:
            run = begin_run(database, date.fromisoformat(day), holder, climb.lease)
            for one in run_escalation(database, run, Pace(climb.lease, LOOKED_OVER, customers=2)):
                if chosen(f"{day} {one.plan.customer_id}", climb.worst) == 1:
                    time.sleep(2 * climb.lease)  # the next customer belongs to another leader by then


def days_left(database: Database, climb: Climb) -> list[str]:
    """The days whose run is not done."""
    with database.read() as work:
        done = {one.as_of.isoformat() for one in work.escalation.runs() if one.finished_at}
    return [day for day in climb.days if day not in done]


def send_some(database: Database, climb: Climb, wire: int) -> int:
    """Send what nobody else holds; how many letters that were."""
    with database.write() as work:
        leased = work.outbox.lease(AT_ONCE, climb.lease)
    for one in leased:
        if climb.way == MARK_FIRST:
            say_so(database, one)
            worst_moment(one, climb)
            send(wire, one.message)
        else:
            send(wire, one.message)
            worst_moment(one, climb)
            say_so(database, one)
    return len(leased)


def send(wire: int, message: Message) -> None:
    """One line in one write: the key, a fresh one beside it for the control, and what the letter says."""
    said = asdict(message) | {"as_of": message.as_of.isoformat(), "at": str(message.at)}
    line = {"key": message.message_id, "fresh": secrets.token_hex(16), "said": said}
    os.write(wire, json.dumps(line).encode() + b"\n")


def say_so(database: Database, leased: Leased) -> None:
    """Write that a letter left, where the lease still lasts."""
    with database.write() as work:
        work.outbox.record(leased, Delivery("sent", leased.message.as_of, "worker", "on the wire"))


def worst_moment(leased: Leased, climb: Climb) -> None:
    """Die, or sleep past the lease, at the first attempt of a letter that is chosen."""
    fate = chosen(leased.message.message_id, climb.worst) if leased.attempt == 1 else 0
    if fate == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    elif fate == 2:
        time.sleep(2 * climb.lease)


def chosen(key: str, worst: int) -> int:
    """1 or 2 for one key in `worst` each, the same at each attempt, else 0."""
    return random.Random(key).randrange(worst) + 1 if worst else 0


def nothing_waits(database: Database) -> bool:
    """Whether every letter is gone."""
    with database.read() as work:
        return work.outbox.waiting() == 0


def warm(database: Database, climb: Climb) -> None:
    """Look once before the forks, so that a worker who lives for a second has not to read the policy first."""
    for _ in planned(database, date.fromisoformat(climb.days[0])):
        pass
    database.dispose()


def fork(database: Database, climb: Climb) -> int:
    """Another worker; 0 is how it ends when all is done."""
    child = os.fork()
    if child:
        return child
    ended = 1
    try:
        work_on(database, climb)
        ended = 0
    finally:
        os._exit(ended)


def main(plan: str) -> None:
    """Kill and replace workers until one of them is done, and print what became of them."""
    given = json.loads(plan)
    climb = Climb(**given | {"days": tuple(given["days"])})
    chance, told, strain = random.Random(climb.seed), Counter[str](), Strain(climb.wire)
    database = open_database(climb.location, wait_seconds=20.0)
    warm(database, climb)
    alive: list[int] = []
    while not told["done"]:
        ends = time.monotonic() + strain.times * chance.uniform(*PAUSES)
        while time.monotonic() < ends and not told["done"]:
            patient = replace(climb, lease=strain.times * LEASE_SECONDS)
            alive += [fork(database, patient) for _ in range(WORKERS - len(alive))]
            time.sleep(0.01)
            buried(alive, told)
        strain.look()
        if alive and not told["done"]:
            os.kill(chance.choice(alive), signal.SIGKILL)
            told["kills"] += 1
    wait_for(alive, told)
    print(json.dumps(told | Counter(strain=strain.times)))


def buried(alive: list[int], told: Counter[str]) -> None:
    """Count those that ended, by how."""
    for one in tuple(alive):
        child, status = os.waitpid(one, os.WNOHANG)
        if child:
            alive.remove(child)
            count_end(status, told)


def wait_for(alive: list[int], told: Counter[str]) -> None:
    """Let the others find for themselves that nothing is left."""
    for one in alive:
        count_end(os.waitpid(one, 0)[1], told)
    alive.clear()


def count_end(status: int, told: Counter[str]) -> None:
    """One worker by how it ended: done, killed, or by a fault that the test must not have."""
    killed = os.WIFSIGNALED(status)
    told["deaths" if killed else "done" if os.WEXITSTATUS(status) == 0 else "faults"] += 1


if __name__ == "__main__":
    main(sys.argv[1])
