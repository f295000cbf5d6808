"""`make demo-collections`: a book lives through 60 days under ladder (b), from the reminder to what a lawyer is given.

Three customers owe: one pays in time, one pays when its orders are stopped, one does not pay. The ladder is the strict
one of the shipped policy. Files, nights and orders go through the commands and routes that people use; only the days
are counted back, so that the sixtieth is today.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask.testing import FlaskClient

from api.app import create_app
from api.commands import cli
from api.demo import BOTH, keep_keys, keep_people
from api.operations.publish_policy import PolicyFile, publish_policy
from api.operations.tell_limit import policy_day
from api.settings import Settings
from storage.engine import open_database
from storage.schema import upgrade

Say = Callable[[str], None]
DATABASE = "demo.db"
SETTINGS = Settings(database=DATABASE, pepper=b"p" * 32, sender="Aval Supplies", letters=Path("letters"))
SHIPPED = Path(__file__).resolve().parents[2] / "policy" / "library" / "escalation.yaml"
HEAD = """aval: 1
policy: collections
title: {en: Collections, zh: 催收}
currency: CNY
timezone: Asia/Shanghai
roles: {rising: [credit_analyst, credit_manager, cfo], also: [collector]}
limits:
  - {otherwise: true, limit: 500_000}
escalation:
"""
DAYS = 60
CUSTOMERS = {"GOOD": "Punctual Ltd", "SLOW": "Slow Trading Co", "NEVER": "Silent Holdings"}
DUE = {"GOOD": 5, "SLOW": 2, "NEVER": 10}  # the day of the sixty on which each one's invoice is due
PAID = {"GOOD": 4, "SLOW": 21}
AMOUNT = "80000.00"
# the firm's own letters: the shipped ones name the last day to pay before the next step, and a letter that is written
# today, of a step that was taken weeks ago, has none
LETTERS = {
    "written_reminder": "Subject: Reminder, {customer}\n\nWe have not seen your payment of:\n\n{invoices}\n\n"
                        "Open are {total_open}. Please quote {reference}.\n\n{sender}\n",
    "formal_demand": "Subject: Formal demand, {customer}\n\nWe demand payment of {total_open} for:\n\n{invoices}\n\n"
                     "Until then we take no new orders. Please quote {reference}.\n\n{sender}\n",
}  # fmt: skip
MAPPINGS = {
    "customers": "rows: customers\ncurrency: CNY\ncolumns: {customer_id: id, name: name, granted_limit: limit}\n",
    "invoices": "rows: invoices\ncurrency: CNY\ncolumns: {customer_id: customer, invoice_id: number, amount: amount, "
                "invoiced_on: invoiced, due_on: due}\n",
}  # fmt: skip


@dataclass
class Shop:
    """The service with the keys of its callers, the first day, and what happened on which."""

    client: FlaskClient
    keys: Mapping[str, str]
    first: date
    say: Say
    calendar: list[tuple[date, str]] = field(default_factory=list)
    orders: int = 0

    def day(self, number: int) -> date:
        """One of the sixty days."""
        return self.first + timedelta(number)

    def send(self, method: str, path: str, role: str, body: Mapping[str, Any] | None = None, key: str = "") -> Any:
        """One request."""
        headers = {"Authorization": f"Bearer {self.keys[role]}"} | ({"Idempotency-Key": key} if key else {})
        return self.client.open(path, method=method, headers=headers, json=body)

    def order(self, customer_id: str, day: date, amount: str = "20000.00") -> Mapping[str, Any]:
        """Ask for a decision on an order; what was decided is told in the calendar of the day."""
        self.orders += 1
        today = self.day(DAYS).isoformat()
        order = {"id": f"SO-{self.orders}", "amount": amount, "currency": "CNY", "requested_terms": "net 30",
                 "prepaid": "0.00", "placed_on": today}  # fmt: skip
        body = {"order": order, "customer_id": customer_id, "facts": {}}
        answer = self.send("POST", "/v1/decisions", "order_system", body, order["id"])
        decision: Mapping[str, Any] = answer.json["decision"]
        why = "; ".join(one["message"]["en"] for one in decision["checks"] if one["status"] in ("deny", "hard_stop"))
        self.tell(day, f"order {order['id']} of {customer_id}: {decision['verdict']}" + (f" ({why})" if why else ""))
        return decision

    def tell(self, day: date, what: str) -> None:
        """Say what happened, and keep it for the calendar."""
        self.calendar.append((day, what))
        self.say(f"{day}  {what}")


def demonstrate(folder: Path, say: Say) -> bool:
    """Live through all days in this folder; false where one did not come out as it must."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        shop = open_shop(say)
        good = deliver(shop, "NEVER") and look_ahead(shop) and live(shop) and show_calendar(shop)
        return good and hand_over(shop)
    finally:
        os.chdir(before)


