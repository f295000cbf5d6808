"""Reviews of customers, where they stood by their policy, and the alerts of those that fell, until a person saw them.

All are only added to; a review, a fall and that somebody saw it are events, and so leaves of the log. A customer's next
review is the one that its last review said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, or_, select

from credit.standing import Standing
from storage.clock import database_now, read_instant
from storage.customer_file_tables import customer_review, customer_standing, downgrade_alert, seen_alert
from storage.events import Event, Events
from storage.failures import Refused
from storage.page import LARGEST_PAGE, Page
from storage.tables import account, customer


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review of a customer; `basis` is "policy" where the policy said the next day, "stated" where a person did."""

    account_id: int
    customer_id: str
    reviewed_on: date
    next_on: date
    basis: str
    finding: str
    by: str
    client: str = ""
    tier: str | None = None
    policy_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it is kept."""

    reviewed_on: date
    next_on: date
    basis: str
    finding: str
    by: str
    tier: str | None
    policy_digest: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DueReview:
    """A customer whose review is due: since which day, and when it was reviewed last; None: never."""

    customer_id: str
    name: str
    due_on: date | None
    reviewed_on: date | None
    tier: str | None


@dataclass(frozen=True, slots=True)
class StoodThere:
    """Where a customer stood from a day on, by which policy, and what was done when it was seen."""

    place: int
    as_of: date
    standing: Standing
    policy_digest: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """Who saw an alert, and what that person says of it."""

    by: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """That a customer fell: what fell, and where it stood before and after."""

    alert_id: str
    customer_id: str
    fell: tuple[str, ...]
    before: StoodThere
    after: StoodThere
    at: datetime
    seen: Seen | None = None


BEFORE = customer_standing.alias("before_standing")
LAST = customer_review.alias("last_review")
NEWEST = (
    select(func.max(customer_review.c.place))
    .where(customer_review.c.account_id == LAST.c.account_id)
    .correlate(LAST)
    .scalar_subquery()
)
DUE = (
    select(customer.c.customer_id, customer.c.name, LAST.c.next_on, LAST.c.reviewed_on, LAST.c.tier)
    .join(account, account.c.customer_id == customer.c.customer_id)
    .outerjoin(LAST, (LAST.c.account_id == account.c.account_id) & (LAST.c.place == NEWEST))
    .order_by(customer.c.customer_id)
)
STANDING_FIELDS = ("place", "as_of", "standing", "policy_digest", "why", "at")
ALERTS = (
    select(
        downgrade_alert.c.alert_id, account.c.customer_id, downgrade_alert.c.fell,
        downgrade_alert.c.at.label("alerted_at"), seen_alert.c.seen_by, seen_alert.c.note,
        seen_alert.c.at.label("seen_at"),
        *(customer_standing.c[name].label(f"after_{name}") for name in STANDING_FIELDS),
        *(BEFORE.c[name].label(f"before_{name}") for name in STANDING_FIELDS),
    )
    .join(account, account.c.account_id == downgrade_alert.c.account_id)
    .join(customer_standing, (customer_standing.c.account_id == downgrade_alert.c.account_id)
          & (customer_standing.c.place == downgrade_alert.c.place))
    .join(BEFORE, (BEFORE.c.account_id == downgrade_alert.c.account_id)
          & (BEFORE.c.place == downgrade_alert.c.place - 1))
    .outerjoin(seen_alert, seen_alert.c.alert_id == downgrade_alert.c.alert_id)
    .order_by(downgrade_alert.c.alert_id)
)  # fmt: skip


class Reviews:
    """The reviews, standings and alerts of one transaction."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection; each change is an event."""
        self._connection = connection
        self._events = events

    def record(self, new: NewReview) -> Review:
        """Keep a review, for good. Raises: Refused for one of before the last."""
        self._lock(new.account_id)
        known = self.of_account(new.account_id)
        if known and new.reviewed_on < known[-1].reviewed_on:
            raise Refused(f"lies before the last review, of {known[-1].reviewed_on}")
        self._connection.execute(insert(customer_review).values(
            account_id=new.account_id, place=len(known) + 1, reviewed_on=new.reviewed_on.isoformat(),
            next_on=new.next_on.isoformat(), basis=new.basis, tier=new.tier, policy_digest=new.policy_digest,
            finding=new.finding, reviewed_by=new.by, client=new.client, at=database_now(),
        ))  # fmt: skip
        told = {"reviewed_on": new.reviewed_on.isoformat(), "next_on": new.next_on.isoformat(), "basis": new.basis}
        self._events.record(Event("customer_reviewed", f"customer:{new.customer_id}", new.by, told))
        return self.of_account(new.account_id)[-1]

    def of_account(self, account_id: int) -> Sequence[Review]:
        """Every review of an account's customer, the first one first."""
        mine = select(customer_review).where(customer_review.c.account_id == account_id)
        return tuple(read_review(row) for row in self._connection.execute(mine.order_by(customer_review.c.place)))

    def due(self, day: date, after: str = "", most: int = 50) -> Page[DueReview]:
        """The customers by id whose review is due on a day, or that were never reviewed; at most 500 of them."""
        size = min(most, LARGEST_PAGE)
        late = or_(LAST.c.account_id.is_(None), LAST.c.next_on <= day.isoformat())
        rows = self._connection.execute(DUE.where(late, customer.c.customer_id > after).limit(size + 1)).all()
        items = tuple(DueReview(row.customer_id, row.name, _day(row.next_on), _day(row.reviewed_on), row.tier)
                      for row in rows[:size])  # fmt: skip
        return Page(items, items[-1].customer_id if len(rows) > size else None)

    def standing(self, account_id: int) -> StoodThere | None:
        """Where an account's customer stood last; None where nobody looked yet."""
        mine = select(customer_standing).where(customer_standing.c.account_id == account_id)
        newest = mine.order_by(customer_standing.c.place.desc()).limit(1)
        row = self._connection.execute(newest).first()
        return None if row is None else read_standing(row)

    def stand(self, account_id: int, found: StoodThere) -> None:
        """Keep where a customer stands; `found` has the next place. The account is locked."""
        self._lock(account_id)
        self._connection.execute(insert(customer_standing).values(
            account_id=account_id, place=found.place, as_of=found.as_of.isoformat(),
            standing=write_standing(found.standing), policy_digest=found.policy_digest, why=found.why,
            at=database_now(),
        ))  # fmt: skip

    def alert(self, alert_id: str, customer_id: str, account_id: int, place: int, fell: Sequence[str]) -> None:
        """Say that a customer fell to the standing of this place from the one before."""
        self._connection.execute(insert(downgrade_alert).values(
            alert_id=alert_id, account_id=account_id, place=place, fell=json.dumps(list(fell)), at=database_now(),
        ))  # fmt: skip
        told = {"alert_id": alert_id, "fell": list(fell)}
        self._events.record(Event("customer_downgraded", f"customer:{customer_id}", "service", told))

    def see(self, alert_id: str, by: str, note: str) -> Alert | None:
        """Say that a person saw an alert; None for an unknown one. Raises: Refused for one that was seen before."""
        found = self.get_alert(alert_id)
        if found is None:
            return None
        if found.seen is not None:
            raise Refused(f"the alert was seen already, by {found.seen.by}")
        values = {"alert_id": alert_id, "seen_by": by, "note": note, "at": database_now()}
        self._connection.execute(insert(seen_alert).values(**values))
        self._events.record(Event("alert_seen", f"customer:{found.customer_id}", by, {"alert_id": alert_id}))
        return self.get_alert(alert_id)

    def get_alert(self, alert_id: str) -> Alert | None:
        """One alert, None for an unknown one."""
        return next(iter(self._alerts(ALERTS.where(downgrade_alert.c.alert_id == alert_id))), None)

    def alerts(self, unseen: bool, after: str = "", most: int = 50) -> Page[Alert]:
        """Alerts by id, those that nobody saw or all of them; at most 500."""
        size = min(most, LARGEST_PAGE)
        wanted = ALERTS.where(downgrade_alert.c.alert_id > after).limit(size + 1)
        found = self._alerts(wanted.where(seen_alert.c.alert_id.is_(None)) if unseen else wanted)
        return Page(tuple(found[:size]), found[size - 1].alert_id if len(found) > size else None)

    def _alerts(self, wanted: Select[Any]) -> Sequence[Alert]:
        return tuple(read_alert(row) for row in self._connection.execute(wanted))

    def _lock(self, account_id: int) -> None:
        locking = select(account.c.account_id).where(account.c.account_id == account_id).with_for_update()
        self._connection.execute(locking).one()


