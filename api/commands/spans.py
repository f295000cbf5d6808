"""Spans of time and ends, as an operator types them: `24h`, `90d`, or a day such as `2027-06-30`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

LONGEST = timedelta(days=3660)
_SPAN = re.compile(r"(0|[1-9][0-9]{0,4})(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Span(click.ParamType[timedelta]):
    """Minutes, hours or days: `30m`, `24h`, `7d`; at most ten years."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read a span; what is one already stays it."""
        if isinstance(value, timedelta):
            return value
        found = read_span(str(value))
        return self.fail(f"'{value}' is no span of time; write 30m, 24h or 7d", param, ctx) if found is None else found


class End(click.ParamType[timedelta | datetime]):
    """When something ends: after a span, or at the beginning of a day in UTC."""

    name = "end"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | datetime:
        """Read an end; what is one already stays it."""
        if isinstance(value, timedelta | datetime):
            return value
        text = str(value)
        if (span := read_span(text)) is not None:
            return span
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            pass
        return self.fail(f"'{text}' is no end; write a span such as 90d, or a day such as 2027-06-30", param, ctx)


def read_span(text: str) -> timedelta | None:
    """A span of time from its text, None where it is none or longer than ten years."""
    found = _SPAN.fullmatch(text)
    span = None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})
    return None if span is None or span > LONGEST else span


def end_after(end: timedelta | datetime | None, now: datetime) -> datetime | None:
    """The instant at which something ends, None where it has no end.

    Raises: UsageError for an instant that is over already, or more than ten years away.
    """
    if end is None:
        return None
    instant = now + end if isinstance(end, timedelta) else end
    if not now < instant <= now + LONGEST:
        raise click.UsageError(f"the end {instant:%Y-%m-%d} is not within the next ten years; write a later day or 90d")
    return instant
