"""Legal cases: opened by a ladder's step, joined by further invoices of the customer, handed over, and closed for good.

A customer has one open case at a time. Who opens, joins or ends one has locked the customer's account. Each is an
event, and so a leaf of the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from storage.clock import database_now, read_instant
from storage.events import Event, Events
from storage.failures import Refused
from storage.legal_tables import legal_case, legal_case_change, legal_case_invoice
from storage.new_rows import insert_new
from storage.page import LARGEST_PAGE, Page

OPENED, HANDED_OVER, CLOSED = STATES = ("opened", "handed_over", "closed")


@dataclass(frozen=True, slots=True)
class Joining:
    """An invoice that a step of a ladder brings to law, and by which policy."""

    customer_id: str
    invoice_id: str
    joined_on: date
    ladder: str
    step: str
    policy_digest: str


@dataclass(frozen=True, slots=True)
class CaseChange:
    """That a case was handed over or closed: on which day, with which result, by whom, and what is said of it."""

    state: str
    day: date
    note: str
    by: str
    client: str = ""
    result: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LegalCase:
    """A case with its invoices in the order in which they joined, and all that became of it."""

    case_id: str
    customer_id: str
    opened_on: date
    at: datetime
    invoices: tuple[Joining, ...] = field(default=())
    changes: tuple[CaseChange, ...] = field(default=())

    @property
    def state(self) -> str:
        """Opened, handed over or closed."""
        return self.changes[-1].state if self.changes else OPENED


class LegalCases:
    """The legal cases of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each change is an event."""
        self._connection = connection
        self._events = events

    def bring(self, case_id: str, one: Joining, by: str) -> bool:
        """Bring an invoice to law, into the customer's open case or else a new one; False where it was there before.

        The account is locked.
        """
        found = self.open_of(one.customer_id)
        if found is None:
            count = select(func.count()).where(legal_case.c.customer_id == one.customer_id)
            place = self._connection.execute(count).scalar_one() + 1
            self._connection.execute(insert(legal_case).values(
                case_id=case_id, customer_id=one.customer_id, place=place, opened_on=one.joined_on.isoformat(),
                at=database_now(),
            ))  # fmt: skip
        case = case_id if found is None else found.case_id
        row = {"case_id": case, "invoice_id": one.invoice_id, "customer_id": one.customer_id,
               "joined_on": one.joined_on.isoformat(), "ladder": one.ladder, "step": one.step,
               "policy_digest": one.policy_digest, "at": database_now()}  # fmt: skip
        if not insert_new(self._connection, legal_case_invoice, row):
            return False
        kind = "legal_case_opened" if found is None else "legal_case_joined"
        told = {"case_id": case, "invoice_id": one.invoice_id, "ladder": one.ladder, "step": one.step}
        self._events.record(Event(kind, f"customer:{one.customer_id}", by, told))
        return True

    def change(self, case_id: str, change: CaseChange) -> LegalCase | None:
        """Hand a case over, or close it for good; None for an unknown one.

        Raises: Refused for one that is closed, or was handed over before, and for a day before the last change.
        """
        found = self.get(case_id)
        if found is None:
            return None
        if found.state == CLOSED:
            raise Refused(f"the case was closed already, on {found.changes[-1].day}, by {found.changes[-1].by}")
        if found.state == change.state:
            raise Refused(f"the case was handed over already, on {found.changes[-1].day}, by {found.changes[-1].by}")
        self._connection.execute(insert(legal_case_change).values(
            case_id=case_id, place=len(found.changes) + 1, state=change.state, day=change.day.isoformat(),
            result=change.result, note=change.note, done_by=change.by, client=change.client, at=database_now(),
        ))  # fmt: skip
        told = {"case_id": case_id, "day": change.day.isoformat()} | (
            {} if change.result is None else {"result": change.result})  # fmt: skip
        self._events.record(Event(f"legal_case_{change.state}", f"customer:{found.customer_id}", change.by, told))
        return self.get(case_id)

    def get(self, case_id: str) -> LegalCase | None:
        """One case, None for an unknown one."""
        row = self._connection.execute(select(legal_case).where(legal_case.c.case_id == case_id)).first()
        return None if row is None else self._read(row)

    def open_of(self, customer_id: str) -> LegalCase | None:
        """The case of a customer that is not closed, None for none."""
        mine = select(legal_case).where(legal_case.c.customer_id == customer_id)
        row = self._connection.execute(mine.order_by(legal_case.c.place.desc()).limit(1)).first()
        found = None if row is None else self._read(row)
        return None if found is None or found.state == CLOSED else found

    def list(self, closed: bool, after: str = "", most: int = 50, customer_id: str | None = None) -> Page[LegalCase]:
        """Cases by id, those that are closed too or not; at most 500."""
        size = min(most, LARGEST_PAGE)
        wanted = select(legal_case).where(legal_case.c.case_id > after).order_by(legal_case.c.case_id).limit(size + 1)
        if customer_id is not None:
            wanted = wanted.where(legal_case.c.customer_id == customer_id)
        if not closed:
            ended = select(legal_case_change.c.case_id).where(
                legal_case_change.c.case_id == legal_case.c.case_id, legal_case_change.c.state == CLOSED)  # fmt: skip
            wanted = wanted.where(~ended.exists())
        found = [self._read(row) for row in self._connection.execute(wanted).all()]
        return Page(tuple(found[:size]), found[size - 1].case_id if len(found) > size else None)

    def _read(self, row: Row[Any]) -> LegalCase:
        mine = select(legal_case_invoice).where(legal_case_invoice.c.case_id == row.case_id)
        ordered = mine.order_by(legal_case_invoice.c.joined_on, legal_case_invoice.c.invoice_id)
        changes = select(legal_case_change).where(legal_case_change.c.case_id == row.case_id)
        return LegalCase(
            row.case_id, row.customer_id, date.fromisoformat(row.opened_on), read_instant(row.at),
            tuple(read_joining(one) for one in self._connection.execute(ordered)),
            tuple(read_change(one) for one in self._connection.execute(changes.order_by(legal_case_change.c.place))),
        )  # fmt: skip


def read_joining(row: Row[Any]) -> Joining:
    """An invoice of a case from its row."""
    return Joining(row.customer_id, row.invoice_id, date.fromisoformat(row.joined_on), row.ladder, row.step,
                   row.policy_digest)  # fmt: skip


def read_change(row: Row[Any]) -> CaseChange:
    """A change of a case from its row."""
    return CaseChange(row.state, date.fromisoformat(row.day), row.note, row.done_by, row.client, row.result,
                      read_instant(row.at))  # fmt: skip
