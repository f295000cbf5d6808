"""What one decision over HTTP consists of: its statements, and where its time goes, measured in one process."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from storage.prepared import Command, Prepared
from tests.api.service import Service, an_order

DECISIONS = 300
# the parts of a request by the functions that do them: file, name, what it is
PARTS = (
    ("api/auth.py", "admit", "the key"), ("api/requests.py", "load_json", "reading JSON"),
    ("marshmallow/schema.py", "_do_load", "checking the fields"),
    ("api/operations/decide.py", "_load", "looking before the lock"),
    ("api/operations/evaluate.py", "evaluate", "evaluating and presenting"),
    ("api/build.py", "gathered", "... of it facts"), ("rules/agreement.py", "decide", "... of it both engines"),
    ("rules/present.py", "present", "... of it presenting"),
    ("storage/exposure_ledger.py", "lock", "locking and reading the account"),
    ("api/operations/decide.py", "_record", "recording"), ("storage/database.py", "commit", "committing"),
    ("api/logs.py", "format", "the log"), ("api/metrics.py", "count_request", "counting"),
)  # fmt: skip


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that run until the block ends, those that go to the driver by themselves included."""
    found: list[str] = []
    run, begin = Prepared.run, Command.run

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        found.append(statement)

    def noted(prepared: Prepared, connection: Connection, values: Mapping[str, Any]) -> Any:
        found.append("prepared")
        return run(prepared, connection, values)

    def began(command: Command, connection: Connection) -> None:
        found.append(command.statement)
        begin(command, connection)

    event.listen(Engine, "before_cursor_execute", note)
    Prepared.run = noted  # type: ignore[method-assign]
    Command.run = began  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Prepared.run = run  # type: ignore[method-assign]
        Command.run = begin  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", note)


def locked_statements(told: list[str]) -> list[str]:
    """Those of the transaction that decides: from its BEGIN on, without it."""
    begins = [place for place, one in enumerate(told) if one in ("BEGIN", "BEGIN IMMEDIATE")]
    return told[begins[-1] + 1 :]


def statements_of(service: Service) -> list[str]:
    """How many statements one decision has, as lines to print."""
    service.decide(an_order("1.00", "B-2"), "first")
    with statements() as told:
        answer = service.decide(an_order("1.00", "B-2", id="SO-2"), "second")
    assert answer.status_code == 201, answer.data
    return [f"{len(locked_statements(told))} statements under the lock, {len(told)} in all, each BEGIN counted"]


def profile_of(service: Service) -> list[str]:
    """Where the time of one request goes, in microseconds under the profiler, as lines to print."""
    for number in range(20):
        service.decide(an_order("1.00", f"B-{number}", id=f"SO-w-{number}"), f"warm-{number}")
    profiler = cProfile.Profile(time.thread_time)
    client, key = service.app.test_client(), service.keys["order_system"]
    for number in range(DECISIONS):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"p-{number}"}
        body = an_order("1.00", f"B-{number}", id=f"SO-p-{number}")
        profiler.enable()
        answer = client.post("/v1/decisions", json=body, headers=headers)
        profiler.disable()
        assert answer.status_code == 201, answer.data
    found = pstats.Stats(profiler)
    total = found.total_tt / DECISIONS * 1e6  # type: ignore[attr-defined]
    lines = [f"profile of {DECISIONS} requests, {total:,.0f} us of the processor each, profiled; in its parts:"]
    for file, name, told in PARTS:
        times = [entry[3] for (path, _, function), entry in found.stats.items()  # type: ignore[attr-defined]
                 if path.endswith(file) and function == name]  # fmt: skip
        if times:
            lines.append(f"  {max(times) / DECISIONS * 1e6:7,.0f} us  {told}")
    return lines
