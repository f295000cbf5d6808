"""A year of nightly runs over the real ledger: every step, letter and hold is what a walk by hand says, and no other.

The ledger comes in by the real import, each policy is published, and the nights are those of the operation behind
`aval escalate`; letters leave on their day. The long form has the whole book and the whole year on both databases.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.importing import importing
from api.operations.escalate import begin_run, run_escalation
from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.engine import Database, open_database
from storage.escalation_tables import escalation_step
from storage.outbox import Delivery
from storage.policies import NewPolicy
from tests.migrated import bring_up
from tests.postgres import Server
from tests.real_input.ladders_by_hand import WORDS, Row, Rung, Words, Year, american, read, walk
from tests.storage.records import let_decide

ROOT = Path(__file__).resolve().parents[2]
LIBRARY, EXAMPLES = ROOT / "policy" / "library", ROOT / "examples" / "policies"
FILE = "ibm_accounts_receivable.csv"
MAPPING = ROOT / "api" / "mappings" / "ibm_accounts_receivable.yaml"
SOAK = os.environ.get("AVAL_SOAK", "") not in ("", "0")
DAYS = [date(2013, 1, 1) + timedelta(number) for number in range(365 if SOAK else 20)]
WORST, OTHERS = 8, 4  # customers of the short form: those who pay latest, and some of the rest
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)) if SOAK else ("sqlite",)


def policy_of(name: str) -> bytes:
    """The shipped file, or, for ladder (b) alone, the shipped one with nobody on the friendly ladder."""
    if name == "OCA":
        return (EXAMPLES / "oca-credit-control.yaml").read_bytes()
    if name == "Virginia":
        return (EXAMPLES / "virginia-receivables.yaml").read_bytes()
    source = (LIBRARY / "escalation.yaml").read_bytes().partition(b"\ntests:")[0]
    return source if name == "both ladders" else source.replace(b"customer.average_days_late <= 5",
                                                                b"customer.average_days_late < 0")  # fmt: skip


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new database is."""
    if request.param == "sqlite":
        yield str(tmp_path / "aval.db")
        return
    server: Server = request.getfixturevalue("server")
    location = server.migrated()
    yield location
    server.drop(location)


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    """The new database, opened."""
    opened = open_database(place, wait_seconds=20.0)
    bring_up(opened)
    yield opened
    opened.dispose()


def publish(database: Database, source: bytes) -> str:
    """Have a policy decide; the currency that it is written in."""
    program = load_policy(source, "policy.yaml", trade_vocabulary()).program
    assert program is not None
    with database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, source, "tests"))
        let_decide(work, program.source_digest)
    return program.currency


def take_over(location: str, folder: Path, file: Path, currency: str) -> None:
    """Import a file by the shipped mapping, its amounts read in the policy's currency."""
    mapping = folder / "mapping.yaml"
    mapping.write_text(MAPPING.read_text().replace("currency: USD", f"currency: {currency}"))
    result = CliRunner().invoke(importing, [
        "invoices", str(file), "--mapping", str(mapping), "--database", location, "--as-of", DAYS[-1].isoformat(),
        "--rejected", str(folder / "rejected.csv"), "--strict"])  # fmt: skip
    assert result.exit_code == 0, result.output


@dataclass(frozen=True, slots=True)
class Book:
    """A ladder, and what the real book becomes for it: amounts and days late so many times as high."""

    name: str
    amounts: int = 1
    days_late: int = 1

    def __str__(self) -> str:
        return f"{self.name}, amounts x {self.amounts}, days late x {self.days_late}"


# nobody in the book pays later than 45 days, or owes more than 129.00 on one invoice: the last steps and the conditions
# of the two examples are reached only by a book that is slower and larger
PLAIN = [Book(name) for name in WORDS]
REACHING = [Book("both ladders"), Book("ladder (b)"), Book("OCA", 1, 4), Book("Virginia", 20, 6)]
BOOKS = [*REACHING, *(one for one in PLAIN if one not in REACHING)] if SOAK else REACHING
STEPS = {"both ladders": 3, "ladder (b)": 3, "OCA": 3, "Virginia": 6}


