"""A block lasts from its first to its last day, and no day longer than until somebody ends it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from credit.blocks import Block, first_free_day, is_blocked, is_disputed

FIRST, LAST = date(2026, 11, 10), date(2026, 11, 12)


@pytest.mark.parametrize(
    ("ended", "days"),
    [(None, [False, True, True, True, False]), (2, [False, True, True, False, False]),
     (0, [False, False, False, False, False]), (-5, [False, False, False, False, False]),
     (9, [False, True, True, True, False])],
)  # fmt: skip
def test_its_days(ended: int | None, days: list[bool]) -> None:
    block = Block("dispute", FIRST, LAST, None if ended is None else FIRST + timedelta(ended))
    assert [block.lasts(FIRST + timedelta(number)) for number in range(-1, 4)] == days


def test_a_block_of_one_day_and_none_that_ends_before_it_begins() -> None:
    assert Block("promise", FIRST, FIRST).free_from == FIRST + timedelta(1)
    with pytest.raises(ValueError, match="before it begins"):
        Block("promise", FIRST, FIRST - timedelta(1))
    with pytest.raises(ValueError, match="one of dispute, promise"):
        Block("holiday", FIRST, LAST)


def test_the_first_free_day_is_behind_all_blocks_that_follow_each_other() -> None:
    blocks = (Block("dispute", FIRST, LAST), Block("promise", LAST + timedelta(1), LAST + timedelta(4)),
              Block("promise", LAST + timedelta(9), LAST + timedelta(9)))  # fmt: skip
    assert is_blocked(blocks, LAST) and not is_blocked((), LAST)
    assert first_free_day(blocks, FIRST) == LAST + timedelta(5)
    assert first_free_day(blocks, FIRST - timedelta(1)) == FIRST - timedelta(1)
    assert first_free_day((), FIRST) == FIRST


@pytest.mark.parametrize("told", [None, False, True])
def test_a_dispute_counts_on_its_days_whatever_an_import_said_and_a_promise_never(told: bool | None) -> None:
    dispute, promise = Block("dispute", FIRST, LAST, LAST), Block("promise", FIRST, LAST)
    days = [FIRST + timedelta(number) for number in range(-1, 3)]
    assert [is_disputed(told, (promise, dispute), day) for day in days] == [told, True, True, told]
    assert [is_disputed(told, (promise,), day) for day in days] == [told] * 4
