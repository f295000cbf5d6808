"""What the names of a file stand for: facts, figures, settings, tables, outputs of sections, and when each is known.

`Names` is filled once for a file; `policy/infer.py` asks it for every name it meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy import syntax as s
from policy.document import Let, Policy
from policy.kinds import Value
from policy.syntax import Condition, Expr, FigureOf, Name, Number
from policy.vocabulary import FactDeclaration, Vocabulary

if TYPE_CHECKING:
    from policy.promises import CheckedPromise

STATE = "state."  # names, facts and tables of states begin so
ENTRIES = "entries_of_"  # the list of entries of a state
LEVELS = {"facts": 0, "states": 1, "tiers": 2, "limits": 3, "terms": 4, "security": 5, "checks": 6, "authority": 7}
OUTPUT_NAMES = {"limit": "limit.policy", "largest_order": "limit.largest_order", "review_every": "limit.review_every"}
GROUP_FACTS = ("group.limit", "group.exposure")  # what brings a group's ceiling into a policy
SAID_WITH_TERMS = ("pay_by", "ship_when")  # columns of terms that the answer repeats and nothing reads
LEAVES = (s.Name, s.Number, s.DateLiteral, s.Text, s.Words)  # formulas with nothing under them
SECTION_AT = {level: section for section, level in LEVELS.items()}


@dataclass(frozen=True, slots=True)
class Sort:
    """The kind of a value, and for words the choices; `maybe_none` marks a limit that nobody may have granted.

    A rating has the name of its `scale`, and the rank of each word that may stand for one, 1 the best.
    """

    kind: str
    choices: tuple[str, ...] = ()
    maybe_none: bool = False
    of_tier: bool = False
    scale: str = ""
    ranks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Referent:
    """What a name stands for.

    scope: "fact", "figure", "let", "setting", "output" (of the section `table`), "effective", "table" (a value table),
    "token", "item" (a field of a list item). `level` is the section after which it is known (see LEVELS).
    """

    scope: str
    name: str
    sort: Sort
    level: int = 0
    table: str = ""
    value: Value | None = None


@dataclass(slots=True)
class Meanings:
    """The checker's answers, beside the tree: the sort of each formula, the referent of each name, exact numbers."""

    sorts: dict[Expr, Sort] = field(default_factory=dict)
    referents: dict[Expr, Referent] = field(default_factory=dict)
    numbers: dict[Number, Value] = field(default_factory=dict)
    foreign: dict[Number, str] = field(default_factory=dict)


@dataclass(slots=True)
class Names:
    """Every name that the file and the vocabulary give."""

    policy: Policy
    vocabulary: Vocabulary
    facts: dict[str, FactDeclaration]
    lets: Mapping[str, Let] = field(default_factory=dict)
    known: dict[str, Referent] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    used_here: set[str] = field(default_factory=set)

    def read(self, names: Iterable[Name]) -> None:
        """Mark names as read; `used_here` holds those that the file itself reads, not a built-in check."""
        for name in names:
            self.used.add(name.text)
            if name.at.file == self.policy.file:
                self.used_here.add(name.text)

    def all_names(self) -> list[str]:
        return [*self.known, *self.lets]


@dataclass(frozen=True, slots=True)
class CheckedTest:
    """A test of the file with typed values; a given None means: missing on purpose."""

    name: str
    line: int
    facts: Mapping[str, Value | None]
    lists: Mapping[str, tuple[Mapping[str, Value], ...]]
    expect: Mapping[str, object]
    subject: str = "order"


@dataclass(frozen=True, slots=True)
class Checked:
    """A document whose names and kinds are all proved: what `policy/compile.py` lowers and tests walk by themselves."""

    policy: Policy
    vocabulary: Vocabulary
    meanings: Meanings
    names: Names
    tests: tuple[CheckedTest, ...]
    promises: tuple[CheckedPromise, ...] = ()
    whole: Policy | None = None  # the document of all subjects, where this is of one


def fact_referent(declaration: FactDeclaration, scope: str = "fact") -> Referent:
    """A declared fact as a referent; a limit may always be none."""
    kind = declaration.kind
    sort = Sort(kind, declaration.choices, kind == "limit", scale=declaration.scale, ranks=declaration.ranks)
    return Referent(scope, declaration.name, sort)


def figure_of(let: Let) -> FigureOf | None:
    """The figure over a list that a named figure is, None where it is a formula."""
    return let.formula if isinstance(let.formula, FigureOf) else None


def parts_of(node: Expr | Condition) -> tuple[Expr | Condition, ...]:
    """The formulas and conditions directly under one."""
    if isinstance(node, LEAVES):
        return ()
    match node:
        case s.Binary() | s.Comparison():
            return (node.left, node.right)
        case s.Negate():
            return (node.value,)
        case s.Call():
            return node.args
        case s.Notches():
            return (node.value,)
        case s.Pick():
            return node.args if node.none is None else (*node.args, node.none)
        case s.FigureOf():
            since = None if node.window is None else node.window.since
            return (*node.where, *(part for part in (node.if_none, since) if part is not None))
        case s.Membership():
            ends = [end for item in node.items if isinstance(item, s.Interval) for end in (item.low, item.high) if end]
            return (node.left, *[item for item in node.items if not isinstance(item, s.Interval)], *ends)
        case s.StateTest():
            return (node.left,)
        case s.Block():
            return node.items


def names_in(node: Expr | Condition) -> list[Name]:
    """Every name under a formula or condition, in order."""
    found: list[Name] = []
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, Name):
            found.append(one)
        elif not isinstance(one, LEAVES):
            todo += reversed(parts_of(one))
    return found
