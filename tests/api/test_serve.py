"""The real server: two workers on one database, a body that is refused while it is sent, and a clean end."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.serve import Listening, gunicorn_settings
from tests.api.running import Running, serving
from tests.api.service import PEPPER, an_order, start_service

PROGRAM = """
import sys
from api.app import create_app
from api.serve import Listening, serve
from api.settings import Settings
from tests.fakes import fake_build
app = create_app(Settings(database=sys.argv[1], pepper=b"p" * 32), build=fake_build())
serve(app, Listening(port=int(sys.argv[2])))
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A server on a free port, with the customer C-1 and a limit of 1,000.00."""
    service = start_service(tmp_path)
    service.put_customer()
    with serving(service, tmp_path, program=PROGRAM) as found:
        yield found


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
    running.tell(signal.SIGTERM)
    assert running.process.wait(timeout=60) == 0
    log = running.log.read_bytes()
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
    assert (settings["bind"], settings["workers"], settings["threads"]) == (["0.0.0.0:81"], 3, 5)
    assert settings["worker_class"] == "gthread" and settings["preload_app"]
    assert 0 < settings["max_requests_jitter"] < settings["max_requests"] == 1000


assert PEPPER == b"p" * 32, "the program above names the pepper of the tests"
