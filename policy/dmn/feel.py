"""The part of FEEL that tables and formulas use, as a tree: what an expression says, before anyone evaluates it.

Names of a model may hold blanks and signs ("Approved/Declined"), so a reader is told the names it may meet.
Source: OMG DMN 1.5, chapters 9 (S-FEEL) and 10.3.1 (grammar).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

DateValue = date
Scalar = Fraction | str | bool | date | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, truth value, date or null."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Variable:
    """A name, and the components read from it: `Loan.amount` is ("Loan", "amount")."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """`- value`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right` with op one of + - * / **."""

    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Compared:
    """`left op right` with op one of = != < <= > >=."""

    op: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Joined:
    """`left and right`, `left or right`: three-valued."""

    op: str
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`if condition then yes else no`; a condition that is null takes `no`."""

    condition: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class Invoked:
    """A call of a function by position: built in, or a business knowledge model."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`[low..high)`: both ends are values."""

    low: Expression
    low_closed: bool
    high: Expression
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Tested:
    """`value in tests` and `value between a and b`."""

    value: Expression
    tests: Tests


@dataclass(frozen=True, slots=True)
class Half:
    """A test with one operator, asked of a value from outside: `>= 18`."""

    op: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Tests:
    """A cell: any of its tests holds; none at all (`-`) always holds; `negated` is `not(...)`."""

    tests: tuple[Range | Half, ...]
    negated: bool = False

    @property
    def always(self) -> bool:
        """Whether every value fits, missing ones too."""
        return not self.tests


Expression = (
    Literal | Variable | Negative | Arithmetic | Compared | Joined | Choice | Invoked | Listed | Tested
)  # fmt: skip


class FeelError(Exception):
    """Text that is no expression of this part of FEEL; `offset` is where, `kept` is false where FEEL itself has it."""

    def __init__(self, message: str, offset: int, foreign: bool = False) -> None:
        super().__init__(message)
        self.offset, self.foreign = offset, foreign
