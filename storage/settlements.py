"""Settlements: payments, credit notes and write-offs, which invoices they go to, and how that is taken back.

Each is written once, with the movement of the account that it makes, and moves only what goes to invoices: money that
is left over lowers nothing until it is allocated. What was wrong is taken back by rows of its own. INVARIANT: what came
in is what was allocated and what is left; what is open of an invoice is its amount less what went to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from credit.allocation import KINDS, OpenItem, Part, Reduction, Unmet, allocate, settled_on
from credit.money import Money
from storage.clock import database_now
from storage.conversions import Conversions, Converted
from storage.events import Event, Events
from storage.exposure_ledger import Accounts, Movement, Taken
from storage.failures import NotAllowed, Refused
from storage.instalments import items_named
from storage.invoice_rows import CHANGE, INVOICES, Invoice, changed_row, read_invoice
from storage.settlement_rows import StoredSettlement, read_settlements
from storage.settlement_tables import allocation, settlement, settlement_reversal
from storage.tables import account, invoice
from storage.turns import take_turn

EVENTS = {"payment": "payment_entered", "credit_note": "credit_note_entered", "write_off": "written_off"}


@dataclass(frozen=True, slots=True)
class NewSettlement:
    """What is to be entered: `told` is the reference of a payment, the reason of a credit note or write-off.

    `settlement_id` is given by the caller and names it for good, among those of its kind. `stated` says which invoices
    it is for, as far as somebody said so.
    """

    kind: str
    settlement_id: str
    customer_id: str
    amount: Money
    day: date
    told: str
    by: str
    client: str = ""
    stated: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """A settlement as it is stored; `is_new` is False where it was known, `unmet` is what could not go as stated."""

    settlement: StoredSettlement
    is_new: bool
    unmet: tuple[Unmet, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes what is allocated, on which day by the policy's calendar, and why."""

    day: date
    by: str
    reason: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One invoice before and after a settlement took something from it, or gave it back."""

    before: Invoice
    after: Invoice
    minor: int
    on: date
    as_of: date

    @property
    def counted(self) -> int:
        """By how much less the customer owes, in minor units of the account's currency."""
        return self.before.counted_on(self.as_of) - self.after.counted_on(self.as_of)