def open_shop(say: Say) -> Shop:
    """Tables, people, the policy, a key for each caller, customers and their invoices from files."""
    database = open_database(DATABASE)
    upgrade(database)
    Path("demo").mkdir()
    Path("letters").mkdir()
    for name, text in LETTERS.items():
        Path(f"letters/{name}.en.txt").write_text(text)
    keep_people(database, Path("demo/people.json"))
    ladder = SHIPPED.read_text("utf-8").partition("  strict:")[2].partition("\nletters:")[0]
    policy = f"{HEAD}  strict:{ladder}\nletters: {{per: customer, lines: every due item}}\n"
    publish_policy(database, PolicyFile(policy.encode(), "collections.yaml"), BOTH)
    keys = keep_keys(database, Path("demo/keys.json"), SETTINGS.pepper)
    first = policy_day(database) - timedelta(DAYS)
    database.dispose()
    shop = Shop(create_app(SETTINGS).test_client(), keys, first, say)
    for name, text in MAPPINGS.items():
        Path(f"{name}.yaml").write_text(text)
    lines = [f"{name},{title},500000.00\n" for name, title in CUSTOMERS.items()]
    Path("customers.csv").write_text("id,name,limit\n" + "".join(lines))
    owed = [f"{name},{name}-1,{AMOUNT},{shop.day(due - 30)},{shop.day(due)}\n" for name, due in DUE.items()
            if name != "NEVER"]  # that one is ordered, granted and delivered here
    Path("invoices.csv").write_text("customer,number,amount,invoiced,due\n" + "".join(owed))
    aval(say, "import customers customers.csv --mapping customers.yaml")
    aval(say, f"import invoices invoices.csv --mapping invoices.yaml --as-of {first}")
    return shop


def deliver(shop: Shop, name: str) -> bool:
    """An order is granted, delivered and billed: what it held becomes the invoice, which names its decision."""
    granted = shop.order(name, shop.first, AMOUNT)
    due = shop.day(DUE[name])
    billed = {"id": f"{name}-1", "invoiced_on": str(due - timedelta(30)), "due_on": str(due)}
    held = granted["reservation"]["id"]
    answer = shop.send("POST", f"/v1/reservations/{held}/convert", "order_system",
                       {"amount": AMOUNT, "invoice": billed}, f"bill-{name}")  # fmt: skip
    return bool(granted["verdict"] == "approve" and answer.status_code == 200)


def pay(shop: Shop, name: str, day: date) -> None:
    """A customer's money is received: by nobody's word for what it is, it goes to the oldest invoice."""
    body = {"id": f"BANK-{name}", "customer_id": name, "amount": AMOUNT, "currency": "CNY", "day": day.isoformat(),
            "reference": f"{name}-1"}  # fmt: skip
    answer = shop.send("POST", "/v1/payments", "collector", body, f"pay-{name}")
    assert answer.status_code == 201, answer.data
    shop.tell(day, f"{name} pays {name}-1")


def look_ahead(shop: Shop) -> bool:
    """What is coming, if nobody pays."""
    return aval(shop.say, f"escalate --as-of {shop.first} --calendar {DAYS + 1}")[0] == 0


