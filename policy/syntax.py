"""The tree of a written formula or condition: exactly what the officer wrote, each node with its place.

`policy/expression.py` makes these trees and nothing else does; `policy/check.py` gives their names and kinds a meaning.
Nodes compare by identity, so that a meaning can be kept beside each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from policy.problems import Where


@dataclass(frozen=True, eq=False, slots=True)
class Number:
    """`5_000`, `30%`, `15 days`, `2_000 USD`, `0.05% per day`: exact value as written (30% is 3/10), and its unit.

    `unit` is "" (bare), "%", "days", "months", "hours", "years", an ISO currency code, or "% per day|month|year".
    `decimals` counts the digits after the point.
    """

    value: Fraction
    unit: str
    decimals: int
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class DateLiteral:
    """`2026-07-01` as an ordinal day number."""

    day: int
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Name:
    """A dotted name or a bare word: a fact, figure, setting, `tier`, or a choice token; the check decides which."""

    text: str
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """A quoted text inside a line."""

    text: str
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """Several bare words that together may be one value, such as the terms `net 30` or `2/10 net 30`."""

    text: str
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Binary:
    """`left op right` with op one of + - * /."""

    op: str
    left: Expr
    right: Expr
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Negate:
    """`- value`."""

    value: Expr
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """`min(a, b)`, `max(a, b)`, `abs(a)`, `round(a)`, `days_between(a, b)`.

    `x, at most y` is min, `x, at least y` is max, `first known of [a, b]` is `first_known`,
    `stricter of [a, b]` is `stricter`.
    """

    function: str
    args: tuple[Expr, ...]
    at: Where


@dataclass(frozen=True, slots=True)
class Window:
    """`in last 24 months`, `in last 30 days`: unit "months" or "days"; `in last full calendar year`: unit "calendar",
    size in months; `ever`: unit "ever"; `since FACT`: unit "since", with the date fact. Streaks have "in_a_row",
    size in months.
    """

    unit: str
    size: int
    at: Where
    since: Name | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FigureOf:
    """`count of L where ...`, `sum of L.field where ...`: one word, one list, one `where` (lines joined by and).

    `window` bounds the days of the items; `if_none` is the value where no item fits, None where that is missing.
    `empty_breaks` says of a streak that a stretch without an item ends it.
    """

    word: str
    list_name: str
    field: str
    where: tuple[Condition, ...]
    at: Where
    window: Window | None = None
    if_none: Expr | None = None
    empty_breaks: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Notches:
    """`one notch worse than X`: so many steps down a rating scale, negative up, never beyond its ends."""

    value: Expr
    steps: int
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Pick:
    """`{pick: [a, b, c], two: worse, three: middle, none: X}`: one rating of those that are known.

    `two` and `three` say which of so many counts: worse, better or (of three) middle; `none` is what counts where none
    is known, itself None where that is missing.
    """

    args: tuple[Expr, ...]
    two: str
    three: str
    none: Expr | None
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """`left op right`; op is one of < <= > >= is is_not, and for ratings or_better or_worse better_than worse_than."""

    op: str
    left: Expr
    right: Expr
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """`[60..80)`: ends as written, None where open-ended; closed marks say whether the end itself is in."""

    low: Expr | None
    low_closed: bool
    high: Expr | None
    high_closed: bool
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Membership:
    """`left in [a, b]`, `left in (5..9)`, `left in lists.high_risk`, and `not in`."""

    left: Expr
    items: tuple[Expr | Interval, ...]
    negated: bool
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class StateTest:
    """`left is missing|known|none|zero|unlimited`, also `is not ...`; never unknown for missing and known."""

    left: Expr
    state: str
    negated: bool
    at: Where


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Lines under one roof: op "all" (a list of lines), "any", or "not" (exactly one line)."""

    op: str
    items: tuple[Condition, ...]
    at: Where


Expr = Number | DateLiteral | Name | Text | Words | Binary | Negate | Call | FigureOf | Notches | Pick
Condition = Comparison | Membership | StateTest | Block
