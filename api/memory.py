"""What a worker remembers of customers between their orders, so that an order begins with the lock and no other read.

What was read and decided under a lock is kept with the version of the account at which it held. The next decision locks
first, as ever, and what the lock brings says how much of it still holds: the versions between are read, or everything
is. INVARIANT: a decision on what is remembered is the decision on what would have been read.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from rules.memo import Memo
from storage.earlier_orders import Seen
from storage.exposure_ledger import AccountState
from storage.receivables import Invoice

MOST_ROWS = 50_000  # of invoices and orders together; about as many kilobytes


@dataclass(frozen=True, slots=True)
class Remembered:
    """One customer as this process last saw it: the policy that was effective, invoices, earlier orders.

    `seen` is None where it was only looked at, and nothing was decided yet.
    """

    currency: str
    policy_digest: str | None
    facts_version: int
    invoices: tuple[Invoice, ...]
    seen: Seen | None = None
    memo: Memo = field(default_factory=Memo, compare=False)

    @property
    def rows(self) -> int:
        """How much there is to keep."""
        return 1 + len(self.invoices) + (0 if self.seen is None else len(self.seen.earlier.orders))

    def still_holds(self, locked: AccountState) -> bool:
        """Whether nothing of the customer's record changed since; exact where the account is locked."""
        return locked.facts_version == self.facts_version and (self.seen is None or locked.carried)


def version_of(found: Remembered) -> int:
    """The version at which a decision left the account; -1 for none."""
    return -1 if found.seen is None else found.seen.version


class Memory:
    """The customers of one process, those that were asked about least recently are forgotten first."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        """Remember nobody yet."""
        self._known: OrderedDict[str, Remembered] = OrderedDict()
        self._rows, self._most = 0, most_rows
        self._lock = Lock()

    def recall(self, customer_id: str) -> Remembered | None:
        """What is known of a customer, None for nothing."""
        with self._lock:
            found = self._known.get(customer_id)
            if found is not None:
                self._known.move_to_end(customer_id)
            return found

    def keep(self, customer_id: str, found: Remembered) -> None:
        """Remember what a decision left that was committed; another thread may have left a later version already."""
        with self._lock:
            before = self._known.get(customer_id)
            if before is not None and version_of(before) > version_of(found):
                return
            self._rows += found.rows - (0 if before is None else before.rows)
            self._known[customer_id] = found
            self._known.move_to_end(customer_id)
            while self._rows > self._most:
                self._rows -= self._known.popitem(last=False)[1].rows

    def forget(self, customer_id: str) -> None:
        """Read everything anew for the next order."""
        with self._lock:
            found = self._known.pop(customer_id, None)
            self._rows -= 0 if found is None else found.rows
