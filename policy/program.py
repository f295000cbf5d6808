"""The Program: what a policy means, in ten kinds of node, one shape per meaning.

Nodes stand in one tuple and name each other by index; an index is always smaller than that of its reader, so a Program
has no cycles. Engines read it; only `policy/compile.py` makes one.
Source: docs/decisions/0001-one-program-many-engines.md
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from policy.asked_documents import DocumentAsked
from policy.kinds import Value
from policy.receivables import Charge, Fee, Ladder, Letters, Release
from policy.state_rules import StateRule
from policy.vocabulary import FactDeclaration, TermsLiteral

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
OPERATIONS = (
    "add", "subtract", "multiply", "divide", "negate", "min", "max", "abs", "days_between", "add_days", "add_months",
    "limit_minus", "money_over_limit", "stricter", "first_known", "none_as_zero",
)  # fmt: skip
ROUNDINGS = ("half_even", "half_up", "floor", "ceil")


@dataclass(frozen=True, slots=True)
class Const:
    """A literal, already exact and in the unit of its kind.

    Kind "offers": tuple of terms texts. Kind "security": tuple of alternatives, each a tuple of (instrument, Fraction);
    the empty tuple requires nothing. Kind "wanted", which no engine reads: for each alternative () or the issuer's
    rating, the days and months after the last due date, and whether it is confirmed. None stands only where a row of
    terms leaves a column out.
    """

    kind: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Fact:
    """A read. scope "fact": a given fact; "figure": a figure over a list, computed before the Program runs; "item": a
    field of one list item (inside a Figure only); any other scope is the name of a First table: its output `name`.
    """

    name: str
    kind: str
    scope: str = "fact"


@dataclass(frozen=True, slots=True)
class Calc:
    """Exact arithmetic; a missing argument makes the result missing (the union of reasons), but for first_known.

    limit_minus: unlimited − money = unlimited. money_over_limit: money ÷ unlimited = 0. stricter: the lowest, none
    ignored, all none is none. none_as_zero: none becomes 0. divide by 0 is missing{zero_divisor}. days_between(a, b) is
    a − b. add_months clamps to the end of the month. Numbers are int when whole, else Fraction.
    """

    op: str
    args: tuple[int, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Round:
    """The only rounding: to whole multiples of `step`."""

    arg: int
    step: Fraction
    mode: str
    kind: str


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right` with op of COMPARISONS; missing on either side is unknown."""

    op: str
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Logic:
    """Kleene logic: op "and" | "or" | "not"; the empty and is true, the empty or is false."""

    op: str
    args: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of constants; None is an open end."""

    low: int | Fraction | None
    low_closed: bool
    high: int | Fraction | None
    high_closed: bool


@dataclass(frozen=True, slots=True)
class In:
    """True when the value is one of `points` or lies in one of `spans`; `negated` turns it round; missing is unknown.

    With `missing` set it is the test "is missing" (`negated`: "is known"), which is never unknown and has no points.
    """

    arg: int
    points: tuple[Value, ...] = ()
    spans: tuple[Span, ...] = ()
    negated: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a first-match table; `line` is the place in the file and no part of the meaning."""

    condition: int
    outputs: tuple[int, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class First:
    """Rows top-down: the first that is not false decides; unknown makes every output missing with that row's reasons.

    No row: missing{no_row:NAME}. Outputs are evaluated only when their row is chosen.
    """

    name: str
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Lift:
    """One named exception that lifts a check where `condition` is true; unknown lifts nothing."""

    name: str
    condition: int
    line: int = 0


ADDED_LATER = {"added_later": True}  # a field that is no part of the digest while it is empty


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `applies` false: does_not_apply; unknown: not_evaluated. `fails` true: its verdict; false: pass.

    A measured check also names `measure`, `op` (at_most, at_least, below, above, is, in) and `allowed` (-1 for in).
    Where it fails and one of `lifts` holds, its status is lifted, by the first that does; never a hard stop. Checks of
    one name and different `scope` stand side by side; the scope is part of `applies`, so that one at most applies, and
    its text is no part of the meaning. `effect` is what others stop where it fails; the verdict does not ask for it.
    """

    name: str
    fails: int
    verdict: str
    applies: int = -1
    measure: int = -1
    op: str = ""
    allowed: int = -1
    release_by: str = ""
    line: int = 0
    lifts: tuple[Lift, ...] = field(default=(), metadata=ADDED_LATER)
    scope: str = ""
    effect: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class Collect:
    """Every check is evaluated, in document order; one never cuts another short."""

    rows: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """The fixed end of a decision: verdict order, choice of terms, security still to bring (PROGRAM §1 row 10, §2).

    Each field is the index of a First, Collect or Fact node, -1 where the policy has no such section or the vocabulary
    no such fact. `limit_effective` is any node of kind limit.
    """

    checks: int
    tiers: int = -1
    limits: int = -1
    terms: int = -1
    security: int = -1
    authority: int = -1
    limit_effective: int = -1
    amount: int = -1
    prepaid: int = -1
    requested_terms: int = -1


Node = Const | Fact | Calc | Round | Compare | Logic | In | First | Collect | Fold


@dataclass(frozen=True, slots=True)
class DayWindow:
    """The days that a figure looks at, by the date `field` of an item: the last so many "days" or "months" up to and
    with as_of, or (unit "calendar") the last whole stretch of so many calendar months, 12 for a year; (unit "since")
    from the day of the fact `since` to as_of; (unit "in_a_row") all closed stretches of so many months.
    """

    unit: str
    size: int
    field: str
    since: str = dataclasses.field(default="", metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over a list, computed from its rows before the Program runs.

    `word` is count, sum, largest, smallest, average, share, any or every; `nodes` is a little program of its own over
    "item" and "fact" reads; `where` is the index of the condition in it; `field` the index read (-1: whole items). An
    item whose `where` is unknown, or whose field is missing, makes the whole figure missing. Of no item, largest,
    smallest and average are missing, or the one value of `if_none`.
    The words any_in_a_row and every_in_a_row count the closed stretches of the window, from the last one backwards, in
    which any or every item fits; one without items is passed over, or ends the streak where `empty_breaks`.
    """

    name: str
    word: str
    list_name: str
    nodes: tuple[Node, ...]
    where: int
    field: int
    kind: str
    window: DayWindow | None = dataclasses.field(default=None, metadata=ADDED_LATER)
    if_none: tuple[Value, ...] = dataclasses.field(default=(), metadata=ADDED_LATER)
    empty_breaks: bool = dataclasses.field(default=False, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class Wording:
    """What people read, and no part of the meaning: labels of nodes, messages of checks, places of rows."""

    title: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    kinds: Mapping[int, str] = field(default_factory=dict)
    say: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by message_keys
    say_customer: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)
    built_in: frozenset[str] = frozenset()
    scales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cells: frozenset[str] = frozenset()  # value tables of which one cell at most fits, wherever it stands


def message_keys(checks: Sequence[str]) -> list[str]:
    """The key of each check's messages by the names of all checks: its name, and for a second of one name its place."""
    return [name if name not in checks[:place] else f"{name}#{place}" for place, name in enumerate(checks)]


@dataclass(frozen=True, slots=True)
class Program:
    """A checked policy, ready to run.

    `facts` are the declarations of every fact read, by name; `figures` are computed first and read as facts; `terms`
    holds every payment term written in the file; `tables` maps a First's name to its index, in order of evaluation;
    `lets` maps the officer's figure names to nodes. `fold` is the index of the only Fold, the last node.
    `digest` is SHA-256 over the meaning alone (`policy/digest.py`), `source_digest` over the bytes of the file.
    What follows belongs to entries of their own (`policy/receivables.py`); `ladder_of` pairs a tier with its ladder.
    `subject` is what this Program decides on; a policy has one Program for each subject that it uses.
    `states` name the tables of states that stay (`policy/state_rules.py`); only orders change them.
    `documents` says what the answer tells beside the checks of documents, which decide (`policy/asked_documents.py`).
    """

    name: str
    currency: str
    minor_digits: int
    timezone: str
    vocabulary: str
    nodes: tuple[Node, ...]
    facts: Mapping[str, FactDeclaration]
    figures: tuple[Figure, ...]
    tables: Mapping[str, int]
    lets: Mapping[str, int]
    terms: Mapping[str, TermsLiteral]
    tiers: tuple[str, ...]
    roles_rising: tuple[str, ...]
    roles_beside: tuple[str, ...]
    fold: int
    wording: Wording
    digest: str = ""
    source_digest: str = ""
    calendar: str = ""
    ladders: tuple[Ladder, ...] = ()
    ladder_of: tuple[tuple[str, str], ...] = ()
    letters: Letters | None = None
    charges: tuple[Charge, ...] = ()
    fees: tuple[Fee, ...] = ()
    release: Release | None = None
    subject: str = "order"
    states: tuple[StateRule, ...] = ()
    documents: tuple[DocumentAsked, ...] = ()
