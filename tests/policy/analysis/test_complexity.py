"""The work of the analysis is counted, not timed: it grows with the rows, and ends where it would not."""

from __future__ import annotations

from random import Random

import pytest

from policy.analysis.axes import Axis
from policy.analysis.boxes import Effort, TooHardError, uncovered
from policy.analysis.tables import Tables
from policy.program import Const
from tests.policy.written import checked, program


def steps(body: str) -> int:
    """How many boxes are looked at to tell which rows of a policy are live."""
    tables = Tables(program(body), checked(body))
    for table in tables.of.values():
        for row in range(len(table.node.rows)):
            tables.is_live(table, row)
    return tables.effort.used


def cascade(rows: int) -> str:
    """A row for each score, from the best down."""
    lines = "".join(f"  - tier: t{n % 7}\n    when: customer.score >= {rows - n}\n" for n in range(rows))
    return f"tiers:\n{lines}  - tier: z\n    otherwise: true\n"


def crossing(rows: int) -> str:
    """Rows of two facts that cross each other everywhere."""
    random = Random(1)
    lines = "".join(
        f"  - tier: t{n % 7}\n    when:\n      - customer.score in [{low}..{low + 40})\n"
        f"      - customer.months_trading in [{first}..{first + 40})\n"
        for n in range(rows) for low, first in [(random.randrange(900), random.randrange(900))]
    )  # fmt: skip
    return f"tiers:\n{lines}  - tier: z\n    otherwise: true\n"


def test_a_cascade_takes_a_step_for_each_row() -> None:
    assert steps(cascade(400)) <= 2 * 401


def test_rows_that_cross_take_few_steps_for_each_row() -> None:
    assert steps(crossing(300)) < 300 * 100


def test_a_search_that_would_not_end_gives_up() -> None:
    axes = [Axis((n, -1), Const("flag", True), words=[True, False], full=3) for n in range(60)]
    random = Random(3)
    blockers = [{axis: random.choice((1, 2)) for axis in random.sample(range(60), 3)} for _ in range(256)]
    with pytest.raises(TooHardError):
        uncovered({}, blockers, axes, Effort(each=2_000))
