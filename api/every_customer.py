"""Every customer of a database, some at a time, so that a long command holds no transaction while it works."""

from __future__ import annotations

from collections.abc import Iterator

from storage.engine import Database

CUSTOMERS_AT_ONCE = 500


def every_customer(found: Database) -> Iterator[str]:
    """Every customer by id, page by page."""
    after: str | None = None
    while True:
        with found.read() as work:
            page = work.customers.list(after, CUSTOMERS_AT_ONCE)
        yield from (one.customer_id for one in page.items)
        after = page.next_cursor
        if after is None:
            return
