"""A year on a ladder, computed by hand: each policy's own words as plain days, and a book walked through day by day.

Nothing of the project is imported here, so that whoever agrees with it has come to the same days by another way. What
the words are is written beside each ladder. A file is read as it lies, without the import.
"""

from __future__ import annotations

import calendar
import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice of the file; `amount` in cents."""

    customer: str
    number: str
    amount: int
    invoiced: date
    due: date
    settled: date

    def is_open(self, day: date) -> bool:
        """Whether it is owed on a day: from its date until the day before it was settled."""
        return self.invoiced <= day < self.settled


Sent = Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: the day on which it is due, None for not yet; its letter and channel; whether it stops orders."""

    name: str
    day: Callable[[Row, Sent], date | None]
    letter: tuple[str, str] | None = None
    stops: bool = False
    over: int = -1  # only for more than so many cents


@dataclass(frozen=True, slots=True)
class Words:
    """A policy's ladders: which one a customer is on, by its invoices and the day, and whether letters are joined."""

    ladder: Callable[[Sequence[Row], date], Sequence[Rung]]
    per_customer: bool


@dataclass
class Year:
    """What must have happened: steps (customer, invoice, step, day), letters and holds, as sets of plain tuples."""

    steps: set[tuple[str, str, str, date]] = field(default_factory=set)
    letters: list[tuple[str, date, str, str, tuple[str, ...]]] = field(default_factory=list)
    holds: dict[str, tuple[date, date | None]] = field(default_factory=dict)


def read(path: Path) -> list[Row]:
    """The rows of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(one["customerID"], one["invoiceNumber"], round(Decimal(one["InvoiceAmount"]) * 100),
                american(one["InvoiceDate"]), american(one["DueDate"]), american(one["SettledDate"]))
            for one in csv.DictReader(file)
        ]  # fmt: skip


def american(text: str) -> date:
    """A day written as month/day/year."""
    return datetime.strptime(text, "%m/%d/%Y").date()


def after_due(days: int) -> Callable[[Row, Sent], date | None]:
    """So many days after the due date; before it where they are negative."""
    return lambda row, sent: row.due + timedelta(days)


def end_of_month_after(days: int) -> Callable[[Row, Sent], date | None]:
    """The last day of the month in which the due date and so many days fall."""

    def day(row: Row, sent: Sent) -> date:
        then = row.due + timedelta(days)
        return then.replace(day=calendar.monthrange(then.year, then.month)[1])

    return day


def after_sent(name: str, days: int) -> Callable[[Row, Sent], date | None]:
    """So many days after the letter of another step left; never, where it did not."""
    return lambda row, sent: sent[name] + timedelta(days) if name in sent else None


# "seven days before due a friendly reminder by e-mail; 3 days overdue a formal demand by notarised e-mail; 15: legal"
FRIENDLY = (
    Rung("reminder", after_due(-7), ("friendly_reminder", "email")),
    Rung("demand", after_due(3), ("formal_demand", "notarised_email")),
    Rung("legal", after_due(15)),
)
# "3 days overdue a written reminder; 15 a formal demand, and new orders stop; 30: legal"
STRICT = (
    Rung("reminder", after_due(3), ("written_reminder", "letter")),
    Rung("demand", after_due(15), ("formal_demand", "registered_mail"), stops=True),
    Rung("legal", after_due(30)),
)
# "level 1 net_days 10 by e-mail; level 2 end_of_month 30 by e-mail; level 3 previous_date 10 by letter"
OCA = (
    Rung("level_1", after_due(10), ("reminder", "email")),
    Rung("level_2", end_of_month_after(30), ("reminder", "email")),
    Rung("level_3", after_sent("level_2", 10), ("reminder", "letter")),
)
# "letter 1 at 15 days past due, also a phone call if the amount > 1,000; letter 2 at 30; final demand at 45; ..."
VIRGINIA = (
    Rung("letter_1", after_due(15), ("first_letter", "letter")),
    Rung("call", after_due(15), over=1_000_00),
    Rung("letter_2", after_due(30), ("second_letter", "letter")),
    Rung("final_demand", after_due(45), ("final_demand", "letter")),
    Rung("set_off", after_due(60)),
    Rung("agency", after_due(120), over=200_00),
)


def by_payment(rows: Sequence[Row], day: date) -> Sequence[Rung]:
    """Friendly for who paid before, on average up to 5 days late and never earlier than on time; else strict."""
    late = [max(0, (one.settled - one.due).days) for one in rows if one.settled <= day]
    return FRIENDLY if late and sum(late) <= 5 * len(late) else STRICT


WORDS = {
    "both ladders": Words(by_payment, per_customer=True),
    "ladder (b)": Words(lambda rows, day: STRICT, per_customer=True),
    "OCA": Words(lambda rows, day: OCA, per_customer=True),
    "Virginia": Words(lambda rows, day: VIRGINIA, per_customer=False),
}


def walk(rows: Iterable[Row], days: Iterable[date], words: Words) -> Year:
    """Every day in turn: what is due and was not done is done; each letter leaves on its day."""
    book: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        book[one.customer].append(one)
    year = Year()
    done: dict[str, dict[str, date]] = defaultdict(dict)
    sent: dict[str, dict[str, date]] = defaultdict(dict)
    for day in days:
        for customer, own in book.items():
            ladder = words.ladder(own, day)
            owed = [one for one in own if one.is_open(day)]
            today = [(place, rung, one) for one in owed for place, rung in enumerate(ladder)
                     if rung.name not in done[one.number] and has_come(rung, one, sent[one.number], day)]  # fmt: skip
            for _, rung, one in today:
                year.steps.add((customer, one.number, rung.name, day))
                done[one.number][rung.name] = day
                if rung.stops:
                    year.holds[one.number] = day, None
                if rung.letter:
                    sent[one.number][rung.name] = day
            year.letters += letters(customer, day, [item for item in today if item[1].letter], owed, words)
        end_holds(year, book, day)
    return year


def has_come(rung: Rung, one: Row, sent: Sent, day: date) -> bool:
    """Whether a step is due for an invoice."""
    on = rung.day(one, sent)
    return on is not None and on <= day and one.amount > rung.over


def letters(
    customer: str, day: date, today: Sequence[tuple[int, Rung, Row]], owed: Sequence[Row], words: Words
) -> list[tuple[str, date, str, str, tuple[str, ...]]]:
    """The letters of a customer on a day: one for each step, or one of the highest step with everything that is due."""
    if not words.per_customer:
        return [(customer, day, *rung.letter, (one.number,)) for _, rung, one in today if rung.letter]
    if not today:
        return []
    highest = max(today, key=lambda item: item[0])[1].letter
    assert highest is not None
    named = {one.number for _, _, one in today} | {one.number for one in owed if one.due <= day}
    return [(customer, day, *highest, tuple(sorted(named)))]


def end_holds(year: Year, book: Mapping[str, Sequence[Row]], day: date) -> None:
    """A hold ends on the first day on which its invoice is settled."""
    settled = {one.number: one.settled for own in book.values() for one in own}
    for number, (placed, ended) in year.holds.items():
        if ended is None and settled[number] <= day:
            year.holds[number] = placed, day
