"""Holds: days on which new orders of a customer, or the whole account, are stopped.

A hold of a ladder's step begins with the step and ends when what it was placed for is paid, when a step releases it,
or when a person ends it with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

ORDERS, ACCOUNT = "orders", "account"
SCOPES = (ORDERS, ACCOUNT)


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold of one account; `scope` is one of SCOPES, `released_on` None while it lasts."""

    scope: str
    placed_on: date
    released_on: date | None = None

    def lasts(self, as_of: date) -> bool:
        """Does it stop anything on this day? From the day it is placed, no longer on the day it is released."""
        return self.placed_on <= as_of and (self.released_on is None or as_of < self.released_on)


def orders_held(holds: Iterable[Hold], as_of: date) -> bool:
    """Whether new orders are stopped on a day: by a hold of orders, or of the account."""
    return any(one.lasts(as_of) for one in holds)


def account_held(holds: Iterable[Hold], as_of: date) -> bool:
    """Whether the whole account is stopped on a day."""
    return any(one.scope == ACCOUNT and one.lasts(as_of) for one in holds)
