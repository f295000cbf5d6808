"""Import customers or invoices: read rows, sort out those that do not fit, store the rest, and count every one.

Rows are stored in lots, each in its own transaction, so that a long file never keeps decisions waiting; the same file
again changes nothing, so an import that broke off is simply run again. INVARIANT: read = added + changed + unchanged +
rejected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Generic, TypeVar

from api.import_rows import CustomerRow, InvoiceRow, PaymentRow
from api.import_table import Line, Rejected
from api.operations.set_customer import limit_told, limits_of
from storage.customers import Customer, GrantedLimit, Told
from storage.engine import Database
from storage.failures import Refused
from storage.imports import ImportRun
from storage.instalments import Numbers
from storage.invoice_days import DayTold, tell_once
from storage.receivables import Invoice, Valuing, with_discount, with_reductions
from storage.unit_of_work import Work

ROWS_AT_ONCE = 2_000
NOWHERE = Line(0, ())
IMPORTED = Told("import", "imported with the master data")
UNKNOWN_CUSTOMER = "the customer is not known; import customers first, or name new ones by 'new_customers'"
DAYS_WITHOUT_LIMIT = "the limit has days, but nobody granted one"
DAYS_TURNED = "the limit would end before its first day"
UNKNOWN_GROUP = "the group is not known; put it first"
OTHER_GROUP = "the group is kept in another currency than the customer"
ABOVE_LIMIT = "customers owe more than their limit, as the file states both"
NO_NAME = "the customer is new, and the file gives no name"
OTHER_CURRENCY = "the currency is not that of the customer's account"
NO_RATE = "no rate into the currency of the customer's account is known; add one, and import the file again"
SETTLED_MORE = "it was settled here for more than its new amount, in another currency or on an earlier day"
OTHER_INSTALMENTS = "the number is known with another due date or other instalments, or is that of an instalment"
DISCOUNT_ABOVE = "its discount, fixed when it was entered, is not below its new amount"
OTHER_DISCOUNT = "invoices come with another discount than the one that was fixed when they were entered, which stays"
TWICE_THE_SAME = "stands on an earlier line with the same values"
TWICE_DIFFERENT = "stands on an earlier line with other values"

Row = TypeVar("Row", InvoiceRow, CustomerRow, PaymentRow)


@dataclass(slots=True)
class Tally:
    """What became of the rows of one import; `rejected` counts them by reason, `new_customers` those it created.

    `noted` counts what somebody should look at in rows that were taken.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    new_customers: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)

    @property
    def imported(self) -> int:
        """The rows that changed something."""
        return self.added + self.changed

    @property
    def is_complete(self) -> bool:
        """Whether every row that was read came out somewhere."""
        return self.read == self.imported + self.unchanged + self.rejected.total()

    def counts(self) -> dict[str, int]:
        """The figures by name, for the record of the import."""
        return {"read": self.read, "added": self.added, "changed": self.changed, "unchanged": self.unchanged,
                "rejected": self.rejected.total(), "new_customers": self.new_customers}  # fmt: skip


Reject = Callable[[Rejected], None]


def import_invoices(database: Database, rows: Iterable[InvoiceRow | Rejected], as_of: date, reject: Reject) -> Tally:
    """Store invoices and bring the accounts to what is open on `as_of`; `reject` is told of every row left out.

    Raises: storage's failures; lots before the failing one are stored.
    """
    sorting = Sorting[InvoiceRow](Tally(), reject, "the invoice")
    currencies: dict[str, str] = {}
    for batch in lots(rows):
        fit = sorting.unrepeated(batch, lambda row: (row.customer_id, row.number))
        with database.write() as work:
            work.invoices.wait_for_turn()
            valuing = work.invoices.valuing(as_of)
            bound = work.invoices.bound({row.customer_id for row in fit})
            numbers = Numbers(work.invoices.instalments_beside([one for row in fit for one in row.items]))
            welcome = [row for row in fit
                       if _stands(sorting, numbers, row)
                       and sorting.let_in(row, _stranger(work, row, currencies, sorting.tally)
                                         or _undone(bound, row)
                                         or _priceless(valuing, row, currencies))]  # fmt: skip
            sorting.tally.noted[OTHER_DISCOUNT] += sum(_another(bound, row) for row in welcome)
            counts = work.invoices.add_many([one for row in welcome for one in row.items], as_of)
        _tell_deliveries(database, welcome, as_of)
        sorting.tally.added += counts.added
        sorting.tally.changed += counts.changed
        sorting.tally.unchanged += counts.unchanged
    return sorting.finished()


