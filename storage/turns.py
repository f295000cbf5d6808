"""Who waits for whom on PostgreSQL, beyond the row of an account; on SQLite all writers wait for each other anyway.

Both locks belong to the transaction, so they end with it, also behind a pooler and after a crash.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

KEEPING_ORDER = 0x4156414C01  # master data, invoices, policies, migrations: one writer at a time
POLICY_CHANGES = 0x4156414C02  # decisions hold it together, a change of the effective policy holds it alone

policy_stays = select(func.pg_advisory_xact_lock_shared(POLICY_CHANGES)).scalar_subquery()


def take_turn(connection: Connection) -> None:
    """Wait until no other transaction looks and then writes what this one is going to look at and write."""
    take(connection, KEEPING_ORDER)


def stop_decisions(connection: Connection) -> None:
    """Wait for the decisions in work, and let the next ones wait until this transaction ends."""
    take(connection, POLICY_CHANGES)


def take(connection: Connection, number: int) -> None:
    """Take a lock alone, where several transactions can write at once."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(number)))
