"""Builders of what the storage tests write: each with sensible values, each field of which a test may name."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from storage.customers import Customer, GrantedLimit
from storage.decisions import DecidedOrder, Hold, NewDecision
from storage.engine import Database, open_database
from storage.exposure_ledger import AccountState
from storage.people import Person
from storage.policies import NewPolicy
from storage.policy_approvals import VERSION, NewSubmission, Submission
from storage.policy_drafts import PolicyCheck
from storage.policy_timeline import DEFAULT
from storage.receivables import Invoice
from storage.unit_of_work import Work
from tests.migrated import bring_up

ROOT = Path(__file__).parents[2]
DIGEST = "sha256:policy"
WRITER, CHECKER = "writer", "checker"


def a_customer(customer_id: str = "C-1", limit: int | None = 1_000, **changes: Any) -> Customer:
    """A customer with a granted limit in minor units; None is unlimited."""
    granted = GrantedLimit("unlimited") if limit is None else GrantedLimit("amount", limit)
    values = {"customer_id": customer_id, "name": "Vale Trading", "currency": "CNY", "limit": granted}
    return Customer(**values | changes)


def a_policy(**changes: Any) -> NewPolicy:
    """A policy version; its bytes are never read by storage."""
    values = {"name": "standard", "digest": DIGEST, "program_digest": "sha256:program", "source": b"aval: 1\n"}
    return NewPolicy(**{**values, "stored_by": "officer"} | changes)


def an_invoice(invoice_id: str = "I-1", amount: int = 100, **changes: Any) -> Invoice:
    """An open invoice of C-1, invoiced 2026-01-01 and due 30 days later."""
    values = {"customer_id": "C-1", "invoice_id": invoice_id, "amount": amount, "currency": "CNY"}
    return Invoice(**{**values, "invoiced_on": date(2026, 1, 1), "due_on": date(2026, 1, 31)} | changes)


def a_decision(locked: AccountState, key: str, amount: int = 0, **changes: Any) -> NewDecision:
    """A decision under a key: an approval that holds `amount` under the customer's limit, or a denial of 0."""
    ceiling = locked.customer.limit.minor
    hold = Hold(f"R-{key}", amount, ceiling, locked.now + timedelta(hours=24)) if amount else None
    values = {
        "decision_id": f"D-{key}", "client": "shop", "idempotency_key": key, "body_hash": b"body", "status": 201,
        "response": f'{{"before": {locked.balance}}}'.encode(), "verdict": "approve" if amount else "deny",
        "policy_digest": DIGEST, "program_digest": "sha256:program", "as_of": locked.now.date(),
        "order": DecidedOrder(f"SO-{key}", amount or 1, amount or 1, locked.now.date()), "request": b"{}",
        "facts": {"before": locked.balance}, "outcome": {"amount": amount}, "hold": hold,
    }  # fmt: skip
    return NewDecision(**values | changes)


def a_database(location: str | Path, limit: int | None = 1_000, **options: Any) -> Database:
    """A migrated database with customer C-1 and an effective policy."""
    database = open_database(location, **options)
    bring_up(database)
    with database.write() as work:
        work.customers.put(a_customer(limit=limit))
        work.policies.add(a_policy())
        let_decide(work, DIGEST)
    return database


def add_both(work: Work, password: str = "no password") -> None:
    """Have two people there, who write and approve for each other; done before, nothing changes."""
    for name in (WRITER, CHECKER):
        if work.people.find(name) is None:
            work.people.add(Person(name, frozenset({"risk_officer", "approver"}), password), "operator:tests")


def let_decide(work: Work, digest: str, start: datetime | None = None, assignment: str = DEFAULT) -> Submission:
    """Have a stored version decide from an instant (None: now), through the gate: one person asks, another approves."""
    add_both(work)
    checked = PolicyCheck(digest, True, {}, WRITER, "sha256:program")
    work.drafts.keep_check(checked, f"policy:{digest}")
    asked = NewSubmission(VERSION, digest, WRITER, "for the tests", assignment, checked.check_id)
    work.submissions.add(asked)
    work.submissions.approve(asked.submission_id, CHECKER)
    return work.submissions.publish(asked.submission_id, WRITER, start)


def approve(work: Work, key: str, amount: int, **changes: Any) -> AccountState:
    """Lock C-1 and record an approval of an amount."""
    locked = work.accounts.lock("C-1")
    assert locked is not None
    work.decisions.record(locked, a_decision(locked, key, amount, **changes))
    return locked


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process, running one of the scripts beside this file, once it has said "ready"."""
    return start_module(f"tests.storage.{script}", *arguments)


def start_module(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process, running a module of the tests, once it has said "ready"."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
