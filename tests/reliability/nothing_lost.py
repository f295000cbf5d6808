"""The checker of "nothing lost": counts everything in a ledger that must be 0, whoever did what to it before.

It reads what is stored and computes it anew: versions, balances, ceilings with the grants that were valid at each
version, the sums of groups, what reservations hold, and each decision with the figures and the reason it was made on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from storage.engine import Database
from storage.exposure_ledger import Movement
from storage.grants import Grant
from storage.tables import account, customer, customer_group
from storage.unit_of_work import Work
from tests.reliability.group_orders import LIMIT, reason

COUNTED = (
    "version_gaps", "wrong_balances", "over_ceiling", "over_limit_plus_grants", "untied_groups", "group_not_moved",
    "wrong_reserved", "holds_without_decision", "wrong_before", "wrong_verdict", "wrong_reason", "time_backwards",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owner:
    """An account, whose it is, what bounds it, and the one above it."""

    account_id: int
    name: str
    is_group: bool
    parent_id: int | None
    balance: int
    limit: int | None


def count_wrongs(database: Database) -> Counter[str]:
    """Everything that must be 0, by name, and beside it how many decisions and movements were looked at."""
    found = Counter(dict.fromkeys(COUNTED, 0))
    with database.looking() as connection:
        work = Work(connection)
        owners = {one.account_id: one for one in read_owners(connection)}
        moved = {account_id: work.accounts.movements(account_id) for account_id in owners}
        grants = {account_id: work.grants.of_account(account_id) for account_id in owners}
        found["untied_groups"] = len(work.groups.untied())
        for account_id, owner in owners.items():
            count_history(found, owner, moved[account_id], grants[account_id])
            if not owner.is_group:
                parts = work.reservations.balance_parts(account_id)
                found["wrong_reserved"] += parts.reserved + parts.open_receivables != owner.balance
        count_groups(found, owners, moved)
        count_decisions(found, work, owners, moved, grants)
    found["movements"] = sum(len(one) for one in moved.values())
    return found


def read_owners(connection: Connection) -> tuple[Owner, ...]:
    """Every account with its granted limit."""
    rows = connection.execute(
        select(account, customer.c.limit_minor.label("own"), customer_group.c.limit_minor.label("of_group"))
        .outerjoin(customer, customer.c.customer_id == account.c.customer_id)
        .outerjoin(customer_group, customer_group.c.group_id == account.c.group_id)
    )
    return tuple(
        Owner(row.account_id, row.group_id or row.customer_id, row.group_id is not None, row.parent_id, row.balance,
              row.of_group if row.group_id is not None else row.own)
        for row in rows
    )  # fmt: skip


def count_history(found: Counter[str], owner: Owner, moved: Sequence[Movement], grants: Sequence[Grant]) -> None:
    """One account by itself, version by version."""
    balance = 0
    for place, one in enumerate(moved, start=1):
        found["version_gaps"] += one.version != place
        balance += one.amount
        found["wrong_balances"] += one.balance_after != balance
        found["time_backwards"] += place > 1 and one.at < moved[place - 2].at
        if one.kind != "hold":
            continue
        found["over_ceiling"] += one.ceiling is not None and balance > one.ceiling
        found["holds_without_decision"] += one.decision_id is None
        if owner.limit is not None:
            valid = sum(grant.amount for grant in grants if grant.was_valid_at(one.version, one.at))
            found["over_limit_plus_grants"] += balance > owner.limit + valid
    found["wrong_balances"] += balance != owner.balance


def count_groups(found: Counter[str], owners: Mapping[int, Owner], moved: Mapping[int, Sequence[Movement]]) -> None:
    """Every movement that a decision made on a customer stands in each of its groups, by the same amount."""
    of_decision = {(account_id, one.decision_id): one.amount for account_id, history in moved.items()
                   for one in history if one.decision_id is not None}  # fmt: skip
    for owner in owners.values():
        if owner.is_group:
            continue
        for one in moved[owner.account_id]:
            above = owner.parent_id
            while one.decision_id is not None and above is not None:
                found["group_not_moved"] += of_decision.get((above, one.decision_id)) != one.amount
                above = owners[above].parent_id


def count_decisions(
    found: Counter[str], work: Work, owners: Mapping[int, Owner], moved: Mapping[int, Sequence[Movement]],
    grants: Mapping[int, Sequence[Grant]],
) -> None:  # fmt: skip
    """Each decision anew, by the figures that held at its version, against what was stored with it."""
    at = {(account_id, one.decision_id): one for account_id, history in moved.items() for one in history}
    cursor: str | None = None
    while True:
        page = work.decisions.list(cursor, limit=500)
        for one in page.items:
            found["decisions"] += 1
            if "asked" not in one.outcome:
                continue
            order, mine = one.order.order_id, at[one.account_id, one.decision_id]
            before = mine.balance_after - mine.amount
            groups, parent = [], owners[one.account_id].parent_id
            while parent is not None:
                above, owner = at[parent, one.decision_id], owners[parent]
                most = None if owner.limit is None else owner.limit + valid_for(grants[parent], order, above)
                groups.append((owner.name, above.balance_after - above.amount, most))
                parent = owner.parent_id
            ceiling = LIMIT + valid_for(grants[one.account_id], order, mine)
            why = reason(before, ceiling, groups, one.outcome["asked"])
            wanted = {"before": before, "groups": {name: balance for name, balance, _ in groups}}
            found["wrong_before"] += one.facts != wanted
            found["wrong_verdict"] += (one.verdict == "approve") != (why == "")
            found["wrong_reason"] += one.outcome["why"] != why
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def valid_for(grants: Sequence[Grant], order_id: str, at: Movement) -> int:
    """What was granted for an order at one version of an account."""
    return sum(one.amount for one in grants if one.order_id == order_id and one.was_valid_at(at.version, at.at))
