"""An account and those of the groups above it: found, locked and given their next versions by one statement.

Groups lie at most three deep above a customer. Everybody locks accounts by ascending id, so two transactions never
wait for each other. The statement that locks has seen the tree as it was before it waited; whoever calls it looks
whether the rows that came back still hang together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, select, update

from storage.failures import Busy
from storage.tables import account

MOST_LEVELS = 3  # of groups; the customer hangs below them


def with_groups(start: ColumnElement[bool]) -> Select[Any]:
    """The ids of the accounts that a condition names, and of all groups above them."""
    above = select(account.c.account_id, account.c.parent_id).where(start).cte("above", recursive=True)
    parent = account.alias("parent")
    rising = select(parent.c.account_id, parent.c.parent_id).join(above, above.c.parent_id == parent.c.account_id)
    above = above.union(rising)
    return select(above.c.account_id)


def take_together(start: ColumnElement[bool]) -> Update:
    """Lock these accounts and all groups above them in order, and give each its next version."""
    locked = (
        select(account.c.account_id)
        .where(account.c.account_id.in_(with_groups(start)))
        .order_by(account.c.account_id)
        .with_for_update()
        .cte("locked")
    )
    return update(account).where(account.c.account_id == locked.c.account_id).values(ver=account.c.ver + 1)


def in_order(rows: Sequence[Any]) -> tuple[Any, ...]:
    """The rows of one account and of the groups above it, from the account upwards; none where there are none.

    Raises: Busy where they do not hang together, because somebody moved one of them while we waited.
    """
    found = {row.account_id: row for row in rows}
    lowest = set(found) - {row.parent_id for row in rows}
    if not rows:
        return ()
    chain = [found[lowest.pop()]] if len(lowest) == 1 else []
    while chain and chain[-1].parent_id in found and len(chain) < len(rows):
        chain.append(found[chain[-1].parent_id])
    if len(chain) < len(rows) or chain[-1].parent_id is not None:
        raise Busy("an account was moved to another group at this moment; try again")
    return tuple(chain)
