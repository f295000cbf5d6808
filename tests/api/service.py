"""A whole service on a database of its own, with a key for every role: what the tests of the doors start from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from api.keys import issue_key
from api.roles import ROLES
from api.services import Services
from api.settings import Settings
from policy.load import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from storage.policies import NewPolicy
from storage.receivables import Invoice
from tests.api.kept_engines import build_kept
from tests.fakes import Build, OnlyTheLimit, fake_build
from tests.migrated import bring_up
from tests.storage.records import let_decide

PEPPER = b"p" * 32
DIGEST = "sha256:" + "a" * 64
PROGRAM_DIGEST = "sha256:" + "b" * 64
LIBRARY = Path(__file__).resolve().parents[2] / "policy" / "library"
GOOD = {
    "customer.score": 85, "customer.months_trading": 30, "customer.court_cases": 0, "customer.insolvent": False,
    "customer.annual_revenue": "100000000.00", "customer.type": "company",
}  # fmt: skip
TABLES = ("customer", "account", "decision", "movement", "reservation", "policy_version", "policy_effective",
          "policy_draft", "policy_revision", "policy_check", "policy_simulation", "policy_submission",
          "policy_approval", "policy_withdrawal", "policy_comment")  # fmt: skip


@dataclass
class Service:
    """An app, its keys by role, the sessions of officers by name, and the short ways to talk to it."""

    app: Flask
    keys: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def held(self) -> Services:
        """What the app was wired with."""
        found: Services = self.app.extensions["aval"]
        return found

    def send(self, method: str, path: str, role: str = "", body: Any = None, **headers: str) -> TestResponse:
        """One request; a body that is not bytes is sent as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if role:
            sent["Authorization"] = f"Bearer {self.keys[role]}"
        if body is None:
            return self.app.test_client(use_cookies=False).open(path, method=method, headers=sent)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
        return self.app.test_client(use_cookies=False).open(path, method=method, headers=sent, data=raw)

    def put_customer(self, customer_id: str = "C-1", **fields: Any) -> TestResponse:
        """Set a customer as a risk officer does."""
        body = {"name": "Example Ltd", "currency": "CNY", "granted_limit": "1000.00"} | fields
        return self.send("PUT", f"/v1/customers/{customer_id}", "risk_officer", body)

    def decide(self, body: Any, key: str | None = "k-1", role: str = "order_system", **headers: str) -> TestResponse:
        """Ask for a decision."""
        named = {} if key is None else {"Idempotency_Key": key}
        return self.send("POST", "/v1/decisions", role, body, **named, **headers)

    def counted(self) -> dict[str, int]:
        """How many rows each table has, and the sum of all versions: whatever is stored moves one of them."""
        with self.held.database.looking() as connection:
            rows = {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}
            rows["versions"] = connection.exec_driver_sql("SELECT coalesce(sum(ver), 0) FROM account").scalar_one()
        return rows


def start_service(folder: Path | str, evaluator: OnlyTheLimit | None = None, policy: bool = True,
                  build: Build | None = None) -> Service:  # fmt: skip
    """A service with a fake policy in effect, a key for each role, and no customers."""
    service = _start(folder, build or fake_build(evaluator))
    if policy:
        with service.held.database.write() as work:
            work.policies.add(NewPolicy("fake", DIGEST, PROGRAM_DIGEST, b"aval: 1", "tests"))
            let_decide(work, DIGEST)
    return service


def start_real_service(folder: Path | str) -> Service:
    """A service on the real engines with the standard policy, and the good customer C-1 with a limit of 500,000.00."""
    service = _start(folder, build_kept)
    publish(service, "standard.yaml")
    answer = service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD)
    assert answer.status_code == 201, answer.data
    pay_on_time(service, "CNY")
    return service


def _start(folder: Path | str, build: Build | None) -> Service:
    """A service on a new file in a folder, or on the database that a URL names."""
    database = folder if isinstance(folder, str) else str(folder / "aval.db")
    service = Service(create_app(Settings(database=database, pepper=PEPPER, sender="Aval Supplies"), build=build))
    bring_up(service.held.database)
    with service.held.database.write() as work:
        for role in ROLES:
            service.keys[role], stored = issue_key(role, f"{role}-1", PEPPER)
            work.keys.add(stored)
    return service


def publish(service: Service, name: str, written: bytes | None = None) -> str:
    """Store a shipped policy, or one that a test wrote, make it effective, and give its digest."""
    source = (LIBRARY / name).read_bytes() if written is None else written
    program = _program(source, name)
    with service.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, source, "tests"))
        let_decide(work, program.source_digest)
    return program.source_digest


@cache
def _program(source: bytes, name: str) -> Program:
    """What a policy says, read once in each process."""
    program = load_policy(source, name, trade_vocabulary()).program
    assert program is not None
    return program


def pay_on_time(service: Service, currency: str, customer_id: str = "C-1", old: bool = False) -> None:
    """Give a customer ten invoices, each paid on its due date; and where `old`, one that was never paid."""
    never = [Invoice(customer_id, "I-old", 1_000_000, currency, date(2025, 1, 1), date(2025, 2, 1))] if old else []
    with service.held.database.write() as work:
        work.invoices.add_many([
            Invoice(customer_id, f"I-{n}", 10_000_000, currency, date(2026, 1, n), date(2026, 2, n), date(2026, 2, n))
            for n in range(1, 11)
        ] + never, date(2026, 11, 1))  # fmt: skip


def an_order(amount: str = "100.00", customer_id: str = "C-1", **fields: Any) -> dict[str, Any]:
    """A request body for one order; `facts` and fields of the order may be replaced."""
    facts = fields.pop("facts", {})
    order = {"id": "SO-1", "amount": amount, "currency": "CNY", "requested_terms": "net 30", "prepaid": "0.00",
             "placed_on": "2026-11-23", "deliver_by": "2126-12-05"}  # fmt: skip  (never long ago)
    return {"order": order | fields, "customer_id": customer_id, "facts": facts}
