"""A real ledger decided by the real service: 100 customers, one order of twice their average invoice each.

`make real-input` runs this: a fresh database, `aval import` of the IBM ledger by the shipped mapping, the service
behind gunicorn on a free port, and one `POST /v1/decisions:preview` for each customer as of 2013-06-30 under the
shipped policy `payment_record`. It prints the table of verdicts, and fails unless every kind of verdict occurs.
"""

from __future__ import annotations

import contextlib
import csv
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from api.app import create_app
from api.keys import issue_key
from api.known import read_invoice
from api.operations.publish_policy import PolicyFile, TwoPeople, publish_policy
from api.peppers import read_pepper
from api.serve import Listening, serve
from api.settings import Settings
from credit.decision import VERDICTS
from credit.money import Money
from credit.receivables import Invoice, ReceivableFigures, ageing, receivable_figures
from storage.engine import Database, open_database
from storage.schema import upgrade
from tests.storage.records import CHECKER, WRITER, add_both

ROOT = Path(__file__).resolve().parents[2]
LEDGER = ROOT.parent / "shared" / "data" / "ibm_accounts_receivable.csv"
POLICY = ROOT / "policy" / "library" / "payment_record.yaml"
AS_OF = date(2013, 6, 30)
CURRENCY = "USD"

Send = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Decided:
    """One customer with its record on the day, its order, and the decision on it."""

    customer_id: str
    figures: ReceivableFigures
    order: Money
    decision: Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A database with the policy stored and a key for the order system."""

    folder: Path
    database: Database
    digest: str
    key: str

    @property
    def path(self) -> Path:
        """The database's file."""
        return self.folder / "aval.db"


def prepare(folder: Path) -> Prepared:
    """A fresh database in a folder, with tables, policy and key, and without customers."""
    database = open_database(folder / "aval.db")
    upgrade(database)
    with database.write() as work:
        add_both(work)
    stored = publish_policy(database, PolicyFile(POLICY.read_bytes(), POLICY.name), TwoPeople(WRITER, CHECKER))
    text, key = issue_key("order_system", "real-input", read_pepper(folder / "pepper"))
    with database.write() as work:
        work.keys.add(key)
    return Prepared(folder, database, stored.digest, text)


def settings(folder: Path) -> Settings:
    """The settings of the service on that folder's database."""
    return Settings(str(folder / "aval.db"), read_pepper(folder / "pepper"))


def import_arguments(prepared: Prepared) -> list[str]:
    """What stands behind `aval import` to take the ledger over."""
    return ["invoices", str(LEDGER), "--mapping", "ibm_accounts_receivable", "--database", str(prepared.path),
            "--as-of", AS_OF.isoformat(), "--rejected", str(prepared.folder / "rejected.csv"), "--strict"]  # fmt: skip


def ledger(database: Database) -> dict[str, tuple[Invoice, ...]]:
    """Every imported invoice by customer, as it is stored."""
    with database.read() as work:
        names = [one.customer_id for one in work.customers.list(limit=500).items]
        return {
            name: tuple(read_invoice(one, one.currency) for one in work.invoices.for_customer(name)) for name in names
        }


def days_late_reproduced(invoices: Mapping[str, Sequence[Invoice]]) -> tuple[int, int]:
    """On how many rows of the file the days late of the imported invoice are the file's own, and how many there are."""
    found = {one.invoice_id: one.days_late for several in invoices.values() for one in several}
    with LEDGER.open(encoding="utf-8", newline="") as file:
        wanted = {row["invoiceNumber"]: int(row["DaysLate"]) for row in csv.DictReader(file)}
    return sum(found.get(number) == days for number, days in wanted.items()), len(wanted)


def decide_all(invoices: Mapping[str, Sequence[Invoice]], digest: str, send: Send) -> list[Decided]:
    """One order of twice the average invoice for each customer, decided as of the day."""
    decided = []
    for number, (customer_id, several) in enumerate(invoices.items(), 1):
        figures = receivable_figures(several, AS_OF, CURRENCY)
        assert figures.average_invoice_amount is not None
        order = Money(2 * figures.average_invoice_amount.minor, CURRENCY)
        body = {
            "order": {"id": f"SO-{number}", "amount": order.amount, "currency": CURRENCY, "prepaid": "0.00",
                      "requested_terms": "net 30", "placed_on": AS_OF.isoformat()},
            "customer_id": customer_id, "facts": {}, "as_of": AS_OF.isoformat(), "policy_digest": digest,
        }  # fmt: skip
        decided.append(Decided(customer_id, figures, order, send(body)["decision"]))
    return decided


