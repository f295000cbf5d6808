"""The long comparison of the engines, in pieces: documents by number, so that it may stop and go on anywhere.

`python -m tests.rules.differential --first 0 --documents 100000` compares all; each line tells the next number to give
as `--first`, so a run that was stopped goes on there. `--seconds` ends it after so much of the processor.
"""

from __future__ import annotations

import argparse
import sys
from time import process_time

from tests.generated.documents import document
from tests.rules.test_differential import SITUATIONS, differing_engine

TOLD = 100  # documents between two lines


def compare(first: int, documents: int, seconds: float) -> int:
    """How many documents showed a difference; each is told with its number."""
    wrong, own, started = 0, 0, process_time()
    for done, seed in enumerate(range(first, first + documents), 1):
        name, decided = differing_engine(document(seed), SITUATIONS)
        wrong, own = wrong + bool(name), own + decided
        if name:
            print(f"document {seed}: the {name} engine answers otherwise than the reference", flush=True)
        used = process_time() - started
        if done % TOLD == 0 or done == documents or used > seconds:
            print(f"{done} documents of {SITUATIONS} situations, {wrong} differing, Rete decided "
                  f"{100 * own // (done * SITUATIONS)} % itself, {done / used:.2f} documents a second; "
                  f"next --first {seed + 1}", flush=True)  # fmt: skip
        if used > seconds:
            break
    return wrong


def main() -> int:
    """Run the comparison; exit code 1 where an engine differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    return 1 if compare(options.first, options.documents, options.seconds) else 0


if __name__ == "__main__":
    sys.exit(main())
