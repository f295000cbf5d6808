"""`make run`: a database with both shipped policies, a small book and keys, and one request that works when pasted.

Running it again changes nothing but the days of the book's invoices, which are counted from today.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from datetime import date
from hmac import compare_digest
from importlib.resources import files
from pathlib import Path
from shlex import quote
from typing import TextIO

from api.demo_book import BOOK, TRIALS, Trial
from api.keys import issue_key, key_digest
from api.operations.publish_policy import PolicyFile, TwoPeople, keep_policy, publish_policy
from api.passwords import hashed
from api.roles import ROLES
from api.settings import Settings
from storage.engine import Database, open_database, read_location, server_url
from storage.people import Person
from storage.schema import upgrade

EFFECTIVE = "standard.yaml"
PUBLISHER = "demo"
PEOPLE = {"demo-officer": "risk_officer", "demo-approver": "approver", "demo-auditor": "compliance"}
BOTH = TwoPeople("demo-officer", "demo-approver")


def prepare(settings: Settings, stdout: TextIO, address: str = "http://127.0.0.1:8080") -> None:
    """Bring the demo's database up to date and tell what to try; `address` is where the service will listen."""
    database = open_database(settings.database)
    try:
        if server_url(settings.database) is None:  # for its owner only, as its keys are
            os.close(os.open(read_location(settings.database), os.O_RDWR | os.O_CREAT, 0o600))
        upgrade(database)
        keep_people(database, keys_file(settings).with_name("people.json"))
        policies = publish_shipped(database)
        today = load_book(database)
        keys = keep_keys(database, keys_file(settings), settings.pepper)
    finally:
        database.dispose()
    for line in told(address, keys, policies, keys_file(settings), today):
        stdout.write(line + "\n")
    stdout.flush()


def publish_shipped(database: Database) -> dict[str, str]:
    """Store every policy that ships, the standard one effective; their digests by name."""
    found = {}
    for file in sorted(files("policy").joinpath("library").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            given = PolicyFile(file.read_bytes(), file.name)
            if file.name == EFFECTIVE:
                stored = publish_policy(database, given, BOTH)
            else:
                stored = keep_policy(database, given, BOTH.author)
            found[stored.name] = stored.digest
    return found


def load_book(database: Database) -> date:
    """Store the book's customers and invoices, dated from the database's today, which is given back."""
    with database.write() as work:
        today = work.now().date()
        for debtor in BOOK:
            if work.customers.get(debtor.customer_id) is None:  # what somebody changed since stays changed
                work.customers.put(debtor.customer())
        work.invoices.add_many([one for debtor in BOOK for one in debtor.invoices(today)], today)
    return today


def keep_keys(database: Database, file: Path, pepper: bytes) -> dict[str, str]:
    """A key for each role, from the file where they are still good, else new; the file is for its owner only."""
    kept = _read_secrets(file)
    keys: dict[str, str] = {}
    with database.write() as work:
        for role in ROLES:
            text = kept.get(role, "")
            stored = work.keys.find(text.split("_")[1]) if text.count("_") >= 2 else None
            good = stored is not None and not stored.ended and stored.role == role
            if not good or stored is None or not compare_digest(stored.digest, key_digest(text, pepper)):
                text, new = issue_key(role, f"demo-{role}".replace("_", "-"), pepper)
                work.keys.add(new, f"operator:{PUBLISHER}")
            keys[role] = text
    if keys != kept:
        _write_secrets(file, keys)
    return keys


def keep_people(database: Database, file: Path) -> None:
    """The people of the demo, with the passwords in the file; whoever has none there is given a new one."""
    kept = _read_secrets(file)
    passwords = {name: kept.get(name) or secrets.token_urlsafe(12) for name in PEOPLE}
    for name, role in PEOPLE.items():
        with database.read() as work:
            known = work.people.find(name) is not None
        if known and name in kept:
            continue
        stored = hashed(passwords[name])  # slow by intent, so outside of the transaction
        with database.write() as work:
            if known:
                work.people.set_password(name, stored, f"operator:{PUBLISHER}")
            else:
                work.people.add(Person(name, frozenset({role}), stored), f"operator:{PUBLISHER}")
    if passwords != kept:
        _write_secrets(file, passwords)


def keys_file(settings: Settings) -> Path:
    """Where the demo's keys are: in `demo` beside the database, in `var/demo` where that is no file."""
    on_server = server_url(settings.database) is not None
    return (Path("var") if on_server else read_location(settings.database).parent) / "demo" / "keys.json"


def curl(address: str, key: str, trial: Trial, today: date) -> str:
    """A request for a decision as a shell command; each time it is pasted it asks anew, under a key of that second."""
    body = {
        "order": {"id": f"SO-{trial.customer_id}", "amount": trial.amount, "currency": "CNY",
                  "requested_terms": "net 30", "prepaid": "0.00", "placed_on": today.isoformat()},
        "customer_id": trial.customer_id, "facts": {},
    }  # fmt: skip
    headers = (f"Authorization: Bearer {key}", "Content-Type: application/json", "Idempotency-Key: demo-$(date +%s)")
    lines = [f"curl -sS {address}/v1/decisions", *(f'  -H "{header}"' for header in headers),
             f"  -d {quote(json.dumps(body))}"]  # fmt: skip
    return " \\\n".join(lines)


def told(address: str, keys: Mapping[str, str], policies: Mapping[str, str], file: Path, today: date) -> list[str]:
    """What the person who started the demo reads."""
    return [
        f"A demo of {len(BOOK)} customers; the keys of all roles are in {file}.",
        f"The people who write, approve and review policies are in {file.with_name('people.json')}.",
        *(f"  policy {name}  {digest}" for name, digest in policies.items()),
        "Worth trying under the standard policy, each on the fresh book with an order of the amount:",
        *(f"  {trial.customer_id}  {trial.amount}  {trial.verdict:<24}{trial.why}" for trial in TRIALS),
        "Paste this to have an order decided; each paste is a new order, and an approval holds its amount:",
        "",
        curl(address, keys["order_system"], TRIALS[0], today),
        "",
        f"Every operation: {address}/docs",
    ]


def _read_secrets(file: Path) -> dict[str, str]:
    """The secrets of an earlier run; none where the file is not there or cannot be read as such."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    known = found.items() if isinstance(found, dict) else ()
    return {str(role): str(text) for role, text in known if str(text).isascii()}


def _write_secrets(file: Path, keys: Mapping[str, str]) -> None:
    """Put the new file in the place of the old one in one step, so that nobody reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
        json.dump(keys, new, indent=1)
    beside.replace(file)
