"""The real server: two workers on one database, a body that is refused while it is sent, and a clean end."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.serve import Listening, gunicorn_settings
from tests.api.service import PEPPER, Service, an_order, start_service

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from api.app import create_app
from api.serve import Listening, serve
from api.settings import Settings
from tests.fakes import fake_build
app = create_app(Settings(database=sys.argv[1], pepper=b"p" * 32), build=fake_build())
serve(app, Listening(port=int(sys.argv[2])))
"""


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    service: Service

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def decide(self, body: bytes, key: str) -> tuple[int, bytes]:
        """Ask for a decision."""
        bearer = f"Bearer {self.service.keys['order_system']}"
        return self.send("POST", "/v1/decisions", body, Authorization=bearer, Idempotency_Key=key,
                         Content_Type="application/json")  # fmt: skip


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A server on a free port, with the customer C-1 and a limit of 1,000.00."""
    service = start_service(tmp_path)
    service.put_customer()
    database = service.held.settings.database
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, database, str(port)], cwd=ROOT, stderr=subprocess.PIPE)
    found = Running(process, port, service)
    for _ in range(100):
        try:
            if found.send("GET", "/healthz")[0] == 200:
                break
        except OSError:
            time.sleep(0.1)
    yield found
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


@pytest.mark.slow
def test_two_workers_keep_one_limit_and_end_cleanly(running: Running) -> None:
    told: list[str] = []

    def ask(client: int) -> None:
        status, body = running.decide(json.dumps(an_order("100.00", id=f"SO-{client}")).encode(), f"k-{client}")
        told.append(json.loads(body)["decision"]["verdict"] if status == 201 else str(status))

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == ["approve"] * 10 + ["refer"] * 14
    running.process.send_signal(signal.SIGTERM)
    _, log = running.process.communicate(timeout=30)
    assert running.process.returncode == 0
    lines = [json.loads(line) for line in log.decode().splitlines() if line.startswith("{")]
    assert sum(line["event"] == "decided" for line in lines) == 24
    assert b"Traceback" not in log and b"Example Ltd" not in log


@pytest.mark.slow
def test_a_client_that_sends_too_much_reads_the_refusal(running: Running) -> None:
    status, body = running.decide(b'{"a": "' + b"x" * 10_000_000 + b'"}', "k-1")
    assert (status, json.loads(body)["type"]) == (413, "/problems/too-large")
    status, body = running.send("POST", "/v1/decisions", b"x" * 10_000_000, Content_Type="application/json")
    assert (status, json.loads(body)["type"]) == (401, "/problems/unauthorized")
    assert running.decide(b"[" * 100_000, "k-1")[0] == 400
    assert running.decide(json.dumps(an_order()).encode(), "k-1")[0] == 201


def test_the_server_reads_no_settings_but_ours() -> None:
    settings = gunicorn_settings(Listening(host="0.0.0.0", port=81, workers=3, threads=5, requests_per_worker=1000))
    assert (settings["bind"], settings["workers"], settings["threads"]) == ("0.0.0.0:81", 3, 5)
    assert settings["worker_class"] == "gthread" and settings["preload_app"]
    assert 0 < settings["max_requests_jitter"] < settings["max_requests"] == 1000


assert PEPPER == b"p" * 32, "the program above names the pepper of the tests"
