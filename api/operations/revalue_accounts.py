"""Revalue what is owed in other currencies, account by account, each in a transaction of its own.

So decisions never wait long, and a job that broke off is simply run again: what is done stays done, and is found done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from storage.engine import Database
from storage.revaluation import Revalued


def customers_to_revalue(database: Database, as_of: date) -> Sequence[str]:
    """The customers with anything open in another currency on a day."""
    with database.read() as work:
        return work.revaluation.customers(as_of)


def revalue_accounts(database: Database, customers: Sequence[str], as_of: date, most_days: int) -> Iterator[Revalued]:
    """Bring each customer's items to the rates of a day, and tell what became of them.

    Raises: storage's failures; accounts before the failing one stay revalued.
    """
    for customer_id in customers:
        with database.write() as work:
            done = work.revaluation.revalue(customer_id, as_of, most_days)
        yield done