def _tell_deliveries(database: Database, rows: Sequence[InvoiceRow], as_of: date) -> None:
    """Have ladders count from the deliveries; a day to come is a plan. One customer is locked at a time."""
    told: dict[str, list[tuple[InvoiceRow, date]]] = {}
    for row in rows:
        if row.delivered_on is not None and row.delivered_on <= as_of:
            told.setdefault(row.customer_id, []).append((row, row.delivered_on))
    for own in told.values():
        with database.write() as work:
            for row, day in own:
                tell_once(work.invoice_days, row.items, DayTold("delivered", day, IMPORTED.by))


def import_customers(database: Database, rows: Iterable[CustomerRow | Rejected], reject: Reject) -> Tally:
    """Store customers; what the file does not say about a known one is kept. `reject` is told of every row left out.

    Raises: storage's failures; lots before the failing one are stored.
    """
    sorting = Sorting[CustomerRow](Tally(), reject, "the customer")
    for batch in lots(rows):
        fit = sorting.unrepeated(batch, lambda row: row.customer_id)
        with database.write() as work:
            for row in fit:
                _put(work, row, sorting)
    return sorting.finished()


def record_import(database: Database, import_id: str, kind: str, file_name: str, tally: Tally) -> None:
    """Keep in the database that a file was imported, and with what result."""
    with database.write() as work:
        work.imports.add(ImportRun(import_id, kind, file_name, tally.counts(), "command line"))


def lots(rows: Iterable[Row | Rejected]) -> Iterator[Sequence[Row | Rejected]]:
    """Rows in lots that one short transaction can store."""
    waiting = iter(rows)
    while lot := tuple(islice(waiting, ROWS_AT_ONCE)):
        yield lot


class Sorting(Generic[Row]):
    """Counts rows, tells of the rejected ones, and remembers what the file has said already."""

    def __init__(self, tally: Tally, reject: Reject, what: str) -> None:
        self.tally, self._reject, self._what = tally, reject, what
        self._seen: dict[Hashable, tuple[int, Hashable]] = {}

    def unrepeated(self, batch: Sequence[Row | Rejected], key: Callable[[Row], Hashable]) -> list[Row]:
        """The rows of a lot that can be read and that the file says for the first time."""
        self.tally.read += len(batch)
        fit: list[Row] = []
        for row in batch:
            if isinstance(row, Rejected):
                self.turn_away(row)
                continue
            values = hash(repr(replace(row, line=NOWHERE)))
            earlier = self._seen.setdefault(key(row), (row.line.number, values))
            if earlier[0] == row.line.number:
                fit.append(row)
            else:
                told = TWICE_THE_SAME if earlier[1] == values else TWICE_DIFFERENT
                self.turn_away(Rejected(row.line, f"{self._what} {told}", f"line {earlier[0]}"))
        return fit

    def let_in(self, row: Row, reason: str | None) -> bool:
        """Whether nothing speaks against a row; else it is rejected for the reason."""
        if reason is not None:
            self.turn_away(Rejected(row.line, reason))
        return reason is None

    def turn_away(self, row: Rejected) -> None:
        self.tally.rejected[row.reason] += 1
        self._reject(row)

    def finished(self) -> Tally:
        assert self.tally.is_complete, "a row was lost"
        return self.tally


def _stands(sorting: Sorting[InvoiceRow], numbers: Numbers, row: InvoiceRow) -> bool:
    """Whether an invoice can stand beside what is known under its numbers; else it is rejected, and told why."""
    why = numbers.unfit(row.items)
    if why is None:
        numbers.add(row.items)
    else:
        sorting.turn_away(Rejected(row.line, OTHER_INSTALMENTS, why))
    return why is None


def _stranger(work: Work, row: InvoiceRow, currencies: dict[str, str], tally: Tally) -> str | None:
    """Why an invoice has no account to go to, None where it has; new customers are made where the mapping says so."""
    if row.customer_id not in currencies:
        stored = work.customers.get(row.customer_id)
        if stored is None and row.name is None:
            return UNKNOWN_CUSTOMER
        if stored is None and row.name is not None:
            work.customers.put(Customer(row.customer_id, row.name, row.currency))
            tally.new_customers += 1
        currencies[row.customer_id] = row.currency if stored is None else stored.currency
    return None