def looked_at(file: Path) -> set[str]:
    """The customers of this form of the test."""
    late: Counter[str] = Counter()
    for one in read(file):
        late[one.customer] += max(0, (one.settled - one.due).days)
    worst = [name for name, _ in late.most_common(WORST)]
    return set(late) if SOAK else {*worst, *sorted(set(late) - set(worst))[:OTHERS]}


def made_book(folder: Path, file: Path, book: Book) -> Path:
    """The rows of the customers that are looked at, as a file of its own."""
    wanted, made = looked_at(file), folder / FILE
    with file.open(encoding="utf-8", newline="") as given, made.open("w", encoding="utf-8", newline="") as taken:
        rows = csv.DictReader(given)
        writing = csv.DictWriter(taken, rows.fieldnames or ())
        writing.writeheader()
        for row in rows:
            if row["customerID"] in wanted:
                due, settled = american(row["DueDate"]), american(row["SettledDate"])
                settled += timedelta((book.days_late - 1) * max(0, (settled - due).days))
                writing.writerow(row | {
                    "InvoiceAmount": str(Decimal(row["InvoiceAmount"]) * book.amounts),
                    "SettledDate": f"{settled.month}/{settled.day}/{settled.year}"})  # fmt: skip
    return made


def lived(database: Database) -> Year:
    """The nights of the year, each with its letters sent, and what is stored afterwards."""
    year = Year()
    for day in DAYS:
        for one in run_escalation(database, begin_run(database, day, "tests")):
            for message in one.plan.messages:
                if message.kind == "letter":
                    year.letters.append((message.customer_id, day, message.what, message.who, message.invoices))
                    with database.write() as work:
                        assert work.outbox.deliver(message.message_id, Delivery("sent", day, "tests"))
    with database.looking() as connection:
        year.steps = {(row.customer_id, row.invoice_id, row.step, date.fromisoformat(row.as_of))
                      for row in connection.execute(escalation_step.select())}  # fmt: skip
    with database.read() as work:
        for name in sorted({customer for customer, *_ in year.steps}):
            for hold in work.holds.of_customer(name):
                assert hold.invoice_id is not None
                year.holds[hold.invoice_id] = hold.hold.placed_on, hold.hold.released_on
    return year


@pytest.mark.slow
@pytest.mark.parametrize("book", BOOKS, ids=str)
def test_a_year_of_nights_is_what_the_words_say(
    place: str, database: Database, real_data: Path, tmp_path: Path, book: Book
) -> None:
    file = made_book(tmp_path, real_data / FILE, book)
    take_over(place, tmp_path, file, publish(database, policy_of(book.name)))
    wanted, found = walk(read(file), DAYS, WORDS[book.name]), lived(database)
    print(f"{book}: {len(DAYS)} nights, {len(wanted.steps)} steps, {len(wanted.letters)} letters, "
          f"{len(wanted.holds)} holds")  # fmt: skip
    assert found.steps == wanted.steps
    assert sorted(found.letters) == sorted(wanted.letters)
    assert found.holds == wanted.holds
    if book in REACHING:
        assert len({step for *_, step, _ in wanted.steps}) == STEPS[book.name], "not every step was taken"


@pytest.mark.parametrize("name", ["ladder (b)", "both ladders"])
def test_control_one_day_more_in_the_words_is_seen(real_data: Path, name: str) -> None:
    rows = read(real_data / FILE)

    def later(own: Sequence[Row], day: date) -> Sequence[Rung]:
        first, *rest = WORDS[name].ladder(own, day)
        return (replace(first, day=lambda row, sent: (first.day(row, sent) or row.due) + timedelta(1)), *rest)

    changed = walk(rows, DAYS, Words(later, per_customer=True))
    said = walk(rows, DAYS, WORDS[name])
    assert changed.steps != said.steps
    assert sorted(changed.letters) != sorted(said.letters)
