"""The long comparison of the engines, in pieces: documents by number, so that it may stop and go on anywhere.

`python -m tests.rules.differential --first 0 --count 100000 --workers 2` compares all, in pieces of ten;
each line tells the next number to give as `--first`, so a run that was stopped goes on there. `--seconds` ends it after
so much of the processor of each worker.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.pool import Pool
from time import monotonic, process_time

from policy.pauses import collection_paused
from rules import durable, reference
from rules.compiled import compile_program
from rules.core import core_of
from tests.generated.comparison import facts_of, program_of, situations
from tests.generated.documents import Document, document

SITUATIONS = 100
TOLD = 100  # documents between two lines
PIECE = 10  # documents that a worker compares before it answers


def differing_engine(made: Document, count: int) -> tuple[str, int]:
    """The first engine that answers otherwise than the reference ("" for none), and how often Rete decided itself."""
    program = program_of(made)
    compiled, rete = compile_program(program), durable.build(program)
    try:
        for number, situation in enumerate(situations(made, program, count)):
            facts = facts_of(program, situation)
            wanted = reference.decide(program, facts)
            core = core_of(wanted) if number % 4 == 0 else None  # the same answer in numbers: asked now and then
            if compiled.decide(facts) != wanted or (core is not None and compiled.core(facts) != core):
                return "compiled", 0
            if rete.decide(facts) != wanted or (core is not None and rete.core(facts) != core):
                return "durable", 0
        return "", count - rete.fallbacks * 4 // 5
    finally:
        rete.close()


@dataclass(frozen=True, slots=True)
class Piece:
    """Some documents compared: their numbers, those that differ with the engine, decisions of Rete, seconds used."""

    seeds: tuple[int, ...]
    differing: tuple[tuple[int, str], ...]
    own: int
    seconds: float


@collection_paused()  # ten documents leave little behind
def compared(seeds: tuple[int, ...]) -> Piece:
    """These documents on every engine."""
    started, own, differing = process_time(), 0, []
    for seed in seeds:
        name, decided = differing_engine(document(seed), SITUATIONS)
        own += decided
        if name:
            differing.append((seed, name))
    return Piece(seeds, tuple(differing), own, process_time() - started)


def compare(first: int, count: int, seconds: float, workers: int) -> int:
    """How many documents showed a difference; each is told with its number."""
    pieces = [tuple(range(start, min(start + PIECE, first + count))) for start in range(first, first + count, PIECE)]
    if workers == 1:
        return told(map(compared, pieces), count, seconds)
    with processes(workers) as pool:
        return told(pool.imap(compared, pieces), count, seconds * workers)


def processes(number: int) -> Pool:
    """Processes that end when they are told: a pool waits for ever for one that inherited a handler of SIGTERM."""
    return get_context("fork").Pool(number, signal.signal, (signal.SIGTERM, signal.SIG_DFL))


def told(pieces: Iterable[Piece], count: int, seconds: float) -> int:
    """Tell what the pieces found as they come, in their order, until the seconds are used."""
    sums: Counter[str] = Counter()
    used, started, line = 0.0, monotonic(), TOLD
    for piece in pieces:
        sums.update(documents=len(piece.seeds), own=piece.own, wrong=len(piece.differing))
        used += piece.seconds
        for seed, name in piece.differing:
            print(f"document {seed}: the {name} engine answers otherwise than the reference", flush=True)
        done = sums["documents"]
        if done >= line or done == count or used > seconds:
            line = done + TOLD
            print(f"{done} documents of {SITUATIONS} situations, {sums['wrong']} differing, Rete decided "
                  f"{100 * sums['own'] // (done * SITUATIONS)} % itself, {done / used:.2f} documents a second of the "
                  f"processor, {done / (monotonic() - started):.2f} by the clock; next --first {piece.seeds[-1] + 1}",
                  flush=True)  # fmt: skip
        if used > seconds:
            break
    return sums["wrong"]


def main() -> int:
    """Run the comparison; exit code 1 where an engine differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    return 1 if compare(options.first, options.count, options.seconds, options.workers) else 0


if __name__ == "__main__":
    sys.exit(main())
