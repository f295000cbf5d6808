"""Many accounts at once with all that stands on them, without a lock: for runs that look at every customer.

What a lock of one account brings (`storage/exposure_ledger.py`) comes here for several, their master rows joined, and
the groups above them level by level, as many customers have the same ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, literal, null, select

from storage.clock import database_now
from storage.documents import DOCUMENTS
from storage.hold_texts import HOLDS
from storage.limits import LIMITS
from storage.listed import is_one_of
from storage.policy_timeline import stamp_of_last
from storage.tables import account, customer, customer_group
from storage.told_facts import TOLD_FACTS

STATE = (
    account.c.account_id, account.c.parent_id, account.c.ver, account.c.facts_ver, account.c.balance,
    account.c.open_receivables, account.c.currency.label("account_currency"), account.c.group_id,
    database_now().label("now"), literal(0).label("granted"), LIMITS.label("limits"),
)  # fmt: skip
OWN = (stamp_of_last().scalar_subquery().label("policies"), HOLDS.label("holds"), TOLD_FACTS.label("told"),
       DOCUMENTS.label("documents"), null().label("past"), *customer.c)  # fmt: skip
LOOK = select(*STATE, *OWN).join(customer, customer.c.customer_id == account.c.customer_id)
LOOK_ABOVE = select(*STATE, customer_group.c.name.label("group_name")).join(
    customer_group, customer_group.c.group_id == account.c.group_id
)


def read_chains(connection: Connection, customer_ids: Collection[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of each account and of the groups above it, the nearest first."""
    rows = connection.execute(LOOK.where(is_one_of(account.c.customer_id, customer_ids))).all()
    above: dict[int, Any] = {}
    while missing := {one.parent_id for one in (*rows, *above.values())} - {None, *above}:
        found = connection.execute(LOOK_ABOVE.where(account.c.account_id.in_(missing)))
        above |= {one.account_id: one for one in found}
    for row in rows:
        yield row, *groups_over(row, above)


def groups_over(row: Any, above: Mapping[int, Any]) -> Iterator[Any]:
    """The rows of the groups above an account."""
    while row.parent_id is not None:
        row = above[row.parent_id]
        yield row
