"""The policy as written: one frozen record for each thing a file may say, every part with its place.

`policy/sections.py` makes these from the file's nodes; nothing is resolved or judged yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy.problems import Where
from policy.source import Node
from policy.syntax import Condition, Expr

if TYPE_CHECKING:
    from policy.charges import ChargeWritten, FeeWritten, ReleaseWritten
    from policy.documents import DocumentRow
    from policy.ladders import LadderWritten, LettersWritten
    from policy.promises import PromiseWritten

ROW_SECTIONS = ("tiers", "limits", "terms", "security", "authority")
SECTIONS = ("facts", "scales", "settings", "lists", "let", "tables", "states", *ROW_SECTIONS[:4], "documents", "checks",
            "exceptions", "authority", "release", "escalation", "letters", "late_charge", "fees",
            "promises", "tests")  # fmt: skip
HEADER = ("aval", "policy", "title", "currency", "calendar", "timezone", "roles", "use")
PART_SECTIONS = ("aval", "facts", "scales", "settings", "lists", "tables", "documents")  # what a shared part may have
LATER = (
    "insurance", "review", "alerts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, with its place; `counted` is false where columns inside it cannot be counted from there."""

    text: str
    at: Where
    counted: bool = True


@dataclass(frozen=True, slots=True)
class FactWritten:
    """A fact that the file declares under `facts:`."""

    name: Word
    kind: Word
    source: Word
    missing: Word
    choices: tuple[Word, ...]
    meaning: Mapping[str, str]
    better: Word | None = None


@dataclass(frozen=True, slots=True)
class FieldWritten:
    """A field of the items of a list: its kind, and the words of a choice."""

    name: Word
    kind: Word
    choices: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class ListFactWritten:
    """A list that the request brings, declared under `facts:`; `dated_by` is the date that windows look at."""

    name: Word
    fields: tuple[FieldWritten, ...]
    missing: Word
    at_most: int
    dated_by: Word | None
    meaning: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ScaleWritten:
    """A rating scale from best to worst, and the words of other agencies with those of the scale that they mean."""

    name: Word
    words: tuple[Word, ...]
    agencies: Mapping[str, tuple[tuple[Word, Word], ...]]


@dataclass(frozen=True, slots=True)
class Dated:
    """One value of a setting, or one word of a list, with the days on which it holds (None: open end).

    `since` is the first and `until` the last day, both inclusive, as ordinal day numbers.
    """

    value: Expr
    since: int | None
    until: int | None
    at: Where


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that the credit committee owns; one value, or one for each stretch of time.

    It is read on the day of the decision; where `on_shipment` is there, the place that says so, on that of delivery.
    """

    name: Word
    values: tuple[Dated, ...]
    on_shipment: Where | None = None


@dataclass(frozen=True, slots=True)
class WordList:
    """A named set of words, each with the days on which it belongs to the set."""

    name: Word
    words: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class Let:
    """A named figure."""

    name: Word
    formula: Expr
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A test of a value table, and its text as written."""

    test: Condition
    text: str
    at: Where


