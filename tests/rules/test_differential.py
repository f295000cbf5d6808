"""Generated documents on every engine: whole outcomes and cores must be equal, and every planted fault must be seen.

Short: 1,000 documents with 100 situations each. `AVAL_SOAK=1`: 100,000 documents.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from policy.program import Program
from rules import durable, reference
from rules.compiled import compile_program
from tests.conftest import SOAK
from tests.generated.comparison import Engine, disagreement, facts_of, program_of, situations
from tests.generated.documents import document
from tests.generated.mutants import RETE
from tests.rules.differential import SITUATIONS, compare, differing_engine, processes
from tests.rules.mutants import MUTANTS

DOCUMENTS, PARTS = (100_000 if SOAK else 1_000), 40
UNWRITTEN = {"floor_for_ceil"}  # no policy text makes the Program that shows it: the language rounds half-even only
FAULTS = (TypeError, ValueError, KeyError, IndexError, AttributeError, AssertionError)


class Reference:
    """The reference engine as one that is built."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def decide(self, facts: dict[str, object]) -> object:
        """By definition."""
        return reference.decide(self._program, facts)


Build = Callable[[Program], Engine]
ENGINES: dict[str, Build] = {"compiled": compile_program, "durable": durable.build}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_engine_answers_as_the_reference(part: int) -> None:
    size = DOCUMENTS // PARTS
    decided = 0
    for seed in range(part * size, part * size + size):
        made = document(seed)
        name, own = differing_engine(made, SITUATIONS)
        decided += own
        if name:
            told = disagreement(made, Reference, ENGINES[name], SITUATIONS)
            pytest.fail(told or f"the core of the {name} engine differs for seed {seed}")
    assert decided > size * SITUATIONS // 4, "the Rete engine decided too little by itself for its answers to count"


def is_seen(build: Build, count: int = 200) -> bool:
    """Whether any of a few documents shows a difference from the reference, or a failure."""
    for seed in range(count):
        made = document(seed)
        program = program_of(made)
        try:
            engine = build(program)
            facts = [facts_of(program, situation) for situation in situations(made, program, 20)]
            if any(engine.decide(given) != reference.decide(program, given) for given in facts):
                return True
        except FAULTS:
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("mutant", sorted(set(MUTANTS) - UNWRITTEN))
def test_every_fault_of_the_compiled_engine_is_seen(mutant: str) -> None:
    with MUTANTS[mutant]():
        assert is_seen(compile_program)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", sorted(RETE))
def test_every_fault_of_the_rete_engine_is_seen(mutant: str) -> None:
    with RETE[mutant]():
        assert is_seen(durable.build)


@pytest.mark.slow
def test_a_difference_is_told_with_a_smaller_document() -> None:
    with RETE["at_most_edge_moved"]():
        told = next(told for seed in range(200) if (told := disagreement(document(seed), Reference, durable.build, 10)))
    assert "differing: {" in told
    assert "facts {" in told
    assert len(told.splitlines()) < len(document(int(told.split()[1])).text.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_the_long_form_tells_each_document_that_differs(workers: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(first=0, count=3, seconds=60, workers=workers) == 0
    told = capsys.readouterr().out
    assert "3 documents of 100 situations, 0 differing" in told
    assert "next --first 3" in told
    with RETE["at_most_edge_moved"]():
        assert compare(first=0, count=12, seconds=60, workers=workers) > 0
    assert "the durable engine answers otherwise than the reference" in capsys.readouterr().out


def test_its_processes_end_whatever_their_parent_does_on_a_signal() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with processes(1) as pool:
            assert pool.apply(signal.getsignal, (signal.SIGTERM,)) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_the_long_form_ends_when_its_time_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(first=0, count=1_000, seconds=0, workers=1) == 0
    assert "next --first 10" in capsys.readouterr().out
