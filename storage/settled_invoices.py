"""Invoices before and after a settlement took something from them or gave it back, and the discount that each offers.

Nothing is written here. INVARIANT: what is open of an invoice lies between nothing and its amount on every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, func, select

from credit.allocation import OpenItem, Reduction, settled_on
from credit.discounts import Standing, standing
from storage.invoice_rows import Invoice
from storage.listed import is_one_of
from storage.settlement_tables import allocation, settlement


@dataclass(frozen=True, slots=True)
class Moved:
    """One invoice before and after a settlement took something from it, or gave it back; `which` names the settlement
    by kind and id.
    """

    which: tuple[str, str]
    before: Invoice
    after: Invoice
    minor: int
    on: date
    as_of: date

    @property
    def counted(self) -> int:
        """By how much less the customer owes, in minor units of the account's currency."""
        return self.before.counted_on(self.as_of) - self.after.counted_on(self.as_of)


@dataclass(frozen=True, slots=True)
class Given:
    """What a settlement gives an invoice in all, on the settlement's own day."""

    which: tuple[str, str]
    on: date
    minor: int


@dataclass(frozen=True, slots=True)
class Offer:
    """An invoice with a discount, and what settlements give it."""

    invoice: Invoice
    given: tuple[Given, ...] = ()

    @property
    def standing(self) -> Standing:
        """How the invoice stands to its discount."""
        early = self.invoice.early
        assert early is not None, "an offer is made of an invoice with a discount"
        return standing(self.invoice.amount, early, (Reduction(one.on, one.minor, one.which[0]) for one in self.given))

    @property
    def in_time(self) -> tuple[Given, ...]:
        """What was paid and credited in time, the earliest first."""
        until = self.invoice.discount_until
        known = (one for one in self.given if one.which[0] in ("payment", "credit_note"))
        return tuple(sorted((one for one in known if until is not None and one.on <= until), key=lambda one: one.on))

    @property
    def paid_by(self) -> str:
        """The payment in time that came last."""
        return [one.which[1] for one in self.in_time if one.which[0] == "payment"][-1]

    def after(self, moved: Moved, day: date) -> Offer:
        """The offer after a settlement of a day gave the invoice something."""
        before = sum(one.minor for one in self.given if one.which == moved.which)
        others = (one for one in self.given if one.which != moved.which)
        return Offer(moved.after, (*others, Given(moved.which, day, before + moved.minor)))


def offers(connection: Connection, invoices: Mapping[str, Invoice]) -> Mapping[str, Offer]:
    """Those invoices of one customer that have a discount, by number, with what settlements give each."""
    wanted = {name: one for name, one in invoices.items() if one.early is not None}
    found: dict[str, list[Given]] = {name: [] for name in wanted}
    if not wanted:
        return {}
    (customer_id,) = {one.customer_id for one in wanted.values()}
    columns = (allocation.c.invoice_id, settlement.c.kind, settlement.c.settlement_id, settlement.c.day)
    minor = func.sum(allocation.c.amount)
    of_it = (allocation.c.kind == settlement.c.kind) & (allocation.c.settlement_id == settlement.c.settlement_id)
    rows = connection.execute(
        select(*columns, minor.label("minor")).join(settlement, of_it)
        .where(allocation.c.customer_id == customer_id, is_one_of(allocation.c.invoice_id, wanted))
        .group_by(*columns).having(minor != 0).order_by(settlement.c.day, settlement.c.settlement_id)
    )  # fmt: skip
    for row in rows:
        given = Given((row.kind, row.settlement_id), date.fromisoformat(row.day), int(row.minor))
        found[row.invoice_id].append(given)
    return {name: Offer(one, tuple(found[name])) for name, one in wanted.items()}


def open_items(
    invoices: Mapping[str, Invoice], made: Mapping[str, Offer], kind: str, as_of: date
) -> Iterable[OpenItem]:
    """What is open of invoices on a day, with what of it a discount would cover when a payment covers the rest."""
    for name, one in invoices.items():
        minor = one.open_on(as_of)
        offered = made.get(name) if kind == "payment" else None
        off = 0 if offered is None else offered.standing.may_take(minor)
        yield OpenItem(name, one.due_on, minor, off, one.whole_id)


def reduced(which: tuple[str, str], one: Invoice, minor: int, day: date, as_of: date) -> Moved:
    """An invoice after something went to it: never before its own day, nor before something was given back to it."""
    given_back = [each.on for each in one.reductions if each.minor < 0]
    on = max(day, one.invoiced_on, *given_back)
    reductions = (*one.reductions, Reduction(on, minor, which[0]))
    ended = settled_on(one.amount, reductions)
    return Moved(which, one, replace(one, reductions=reductions, settled_on=ended or one.settled_on), minor, on, as_of)


def given_back(which: tuple[str, str], one: Invoice, minor: int, day: date, as_of: date) -> Moved:
    """An invoice after something was taken back from it: it is open again, whatever an import said of the rest."""
    reductions = (*one.reductions, Reduction(day, -minor, which[0]))
    return Moved(which, one, replace(one, reductions=reductions, settled_on=None), -minor, day, as_of)
