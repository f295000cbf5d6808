"""The decision log: each decision once for its idempotency key, with everything needed to give the same answer again.

A key is looked up under the write lock and written together with the decision, so there is no moment at which a retry
could decide twice. Rows are never changed and never pruned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, func, insert, null, select

from storage.clock import read_instant, write_instant
from storage.conversions import Conversions, Converted, ForeignOrder
from storage.customers import write_json
from storage.exposure_ledger import Accounts, AccountState, GroupState, Movement, Taken
from storage.keys import ENDED
from storage.log_entries import COLUMNS as ENTRY
from storage.log_entries import LogEntries, entry_row, hidden_bytes
from storage.log_tables import log_entry
from storage.page import LARGEST_PAGE, Page, page_of, read_cursor
from storage.prepared import Prepared
from storage.reservations import NewHold, Reservation, Reservations
from storage.tables import answered_request as answered
from storage.tables import api_key, decision


@dataclass(frozen=True, slots=True)
class Claim:
    """What an idempotency key stands for: "new", "replay" of the stored answer, or "conflict" with another body.

    "ended" where the API key of whoever asks is no longer good, whatever the idempotency key stands for.

    `decision_id`, `status` and `response` are the stored answer of a replay, empty otherwise; where the answer was no
    decision, `decision_id` names what the request changed.
    """

    state: Literal["new", "replay", "conflict", "ended"]
    decision_id: str = ""
    status: int = 0
    response: bytes = b""


@dataclass(frozen=True, slots=True)
class Hold:
    """Exposure that an approval reserves: minor units above 0, and the ceiling it must fit under (None: unlimited).

    `granted` is the part of the ceiling that comes from grants for this order, 0 where its limit alone is enough.
    """

    reservation_id: str
    amount: int
    ceiling: int | None
    expires_at: datetime
    granted: int = 0


@dataclass(frozen=True, slots=True)
class DecidedOrder:
    """The order as it was decided: minor units of the account's currency.

    A decision on something else has amounts of 0, so that it is no earlier order, and no `order_id` but a shipment's.
    """

    order_id: str
    amount: int
    unsecured_amount: int
    placed_on: date


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to be recorded: whose key it answers, the answer's bytes, and what it was decided from.

    `response` is sent again byte for byte; `request` are the bytes received; `facts` and `outcome` are JSON objects.
    `foreign` is the order as it was sent, where that was in another currency than the account's.
    """

    decision_id: str
    client: str
    idempotency_key: str
    body_hash: bytes
    status: int
    response: bytes
    verdict: str
    policy_digest: str
    program_digest: str
    as_of: date
    order: DecidedOrder
    request: bytes
    facts: Mapping[str, Any]
    outcome: Mapping[str, Any]
    hold: Hold | None = None
    foreign: ForeignOrder | None = None


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A recorded decision with its place in the ledger: account, version, and the database's instant."""

    decision_id: str
    client: str
    idempotency_key: str
    body_hash: bytes
    status: int
    response: bytes
    customer_id: str
    account_id: int
    account_version: int
    policy_digest: str
    program_digest: str
    verdict: str
    decided_at: datetime
    as_of: date
    order: DecidedOrder
    request: bytes
    facts: Mapping[str, Any]
    outcome: Mapping[str, Any]


CLAIM = Prepared(
    select(decision.c.body_hash, decision.c.decision_id, decision.c.status, decision.c.response)
    .where(decision.c.client == bindparam("asking"), decision.c.idempotency_key == bindparam("asked"))
    .union_all(
        select(answered.c.body_hash, answered.c.subject_id, answered.c.status, answered.c.response).where(
            answered.c.client == bindparam("asking"), answered.c.idempotency_key == bindparam("asked")
        ),
        select(null(), null(), null(), null()).where(api_key.c.key_id == bindparam("by_key"), ENDED),
    )
)
RECORDED = tuple(column.name for column in decision.c if column.name != "seq")
RECORD = Prepared(insert(decision).inline(), RECORDED)


def values_of(table: Table, names: Sequence[str]) -> dict[str, Any]:
    """A value to be given for each of a table's columns, by its name."""
    return {name: bindparam(name, type_=table.c[name].type) for name in names}


