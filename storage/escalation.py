"""Runs of escalation, and the steps that they took: one record for each invoice and step, whatever crashes.

A run belongs to a day. Who leads it holds a lease by the database's clock and a fence: when the lease ran out another
may go on where it stood, and the one before can write nothing more, also when it only slept. The record of a step is
claimed by its key, so even two leaders could not take one step twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, true, union, update

from storage.account_facts import FACTS_MOVED
from storage.blocks import read_blocks
from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.escalation_pages import (
    INVOICES_AT_ONCE,
    NOTHING,
    Page,
    Past,
    open_on,
    read_page,
    read_pasts,
    steps_of,
    with_holds,
    with_invoices,
)
from storage.escalation_tables import escalation_run, escalation_step
from storage.failures import Busy
from storage.invoice_day_tables import invoice_day
from storage.invoice_days import days_of
from storage.invoice_rows import INVOICES, Invoice, read_invoice
from storage.listed import is_one_of
from storage.new_rows import insert_new, insert_new_rows
from storage.tables import account, invoice


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a day as it stands; `after` is the last customer that was done."""

    as_of: date
    fence: int
    after: str
    customers: int
    steps: int
    messages: int
    holds: int
    lease_until: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of one invoice, when it was planned for and what it did; `message_id` is the letter that it sent."""

    customer_id: str
    invoice_id: str
    step: str
    ladder: str
    as_of: date
    planned_on: date
    does: str
    policy_digest: str
    message_id: str | None = None


class LeaseLost(Exception):
    """Another one leads the run of this day now; nothing of this transaction may stay."""


class Escalation:
    """The runs and steps of one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def lead(self, as_of: date, holder: str, seconds: float) -> Run:
        """Begin the run of a day, or go on with one that nobody leads any more; a finished one is given as it is.

        Raises: Busy while another one leads it.
        """
        key = escalation_run.c.as_of == as_of.isoformat()
        now = read_clock(self._connection)
        until = write_instant(now + timedelta(seconds=seconds))
        none_yet = dict.fromkeys(("customers", "steps", "messages", "holds"), 0)
        first = none_yet | {"as_of": as_of.isoformat(), "fence": 1, "holder": holder, "lease_until": until,
                            "after_customer": "", "started_at": write_instant(now)}  # fmt: skip
        if not insert_new(self._connection, escalation_run, first):
            mine = update(escalation_run).where(key, escalation_run.c.finished_at.is_(None))
            free = or_(escalation_run.c.lease_until <= write_instant(now), escalation_run.c.holder == holder)
            mine = mine.where(free)
            self._connection.execute(mine.values(fence=escalation_run.c.fence + 1, holder=holder, lease_until=until))
        row = self._connection.execute(select(escalation_run).where(key)).one()
        if row.finished_at is None and row.holder != holder:
            raise Busy(f"the run of {as_of} is led by another one until {row.lease_until}; try again later")
        return read_run(row)

    def advance(self, run: Run, seconds: float, after: str, **counts: int) -> Run:
        """Write how far a run came, in the transaction of its steps, and renew the lease.

        Raises: LeaseLost where another one leads it by now.
        """
        now = read_clock(self._connection)
        changes: dict[str, Any] = {name: escalation_run.c[name] + count for name, count in counts.items()}
        changes |= {"after_customer": after, "lease_until": write_instant(now + timedelta(seconds=seconds))}
        return self._write(run, changes)

    def finish(self, run: Run) -> Run:
        """Write that a run is done. Raises: LeaseLost where another one leads it by now."""
        return self._write(run, {"finished_at": database_now()})

    def begin_again(self, run: Run) -> Run:
        """Let go of a run that could not handle every customer: whoever leads it next looks at all of them again.

        Raises: LeaseLost where another one leads it by now.
        """
        return self._write(run, {"after_customer": "", "customers": 0, "lease_until": database_now()})

    def _write(self, run: Run, changes: Mapping[str, Any]) -> Run:
        mine = and_(escalation_run.c.as_of == run.as_of.isoformat(), escalation_run.c.fence == run.fence)
        writing = update(escalation_run).where(mine).values(**changes).returning(escalation_run)
        row = self._connection.execute(writing).first()
        if row is None:
            raise LeaseLost(run.as_of.isoformat())
        return read_run(row)

    def page(self, as_of: date, after: str = "", most: int = INVOICES_AT_ONCE) -> Page:
        """The next customers by id with an invoice that is open on a day, or a hold of a ladder that lasts."""
        return read_page(self._connection, as_of, after, most)

    def count(self, as_of: date, after: str = "") -> int:
        """How many customers a run of a day looks at, behind one where it broke off."""
        both = union(with_invoices(as_of), with_holds()).subquery()
        counting = select(func.count()).select_from(both).where(both.c.customer_id > after)
        return int(self._connection.execute(counting).scalar_one())

    def open_invoices(self, customer_id: str, as_of: date) -> tuple[Invoice, ...]:
        """A customer's invoices that are open on a day, by due date."""
        wanted = INVOICES.where(invoice.c.customer_id == customer_id, open_on(as_of.isoformat()))
        rows = self._connection.execute(wanted.order_by(invoice.c.due_on, invoice.c.invoice_id))
        return tuple(one for one in map(read_invoice, rows) if one.open_on(as_of))

    def pasts(self, customer_id: str) -> Mapping[str, Past]:
        """What happened on the ladder to each invoice of a customer."""
        return {invoice_id: past for (_, invoice_id), past in self.pasts_of([customer_id]).items()}

    def pasts_of(self, customer_ids: Collection[str]) -> Mapping[tuple[str, str], Past]:
        """The same for several customers, by customer and invoice."""
        steps, days = (is_one_of(one.c.customer_id, customer_ids) for one in (escalation_step, invoice_day))
        found = read_pasts(self._connection.execute(steps_of(steps, true())), self._connection.execute(days_of(days)))
        for whose, blocks in read_blocks(self._connection, customer_ids).items():
            found[whose] = replace(found.get(whose, NOTHING), blocks=tuple(blocks))
        return found

    def take(self, steps: Sequence[StepTaken]) -> int:
        """Record steps, each once for its invoice; how many were new."""
        taken = insert_new_rows(self._connection, escalation_step, [step_row(one) for one in steps],
                                at=database_now())  # fmt: skip
        self._facts_moved({one.customer_id for one in steps})
        return taken

    def _facts_moved(self, customers: Collection[str]) -> None:
        """Let the next decisions on these customers see how far dunning has come."""
        if customers:
            theirs = account.c.customer_id.in_(sorted(customers))
            self._connection.execute(FACTS_MOVED.where(theirs))

    def steps(self, customer_id: str) -> tuple[StepTaken, ...]:
        """Every step that was taken for a customer, in the order of the days."""
        wanted = select(escalation_step).where(escalation_step.c.customer_id == customer_id)
        ordered = wanted.order_by(escalation_step.c.as_of, escalation_step.c.invoice_id, escalation_step.c.planned_on,
                                  escalation_step.c.step)  # fmt: skip
        return tuple(read_step(row) for row in self._connection.execute(ordered))

    def runs(self, most: int = 50) -> tuple[Run, ...]:
        """The latest runs, the newest day first."""
        wanted = select(escalation_run).order_by(escalation_run.c.as_of.desc()).limit(most)
        return tuple(read_run(row) for row in self._connection.execute(wanted))


def step_row(one: StepTaken) -> Mapping[str, Any]:
    """A step as the columns of its row."""
    return {"customer_id": one.customer_id, "invoice_id": one.invoice_id, "step": one.step, "ladder": one.ladder,
            "as_of": one.as_of.isoformat(), "planned_on": one.planned_on.isoformat(), "does": one.does,
            "policy_digest": one.policy_digest, "message_id": one.message_id}  # fmt: skip


def read_step(row: Row[Any]) -> StepTaken:
    """A step from its row."""
    return StepTaken(row.customer_id, row.invoice_id, row.step, row.ladder, date.fromisoformat(row.as_of),
                     date.fromisoformat(row.planned_on), row.does, row.policy_digest, row.message_id)  # fmt: skip


def read_run(row: Row[Any]) -> Run:
    """A run from its row."""
    ended = None if row.finished_at is None else read_instant(row.finished_at)
    return Run(date.fromisoformat(row.as_of), row.fence, row.after_customer, row.customers, row.steps, row.messages,
               row.holds, read_instant(row.lease_until), ended)  # fmt: skip