def _undone(bound: Mapping[tuple[str, str], Invoice], row: InvoiceRow) -> str | None:
    """Why what a file says of an invoice would undo what was paid of it, or its discount; None where it would not."""
    known = [(one, bound[one.customer_id, one.invoice_id]) for one in row.items
             if (one.customer_id, one.invoice_id) in bound]  # fmt: skip
    try:
        told = [(with_reductions(one, stored) if stored.reductions else one, stored) for one, stored in known]
    except Refused:
        return SETTLED_MORE
    try:
        for one, stored in told:
            with_discount(one, stored)
    except Refused:
        return DISCOUNT_ABOVE
    return None


def _another(bound: Mapping[tuple[str, str], Invoice], row: InvoiceRow) -> bool:
    """Whether a row says another discount than the one that stays."""
    known = ((one.early, bound.get((one.customer_id, one.invoice_id))) for one in row.items)
    return any(early is not None and stored is not None and early != stored.early for early, stored in known)


def _priceless(valuing: Valuing, row: InvoiceRow, currencies: Mapping[str, str]) -> str | None:
    """Why nobody can say what an invoice counts as, None where somebody can."""
    try:
        for one in row.items:
            valuing.value(one, currencies[one.customer_id])
    except Refused:
        return NO_RATE
    return None


def _put(work: Work, row: CustomerRow, sorting: Sorting[CustomerRow]) -> None:
    stored = work.customers.get(row.customer_id)
    if stored is None and row.name is None:
        sorting.let_in(row, NO_NAME)
    elif stored is not None and stored.currency != row.currency:
        sorting.let_in(row, OTHER_CURRENCY)
    else:
        known = stored or Customer(row.customer_id, row.name or "", row.currency)
        if not sorting.let_in(row, _unfit_days(known.limit, row) or _unfit_group(work, row)):
            return
        sorting.tally.noted[ABOVE_LIMIT] += _is_above_limit(row)
        wanted = _told(known, row)
        if stored is not None and wanted == stored:
            placed = _place(work, row)
            sorting.tally.changed += placed
            sorting.tally.unchanged += not placed
            return
        added = work.customers.put(wanted, IMPORTED)
        if wanted.limit != (GrantedLimit() if stored is None else stored.limit):
            told = limits_of(work, row.customer_id)[-1]
            work.events.record(limit_told(f"customer:{row.customer_id}", told, row.currency))
        _place(work, row)
        sorting.tally.new_customers += added
        sorting.tally.added += added
        sorting.tally.changed += not added


def _is_above_limit(row: CustomerRow) -> bool:
    """Whether the file itself says that a customer owes more than the limit that it has there."""
    if row.stated_exposure is None or row.limit is None or row.limit.money is None:
        return False
    return row.stated_exposure.minor > row.limit.money.minor


def _unfit_group(work: Work, row: CustomerRow) -> str | None:
    """Why a customer cannot lie in the group of its row, None where it can."""
    if row.group is None:
        return None
    group = work.groups.get(row.group)
    if group is None:
        return UNKNOWN_GROUP
    return None if group.currency == row.currency else OTHER_GROUP


def _place(work: Work, row: CustomerRow) -> bool:
    """Put a customer into the group of its row, with everything it owes, and say whether it was in another."""
    if row.group is None or work.groups.group_of(row.customer_id) == row.group:
        return False
    return work.groups.settle_customer(row.customer_id, row.group)


def _days(known: GrantedLimit, row: CustomerRow) -> tuple[date | None, date | None]:
    """The first and last day of a limit as the row has them; a blank cell keeps the day that is stored.

    A row that takes the limit away takes its days along.
    """
    if row.limit is not None and row.limit.is_none:
        return row.limit_valid_from, row.limit_valid_until
    return row.limit_valid_from or known.valid_from, row.limit_valid_until or known.valid_until


def _unfit_days(known: GrantedLimit, row: CustomerRow) -> str | None:
    """Why the days cannot be those of the limit, None where they can."""
    first, last = _days(known, row)
    none = known.state == "none" if row.limit is None else row.limit.is_none
    if none and (first, last) != (None, None):
        return DAYS_WITHOUT_LIMIT
    return DAYS_TURNED if first is not None and last is not None and last < first else None


def _told(known: Customer, row: CustomerRow) -> Customer:
    """A customer as the row has it; what the row does not say stays as it was."""
    first, last = _days(known.limit, row)
    limit = replace(known.limit, valid_from=first, valid_until=last)
    if row.limit is not None:
        amount = row.limit.money.minor if row.limit.money else 0
        limit = GrantedLimit(row.limit.state, amount or None, first, last)
    facts: Mapping[str, object] = {**known.facts, **row.facts}
    return replace(known, name=row.name or known.name, country=row.country or known.country, limit=limit, facts=facts)
