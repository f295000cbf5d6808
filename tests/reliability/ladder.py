"""One book on a ladder of four steps, climbed by workers that are killed (T16), and a checker of what became of it.

Each invoice has four steps, each sends one letter. The checker reads the tables and the wire (`ladder_workers.py`), and
counts by what the arrangement knows beforehand, not by what a run told.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import select

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.engine import Database, open_database
from storage.escalation_tables import delivery, escalation_step, outbox
from storage.hold_tables import order_hold
from storage.log_tables import log_entry
from storage.policies import NewPolicy
from storage.receivables import Invoice
from tests.migrated import bring_up
from tests.reliability.ladder_workers import Climb
from tests.storage.records import a_customer, let_decide

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 900
DUE = date(2026, 1, 1)
DAYS = {"reminder": 3, "demand": 15, "last_demand": 30, "before_court": 45}
INVOICES_EACH = 2  # of one customer: one transaction takes the steps of both
POLICY = b"""aval: 1
policy: climbing
title: {en: Climbing, zh: \xe5\x82\xac\xe6\x94\xb6}
currency: CNY
timezone: Asia/Shanghai
limits:
  - {otherwise: true, limit: 1_000_000}
escalation:
  four_steps:
    - {step: reminder, at: due + 3 days, do: send written_reminder by email}
    - {step: demand, at: due + 15 days, do: [send formal_demand by email, hold orders]}
    - {step: last_demand, at: due + 30 days, do: send formal_demand by email}
    - {step: before_court, at: due + 45 days, do: send last_notice by email}
letters: {per: invoice}
"""
MUST_BE_NONE = ("missed", "wrong_day", "without_letter", "letters_twice", "without_hold", "unheard", "never_said",
                "other_words", "without_entry", "faults")  # fmt: skip


def make_book(location: str, invoices: int) -> Database:
    """A migrated database with the policy and so many open invoices, two of each customer."""
    database = open_database(location, wait_seconds=30.0)
    bring_up(database)
    program = load_policy(POLICY, "climbing.yaml", trade_vocabulary()).program
    assert program is not None
    with database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, POLICY, "tests"))
        let_decide(work, program.source_digest)
        for number in range(invoices // INVOICES_EACH):
            work.customers.put(a_customer(f"C-{number:04}"))
        work.invoices.add_many([
            Invoice(customer, number, 1_000_00, "CNY", DUE - timedelta(30), DUE) for customer, number in named(invoices)
        ], DUE)  # fmt: skip
    return database


def named(invoices: int) -> list[tuple[str, str]]:
    """Customer and number of each invoice."""
    return [(f"C-{number // INVOICES_EACH:04}", f"I-{number:04}") for number in range(invoices)]


def climb(location: str, wire: Path, invoices: int, **how: Any) -> Counter[str]:
    """Let the workers climb, and count."""
    database = make_book(location, invoices)
    days = tuple((DUE + timedelta(day)).isoformat() for day in DAYS.values())
    plan = json.dumps(asdict(Climb(location, str(wire), days, **how)))
    command = [sys.executable, "-m", "tests.reliability.ladder_workers", plan]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS, check=True)
    found = Counter[str](json.loads(ended.stdout))
    count_steps(found, database, invoices)
    count_letters(found, database, heard(wire))
    database.dispose()
    return found


def heard(wire: Path) -> list[dict[str, Any]]:
    """What reached the receiver, in the order in which it did."""
    return [json.loads(line) for line in wire.read_text().splitlines()]


def count_steps(found: Counter[str], database: Database, invoices: int) -> None:
    """The records of steps against what must be: each invoice and step once, on its day, with its letter and hold."""
    wanted = {(*one, step): DUE + timedelta(DAYS[step]) for one, step in product(named(invoices), DAYS)}
    with database.looking() as connection:
        rows = connection.execute(select(escalation_step)).all()
        held = Counter(connection.execute(select(order_hold.c.invoice_id)).scalars())
        letters = set(connection.execute(select(outbox.c.message_id)).scalars())
    got = {(row.customer_id, row.invoice_id, row.step): row for row in rows}
    found["records"] = len(rows)
    found["missed"] = len(wanted.keys() - got.keys())
    found["wrong_day"] = sum(row.as_of != wanted[key].isoformat() for key, row in got.items())
    found["without_letter"] = sum(row.message_id not in letters for row in rows)
    found["without_hold"] = sum(held[invoice_id] != 1 for _, invoice_id in named(invoices))


def count_letters(found: Counter[str], database: Database, lines: list[dict[str, Any]]) -> None:
    """The letters against the wire: what a receiver does who remembers keys, and what one does who cannot."""
    with database.looking() as connection:
        written = {row.message_id: (row.invoices, row.step) for row in connection.execute(select(outbox))}
        said = Counter(connection.execute(select(delivery.c.message_id)).scalars())
        entries = set(connection.execute(select(log_entry.c.entry_id)).scalars())
    words: dict[str, str] = {}
    for line in lines:
        told = json.dumps(line["said"], sort_keys=True)
        found["other_words"] += words.setdefault(line["key"], told) != told
    found["letters_twice"] = len(written) - len(set(written.values()))
    found["unheard"] = len(written.keys() - words.keys())
    found["never_said"] = sum(said[one] != 1 for one in written)
    found["without_entry"] = sum(f"message-{one}" not in entries for one in written)
    found["on_the_wire"] = len(lines)
    found["duplicates"] = len(lines) - len(words)
    found["effects"] = len({line["key"] for line in lines})
    found["effects_of_fresh_keys"] = len({line["fresh"] for line in lines})


def wrongs(found: Counter[str]) -> dict[str, int]:
    """What should be 0 and is not."""
    return {name: found[name] for name in MUST_BE_NONE if found[name]}
