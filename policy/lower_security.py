"""Rows of `security` as outputs of their table: shares of the order as constants, shares of other amounts by name.

`amount.deposit` and `share.deposit` belong to a row with one way to bring security; where a row has several, those of
its second way are called `amount.deposit#2`. A row that does not have a column says 0 in it.
"""

from __future__ import annotations

from policy.discretion import shares_of
from policy.document import Alternative, RowWritten, ShareOf, Wanted
from policy.kinds import Value
from policy.lower import Lowering
from policy.program import Const


def columns(rows: tuple[RowWritten, ...]) -> tuple[str, ...]:
    """The outputs beside "security": shares and amounts of other amounts, and what is wanted of instruments."""
    held = dict.fromkeys(name for row in rows for name in _held(row))
    found = tuple(f"{part}.{name}" for name in held for part in ("share", "amount"))
    particular = any(way.wanted is not None for row in rows for way in _ways(row))
    return found + (("wanted",) if particular else ())


def cell(low: Lowering, column: str, row: RowWritten) -> int:
    """The node of one output of a row."""
    ways = _ways(row)
    if column == "wanted":
        return low.add(Const("wanted", tuple(_wanted(way.wanted) for way in ways)))
    if column == "security":
        several = len(ways) > 1
        return low.add(Const("security", tuple(_shares(low, way) for way in ways if way.shares or several)))
    part, _, name = column.partition(".")
    one = _held(row).get(name)
    if one is None:
        return low.add(Const("percent" if part == "share" else "money", 0))
    return low.formula(one.share) if part == "share" else low.whole_units(low.formula(one.amount))


def _ways(row: RowWritten) -> tuple[Alternative, ...]:
    ways = row.cells.get("security")
    return ways if isinstance(ways, tuple) else ()


def _held(row: RowWritten) -> dict[str, ShareOf]:
    """What is of other amounts, by its name among the outputs."""
    ways = _ways(row)
    if len(ways) < 2:
        return {one.instrument.text: one for one in shares_of(row)} if ways else {}
    return {f"{one.instrument.text}#{number}": one for number, way in enumerate(ways, 1) for one in way.of}


def _shares(low: Lowering, alternative: Alternative) -> tuple[tuple[str, Value], ...]:
    return tuple((word.text, low.constant(share)) for word, share in alternative.shares)


def _wanted(wanted: Wanted | None) -> tuple[object, ...]:
    if wanted is None:
        return ()
    rating, expiry = wanted.issuer_rating, wanted.expires_after
    return (rating.text if rating else "", (expiry.days, expiry.months) if expiry else (), wanted.confirmed)
