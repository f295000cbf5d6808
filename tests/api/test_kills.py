"""Workers killed anywhere and a database that crashes, under load: nothing that was answered is lost or changed.

Each key that got no answer is sent again, as an order system does, and one in ten of the others too. What is counted is
defined in `tests/api/nothing_lost.py` and printed. A process that is killed leaves what it wrote in the cache of the
machine, so this is no test of a loss of power.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.api.nothing_lost import Counts, count_losses
from tests.api.running import OrderSystems, Running, Told, serving, wait_for
from tests.api.service import Service, start_service
from tests.postgres import Server

pytestmark = pytest.mark.slow
FAILING = "from tests.api.failing_server import main; main()"
LIMIT = "100000000.00"
PLAIN = """
import sys
from api.app import create_app
from api.serve import Listening, serve
from api.settings import Settings
from tests.fakes import fake_build
serve(create_app(Settings(database=sys.argv[1], pepper=b"p" * 32), build=fake_build()),
      Listening(port=int(sys.argv[2])))
"""


def a_service(location: str) -> Service:
    """A service with two customers and room for many orders, in a database that others open too."""
    service = start_service(location)
    for customer in ("C-1", "C-2"):
        service.put_customer(customer, granted_limit=LIMIT)
    service.held.database.dispose()
    return service


def send_again(running: Running, asked: list[Told]) -> dict[str, bytes]:
    """The answers to the same keys with the same bodies, tried until there is one."""
    found: dict[str, bytes] = {}
    for place, one in enumerate(asked):
        ends = time.monotonic() + 60
        while not one.decided or place % 10 == 0:
            try:
                status, body = running.decide(one.body, one.key)
            except OSError:
                status, body = 0, b""
            if status in (200, 201):
                found[one.key] = body
                break
            assert status in (0, 409, 503) and time.monotonic() < ends, (status, body)
            time.sleep(0.05)
    return found


def checked(service: Service, asking: OrderSystems, again: dict[str, bytes], what: str) -> Counts:
    """What the checker counts, printed."""
    counts = count_losses(service.held.database, asking.told, again)
    service.held.database.dispose()
    print(f"\n{what}: {counts}; ended {dict(asking.counted())}")
    return counts


def kill_workers(running: Running, asking: OrderSystems, kills: int, chance: random.Random) -> None:
    """Kill one worker after another while orders come in."""
    for _ in range(kills):
        asking.wait_for(chance.randint(5, 25))
        time.sleep(chance.random() * 0.05)
        if workers := running.workers():
            os.kill(chance.choice(workers), signal.SIGKILL)


def test_workers_killed_at_any_moment_lose_nothing(location: str, tmp_path: Path, soak: bool) -> None:
    seed = int(os.environ.get("AVAL_TEST_SEED", "7"))
    service = a_service(location)
    with serving(service, tmp_path, program=PLAIN) as running:
        with OrderSystems(running, customers=("C-1", "C-2")) as asking:
            kill_workers(running, asking, 25 if soak else 5, random.Random(seed))
        again = send_again(running, asking.told)
    counts = checked(service, asking, again, f"workers killed, seed {seed}")
    assert counts.broken == {} and counts.decisions == counts.keys, counts


def test_workers_that_die_between_any_two_steps_lose_nothing(location: str, tmp_path: Path, soak: bool) -> None:
    service, deaths = a_service(location), 25 if soak else 5
    with serving(service, tmp_path, program=FAILING, AVAL_TEST_FAIL="kill") as running:
        with OrderSystems(running, customers=("C-1", "C-2")) as asking:
            wait_for(lambda: killed(running) >= deaths, 300, lambda: f"{killed(running)} {asking.counted()}")
        again = send_again(running, asking.told)
    counts = checked(service, asking, again, f"{killed(running)} workers died at a place of their own")
    assert counts.broken == {} and counts.decisions == counts.keys, counts


def killed(running: Running) -> int:
    """How many workers were killed so far, by the master's own log."""
    return running.log.read_text().count("SIGKILL")


def test_control_an_answer_before_its_commit_is_found(tmp_path: Path) -> None:
    service = a_service(str(tmp_path / "aval.db"))
    with serving(service, tmp_path, program=FAILING, AVAL_TEST_FAIL="lie") as running, OrderSystems(running) as asking:
        asking.wait_for(60)
    counts = checked(service, asking, {}, "control: one commit in ten is none")
    assert counts.lost > 0


@pytest.mark.postgres
def test_a_database_that_crashes_loses_nothing(server: Server, tmp_path: Path, soak: bool) -> None:
    location = server.migrated()
    service = a_service(location)
    with serving(service, tmp_path, program=PLAIN) as running:
        with OrderSystems(running, customers=("C-1", "C-2")) as asking:
            for _ in range(4 if soak else 1):
                asking.wait_for(30)
                server.crash()
                asking.wait_for(10)
        again = send_again(running, asking.told)
    counts = checked(service, asking, again, "the database crashed")
    assert counts.broken == {} and counts.decisions == counts.keys, counts
    server.drop(location)
