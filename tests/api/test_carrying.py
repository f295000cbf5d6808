"""What an order adds to an exposure begins with its decision and ends when it would be let go, invoiced and due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from api.carrying import (
    Carried,
    Carrying,
    End,
    OtherOrder,
    Place,
    after_due_day,
    ends_of_held,
    ends_when_due,
    given_up,
)
from rules.ledger_facts import ApprovedOrder
from storage.reservations import Step

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = NOON.date()


def place(order: str = "SO-1", account: int = 1, group: str | None = "G", hours: int = 0, version: int = 1) -> Place:
    now = NOON + timedelta(hours=hours)
    return Place(account, group, order, now, version, now.date())


def test_what_was_held_ends_step_by_step_and_the_rest_after_its_due_day() -> None:
    steps = (Step(1, "held", 900, 900, 2, NOON), Step(2, "secured", 200, 700, 4, NOON + timedelta(hours=1)),
             Step(3, "converted", 300, 400, 6, NOON + timedelta(hours=2)),
             Step(4, "expired", 400, 0, 8, NOON + timedelta(hours=3)))  # fmt: skip
    carrying = Carrying()
    carrying.add(place(), -900, ends_of_held(steps, NOON + timedelta(hours=9)))
    assert [carrying.moved(place("SO-2", hours=hour, version=99), False)[0] for hour in (0, 2, 4, 8, 10)] == [
        -900, -700, -300, -300, 0]  # fmt: skip  (an invoice is owed until it is due)


def test_at_one_instant_the_version_of_the_account_says_what_came_first() -> None:
    for version, left in ((4, -900), (5, 0)):
        carrying = Carrying()
        carrying.add(place(group=None), -900, [End(NOON, 4, 900)])
        assert carrying.moved(place("SO-2", group=None, version=version), False) == (left, 0)


def test_a_group_has_the_sum_of_its_accounts_and_no_other_group_has_any() -> None:
    carrying = Carrying()
    for account in (1, 2):
        carrying.add(place(f"SO-{account}", account), 100 * account, ())
    assert carrying.moved(place("SO-3", 1), False) == (100, 300)
    assert carrying.moved(place("SO-3", 3), False) == (0, 300)
    assert carrying.moved(place("SO-3", 3, "H"), False) == (0, 0)
    assert carrying.moved(place("SO-3", 1, None), False) == (100, 0)


def test_an_order_that_is_sent_again_ends_what_it_added_and_not_what_it_took_off() -> None:
    carrying = Carrying()
    carrying.add(place("SO-1"), 100, ())
    carrying.add(place("SO-2"), -70, ())
    for order, left in (("SO-1", -70), ("SO-2", -70)):
        carrying.decide_again(place(order))
        assert carrying.moved(place("SO-9"), False) == (left, left)
    assert carrying.moved(place("SO-2"), True) == (0, 0)  # a changed order is decided without what it held itself


def test_nothing_is_taken_off_twice() -> None:
    carried = Carried()
    part = carried.add(100, [End(NOON, 0, 60), End(NOON + timedelta(hours=1), 0, None)])
    carried.take_off(part)
    assert (carried.until(NOON + timedelta(hours=2)), part.left) == (0, 0)


@pytest.mark.parametrize(
    ("terms", "facts", "day"),
    [
        ("net 30", {}, "2026-12-23"), ("net 30", {"order.deliver_by": date(2026, 12, 1).toordinal()}, "2026-12-31"),
        ("prepaid", {}, "2026-11-23"), (None, {}, None), ("no terms", {}, None),
        ("net 30", {"order.deliver_by": date.max.toordinal()}, None),
    ],
)  # fmt: skip
def test_an_order_is_owed_to_the_end_of_its_due_day_where_the_policy_is_at_home(
    terms: str | None, facts: dict[str, int], day: str | None
) -> None:
    found = after_due_day(terms, facts, DAY, "Asia/Shanghai")
    wanted = None if day is None else datetime.fromisoformat(f"{day}T16:00:00+00:00")  # midnight in Shanghai
    assert found == wanted
    assert [one.at for one in ends_when_due(found)] == [one for one in (wanted,) if one is not None]


def test_an_order_differs_for_sixty_days_and_no_longer_than_it_would_have_counted() -> None:
    order = ApprovedOrder(100, 100, DAY)
    ended = Step(2, "voided", 100, 0, 4, NOON)
    assert given_up((ended,)) == ended
    assert given_up((Step(2, "converted", 40, 60, 3, NOON), ended)) is None  # what became an invoice counts on
    carrying = Carrying()
    carrying.note(OtherOrder(place(), order, False, ended))
    assert [len(carrying.others(place("SO-2", version=version), False)) for version in (3, 4, 5)] == [1, 1, 0]
    carrying.note(OtherOrder(place(), order, True))
    assert carrying.others(place("SO-1", version=9), True) == []  # an order is never an earlier one of its own
    carrying.decide_again(place("SO-1"))
    assert [one.is_added for one in carrying.others(place("SO-2", version=2), False)] == [False]
    assert len(carrying.others(place("SO-2", hours=24 * 60), False)) == 1
    assert carrying.others(place("SO-2", hours=24 * 61), False) == []