@dataclass(frozen=True, slots=True)
class ValueTable:
    """A table that gives a value: by one subject, or by two as a grid (`across` is then the second subject).

    `values` holds, for each test down (and across), the value. Without a subject (`down` is None) the first row whose
    lines hold gives its value.
    """

    name: Word
    down: Expr | None
    across: Expr | None
    down_tests: tuple[Cell, ...]
    across_tests: tuple[Cell, ...]
    values: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Expiry:
    """So many days and calendar months after the order's last due date, and the text that says it."""

    days: int
    months: int
    text: Word


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the instruments of an alternative must be: whose rating, held until after which day, and confirmed or not."""

    issuer_rating: Word | None
    expires_after: Expiry | None
    confirmed: bool


@dataclass(frozen=True, slots=True)
class ShareOf:
    """An instrument as a share of another amount than the order's; `amount` is their product.

    Where a person decides the share it lies between `low` and `high`, both included, and `set_by` is the role.
    """

    instrument: Word
    of: Expr
    share: Expr
    amount: Expr
    low: Expr | None = None
    high: Expr | None = None
    set_by: Word | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person of a role chooses: a word for each way, and the securities it asks for, none for nothing."""

    words: tuple[Word, ...]
    set_by: Word
    ways: tuple[Alternative | None, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Instruments that go together, each with its share of the order amount, and what is wanted of them."""

    shares: tuple[tuple[Word, Expr], ...]
    at: Where
    wanted: Wanted | None = None
    of: tuple[ShareOf, ...] = ()


@dataclass(frozen=True, slots=True)
class RowWritten:
    """One row of a first-match section; `when` is None for `otherwise`. `cells` holds what the section's columns say.

    Values by section: tiers (and ladder) Word; limits Expr, effective Word; terms offer: tuple of Word, its other
    columns Word; security: tuple of Alternative, chosen: Chosen; authority Word. `subjects` are those that the row says
    under `for`
    (none: those of its section).
    """

    when: Condition | None
    cells: Mapping[str, object]
    at: Where
    subjects: tuple[str, ...] = ()
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a condition, and its text as written."""

    condition: Condition
    text: str


@dataclass(frozen=True, slots=True)
class StateWritten:
    """A state that stays: the lines that enter it and those that leave it, each taken together.

    `offered` holds the cells of the row of terms that stands before all others while it lasts, none where it has none.
    """

    name: Word
    enter: tuple[Line, ...]
    leave: tuple[Line, ...]
    offered: Mapping[str, object]
    while_at: Where


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a check or an exception is for: 0 all, 1 `customers where`, 2 `group`, 3 `customer`, from wide to narrow.

    `name` is that of the group or customer, `where` the lines that all must hold.
    """

    level: int
    text: str
    at: Where
    name: str = ""
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ExceptionWritten:
    """A named exception: for whom, which checks it lifts, when, and its last day (None: no end)."""

    name: Word
    scope: Scope
    lifts: tuple[Word, ...]
    when: Condition | None
    until: int | None
    at: Where
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckWritten:
    """One check: measured (`measure`, `op`, `allowed`) or plain (`when`); `only_when` says when it is asked.

    Checks of one name differ by `scope` or subject; None is for all. `effect` is what stops where it fails.
    """

    name: Word
    verdict: Word
    when: Condition | None
    measure: Expr | None
    measure_text: str
    op: str
    allowed: object
    only_when: Condition | None
    release_by: Word | None
    say: Mapping[str, Word]
    say_customer: Mapping[str, Word]
    at: Where
    scope: Scope | None = None
    subjects: tuple[str, ...] = ()
    effect: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class TestWritten:
    """A test of the file: `base` cases hold facts for others to build on, the rest also say what they expect."""

    name: Word
    is_base: bool
    like: Word | None
    given: tuple[tuple[Word, Node], ...]
    expect: tuple[tuple[Word, Node], ...]
    subject: Word | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole file.

    `broken` names what is declared but could not be read, such as a figure with a slip in its formula: its readers are
    not told again. `damaged` is true where any part was left out, so that nothing counts as unread.
    """

    file: str
    name: Word
    title: Mapping[str, str]
    currency: Word
    timezone: Word
    roles_rising: tuple[Word, ...] = ()
    roles_beside: tuple[Word, ...] = ()
    facts: tuple[FactWritten, ...] = ()
    fact_lists: tuple[ListFactWritten, ...] = ()
    scales: tuple[ScaleWritten, ...] = ()
    settings: tuple[Setting, ...] = ()
    lists: tuple[WordList, ...] = ()
    lets: tuple[Let, ...] = ()
    tables: tuple[ValueTable, ...] = ()
    rows: Mapping[str, tuple[RowWritten, ...]] = field(default_factory=dict)
    checks: tuple[CheckWritten, ...] = ()
    exceptions: tuple[ExceptionWritten, ...] = ()
    tests: tuple[TestWritten, ...] = ()
    calendar: Word | None = None
    ladders: tuple[LadderWritten, ...] = ()
    letters: LettersWritten | None = None
    charges: tuple[ChargeWritten, ...] = ()
    fees: tuple[FeeWritten, ...] = ()
    release: ReleaseWritten | None = None
    promises: tuple[PromiseWritten, ...] = ()
    documents: tuple[DocumentRow, ...] = ()
    use: tuple[Word, ...] = ()
    states: tuple[StateWritten, ...] = ()
    broken: frozenset[str] = frozenset()
    damaged: bool = False