# PostgreSQL writes both in one statement, which is one way to the server less; SQLite has no such statement
RECORD_AND_TELL = Prepared(
    insert(decision)
    .values(values_of(decision, RECORDED))
    .add_cte(insert(log_entry).values(values_of(log_entry, ENTRY)).cte("told"))
    .inline()
)


class Decisions:
    """The decision log of one transaction."""

    def __init__(self, connection: Connection, accounts: Accounts, reservations: Reservations,
                 log: LogEntries) -> None:  # fmt: skip
        """Write over the transaction's connection, and move the accounts that the same transaction locked."""
        self._log = log
        self._connection = connection
        self._accounts = accounts
        self._reservations = reservations

    def claim(self, client: str, idempotency_key: str, body_hash: bytes, key_id: str = "") -> Claim:
        """Say whether a client's key is new, asks again for a stored answer, or was used for another body.

        An API key that is named must not have ended; a key that waited for its turn may have done so meanwhile.
        """
        rows = CLAIM.run(self._connection, {"asking": client, "asked": idempotency_key, "by_key": key_id}).all()
        if not rows:
            return Claim("new")
        if any(row.decision_id is None for row in rows):
            return Claim("ended")
        row = rows[0]
        if row.body_hash != body_hash:
            return Claim("conflict")
        return Claim("replay", row.decision_id, row.status, row.response)

    def record(self, locked: AccountState, new: NewDecision, replaced: Reservation | None = None) -> None:
        """Write a decision on a locked account with its one movement, and the reservation where money is held.

        Refer and deny, and approvals that need no money held, write a movement of 0, so versions have no gap. What the
        approved order replaces is released first, on a version of its own, so both are never held at once.
        Raises: OverLimit when the hold exceeds its ceiling (told on leaving the transaction's block).
        """
        at = Taken(locked.account_id, locked.version, locked.balance, locked.now)
        row = decision_row(locked, at.version if replaced is None else at.version + 1, new)
        self._write(row, locked)
        if replaced is not None:
            self._reservations.take(at, replaced, "replaced", replaced.remaining, client=new.client,
                                    decision_id=new.decision_id)  # fmt: skip
            at = self._accounts.take(locked.account_id)
        self._hold(at, new, locked.groups)
        if new.foreign is not None:
            self._keep_original(at, new, new.foreign)

    def _write(self, row: Mapping[str, Any], locked: AccountState) -> None:
        """The decision's row and its entry of the log."""
        if self._connection.dialect.name == "postgresql":
            entry = entry_row(row["decision_id"], decision_told(row), locked.now, hidden_bytes(row))
            RECORD_AND_TELL.run(self._connection, {**row, **entry})
            return
        RECORD.run(self._connection, row)
        self._log.add(row["decision_id"], decision_told(row), locked.now, hidden_bytes(row))

    def _hold(self, at: Taken, new: NewDecision, groups: Sequence[GroupState]) -> None:
        hold = new.hold
        amount = hold.amount if hold else 0
        self._accounts.move(
            Movement(
                at.account_id, at.version, "hold" if hold else "nothing_held", amount,
                at.balance + amount, hold.ceiling if hold else None, new.decision_id, at.now,
                hold.granted if hold else 0,
            ),
            groups,
        )  # fmt: skip
        if hold:
            self._reservations.hold(NewHold(
                hold.reservation_id, new.decision_id, at.account_id, at.version, amount, hold.expires_at, at.now
            ))  # fmt: skip

    def _keep_original(self, at: Taken, new: NewDecision, foreign: ForeignOrder) -> None:
        """Keep the order's own amounts, and by which rate they came to what is held."""
        kept = Conversions(self._connection)
        kept.keep_order(new.decision_id, foreign)
        if new.hold is not None:
            assert foreign.rate is not None, "without a rate nothing is held"
            held = Converted(foreign.unsecured, foreign.rate.rate_id, new.hold.amount, new.hold.reservation_id)
            kept.keep(at.account_id, at.version, [held])

    def get(self, decision_id: str) -> StoredDecision | None:
        """The decision with this id, or None."""
        row = self._connection.execute(select(decision).where(decision.c.decision_id == decision_id)).first()
        return None if row is None else read_decision(row)

    def submitters(self, customer_id: str, order_id: str) -> frozenset[str]:
        """The clients that asked for decisions on an order."""
        mine = (decision.c.customer_id == customer_id) & (decision.c.order_id == order_id)
        return frozenset(self._connection.execute(select(decision.c.client).where(mine).distinct()).scalars())

    def find(self, client: str, idempotency_key: str) -> StoredDecision | None:
        """The decision that answers a client's key, or None."""
        asked = (decision.c.client == client) & (decision.c.idempotency_key == idempotency_key)
        row = self._connection.execute(select(decision).where(asked)).first()
        return None if row is None else read_decision(row)

    def decided_between(self, first: date, last: date, after: int, most: int) -> Sequence[tuple[int, StoredDecision]]:
        """At most so many decisions of these days behind the place `after`, the oldest first, each with its place."""
        behind = select(decision).where(*_on_days(first, last), decision.c.seq > after)
        wanted = behind.order_by(decision.c.seq).limit(most)
        return [(row.seq, read_decision(row)) for row in self._connection.execute(wanted)]

    def count_between(self, first: date, last: date) -> int:
        """How many decisions were made on these days."""
        wanted = select(func.count()).select_from(decision).where(*_on_days(first, last))
        return int(self._connection.execute(wanted).scalar_one())

    def list(
        self, cursor: str | None = None, limit: int = 50, *,
        customer_id: str | None = None, verdict: str | None = None, client: str | None = None,
    ) -> Page[StoredDecision]:  # fmt: skip
        """Decisions, newest first, behind the cursor, of one customer, verdict or client where given; at most 500.

        Raises: ValueError for a cursor that no page gave.
        """
        size = min(limit, LARGEST_PAGE)
        wanted = select(decision).order_by(decision.c.seq.desc()).limit(size + 1)
        if cursor is not None:
            wanted = wanted.where(decision.c.seq < read_cursor(cursor))
        if customer_id is not None:
            wanted = wanted.where(decision.c.customer_id == customer_id)
        if verdict is not None:
            wanted = wanted.where(decision.c.verdict == verdict)
        if client is not None:
            wanted = wanted.where(decision.c.client == client)
        rows = self._connection.execute(wanted).all()
        return page_of(rows, size, lambda row: row.seq, read_decision)


