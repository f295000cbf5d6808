"""Amend an order that is held: it is decided anew without its own old hold, and an approval swaps the two at once.

Only new risk is asked about, so an order may shrink even where its customer is over the limit by now. Whatever does not
approve leaves the old hold as it was. What was converted already is owed, stays on the account, and is no part of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from api.auth import Caller
from api.errors import FieldError
from api.operations.change_reservation import refuse_over
from api.requests import refused_fields
from policy.subjects import ORDER
from storage.exposure_ledger import AccountState
from storage.reservations import Reservation
from storage.unit_of_work import Work


def find_replaced(
    work: Work, wish: Mapping[str, Any], now: datetime, caller: Caller | None = None
) -> Reservation | None:
    """The reservation that a request amends, None where it amends none; of the caller's own, where one is given.

    Raises: Refused for one that is not held for this order of this customer.
    """
    if wish.get("amends") is None:
        return None
    if wish["subject"] != ORDER:
        raise refused_fields([FieldError("amends", "is for orders alone; leave it out")])
    found = work.reservations.get(wish["amends"])
    if found is None or found.customer_id != wish["customer_id"] or (caller and found.client != caller.client):
        raise refused_fields([FieldError("amends", "is no reservation of this customer; send that of the approval")])
    if found.order_id != wish["order"]["id"]:
        told = f"is held for the order '{found.order_id}'; a changed order keeps its number"
        raise refused_fields([FieldError("amends", told)])
    refuse_over(found, now)
    return found


def without(account: AccountState, replaced: Reservation | None) -> AccountState:
    """The account as if the old hold had been let go, and the old order never been; as it is where there is none."""
    if replaced is None:
        return account
    earlier = account.earlier_orders
    others = tuple(one for one in earlier.orders if one.decision_id != replaced.decision_id)
    kept = earlier if replaced.is_partly_converted else replace(earlier, orders=others)
    return replace(account.without_held(replaced.remaining), earlier_orders=kept)