def write_standing(standing: Standing) -> str:
    """A standing as stored text."""
    return json.dumps(asdict(standing), sort_keys=True, ensure_ascii=False)


def read_standing(row: Row[Any], before: str = "") -> StoodThere:
    """A standing from its row; `before` is how the names of its columns begin."""
    found: Mapping[str, Any] = {name: getattr(row, f"{before}{name}") for name in STANDING_FIELDS}
    told = json.loads(found["standing"])
    standing = Standing(**{**told, "offer": tuple(told["offer"])})
    return StoodThere(found["place"], date.fromisoformat(found["as_of"]), standing, found["policy_digest"],
                      found["why"], read_instant(found["at"]))  # fmt: skip


def read_alert(row: Row[Any]) -> Alert:
    """An alert from its row."""
    seen = None if row.seen_by is None else Seen(row.seen_by, row.note, read_instant(row.seen_at))
    return Alert(row.alert_id, row.customer_id, tuple(json.loads(row.fell)), read_standing(row, "before_"),
                 read_standing(row, "after_"), read_instant(row.alerted_at), seen)  # fmt: skip


def read_review(row: Row[Any]) -> Review:
    """A review from its row."""
    return Review(date.fromisoformat(row.reviewed_on), date.fromisoformat(row.next_on), row.basis, row.finding,
                  row.reviewed_by, row.tier, row.policy_digest, read_instant(row.at))  # fmt: skip


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
