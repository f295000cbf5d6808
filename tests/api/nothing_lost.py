"""Nothing lost, defined once: what order systems were told against what the database holds, for every test of a fault.

Started keys are those that were sent, answered keys those whose answer was read. Counted are: answers that are not
stored, or not with the same bytes; stored decisions of keys that nobody sent; after each unanswered key was sent again,
keys without a decision; answers of 5xx that became the answer of a key; accounts whose versions have a gap, whose
balance is not the sum of its movements, or whose hold passed its ceiling at any version; decisions without their one
movement; reservations that hold another amount than their movement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from storage.engine import Database
from tests.api.running import Told


@dataclass(frozen=True)
class Counts:
    """How often each promise was broken; `keys`, `answered` and `decisions` say over how much that was looked for."""

    keys: int
    answered: int
    decisions: int
    lost: int = 0
    changed: int = 0
    uncalled: int = 0
    undecided: int = 0
    stored_faults: int = 0
    gaps: int = 0
    unbalanced: int = 0
    above_ceiling: int = 0
    unmoved: int = 0
    unheld: int = 0

    @property
    def broken(self) -> dict[str, int]:
        """The promises that were broken, by name."""
        looked = ("keys", "answered", "decisions")
        return {name: count for name, count in asdict(self).items() if name not in looked and count}

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in asdict(self).items())


STORED = "SELECT idempotency_key, response, status FROM decision"
VERSIONS = "SELECT account_id, ver, amount, balance_after, ceiling, kind FROM movement ORDER BY account_id, ver"
ACCOUNTS = "SELECT account_id, ver, balance FROM account"
UNMOVED = """SELECT count(*) FROM decision d WHERE 1 <> (SELECT count(*) FROM movement m
 WHERE m.account_id = d.account_id AND m.ver = d.account_ver AND m.decision_id = d.decision_id)"""
UNHELD = """SELECT count(*) FROM movement m WHERE m.kind = 'hold' AND m.amount <> coalesce(
 (SELECT sum(r.amount) FROM reservation r WHERE r.decision_id = m.decision_id AND r.change = 'held'), 0)"""


def count_losses(database: Database, told: Iterable[Told], retried: Mapping[str, bytes] | None = None) -> Counts:
    """Compare what was told with what is stored; `retried` are answers to keys that were sent once more."""
    asked = list(told)
    with database.looking() as connection:
        stored = {row[0]: (bytes(row[1]), row[2]) for row in connection.exec_driver_sql(STORED)}
        moved = connection.exec_driver_sql(VERSIONS).all()
        accounts = {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql(ACCOUNTS)}
        unmoved = connection.exec_driver_sql(UNMOVED).scalar_one()
        unheld = connection.exec_driver_sql(UNHELD).scalar_one()
    answered = {one.key: one.answer for one in asked if one.decided}
    keys = {one.key for one in asked}
    again = dict(retried or {})
    known = [(key, answer) for source in (answered, again) for key, answer in source.items()]
    gaps, unbalanced, above = _faults_of_accounts(moved, accounts)
    return Counts(
        keys=len(keys), answered=len(answered), decisions=len(stored),
        lost=sum(key not in stored for key, _ in known),
        changed=sum(key in stored and stored[key][0] != answer for key, answer in known)
        + sum(again[key] != answer for key, answer in answered.items() if key in again),
        uncalled=len(stored.keys() - keys),
        undecided=0 if retried is None else len(keys - stored.keys()),
        stored_faults=sum(status >= 500 for _, status in stored.values()),
        gaps=gaps, unbalanced=unbalanced, above_ceiling=above, unmoved=unmoved, unheld=unheld,
    )  # fmt: skip


def _faults_of_accounts(moved: Iterable[Any], accounts: Mapping[int, tuple[int, int]]) -> tuple[int, int, int]:
    """Gaps in versions, balances that do not follow, and holds above their ceiling, over the whole history."""
    gaps = unbalanced = above = 0
    at = dict.fromkeys(accounts, (0, 0))
    for account_id, version, amount, after, ceiling, kind in moved:
        before = at[account_id]
        gaps += version != before[0] + 1
        unbalanced += after != before[1] + amount
        above += kind == "hold" and ceiling is not None and after > ceiling
        at[account_id] = (version, after)
    gaps += sum(at[one][0] != version for one, (version, _) in accounts.items())
    unbalanced += sum(at[one][1] != balance for one, (_, balance) in accounts.items())
    return gaps, unbalanced, above
