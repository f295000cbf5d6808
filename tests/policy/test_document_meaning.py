"""The way from a document to a Program: the Program decides what the document itself says, by another evaluator."""

from __future__ import annotations

import pytest

from rules import reference
from tests.conftest import SOAK
from tests.document_evaluator import Answer
from tests.generated.comparison import (
    answer_of,
    checked_of,
    differing,
    document_answer,
    facts_of,
    program_of,
    situations,
    smaller,
)  # fmt: skip
from tests.generated.documents import Document, document
from tests.generated.facts import Situation
from tests.generated.mutants import COMPILER

DOCUMENTS, SITUATIONS, PARTS = (30_000 if SOAK else 400), 30, 10


def first_difference(made: Document, count: int) -> tuple[Situation, Answer, Answer] | None:
    """The first situation of which the Program and the document say different things."""
    program, checked = program_of(made), checked_of(made)
    for situation in situations(made, program, count):
        answer = answer_of(program, reference.decide(program, facts_of(program, situation)))
        wanted = document_answer(checked, situation, program.subject)
        if answer != wanted:
            return situation, answer, wanted
    return None


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_program_decides_what_its_document_says(part: int) -> None:
    size = DOCUMENTS // PARTS
    for seed in range(part * size, part * size + size):
        if first_difference(document(seed), SITUATIONS) is not None:
            small = smaller(document(seed), lambda less: first_difference(less, SITUATIONS) is not None)
            found = first_difference(small, SITUATIONS)
            assert found is not None
            pytest.fail(f"seed {seed}\n{small.text}\n{found[0]}\n{differing(found[1], found[2])}")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", sorted(COMPILER))
def test_every_fault_of_the_compiler_is_seen(mutant: str) -> None:
    def is_seen(seed: int) -> bool:
        try:
            return first_difference(document(seed), 20) is not None
        except (TypeError, ValueError, KeyError, AssertionError):
            return True

    with COMPILER[mutant]():
        assert any(is_seen(seed) for seed in range(200))
