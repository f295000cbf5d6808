"""Spans and ends as an operator types them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from api.commands.spans import LONGEST, End, Span, end_after, read_span

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(("text", "span"), [
    ("30m", timedelta(minutes=30)), ("24h", timedelta(hours=24)), ("7d", timedelta(days=7)), ("3660d", LONGEST),
    ("3661d", None), ("0h", timedelta(0)), ("00h", None), ("-1h", None), ("1w", None), ("24", None),
    ("1.5h", None), ("٢h", None), ("1h\n", None), ("h", None),
])  # fmt: skip
def test_a_span_is_whole_minutes_hours_or_days(text: str, span: timedelta | None) -> None:
    assert read_span(text) == span


def test_what_is_no_span_is_told() -> None:
    with pytest.raises(click.BadParameter, match="'soon' is no span of time; write 30m"):
        Span().convert("soon", None, None)


@pytest.mark.parametrize(("text", "end"), [
    ("90d", NOW + timedelta(days=90)), ("2027-06-30", datetime(2027, 6, 30, tzinfo=UTC)),
    ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
])  # fmt: skip
def test_an_end_is_a_span_from_now_or_the_beginning_of_a_day(text: str, end: datetime) -> None:
    assert end_after(End().convert(text, None, None), NOW) == end


@pytest.mark.parametrize("text", ["2027-02-29", "tomorrow", "2027-6-30", "2027-06-30T12:00", ""])
def test_what_is_no_end_is_told(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no end; write a span such as 90d"):
        End().convert(text, None, None)


@pytest.mark.parametrize(("end", "good"), [
    (NOW, False), (NOW + timedelta(seconds=1), True), (NOW + LONGEST, True), (NOW + LONGEST + timedelta(1), False),
])  # fmt: skip
def test_an_end_is_to_come_and_within_ten_years(end: datetime, good: bool) -> None:
    if good:
        assert end_after(end, NOW) == end
    else:
        with pytest.raises(click.UsageError, match="not within the next ten years"):
            end_after(end, NOW)


def test_no_end_stays_none() -> None:
    assert end_after(None, NOW) is None