def verdicts(decided: Sequence[Decided]) -> Counter[str]:
    """How often each verdict was given."""
    return Counter(str(one.decision["verdict"]) for one in decided)


def table(decided: Sequence[Decided]) -> Iterator[str]:
    """The decisions as lines, from the best payer to the worst."""
    yield f"{'customer':<12}{'days late':>10}{'late':>7}{'overdue':>9}{'open':>9}{'order':>9}{'limit':>9}  verdict"
    for one in sorted(decided, key=lambda one: (one.figures.days_late_total / one.figures.paid_invoices, one.order)):
        figures = one.figures
        late = f"{figures.days_late_total / figures.paid_invoices:.2f}"
        share = f"{100 * figures.late_invoices / figures.paid_invoices:.0f} %"
        yield (f"{one.customer_id:<12}{late:>10}{share:>7}{figures.overdue_amount.amount:>9}"
               f"{figures.open_amount.amount:>9}{one.order.amount:>9}{one.decision['exposure']['limit']:>9}"
               f"  {one.decision['verdict']} ({one.decision['tier']})")  # fmt: skip


@contextlib.contextmanager
def running(prepared: Prepared) -> Iterator[str]:
    """The service in its own processes on a free port, until the block ends; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, __file__, "serve", str(prepared.folder), str(port)]
    log = prepared.folder / "service.log"
    with log.open("wb") as told:
        service = subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=told)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, service, log)
        yield address
    finally:
        service.terminate()
        service.wait(timeout=30)


def wait_until_ready(address: str, service: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the first answer, half a minute at most. Raises: RuntimeError where there is none."""
    for _ in range(300):
        if service.poll() is not None:
            break
        with contextlib.suppress(OSError), urlopen(f"{address}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the service did not start; it said:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def sender(address: str, key: str) -> Send:
    """What sends one order over HTTP and gives the answer."""

    def send(body: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = Request(f"{address}/v1/decisions:preview", json.dumps(body).encode(), headers, method="POST")
        with urlopen(request, timeout=30) as answer:
            found: Mapping[str, Any] = json.load(answer)
        return found

    return send


def main() -> int:
    """Import, serve, decide, print; 0 where every row was reproduced and every kind of verdict occurred."""
    if not LEDGER.is_file():
        print("skipped: the real ledger ../shared/data/ibm_accounts_receivable.csv is not beside the repository")
        return 0
    with tempfile.TemporaryDirectory(prefix="aval-real-input-") as folder:
        prepared = prepare(Path(folder))
        aval = Path(sys.executable).with_name("aval")
        subprocess.run([str(aval), "import", *import_arguments(prepared)], check=True, cwd=ROOT)
        invoices = ledger(prepared.database)
        with running(prepared) as address:
            decided = decide_all(invoices, prepared.digest, sender(address, prepared.key))
        prepared.database.dispose()
    return report(invoices, decided)


def report(invoices: Mapping[str, Sequence[Invoice]], decided: Sequence[Decided]) -> int:
    """Print the table and the sums; 0 where everything is as it should be."""
    print(f"\nOne order of twice the average invoice for each of {len(decided)} customers as of {AS_OF}, {CURRENCY}, "
          f"by {POLICY.name}\n")  # fmt: skip
    print("\n".join(table(decided)))
    aged = ageing((one for several in invoices.values() for one in several), AS_OF, CURRENCY)
    found, wanted = days_late_reproduced(invoices)
    counts = verdicts(decided)
    print(f"\nDays late reproduced on {found:,} of {wanted:,} rows")
    print(f"Open: {aged.total} in {aged.open_invoices} invoices, {aged.days_1_30} of it up to 30 days overdue")
    print(", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS))
    absent = [verdict for verdict in VERDICTS if not counts[verdict]]
    if absent:
        print(f"no order got the verdict {', '.join(absent)}", file=sys.stderr)
    return int(bool(absent) or found != wanted)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(create_app(settings(Path(sys.argv[2]))), Listening(port=int(sys.argv[3])))
    else:
        sys.exit(main())
