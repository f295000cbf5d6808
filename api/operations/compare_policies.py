"""What changed between two policies, in sentences, and for whom: orders that they decide differently, or the proof that
there are none. The command and the service tell the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policy.diff import Change, changes
from policy.load import Loaded
from policy.program import Program
from policy.source import read_source
from policy.subjects import ORDER
from rules.decision_diff import DecidedOtherwise, DecisionDiff, decision_diff
from rules.order_text import answer_changes, order_text

OF_OTHERS = 1_500  # cases of each other subject that are tried
OVER_HTTP = 2_000  # orders that are tried while somebody waits
SHOWN = 20  # ways in which answers differ


def comparison(before: tuple[Loaded, bytes], after: tuple[Loaded, bytes], orders: int = OVER_HTTP) -> dict[str, Any]:
    """What changed between two policies that run, for machines: sentences with lines, and example orders.

    Each is given as it was loaded, with its bytes.
    """
    (old, old_source), (new, new_source) = before, after
    found = (*changes_of((old_source, "old"), (new_source, "new")), *changes_of_parts(old, new))
    document = document_of(found, for_whom(old, new, ORDER, orders), programs_of(old, new, ORDER))
    document["decisions"]["differences"] = document["decisions"]["differences"][:SHOWN]
    document["other_subjects"] = {
        subject: decisions_of(for_whom(old, new, subject, min(orders, OF_OTHERS)), programs_of(old, new, subject))
        for subject in other_subjects(old, new)
    }
    return document


def other_subjects(before: Loaded, after: Loaded) -> list[str]:
    """What else both policies decide on, and not alike to the letter."""
    return [subject for subject, program in after.programs.items() if subject != ORDER and subject in before.programs
            and program.digest != before.programs[subject].digest]  # fmt: skip


def programs_of(before: Loaded, after: Loaded, subject: str) -> tuple[Program, Program]:
    """Both Programs of a subject."""
    return before.programs[subject], after.programs[subject]


def for_whom(before: Loaded, after: Loaded, subject: str, orders: int) -> DecisionDiff:
    """Whose orders are decided differently, among so many that are tried."""
    tests = [test for test in (*before.tests, *after.tests) if test.subject == subject]
    return decision_diff(*programs_of(before, after, subject), tests, orders)


def changes_of(old: tuple[bytes, str], new: tuple[bytes, str]) -> tuple[Change, ...]:
    """The changes of two files, each given by its bytes and its name."""
    nodes = [read_source(source, name)[0] for source, name in (old, new)]
    assert nodes[0] is not None and nodes[1] is not None
    return changes(nodes[0], nodes[1])


def changes_of_parts(before: Loaded, after: Loaded) -> Iterator[Change]:
    """The changes of the parts that both policies use, each with the part's name and lines."""
    old = {part.name: part for part in before.parts}
    for part in after.parts:
        if part.name in old:
            found = changes_of((old[part.name].source, part.name), (part.source, part.name))
            yield from (replace(one, sentence=f"{part.name}: {one.sentence}") for one in found)


def document_of(found: tuple[Change, ...], whose: DecisionDiff, programs: tuple[Program, Program]) -> dict[str, Any]:
    """The changes and whose orders they concern, for machines."""
    return {"changes": [one.as_dict() for one in found], "decisions": decisions_of(whose, programs)}


def decisions_of(whose: DecisionDiff, programs: tuple[Program, Program]) -> dict[str, Any]:
    """Whose orders are decided differently, for machines."""
    return {
        "proved_equal": bool(whose.proof), "proof": whose.proof, "orders_tried": whose.tried,
        "orders_differing": whose.differing(),
        "differences": [difference_of(one, programs) for one in whose.found],
    }  # fmt: skip


def difference_of(one: DecidedOtherwise, programs: tuple[Program, Program]) -> Mapping[str, Any]:
    """One order with both answers."""
    parts = answer_changes(one.old, one.new, programs)
    return {
        "orders": one.like_it, "facts": dict(order_text(programs, one.order)),
        "old": {name: was for name, was, _ in parts}, "new": {name: now for name, _, now in parts},
    }  # fmt: skip