def decision_row(locked: AccountState, version: int, new: NewDecision) -> Mapping[str, Any]:
    """A decision as the columns of its row, on this version of its account."""
    return {
        "decision_id": new.decision_id, "client": new.client, "idempotency_key": new.idempotency_key,
        "body_hash": new.body_hash, "status": new.status, "response": new.response,
        "customer_id": locked.customer.customer_id, "account_id": locked.account_id, "account_ver": version,
        "policy_digest": new.policy_digest, "program_digest": new.program_digest, "verdict": new.verdict,
        "decided_at": write_instant(locked.now), "as_of": new.as_of.isoformat(),
        "order_id": new.order.order_id, "order_amount": new.order.amount,
        "unsecured_amount": new.order.unsecured_amount, "placed_on": new.order.placed_on.isoformat(),
        "request": new.request, "facts": write_json(dict(new.facts)), "outcome": write_json(dict(new.outcome)),
    }  # fmt: skip


def decision_told(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the log says of a decision in the open: no name, no amount, and where the ledger has its place."""
    return {
        "kind": "decision", "verdict": row["verdict"], "as_of": row["as_of"], "policy": row["policy_digest"],
        "program": row["program_digest"], "account": row["account_id"], "version": row["account_ver"],
    }  # fmt: skip


def read_decision(row: Row[Any]) -> StoredDecision:
    """A decision from its row."""
    order = DecidedOrder(row.order_id, row.order_amount, row.unsecured_amount, date.fromisoformat(row.placed_on))
    return StoredDecision(
        row.decision_id, row.client, row.idempotency_key, row.body_hash, row.status, row.response,
        row.customer_id, row.account_id, row.account_ver, row.policy_digest, row.program_digest, row.verdict,
        read_instant(row.decided_at), date.fromisoformat(row.as_of), order, row.request,
        json.loads(row.facts), json.loads(row.outcome),
    )  # fmt: skip


def _on_days(first: date, last: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Decided on these days; two comparisons, because PostgreSQL reads no collation inside BETWEEN."""
    return decision.c.as_of >= first.isoformat(), decision.c.as_of <= last.isoformat()
