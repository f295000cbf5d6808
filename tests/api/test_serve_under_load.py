"""`aval serve` as it is really started, on both kinds of database: forks, replaced workers, stops, reloads under load.

What order systems were told is compared with what is stored, so a request that was decided and not answered shows.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from api.services import Services
from tests.api.nothing_lost import count_losses
from tests.api.running import COMMAND, ROOT, OrderSystems, Running, serving, wait_for
from tests.api.service import PEPPER, Service, start_real_service
from tests.postgres import Server

pytestmark = pytest.mark.slow


@pytest.fixture
def service(location: str) -> Service:
    """The real engines, the standard policy, and the customer C-1, in a database that others open too."""
    found = start_real_service(location)
    found.held.policies.close()
    found.held.database.dispose()
    return found


def connections_of(process: int, port: int) -> set[str]:
    """The open connections of a process to a port of this machine, by the kernel's numbers."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    to_port = {line[9] for line in lines if int(line[2].split(":")[1], 16) == port and line[3] == "01"}
    opened = set()
    for one in Path(f"/proc/{process}/fd").iterdir():
        try:
            opened.add(os.readlink(one).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    return opened & to_port


def no_loss(held: Services, asking: OrderSystems) -> None:
    """Every decision that was stored was answered, with the bytes that are stored."""
    counts = count_losses(held.database, asking.told)
    assert counts.broken == {}, counts
    assert counts.decisions == counts.answered, counts
    held.database.dispose()


def test_workers_are_replaced_one_by_one_and_no_request_notices(service: Service, tmp_path: Path) -> None:
    with serving(service, tmp_path, "--requests-per-worker", "25") as running:
        first = set(running.workers())
        with OrderSystems(running, threads=4) as fresh, OrderSystems(running, 2, kept_open=True, name="kept") as kept:
            wait_for(lambda: not first & set(running.workers()), 60)
            fresh.wait_for(20)
        wait_for(lambda: len(running.workers()) == 2, 60)  # another one may be on its way
        assert fresh.failed() == [] and kept.failed() == [], (fresh.counted(), kept.counted())
    both = OrderSystems(running, told=[*fresh.told, *kept.told])
    no_loss(service.held, both)


def test_a_reload_under_load_fails_no_request(service: Service, tmp_path: Path) -> None:
    with serving(service, tmp_path) as running:
        with OrderSystems(running, threads=4) as fresh, OrderSystems(running, 2, kept_open=True, name="kept") as kept:
            for _ in range(2):
                before = set(running.workers())
                running.tell(signal.SIGHUP)
                wait_for(lambda: len(now := set(running.workers())) == 2 and not now & before, 60)  # noqa: B023
                fresh.wait_for(10)
        assert fresh.failed() == [] and kept.failed() == [], (fresh.counted(), kept.counted())
    no_loss(service.held, OrderSystems(running, told=[*fresh.told, *kept.told]))


def test_a_stop_under_load_answers_everything_that_it_decided(service: Service, tmp_path: Path) -> None:
    with serving(service, tmp_path) as running, OrderSystems(running, threads=6) as asking:
        asking.wait_for(20)
        running.tell(signal.SIGTERM)
        assert running.process.wait(60) == 0
        time.sleep(0.1)
    unheard = {one.fault for one in asking.failed()}
    assert unheard <= {"ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected"}, asking.counted()
    no_loss(service.held, asking)
    assert b"Traceback" not in running.log.read_bytes()


def test_control_a_kill_under_load_cuts_requests(service: Service, tmp_path: Path) -> None:
    with serving(service, tmp_path, "--workers", "1") as running, OrderSystems(running, threads=6) as asking:
        asking.wait_for(20)
        os.kill(running.workers()[0], signal.SIGKILL)
        asking.wait_for(5)
    assert asking.failed() != []


@pytest.mark.postgres
def test_every_worker_has_connections_of_its_own_and_the_master_none(server: Server, tmp_path: Path) -> None:
    location = server.migrated()
    service = start_real_service(location)
    service.held.database.dispose()
    with serving(service, tmp_path) as running:
        with OrderSystems(running, threads=6) as asking:
            asking.wait_for(40)
            master, workers = opened_by(running, server)
        assert master == set()
        assert len(workers) == 2 and all(workers) and not set.intersection(*workers), workers
    server.drop(location)


def opened_by(running: Running, server: Server) -> tuple[set[str], list[set[str]]]:
    """The connections to the server of the master, and those of each worker."""
    return (connections_of(running.process.pid, server.port),
            [connections_of(one, server.port) for one in running.workers()])  # fmt: skip


@pytest.mark.postgres
def test_a_server_that_may_lose_a_commit_is_refused_at_the_start(server: Server, tmp_path: Path) -> None:
    location = server.migrated()
    service = start_real_service(location)
    service.held.database.dispose()
    (tmp_path / "pepper").write_bytes(PEPPER)
    server.tell("ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
    try:
        time.sleep(0.3)
        command = [*COMMAND, "serve", "--port", "1", "--database", location, "--pepper", str(tmp_path / "pepper")]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    finally:
        server.tell("ALTER SYSTEM RESET full_page_writes", "SELECT pg_reload_conf()")
        time.sleep(0.3)
    assert told.returncode == 2 and "full_page_writes" in told.stderr, told.stderr
    server.drop(location)
