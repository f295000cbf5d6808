"""Revaluation: what open invoices in other currencies count as, brought to the rates of a day.

Each account is moved by itself, by one movement of a kind of its own, with what each of its items came to beside it. A
revaluation is no new risk, so no ceiling refuses it and a balance may stand above its limit afterwards. INVARIANT: the
same rates change nothing, however often it runs; and a day never undoes the valuation of a later one. What is paid of
an item is not revalued: the open part counts as its share of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from credit.money import Money
from storage.conversions import Conversions, Converted
from storage.exposure_ledger import Accounts, Movement
from storage.invoice_rows import INVOICES, Invoice, read_invoice
from storage.receivables import Valuing
from storage.tables import account, invoice
from storage.turns import take_turn

KIND = "revalued"
VALUES = ("carrying_amount", "rate_id", "valued_on")


@dataclass(frozen=True, slots=True)
class Revalued:
    """What became of one account: minor units of its currency before and after; `moved` says whether anything changed.

    `without_rate` counts items for which no rate is known on that day, `stale` those valued by a rate that is too old.
    """

    customer_id: str
    currency: str
    before: int = 0
    after: int = 0
    items: int = 0
    moved: bool = False
    without_rate: int = 0
    stale: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One item with what it counts as now; `told` is "current", "stale" or "without_rate"."""

    before: Invoice
    after: Invoice
    told: str


class Revaluation:
    """The revaluations of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        """Read and write over the transaction's connection, and move the accounts whose items change."""
        self._connection = connection
        self._accounts = accounts

    def customers(self, as_of: date) -> tuple[str, ...]:
        """The customers with open invoices in another currency on a day, by id."""
        wanted = select(invoice.c.customer_id).where(invoice.c.carrying_amount.is_not(None), open_on(as_of)).distinct()
        return tuple(self._connection.execute(wanted.order_by(invoice.c.customer_id)).scalars())

    def revalue(self, customer_id: str, as_of: date, most_days: int) -> Revalued:
        """Bring one customer's items to the rates of a day; a rate of more than `most_days` is told as too old."""
        take_turn(self._connection)
        kept = select(account.c.account_id, account.c.currency).where(account.c.customer_id == customer_id)
        row = self._connection.execute(kept).one()
        found = self._found(customer_id, row.currency, as_of, most_days)
        moved = any(one.before != one.after for one in found)
        if moved:
            taken = self._accounts.take(row.account_id, facts_moved=True)
            found = self._found(customer_id, row.currency, as_of, most_days)  # again, as it stands now
            amount = sum(one.after.counted_on(as_of) - one.before.counted_on(as_of) for one in found)
            after = taken.balance + amount
            self._accounts.move(Movement(row.account_id, taken.version, KIND, amount, after, None, None, taken.now))
            self._keep(row.account_id, taken.version, [one.after for one in found if one.before != one.after], as_of)
        return Revalued(
            customer_id, row.currency, sum(one.before.counted_on(as_of) for one in found),
            sum(one.after.counted_on(as_of) for one in found), len(found), moved,
            sum(one.told == "without_rate" for one in found), sum(one.told == "stale" for one in found),
        )  # fmt: skip

    def _found(self, customer_id: str, kept_in: str, as_of: date, most_days: int) -> list[Found]:
        mine = (invoice.c.customer_id == customer_id) & invoice.c.carrying_amount.is_not(None) & open_on(as_of)
        rows = self._connection.execute(INVOICES.where(mine).order_by(invoice.c.invoice_id))
        valuing = Valuing(self._connection, as_of)
        still_open = (one for one in map(read_invoice, rows) if one.open_on(as_of))
        return [_at(one, valuing, kept_in, as_of, most_days) for one in still_open]

    def _keep(self, account_id: int, version: int, changed: Sequence[Invoice], as_of: date) -> None:
        rows = [
            {"of_customer": one.customer_id, "of_invoice": one.invoice_id, "new_carrying_amount": one.carrying_amount,
             "new_rate_id": one.rate_id, "new_valued_on": None if one.valued_on is None else one.valued_on.isoformat()}
            for one in changed
        ]  # fmt: skip
        if rows:
            self._connection.execute(VALUE, rows)
        items = [Converted(Money(one.open_on(as_of), one.currency), one.rate_id, one.counted_on(as_of),
                           invoice_id=one.invoice_id) for one in changed if one.rate_id is not None]  # fmt: skip
        Conversions(self._connection).keep(account_id, version, items)


def open_on(as_of: date) -> ColumnElement[bool]:
    """Which invoices are open on a day."""
    day = as_of.isoformat()
    return and_(invoice.c.invoiced_on <= day, or_(invoice.c.settled_on.is_(None), invoice.c.settled_on > day))


def _at(one: Invoice, valuing: Valuing, kept_in: str, as_of: date, most_days: int) -> Found:
    """An item at the rate of a day; as it is where a later day valued it, or no rate is known."""
    found = valuing.rate(one.currency, kept_in)
    if found is None:
        return Found(one, one, "without_rate")
    told = "stale" if found.age(as_of) > most_days else "current"
    if found.rate_id == one.rate_id or (one.valued_on is not None and one.valued_on > as_of):
        return Found(one, one, told)
    counted = found.rate.convert(Money(one.amount, one.currency)).minor
    return Found(one, replace(one, carrying_amount=counted, rate_id=found.rate_id, valued_on=as_of), told)


VALUE = (
    update(invoice)
    .where(invoice.c.customer_id == bindparam("of_customer"), invoice.c.invoice_id == bindparam("of_invoice"))
    .values({name: bindparam(f"new_{name}") for name in VALUES})
)
