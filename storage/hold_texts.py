"""The holds of an account as one text, so that a lock brings them and needs no statement more."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, literal_column, select

from credit.holds import Hold
from storage.hold_tables import order_hold, order_hold_end
from storage.limits import joined
from storage.qualified import qualified
from storage.tables import account


def _in_one_text() -> Any:
    bar: Any = literal_column("'|'")
    ended = func.coalesce(order_hold_end.c.released_on, literal_column("''"))
    return order_hold.c.scope.concat(bar).concat(order_hold.c.placed_on).concat(bar).concat(ended)


# every hold that was ever placed, those that ended too: figures count them
HOLDS = qualified(
    select(joined(_in_one_text()))
    .select_from(order_hold.outerjoin(order_hold_end, order_hold_end.c.hold_id == order_hold.c.hold_id))
    .where(order_hold.c.account_id == account.c.account_id)
    .correlate(account)
    .scalar_subquery()
)


def read_holds(text: str | None) -> tuple[Hold, ...]:
    """The holds in such a text, the first placed first."""
    found = (_read(*one.split("|")) for one in text.split(";")) if text else ()
    return tuple(sorted(found, key=lambda one: (one.placed_on, one.released_on or date.max, one.scope)))


def _read(scope: str, placed: str, released: str) -> Hold:
    return Hold(scope, date.fromisoformat(placed), date.fromisoformat(released) if released else None)
