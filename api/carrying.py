"""What earlier verdicts of a simulation leave on accounts and groups: the exposure that would be there, or would not.

An order that was approved, and that the simulated policy denies, would not be owed: its part is taken off what the
snapshot of a later order says, as long as it was really held, and once it became an invoice until its due day. An order
that was not approved, and that the policy approves, is added until the due day of its terms. After that day nobody
knows whether it would have been paid, so nothing is carried any further. Counts and sums over earlier orders get and
lose the same orders.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from credit.terms import parse_terms
from rules.facts import LOOK_BACK_DAYS
from rules.ledger_facts import ApprovedOrder
from storage.reservations import Step

NUMBERED = count()
NO_EXPOSURE = ("held", "converted")  # steps after which the amount is still owed or reserved


@dataclass(slots=True)
class Part:
    """What one order adds to an exposure (minor units, below zero where it takes off): it ends piece by piece."""

    left: int


@dataclass(frozen=True, slots=True)
class End:
    """That a part ends by so much at an instant, on this version of its account (0: a day is over); None: all of it."""

    at: datetime
    version: int
    amount: int | None


@dataclass(slots=True)
class Carried:
    """What all orders together add to the exposure of one account or group."""

    total: int = 0
    _ends: list[tuple[datetime, int, int, Part, int | None]] = field(default_factory=list)

    def add(self, amount: int, ends: Iterable[End]) -> Part:
        """Begin to carry an amount."""
        part = Part(amount)
        self.total += amount
        for end in ends:
            heapq.heappush(self._ends, (end.at, end.version, next(NUMBERED), part, end.amount))
        return part

    def take_off(self, part: Part, amount: int | None = None) -> None:
        """End a part, or so much of it; what is over already stays so."""
        most = abs(part.left)
        gone = most if amount is None else min(amount, most)
        signed = gone if part.left > 0 else -gone
        part.left -= signed
        self.total -= signed

    def until(self, now: datetime, version: int | None = None) -> int:
        """What is carried at an instant; `version` is that of the account itself, which is exact."""
        while self._ends and (self._ends[0][0] < now or (self._ends[0][0] == now and self._over(version))):
            *_, part, amount = heapq.heappop(self._ends)
            self.take_off(part, amount)
        return self.total

    def _over(self, version: int | None) -> bool:
        return version is None or self._ends[0][1] < version


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order stands: its account, the group above it, which order, and the instant and version of its lock.

    `above` are the groups in which that group lies.
    """

    account_id: int
    group_id: str | None
    order_id: str
    now: datetime
    version: int
    as_of: date
    above: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group above the account, the nearest first."""
        return self.above if self.group_id is None else (self.group_id, *self.above)


@dataclass(frozen=True, slots=True)
class OtherOrder:
    """An order that counts among the earlier ones, or no longer does; `over` is when it was given up in any case."""

    place: Place
    order: ApprovedOrder
    is_added: bool
    over: Step | None = None


class Carrying:
    """All that one simulated policy carries, by account and by group."""

    def __init__(self) -> None:
        """Carry nothing yet."""
        self._accounts: dict[int, Carried] = {}
        self._groups: dict[str, Carried] = {}
        self._orders: dict[tuple[int, str], list[tuple[Carried, Part]]] = {}
        self._others: dict[int, list[OtherOrder]] = {}

    def moved(self, place: Place, without_own: bool) -> tuple[int, int]:
        """By how much the exposure of the account and of its group differ from the snapshot, in minor units.

        `without_own` where the snapshot leaves out what the order itself held before.
        """
        group = None if place.group_id is None else self._groups.get(place.group_id)
        own = self._shift(place, self._accounts.get(place.account_id), without_own, place.version)
        return own, self._shift(place, group, without_own)

    def moved_groups(self, place: Place, without_own: bool) -> dict[str, int]:
        """By how much the exposure of each group above differs, those that do not left out."""
        shifts = {one: self._shift(place, self._groups.get(one), without_own) for one in place.groups}
        return {one: by for one, by in shifts.items() if by}

    def _shift(self, place: Place, carried: Carried | None, without_own: bool, version: int | None = None) -> int:
        if carried is None:
            return 0
        shift = carried.until(place.now, version)
        own = self._orders.get((place.account_id, place.order_id), ()) if without_own else ()
        return shift - sum(part.left for one, part in own if one is carried)

    def add(self, place: Place, amount: int, ends: Sequence[End]) -> None:
        """Carry an order's amount from now on, on its account and every group above it."""
        accounts = [self._accounts.setdefault(place.account_id, Carried())]
        accounts += [self._groups.setdefault(one, Carried()) for one in place.groups]
        kept = self._orders.setdefault((place.account_id, place.order_id), [])
        kept += [(carried, carried.add(amount, ends)) for carried in accounts]

    def decide_again(self, place: Place) -> None:
        """End what the same order added before: it is decided anew, and would not be there twice."""
        kept = self._orders.get((place.account_id, place.order_id), [])
        for carried, part in kept:
            if part.left > 0:
                carried.take_off(part)
        self._orders[place.account_id, place.order_id] = [one for one in kept if one[1].left]
        others = self._others.get(place.account_id, [])
        others[:] = [one for one in others if not (one.is_added and one.place.order_id == place.order_id)]

    def note(self, other: OtherOrder) -> None:
        """Note that an order of the account came out otherwise, whatever it adds to the exposure."""
        self._others.setdefault(other.place.account_id, []).append(other)

    def others(self, place: Place, without_own: bool) -> list[OtherOrder]:
        """The orders of the account by which its earlier orders differ from those of the snapshot."""
        first = place.as_of - timedelta(days=LOOK_BACK_DAYS)
        kept = [one for one in self._others.get(place.account_id, ()) if one.place.as_of >= first]
        if kept:
            self._others[place.account_id] = kept
        return [one for one in kept if not (one.over is not None and one.over.account_version < place.version)
                and not (without_own and one.place.order_id == place.order_id)]  # fmt: skip


def given_up(steps: Sequence[Step]) -> Step | None:
    """The step with which an order ended without any invoice, so that it counted no longer as an earlier one."""
    invoiced = any(one.change == "converted" for one in steps)
    return None if invoiced else next((one for one in steps if one.change in ("voided", "expired", "replaced")), None)


def ends_of_held(steps: Sequence[Step], due: datetime | None) -> tuple[End, ...]:
    """When what was really held is over: what was freed, at its step; what became invoices, after the due day."""
    freed = [End(one.at, one.account_version, one.amount) for one in steps if one.change not in NO_EXPOSURE]
    return (*freed, *ends_when_due(due))


def ends_when_due(due: datetime | None) -> tuple[End, ...]:
    """The end of an order of which only the due day is known; none where it has none."""
    return () if due is None else (End(due, 0, None),)


def after_due_day(terms: Any, facts: dict[str, Any], as_of: date, timezone: str) -> datetime | None:
    """The first instant after the last due day of an order on these terms; None where nobody can say."""
    if not isinstance(terms, str):
        return None
    delivered = facts.get("order.deliver_by")
    invoiced = date.fromordinal(delivered) if isinstance(delivered, int) else as_of
    try:
        due = parse_terms(terms).due_on(invoiced, invoiced)
        return datetime.combine(due + timedelta(days=1), time(), ZoneInfo(timezone))
    except (ValueError, OverflowError):
        return None
