"""`aval escalate` on a database: what it takes, shows and refuses, and that it writes nothing where it only looks."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from storage.clock import write_instant
from storage.escalation import Run
from storage.escalation_tables import escalation_run, escalation_step, outbox
from storage.receivables import Invoice
from tests.api.operations.test_escalate import PER_INVOICE, STRICT, owe, steps, written
from tests.api.service import Service, publish, start_real_service
from tests.storage.records import a_customer

DUE = date(2026, 1, 1)
REMINDED = DUE + timedelta(3)
MANY = 400
COMMAND = "import sys; from api.commands import cli; cli(['escalate', *sys.argv[1:]], prog_name='aval')"


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """C-1 owes two invoices under ladder (b)."""
    service = start_real_service(tmp_path)
    publish(service, "collecting.yaml", written(STRICT, PER_INVOICE))
    owe(service, "INV-1", DUE)
    owe(service, "INV-2", DUE + timedelta(2), amount=1_000_01)
    return service


def aval(service: Service, *args: str) -> Result:
    """One command on the database."""
    name = str(service.held.database.name)
    return CliRunner().invoke(cli, ["escalate", *args, "--database", name], prog_name="aval")


def test_a_run_tells_each_step_and_the_sums(real: Service) -> None:
    done = aval(real, "--as-of", "2026-01-16")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "C-1  INV-1  strict: reminder of 2026-01-04: send written_reminder by letter",
        "C-1  INV-1  strict: demand of 2026-01-16: send formal_demand by registered_mail, hold orders",
        "C-1  INV-2  strict: reminder of 2026-01-06: send written_reminder by letter",
        "C-1  INV-2  strict: call of 2026-01-06: task phone_call for collector",
        "2026-01-16: 1 customer looked at; 4 steps taken, 4 messages written, 1 hold placed, 0 ended",
    ]
    again = aval(real, "--as-of", "2026-01-16")
    assert (again.exit_code, again.stdout) == (0, "2026-01-16: 0 customers looked at; 0 steps taken, 0 messages "
                                               "written, 0 holds placed, 0 ended\n")  # fmt: skip
    assert "the run of 2026-01-16 is done already" in again.stderr


def test_a_dry_run_shows_the_same_steps_and_takes_none(real: Service) -> None:
    dry = aval(real, "--as-of", "2026-01-16", "--dry-run")
    assert dry.exit_code == 0 and steps(real) == []
    assert dry.stdout.splitlines()[-1] == (
        "2026-01-16: 1 customer looked at; 4 steps would be taken, 4 messages would be written"
    )
    assert dry.stdout.splitlines()[:-1] == aval(real, "--as-of", "2026-01-16").stdout.splitlines()[:-1]


def test_the_calendar_shows_what_is_coming_by_day(real: Service) -> None:
    coming = aval(real, "--as-of", "2026-01-02", "--calendar", "40")
    assert coming.exit_code == 0 and steps(real) == []
    lines = [line for line in coming.stdout.splitlines() if "2026-01-" in line]
    assert lines == [
        "2026-01-04 Sun  strict: call 1, strict: reminder 1", "2026-01-06 Tue  strict: call 1, strict: reminder 1",
        "2026-01-16 Fri  strict: demand 1", "2026-01-18 Sun  strict: demand 1", "2026-01-31 Sat  strict: legal 1",
    ]  # fmt: skip
    assert "nothing is due" in aval(real, "--as-of", "2026-01-02", "--calendar", "1").stdout
    for_machines = aval(real, "--as-of", "2026-01-02", "--calendar", "3", "--json").stdout
    days = [json.loads(line) for line in for_machines.splitlines()]
    assert days == [{"day": "2026-01-04", "steps": {"strict: call": 1, "strict: reminder": 1}}]


def test_json_has_a_line_for_each_customer(real: Service) -> None:
    [one] = map(json.loads, aval(real, "--as-of", "2026-01-04", "--json").stdout.splitlines())
    assert (one["customer_id"], one["steps"][0]["step"], one["holds_placed"]) == ("C-1", "reminder", 0)
    assert one["steps"][0]["does"] == ["send written_reminder by letter"]


@pytest.mark.parametrize(("args", "told"), [
    (("--as-of", "2999-01-01"), "2999-01-01 is to come; look at it with --dry-run or --calendar"),
    (("--dry-run", "--calendar", "3"), "--dry-run shows one day, --calendar several"),
    (("--calendar", "0"), "0 is not in the range"),
    (("--as-of", "1.1.2026"), "does not match the format"),
])  # fmt: skip
def test_what_cannot_be_run_is_wrong_use(real: Service, args: tuple[str, ...], told: str) -> None:
    wrong = aval(real, *args)
    assert wrong.exit_code == 2 and told in wrong.stderr
    assert steps(real) == []


def test_a_run_that_another_process_leads_is_left_alone(real: Service) -> None:
    with real.held.database.write() as work:
        work.escalation.lead(DUE + timedelta(3), "another", 60.0)
    busy = aval(real, "--as-of", "2026-01-04")
    assert busy.exit_code == 2, busy.output
    assert "is led by another one until" in busy.stderr
    assert steps(real) == []


@pytest.fixture
def many(location: str) -> Service:
    """400 customers who owe an invoice each, on each kind of database."""
    service = start_real_service(location)
    publish(service, "collecting.yaml", written(STRICT, PER_INVOICE))
    with service.held.database.write() as work:
        for number in range(MANY):
            work.customers.put(a_customer(f"M-{number:03}"))
        work.invoices.add_many([Invoice(f"M-{number:03}", "INV-1", 500_00, "CNY", DUE - timedelta(30), DUE)
                                for number in range(MANY)], DUE)  # fmt: skip
    return service


def started(location: str, error: int | None = None) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    args = [sys.executable, "-c", COMMAND, "--as-of", REMINDED.isoformat(), "--database", location]
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=error or subprocess.PIPE, text=True)


def run_of(service: Service) -> Run | None:
    """How far the run of the day is."""
    with service.held.database.read() as work:
        return next(iter(work.escalation.runs()), None)


def a_minute_later(service: Service) -> None:
    """Let the lease of whoever led be over."""
    with service.held.database.write() as work:
        before = write_instant(work.now() - timedelta(seconds=1))
    with service.held.database.alone() as connection:
        connection.execute(escalation_run.update().values(lease_until=before))


@pytest.mark.slow
def test_a_run_that_is_killed_is_gone_on_with_and_takes_each_step_once(many: Service, location: str) -> None:
    killed, ends = started(location), time.monotonic() + 60
    while (run := run_of(many)) is None or run.customers == 0:
        assert time.monotonic() < ends and killed.poll() is None, killed.communicate()
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    broken = run_of(many)
    assert broken is not None and 0 < broken.customers < MANY and broken.finished_at is None, "it was killed in between"
    early = started(location)
    assert (early.wait(), "is led by another one until" in early.communicate()[1]) == (2, True), "its lease lasts"
    a_minute_later(many)
    told, error = started(location).communicate()
    left = MANY + 1 - broken.customers
    assert f"{left} customers looked at; " in told and told.count("reminder of") == MANY - broken.steps
    assert f"goes on behind customer '{broken.after}', {broken.customers} customers done" in error
    with many.held.database.looking() as connection:
        taken = sorted(row.customer_id for row in connection.execute(escalation_step.select()))
        letters = sorted(row.customer_id for row in connection.execute(outbox.select()))
    assert taken == letters == [f"M-{number:03}" for number in range(MANY)]
    whole = run_of(many)
    assert whole is not None and whole.finished_at is not None
    assert (whole.customers, whole.steps, whole.messages) == (MANY + 1, MANY, MANY)


def test_a_bar_is_shown_to_a_person_and_to_nobody_else(real: Service) -> None:
    ours, theirs = pty.openpty()
    shown = started(str(real.held.database.name), theirs)
    os.close(theirs)
    seen = b""
    with os.fdopen(ours, "rb", buffering=0) as screen:
        while True:
            try:
                seen += screen.read(1024)
            except OSError:  # the other end is closed
                break
    assert shown.wait() == 0
    assert b"escalating" in seen and b"100%" in seen
    with real.held.database.alone() as connection:
        connection.execute(escalation_run.delete())
    assert "escalating" not in started(str(real.held.database.name)).communicate()[1]


def test_letters_that_could_not_be_sent_are_told_and_the_steps_are_taken(real: Service, tmp_path: Path) -> None:
    own = tmp_path / "letters"
    own.mkdir()
    assert "warning" not in aval(real, "--as-of", "2026-01-04", "--templates", str(own)).stderr
    (own / "formal_demand.en.txt").write_text("Subject: Pay\n\n{invoices}\n{total_opne}\n")
    done = aval(real, "--as-of", "2026-01-16", "--templates", str(own))
    assert done.exit_code == 0 and "send formal_demand by registered_mail" in done.stdout
    assert "warning: " in done.stderr and "formal_demand.en.txt:4:1: letter-unknown-field: " in done.stderr
    assert "did you mean 'total_open'" in done.stderr
