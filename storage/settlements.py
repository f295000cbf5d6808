"""Settlements: payments, credit notes and write-offs, which invoices they go to, and how that is taken back.

A discount that was earned is a settlement too, entered with what earned it and taken back with the payment.

Each is written once, with the movement of the account that it makes, and moves only what goes to invoices: money that
is left over lowers nothing until it is allocated. What was wrong is taken back by rows of its own. INVARIANT: what came
in is what was allocated and what is left; what is open of an invoice is its amount less what went to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from credit.allocation import ENTERED, Part, Unmet, allocate
from credit.money import Money
from storage.clock import database_now
from storage.conversions import Conversions, Converted
from storage.events import Event, Events
from storage.exposure_ledger import Accounts, Movement, Taken
from storage.failures import NotAllowed, Refused
from storage.instalments import items_named
from storage.invoice_rows import CHANGE, INVOICES, Invoice, changed_row, read_invoice
from storage.settled_invoices import Moved, Offer, given_back, offers, open_items, reduced
from storage.settlement_rows import StoredSettlement, read_settlements, write_stated
from storage.settlement_tables import allocation, settlement, settlement_reversal
from storage.tables import account, invoice
from storage.turns import take_turn

EVENTS = {"payment": "payment_entered", "credit_note": "credit_note_entered", "write_off": "written_off"}
DISCOUNT = "discount"


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
    """A settlement as it is stored; `is_new` is False where it was known, `unmet` is what could not go as stated.

    `discounts` is what it earned, by invoice.
    """

    settlement: StoredSettlement
    is_new: bool
    unmet: tuple[Unmet, ...] = ()
    discounts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes what is allocated, on which day by the policy's calendar, and why."""

    day: date
    by: str
    reason: str = ""
    client: str = ""


