"""The work of the analysis is counted, not timed: it grows with the rows, and ends where it would not."""

from __future__ import annotations

from random import Random

import pytest

from policy.analysis.axes import Axis
from policy.analysis.boxes import Effort, Shelf, TooHardError, uncovered
from policy.analysis.dead_rows import dead_rows
from policy.analysis.redundant_rows import redundant_rows
from policy.analysis.slips import otherwise_slips
from policy.analysis.tables import Tables
from policy.analysis.witness import witness
from policy.check import check
from policy.compile import compile_policy
from policy.load import load_policy
from policy.program import Const
from policy.sections import read_document
from policy.source import read_source
from rules.facts import trade_vocabulary
from tests.cost import processor_seconds
from tests.generated.large_policies import large_policy
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


def analysed(rows: int) -> int:
    """How many boxes are looked at for all findings of a policy with a large limits table; no finding is left out."""
    source = large_policy(rows).encode()
    policy, _ = read_document(read_source(source, "large.yaml")[0], "large.yaml")  # type: ignore[arg-type]
    assert policy is not None
    meaning, _ = check(policy, trade_vocabulary())
    found = Tables(compile_policy(meaning, source)[0], meaning)
    assert list(dead_rows(found)) == list(redundant_rows(found)) == list(otherwise_slips(found)) == []
    return found.effort.used


def test_ten_times_the_rows_take_ten_times_the_steps() -> None:
    assert analysed(1_000) <= 12 * analysed(100)


def test_ten_times_the_rows_take_not_much_more_than_ten_times_the_processor() -> None:
    def seconds(rows: int) -> float:
        source, vocabulary = large_policy(rows).encode(), trade_vocabulary()
        return processor_seconds(lambda: load_policy(source, "large.yaml", vocabulary), 0)  # the least of three

    seconds(100)
    assert seconds(1_000) < 30 * seconds(100)


def test_a_dead_row_of_a_large_table_is_found() -> None:
    text = large_policy(1_000)
    first = text.index("  - when:\n      - customer.score >= 960")
    row = "  - when:\n      - customer.score >= 970\n      - customer.months_trading >= 55\n    limit: 7\n"
    later = text.index("  - otherwise: true\n    limit: 0")
    assert first < later
    loaded = load_policy((text[:later] + row + text[later:]).encode(), "large.yaml", trade_vocabulary())
    assert [problem.code for problem in loaded.problems] == []  # countries of no list still get it
    taken = row.replace("    limit", "      - customer.country in [CN, DE]\n    limit")
    loaded = load_policy((text[:later] + taken + text[later:]).encode(), "large.yaml", trade_vocabulary())
    assert [problem.code for problem in loaded.problems] == ["dead-row"]


def test_a_place_found_quickly_lies_outside_every_box_and_one_that_covers_it_leaves_none() -> None:
    random, seen = Random(11), [0, 0]
    axes = [Axis((n, -1), Const("count", n), cuts=[1, 2, 3], full=127) for n in range(3)]
    for _ in range(500):
        shelf = Shelf(axes)
        boxes = [{axis: random.randrange(1, 128) for axis in random.sample(range(3), random.randint(1, 3))}
                 for _ in range(random.randint(1, 9))]  # fmt: skip
        for number, box in enumerate(boxes):
            shelf.add(number, [box])
        shelf.close()
        everything = (1 << len(boxes)) - 1
        target = {axis: random.randrange(1, 128) for axis in range(3)}
        exact = uncovered(target, boxes, axes, Effort())
        found = witness(target, [(shelf, everything)], axes, Effort())
        seen[found is not None] += 1
        assert found is None or (exact is not None and uncovered(found, boxes, axes, Effort()) == found)
        assert not (shelf.covers(target, everything) and exact is not None)
    assert min(seen) > 50