class Settlements:
    """The settlements of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts, events: Events) -> None:
        """Read and write over the transaction's connection; each change moves an account and is an event."""
        self._connection, self._accounts, self._events = connection, accounts, events

    def enter(self, new: NewSettlement, as_of: date) -> Entered:
        """Write a settlement and allocate it as it is stated, the rest oldest first; one that is known changes nothing.

        `as_of` is today by the policy's calendar.
        Raises: Refused for an unknown customer, a known id with another content, a day to come, a currency in which the
        customer has nothing, more stated than the amount, and a write-off that its invoice cannot bear.
        """
        take_turn(self._connection)
        kept = self._account(new.customer_id)
        known = self.get(new.kind, new.settlement_id)
        if known is not None:
            return Entered(_same(known, new), is_new=False)
        _check(new, as_of)
        taken = self._accounts.take(kept.account_id, facts_moved=True)
        invoices = self._open(new.customer_id, new.amount.currency, as_of)
        if new.amount.currency != kept.currency and not invoices:
            raise Refused(f"'{new.customer_id}' has no open invoice in '{new.amount.currency}'; the account is kept in "
                          f"'{kept.currency}'")  # fmt: skip
        try:
            shared = allocate(new.amount.minor, _items(invoices, as_of), new.stated)
        except ValueError as error:
            raise Refused(str(error)) from None
        if new.kind == "write_off" and shared.left:
            raise Refused(f"a write-off goes to one open invoice in full; {shared.unmet[0].why}")
        moved = [_reduced(invoices[part.invoice_id], part.minor, new.kind, new.day, as_of) for part in shared.parts]
        self._move(taken, new.kind, moved)
        self._connection.execute(insert(settlement).values(
            kind=new.kind, settlement_id=new.settlement_id, account_id=taken.account_id, account_ver=taken.version,
            customer_id=new.customer_id, amount=new.amount.minor, currency=new.amount.currency,
            day=new.day.isoformat(), told=new.told, stated=write_stated(new.stated), entered_by=new.by,
            client=new.client, at=database_now(),
        ))  # fmt: skip
        self._keep(taken, (new.kind, new.settlement_id), moved)
        stored = self._told(EVENTS[new.kind], (new.kind, new.settlement_id), new.by, {"amount": new.amount.amount})
        return Entered(stored, is_new=True, unmet=shared.unmet)

    def allocate(self, kind: str, settlement_id: str, parts: Sequence[Part], change: Change) -> StoredSettlement | None:
        """Allocate what is left of a settlement: to these invoices, or oldest first where none is named.

        None for an unknown one. Raises: Refused for one that was reversed, for more than is left, and for an invoice of
        which less is open.
        """
        found = self._taken(kind, settlement_id)
        if found is None:
            return None
        stored, taken = found
        if stored.reversal is not None:
            told = f"it was reversed on {stored.reversal.reversed_on}; there is nothing to allocate"
            raise NotAllowed("settlement-reversed", told)
        wanted = sum(part.minor for part in parts) or stored.unallocated
        if wanted > stored.unallocated or not stored.unallocated:
            left = Money(stored.unallocated, stored.amount.currency)
            raise Refused(f"only {left} of it is left to allocate; take something back first")
        invoices = self._open(stored.customer_id, stored.amount.currency, change.day)
        try:
            shared = allocate(wanted, _items(invoices, change.day), parts)
        except ValueError as error:
            raise Refused(str(error)) from None
        if shared.unmet:
            raise Refused(f"invoice '{shared.unmet[0].invoice_id}': {shared.unmet[0].why}")
        moved = [_reduced(invoices[part.invoice_id], part.minor, kind, stored.day, change.day) for part in shared.parts]
        self._move(taken, kind, moved)
        self._keep(taken, (kind, settlement_id), moved)
        return self._told("money_allocated", (kind, settlement_id), change.by, {"reason": change.reason})

    def take_back(self, kind: str, settlement_id: str, invoice_id: str, change: Change) -> StoredSettlement | None:
        """Take back what a settlement gave an invoice: the invoice is open again, the money is left. None: no such one.

        The number of an invoice in instalments takes back what it gave to all of them.
        Raises: Refused where nothing of it went to the invoice.
        """
        found = self._taken(kind, settlement_id)
        if found is None:
            return None
        stored, taken = found
        items = items_named(self._connection, stored.customer_id, invoice_id)
        named = [name for name in items if stored.went_to(name)]
        if not named:
            raise Refused(f"nothing of it went to invoice '{invoice_id}'")
        if kind == "write_off":
            raise Refused("a write-off is reversed as a whole")
        self._give_back(taken, stored, named, change)
        return self._told("allocation_taken_back", (kind, settlement_id), change.by,
                          {"invoice_id": invoice_id, "reason": change.reason})  # fmt: skip

    def reverse(self, kind: str, settlement_id: str, change: Change, reversed_on: date) -> StoredSettlement | None:
        """Take a settlement back for good, as a payment that bounced; its invoices are open again. None: no such one.

        Raises: Refused for one that was reversed before, and for a day before its own or to come.
        """
        found = self._taken(kind, settlement_id)
        if found is None:
            return None
        stored, taken = found
        if stored.reversal is not None:
            told = f"it was reversed already, on {stored.reversal.reversed_on}, by {stored.reversal.by}"
            raise NotAllowed("settlement-reversed", told)
        first = max((one.day for one in stored.allocations), default=stored.day)
        if not first <= reversed_on <= change.day:
            raise Refused(f"it counts from {first} and today is {change.day}; reverse it on a day between them")
        self._give_back(taken, stored, tuple(stored.by_invoice), change, reversed_on)
        self._connection.execute(insert(settlement_reversal).values(
            kind=kind, settlement_id=settlement_id, account_id=taken.account_id, account_ver=taken.version,
            reversed_on=reversed_on.isoformat(), reason=change.reason, reversed_by=change.by, client=change.client,
            at=database_now(),
        ))  # fmt: skip
        return self._told("settlement_reversed", (kind, settlement_id), change.by,
                          {"reversed_on": reversed_on.isoformat(), "reason": change.reason})  # fmt: skip

    def get(self, kind: str, settlement_id: str) -> StoredSettlement | None:
        """One settlement; None for an unknown one."""
        wanted = (settlement.c.kind == kind) & (settlement.c.settlement_id == settlement_id)
        return next(iter(read_settlements(self._connection, wanted)), None)

    def of_customer(self, customer_id: str) -> Sequence[StoredSettlement]:
        """All settlements of a customer by their days, those that were reversed too."""
        return read_settlements(self._connection, settlement.c.customer_id == customer_id)

    def _account(self, customer_id: str) -> Any:
        wanted = select(account.c.account_id, account.c.currency).where(account.c.customer_id == customer_id)
        found = self._connection.execute(wanted).first()
        if found is None:
            raise Refused(f"no customer '{customer_id}'; put the customer before its payments")
        return found

    def _taken(self, kind: str, settlement_id: str) -> tuple[StoredSettlement, Taken] | None:
        """A settlement as it stands under the lock of its account."""
        take_turn(self._connection)
        known = self.get(kind, settlement_id)
        if known is None:
            return None
        return known, self._accounts.take(known.account_id, facts_moved=True)

    def _open(self, customer_id: str, currency: str, as_of: date) -> dict[str, Invoice]:
        """The invoices of a customer that are open on a day, in one currency."""
        day = as_of.isoformat()
        mine = (invoice.c.customer_id == customer_id) & (invoice.c.currency == currency)
        still = or_(invoice.c.settled_on.is_(None), invoice.c.settled_on > day)
        rows = self._connection.execute(INVOICES.where(mine, still, invoice.c.invoiced_on <= day))
        found = (read_invoice(row) for row in rows)
        return {one.invoice_id: one for one in found if one.open_on(as_of) > 0}

    def _give_back(self, taken: Taken, stored: StoredSettlement, invoice_ids: Iterable[str], change: Change,
                   on: date | None = None) -> None:  # fmt: skip
        wanted = INVOICES.where(invoice.c.customer_id == stored.customer_id, invoice.c.invoice_id.in_(invoice_ids))
        moved = []
        for row in self._connection.execute(wanted.order_by(invoice.c.invoice_id)):
            one = read_invoice(row)
            moved.append(_given_back(one, stored.went_to(one.invoice_id), stored.kind, on or change.day, change.day))
        self._move(taken, "reversal", moved)
        self._keep(taken, (stored.kind, stored.settlement_id), moved)

    def _move(self, taken: Taken, kind: str, moved: Sequence[Moved]) -> None:
        amount = -sum(one.counted for one in moved)
        after = taken.balance + amount
        self._accounts.move(Movement(taken.account_id, taken.version, kind, amount, after, None, None, taken.now))

    def _keep(self, taken: Taken, which: tuple[str, str], moved: Sequence[Moved]) -> None:
        """Write what went to which invoice, and what is open of it now."""
        if not moved:
            return
        kind, settlement_id = which
        self._connection.execute(insert(allocation), [
            {"account_id": taken.account_id, "account_ver": taken.version, "place": place, "kind": kind,
             "settlement_id": settlement_id, "customer_id": one.after.customer_id, "invoice_id": one.after.invoice_id,
             "amount": one.minor, "counted": one.counted, "day": one.on.isoformat()}
            for place, one in enumerate(moved, start=1)
        ])  # fmt: skip
        self._connection.execute(CHANGE, [changed_row(one.after) for one in moved])
        foreign = [
            Converted(Money(-one.minor, one.after.currency), one.after.rate_id, -one.counted,
                      invoice_id=one.after.invoice_id)
            for one in moved if one.after.rate_id is not None
        ]  # fmt: skip
        Conversions(self._connection).keep(taken.account_id, taken.version, foreign)

    def _told(self, event: str, which: tuple[str, str], by: str, more: dict[str, str]) -> StoredSettlement:
        """Record what happened, with where the money stands afterwards."""
        stored = self.get(*which)
        assert stored is not None
        currency = stored.amount.currency
        told = {
            "settlement": stored.kind, "settlement_id": stored.settlement_id, "currency": currency, **more,
            "allocated": {name: Money(minor, currency).amount for name, minor in stored.by_invoice.items()},
            "unallocated": Money(stored.unallocated, currency).amount,
        }  # fmt: skip
        self._events.record(Event(event, f"customer:{stored.customer_id}", by, told))
        return stored