class Settlements:
    """The settlements of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts, events: Events) -> None:
        """Read and write over the transaction's connection; each change moves an account and is an event."""
        self._connection, self._accounts, self._events = connection, accounts, events

    def enter(self, new: NewSettlement, as_of: date) -> Entered:
        """Write a settlement and allocate it as it is stated, the rest oldest first; one that is known changes nothing.

        An invoice whose whole is paid in time with it gets its discount.

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
        made = self._offers(invoices, new.kind, new.day)
        try:
            shared = allocate(new.amount.minor, open_items(invoices, made, new.kind, as_of), new.stated)
        except ValueError as error:
            raise Refused(str(error)) from None
        if new.kind == "write_off" and shared.left:
            raise Refused(f"a write-off goes to one open invoice in full; {shared.unmet[0].why}")
        which = new.kind, new.settlement_id
        moved = [reduced(which, invoices[part.invoice_id], part.minor, new.day, as_of) for part in shared.parts]
        self._move(taken, new.kind, moved)
        self._write(taken, [new])
        self._keep(taken, moved)
        stored = self._told(EVENTS[new.kind], which, new.by, {"amount": new.amount.amount})
        discounts = self._take_discounts(taken.account_id, made, moved, new.day, Change(as_of, new.by, "", new.client))
        return Entered(stored, True, shared.unmet, discounts)

    def allocate(self, kind: str, settlement_id: str, parts: Sequence[Part], change: Change) -> Entered | None:
        """Allocate what is left of a settlement: to these invoices, else oldest first; it tells the discounts earned.

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
        made = self._offers(invoices, kind, stored.day)
        try:
            shared = allocate(wanted, open_items(invoices, made, kind, change.day), parts)
        except ValueError as error:
            raise Refused(str(error)) from None
        if shared.unmet:
            raise Refused(f"invoice '{shared.unmet[0].invoice_id}': {shared.unmet[0].why}")
        which = kind, settlement_id
        moved = [reduced(which, invoices[part.invoice_id], part.minor, stored.day, change.day) for part in shared.parts]
        self._move(taken, kind, moved)
        self._keep(taken, moved)
        found_now = self._told("money_allocated", which, change.by, {"reason": change.reason})
        discounts = self._take_discounts(taken.account_id, made, moved, stored.day, change)
        return Entered(found_now, is_new=False, discounts=discounts)

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
        _refuse_discount(kind)
        self._give_back(taken, stored, named, change, change.day)
        told = {"invoice_id": invoice_id, "reason": change.reason}
        found_now = self._told("allocation_taken_back", (kind, settlement_id), change.by, told)
        self._lose_discounts(stored, named, change, change.day)
        return found_now

    def reverse(self, kind: str, settlement_id: str, change: Change, reversed_on: date) -> StoredSettlement | None:
        """Take a settlement back for good, as a payment that bounced; its invoices are open again. None: no such one.

        Raises: Refused for one that was reversed before, and for a day before its own or to come.
        """
        found = self._taken(kind, settlement_id)
        if found is None:
            return None
        stored, taken = found
        _refuse_discount(kind)
        if stored.reversal is not None:
            told = f"it was reversed already, on {stored.reversal.reversed_on}, by {stored.reversal.by}"
            raise NotAllowed("settlement-reversed", told)
        first = max((one.day for one in stored.allocations), default=stored.day)
        if not first <= reversed_on <= change.day:
            raise Refused(f"it counts from {first} and today is {change.day}; reverse it on a day between them")
        paid = tuple(stored.by_invoice)
        self._give_back(taken, stored, paid, change, reversed_on)
        found_now = self._end(taken, (kind, settlement_id), change, reversed_on)
        self._lose_discounts(stored, paid, change, reversed_on)
        return found_now

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

    def _numbered(self, customer_id: str, invoice_ids: Iterable[str]) -> dict[str, Invoice]:
        wanted = INVOICES.where(invoice.c.customer_id == customer_id, invoice.c.invoice_id.in_(invoice_ids))
        rows = self._connection.execute(wanted.order_by(invoice.c.invoice_id))
        return {row.invoice_id: read_invoice(row) for row in rows}

    def _give_back(self, taken: Taken, stored: StoredSettlement, invoice_ids: Iterable[str], change: Change,
                   on: date) -> None:  # fmt: skip
        which = stored.kind, stored.settlement_id
        invoices = self._numbered(stored.customer_id, invoice_ids)
        moved = [given_back(which, one, stored.went_to(name), on, change.day) for name, one in invoices.items()]
        self._move(taken, "reversal", moved)
        self._keep(taken, moved)

    def _offers(self, invoices: Mapping[str, Invoice], kind: str, day: date) -> Mapping[str, Offer]:
        """The open invoices whose discount money, or a credit note, of a day may still earn."""
        if kind == "write_off":
            return {}
        in_time = {name: one for name, one in invoices.items()
                   if one.discount_until is not None and day <= one.discount_until}  # fmt: skip
        return offers(self._connection, in_time)

    def _take_discounts(self, account_id: int, made: Mapping[str, Offer], moved: Sequence[Moved], day: date,
                        change: Change) -> tuple[Part, ...]:  # fmt: skip
        """Enter the discounts that are earned now, with a movement of their own; what was taken of which invoice."""
        went = {one.after.invoice_id: one for one in moved}
        now = [one.after(went[name], day) if name in went else one for name, one in sorted(made.items())]
        worth = [(one, one.standing.earned(one.invoice.open_on(change.day))) for one in now]
        earned = [(one, minor) for one, minor in worth if minor]
        if not earned:
            return ()
        taken = self._accounts.take(account_id, facts_moved=True)
        off = [reduced((DISCOUNT, self._name(one)), one.invoice, minor, one.in_time[-1].on, change.day)
               for one, minor in earned]  # fmt: skip
        self._move(taken, DISCOUNT, off)
        self._write(taken, [_discount(one, change) for one in off])
        self._keep(taken, off)
        for one in off:
            amount = Money(one.minor, one.after.currency).amount
            self._told("discount_taken", one.which, change.by, {"amount": amount})
        return tuple(Part(one.after.invoice_id, one.minor) for one in off)

    def _lose_discounts(self, stored: StoredSettlement, invoice_ids: Iterable[str], change: Change, on: date) -> None:
        """Take back the discounts of invoices from which a payment was taken back, where the rest no longer earns them;
        never before the day on which each was taken. Where it still does, the discount covers what a late part had.
        """
        if stored.kind != "payment":
            return
        made = offers(self._connection, self._numbered(stored.customer_id, invoice_ids))
        self._take_discounts(stored.account_id, made, (), on, change)
        lost = []
        for one in made.values():
            now = one.invoice
            for given in one.given if one.standing.lacking > 0 else ():
                if given.which[0] == DISCOUNT:
                    lost.append(given_back(given.which, now, given.minor, max(on, given.on), change.day))
                    now = lost[-1].after
        if not lost:
            return
        taken = self._accounts.take(stored.account_id, facts_moved=True)
        self._move(taken, "reversal", lost)
        self._keep(taken, lost)
        for back in lost:
            self._end(taken, back.which, change, back.on)

    def _name(self, earned: Offer) -> str:
        """What names the discount of an invoice for good: the payment that earned it, the invoice, and which time."""
        name = first = f"{earned.paid_by}/{earned.invoice.invoice_id}"
        times = 1
        while self.get(DISCOUNT, name) is not None:
            times += 1
            name = f"{first}/{times}"
        return name

    def _write(self, taken: Taken, entered: Sequence[NewSettlement]) -> None:
        self._connection.execute(insert(settlement).values(at=database_now()), [
            {"kind": new.kind, "settlement_id": new.settlement_id, "account_id": taken.account_id,
             "account_ver": taken.version, "customer_id": new.customer_id, "amount": new.amount.minor,
             "currency": new.amount.currency, "day": new.day.isoformat(), "told": new.told,
             "stated": write_stated(new.stated), "entered_by": new.by, "client": new.client}
            for new in entered
        ])  # fmt: skip

    def _end(self, taken: Taken, which: tuple[str, str], change: Change, on: date) -> StoredSettlement:
        self._connection.execute(insert(settlement_reversal).values(
            kind=which[0], settlement_id=which[1], account_id=taken.account_id, account_ver=taken.version,
            reversed_on=on.isoformat(), reason=change.reason, reversed_by=change.by, client=change.client,
            at=database_now(),
        ))  # fmt: skip
        told = {"reversed_on": on.isoformat(), "reason": change.reason}
        return self._told("settlement_reversed", which, change.by, told)

    def _move(self, taken: Taken, kind: str, moved: Sequence[Moved]) -> None:
        amount = -sum(one.counted for one in moved)
        after = taken.balance + amount
        self._accounts.move(Movement(taken.account_id, taken.version, kind, amount, after, None, None, taken.now))

    def _keep(self, taken: Taken, moved: Sequence[Moved]) -> None:
        """Write what went to which invoice, and what is open of it now."""
        if not moved:
            return
        self._connection.execute(insert(allocation), [
            {"account_id": taken.account_id, "account_ver": taken.version, "place": place, "kind": one.which[0],
             "settlement_id": one.which[1], "customer_id": one.after.customer_id, "invoice_id": one.after.invoice_id,
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


def _discount(off: Moved, change: Change) -> NewSettlement:
    """The settlement of a discount that was earned."""
    one, until = off.after, off.after.discount_until
    return NewSettlement(
        DISCOUNT, off.which[1], one.customer_id, Money(off.minor, one.currency), off.on, f"paid in time, by {until}",
        change.by, change.client, (Part(one.invoice_id, off.minor),),
    )  # fmt: skip


def _refuse_discount(kind: str) -> None:
    if kind == DISCOUNT:
        raise Refused("a discount goes back with its payment; take that back")


def _check(new: NewSettlement, as_of: date) -> None:
    assert new.kind in ENTERED and new.settlement_id and new.by, f"no settlement is made so: {new}"
    if new.amount.minor <= 0:
        raise Refused(f"the amount is {new.amount}; send one above zero")
    if new.day > as_of:
        raise Refused(f"{new.day} is a day to come; today is {as_of}")
    if new.kind == "write_off" and [part.minor for part in new.stated] != [new.amount.minor]:
        raise Refused("a write-off goes to one invoice in full; state it")


def _same(known: StoredSettlement, new: NewSettlement) -> StoredSettlement:
    """What is known under this id, if that is what is sent. Raises: Refused for anything else.

    A reference goes with its erased customer, so a payment without one is known by all else.
    """
    told = new.told if known.told or known.kind != "payment" else ""
    content = (new.customer_id, new.amount, new.day, told, new.stated)
    if (known.customer_id, known.amount, known.day, known.told, known.stated) != content:
        told = f"{new.kind.replace('_', ' ')} '{new.settlement_id}' is known with another content"
        raise NotAllowed("settlement-known", f"{told}; reverse that one and send this under an id of its own")
    return known
