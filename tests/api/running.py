"""`aval serve` in a process of its own, and order systems that go on asking it: what the tests of operation start from.

An order system here keeps what it was told for each key, and is told apart from the service's own record of it: the
tests compare the two.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.api.service import PEPPER, Service, an_order

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from api.commands import main; main()")
START_SECONDS = 60.0


@dataclass
class Running:
    """A service in a process of its own, with its workers; `log` is what it wrote so far."""

    process: subprocess.Popen[bytes]
    port: int
    service: Service
    log: Path

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return sent(connection, method, path, body, headers)
        finally:
            connection.close()

    def headers(self, key: str, role: str = "order_system") -> dict[str, str]:
        """What a request for a decision is sent with."""
        return {"Authorization": f"Bearer {self.service.keys[role]}", "Idempotency_Key": key,
                "Content_Type": "application/json"}  # fmt: skip

    def decide(self, body: bytes, key: str) -> tuple[int, bytes]:
        """Ask for a decision."""
        return self.send("POST", "/v1/decisions", body, **self.headers(key))

    def workers(self) -> list[int]:
        """The processes that serve, by their ids."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in children.read_text().split()] if children.exists() else []

    def tell(self, number: signal.Signals) -> None:
        """Send the master a signal."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """End it, if it has not ended yet."""
        if self.process.poll() is None:
            self.tell(signal.SIGTERM)
        self.process.wait(timeout=60)


def sent(connection: http.client.HTTPConnection, method: str, path: str, body: bytes,
         headers: dict[str, str]) -> tuple[int, bytes]:  # fmt: skip
    """One request over a connection, and the whole answer."""
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read()


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(service: Service, folder: Path, *options: str, program: str = "", **environment: str) -> Iterator[Running]:
    """`aval serve` on the database of a service, or a program that serves; ended when the block ends.

    A program is given the database and the port as its arguments.
    """
    port, log, database = free_port(), folder / "log", service.held.settings.database
    (folder / "pepper").write_bytes(PEPPER)
    unlimited = ("--requests-per-minute", "0", "--failures-per-minute", "0")
    place = ("--database", database, "--pepper", str(folder / "pepper"))
    command = [*COMMAND, "serve", "--port", str(port), "--no-keeper", "--log-delay", "0", *place, *unlimited]
    if program:
        command = [sys.executable, "-c", program, database, str(port)]
    with log.open("ab") as told:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stderr=told, stdout=told,
                                   env=os.environ | environment)  # fmt: skip
    running = Running(process, port, service, log)
    try:
        wait_for(lambda: is_ready(running), START_SECONDS, lambda: f"the service did not start: {log.read_text()}")
        yield running
    finally:
        running.stop()


def is_ready(running: Running) -> bool:
    """Say whether it answers that it can decide."""
    assert running.process.poll() is None, running.log.read_text()
    try:
        return running.send("GET", "/readyz")[0] == 200
    except OSError:
        return False


def wait_for(state: Callable[[], bool], seconds: float = 30.0, say: Callable[[], str] = lambda: "too long") -> None:
    """Look again and again until something is so."""
    ends = time.monotonic() + seconds
    while not state():
        assert time.monotonic() < ends, say()
        time.sleep(0.05)


@dataclass
class Told:
    """What an order system learned about one key: the answer, or how the request ended without one."""

    key: str
    body: bytes
    began: float
    ended: float = 0.0
    status: int = 0
    answer: bytes = b""
    fault: str = ""

    @property
    def decided(self) -> bool:
        """Say whether it was told a decision."""
        return self.status in (200, 201)


@dataclass
class OrderSystems:
    """Threads that ask for one order after another, each under a key of its own, until they are told to stop."""

    running: Running
    threads: int = 6
    amount: str = "1.00"
    customers: tuple[str, ...] = ("C-1",)
    kept_open: bool = False
    name: str = "k"
    told: list[Told] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _asking: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> OrderSystems:
        """Begin to ask."""
        self._asking = [threading.Thread(target=self._ask, args=(number,)) for number in range(self.threads)]
        for one in self._asking:
            one.start()
        return self

    def __exit__(self, *fault: object) -> None:
        """Stop asking, after the present answers."""
        self._stopped.set()
        for one in self._asking:
            one.join(60)

    def wait_for(self, more: int, seconds: float = 60.0) -> None:
        """Go on until so many more decisions were told."""
        wanted = len(self.decided()) + more
        wait_for(lambda: len(self.decided()) >= wanted, seconds, lambda: f"only {self.counted()}")

    def decided(self) -> list[Told]:
        """Those that were told a decision."""
        return [one for one in self.told if one.decided]

    def failed(self) -> list[Told]:
        """Those that were told none."""
        return [one for one in self.told if not one.decided]

    def counted(self) -> Counter[str]:
        """How often each way of ending happened."""
        return Counter(one.fault or str(one.status) for one in self.told)

    def _ask(self, thread: int) -> None:
        connection: http.client.HTTPConnection | None = None
        number = 0
        while not self._stopped.is_set():
            number += 1
            key = f"{self.name}-{thread}-{number}"
            customer = self.customers[(thread + number) % len(self.customers)]
            asked = Told(key, json.dumps(an_order(self.amount, customer, id=f"SO-{key}")).encode(), time.time())
            if connection is None or not self.kept_open:
                connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=60)
            ask(self.running, connection, asked)
            if asked.fault or not self.kept_open:
                connection.close()
                connection = None
            self.told.append(asked)
            if asked.fault == "ConnectionRefusedError" or asked.status == 503:
                time.sleep(0.02)  # nobody is there, or what is behind it is away: an order system waits a moment
        if connection is not None:
            connection.close()


def ask(running: Running, connection: http.client.HTTPConnection, asked: Told) -> None:
    """Send one request, and note how it ended."""
    try:
        asked.status, asked.answer = sent(connection, "POST", "/v1/decisions", asked.body, running.headers(asked.key))
    except (OSError, http.client.HTTPException) as fault:
        asked.fault = type(fault).__name__
    asked.ended = time.time()