def write_stated(stated: Sequence[Part]) -> str:
    """What a remitter stated, as it is stored."""
    return json.dumps([[part.invoice_id, part.minor] for part in stated], ensure_ascii=False)


def _items(invoices: dict[str, Invoice], as_of: date) -> Iterable[OpenItem]:
    return (OpenItem(one.invoice_id, one.due_on, one.open_on(as_of), whole_id=one.whole_id)
            for one in invoices.values())  # fmt: skip


def _check(new: NewSettlement, as_of: date) -> None:
    assert new.kind in KINDS and new.settlement_id and new.by, f"no settlement is made so: {new}"
    if new.amount.minor <= 0:
        raise Refused(f"the amount is {new.amount}; send one above zero")
    if new.day > as_of:
        raise Refused(f"{new.day} is a day to come; today is {as_of}")
    if new.kind == "write_off" and [part.minor for part in new.stated] != [new.amount.minor]:
        raise Refused("a write-off goes to one invoice in full; state it")


def _same(known: StoredSettlement, new: NewSettlement) -> StoredSettlement:
    """What is known under this id, if that is what is sent. Raises: Refused for anything else."""
    content = (new.customer_id, new.amount, new.day, new.told, new.stated)
    if (known.customer_id, known.amount, known.day, known.told, known.stated) != content:
        told = f"{new.kind.replace('_', ' ')} '{new.settlement_id}' is known with another content"
        raise NotAllowed("settlement-known", f"{told}; reverse that one and send this under an id of its own")
    return known


def _reduced(one: Invoice, minor: int, kind: str, day: date, as_of: date) -> Moved:
    """An invoice after something went to it: never before its own day, nor before something was given back to it."""
    given_back = [each.on for each in one.reductions if each.minor < 0]
    on = max(day, one.invoiced_on, *given_back)
    reductions = (*one.reductions, Reduction(on, minor, kind))
    ended = settled_on(one.amount, reductions)
    return Moved(one, replace(one, reductions=reductions, settled_on=ended or one.settled_on), minor, on, as_of)


def _given_back(one: Invoice, minor: int, kind: str, day: date, as_of: date) -> Moved:
    """An invoice after something was taken back from it: it is open again, whatever an import said of the rest."""
    reductions = (*one.reductions, Reduction(day, -minor, kind))
    return Moved(one, replace(one, reductions=reductions, settled_on=None), -minor, day, as_of)