def live(shop: Shop) -> bool:
    """Every night of the sixty; orders before and after the hold, and the payments on their days."""
    verdicts = {}
    for number in range(DAYS + 1):
        day = shop.day(number)
        for name, paid in PAID.items():
            if paid == number:
                pay(shop, name, day)
        night(shop, day)
        if number in (16, 18, 22):  # the demand comes on the 17th, the payment on the 21st
            verdicts[number] = shop.order("SLOW", day)["verdict"]
    return verdicts == {16: "approve", 18: "deny", 22: "approve"}


def night(shop: Shop, day: date) -> None:
    """`aval escalate` of one day."""
    done = CliRunner(env={"AVAL_DATABASE": DATABASE}).invoke(cli, ["escalate", "--as-of", str(day), "--json"])
    assert done.exit_code == 0, done.output
    for line in done.stdout.splitlines():
        one = json.loads(line)
        for step in one["steps"]:
            shop.tell(day, f"{one['customer_id']} {step['invoice_id']} {step['step']}: {', '.join(step['does'])}")
            if step["message_id"] is not None:
                post(shop, day, step["message_id"])
        if one["holds_ended"]:
            shop.tell(day, f"{one['customer_id']}: orders go on")


def post(shop: Shop, day: date, message_id: str) -> None:
    """A person prints a letter, takes it to the post, and keeps the number of the receipt.

    It reads as of the day on which it is written, which here is today.
    """
    path = f"/v1/messages/{message_id}"
    done = {"day": day.isoformat(), "proof": {"receipt": f"RR{message_id[:9].upper()}CN"}}
    for action, wish in (("write", {}), ("done", done)):
        answer = shop.send("POST", f"{path}:{action}", "collector", wish, f"{action}-{message_id}")
        assert answer.status_code in (200, 201), answer.data


def show_calendar(shop: Shop) -> bool:
    """What happened, by day; each of the three ended where it had to."""
    shop.say("\n# the sixty days")
    for day in sorted({one for one, _ in shop.calendar}):
        for what in (what for one, what in shop.calendar if one == day):
            shop.say(f"{day:%a %d %b}  {what}")
    told = [what for _, what in shop.calendar]
    steps = {name: [what.split()[2] for what in told if what.startswith(f"{name} {name}-1 ")] for name in CUSTOMERS}
    return steps == {"GOOD": [], "SLOW": ["reminder:", "demand:"], "NEVER": ["reminder:", "demand:", "legal:"]}


def hand_over(shop: Shop) -> bool:
    """What a lawyer is given of the one who did not pay: one file, with the decision, the letters and the proofs."""
    shop.say("\n# for the lawyer: how NEVER was given credit, what it was told, and what it owes")
    [case] = shop.send("GET", "/v1/legal-cases?customer_id=NEVER", "collector").json["items"]
    aval(shop.say, "legal-case list")
    good = aval(shop.say, f"legal-case bundle {case['id']} --out legal.zip")[0] == 0
    with zipfile.ZipFile("legal.zip") as bundle:
        for one in bundle.infolist():
            shop.say(f"legal.zip/{one.filename}  {one.file_size:,} bytes")
        letters = [bundle.read(name) for name in bundle.namelist() if name.startswith("letters/")]
        decisions = [name for name in bundle.namelist() if name.startswith("decisions/")]
        receipts = b"".join(bundle.read(name) for name in bundle.namelist())
    handed = {"note": "to counsel, with the file"}
    answer = shop.send("POST", f"/v1/legal-cases/{case['id']}:hand-over", "risk_officer", handed, "hand-over")
    return good and answer.status_code == 200 and len(letters) == 2 and bool(decisions) and b"RR" in receipts


def aval(say: Say, command: str) -> tuple[int, str]:
    """Run a command and say what it printed; its exit code and its standard output."""
    done = CliRunner(env={"AVAL_DATABASE": DATABASE}).invoke(cli, command.split())
    for line in (f"$ aval {command}", *done.output.splitlines()):
        say(line)
    return done.exit_code, done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(0 if demonstrate(Path(made), print) else 1)
