"""`make bench-large`: what large policies cost an officer: checking with all findings, promises, and the self-test.

The policies are made by `tests/generated/large_policies.py`. Figures are seconds of the processor; a busy machine makes
them larger, but by far less than seconds by the clock.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from policy import load_policy  # noqa: E402  # the root goes on the path first
from rules.agreement import prove_build  # noqa: E402
from rules.facts import trade_vocabulary  # noqa: E402
from rules.proving import proofs_of  # noqa: E402
from tests.generated.large_policies import large_policy  # noqa: E402

SIZES = ((100, 0, 20), (1_000, 0, 20), (1_000, 200, 1_000), (5_000, 200, 20), (1, 0, 1_000))


def main() -> int:
    """Measure each size and print a line for it."""
    vocabulary = trade_vocabulary()
    load_policy(large_policy(1).encode(), "first.yaml", vocabulary)  # what is built once in a process
    print(f"{'rows':>6}{'tiers':>7}{'checks':>8}{'check':>9}{'promises':>10}{'proved':>10}{'self-test':>11}")
    for rows, tiers, checks in SIZES:
        source = large_policy(rows, tiers, checks).encode()
        started = process_time()
        loaded = load_policy(source, "large.yaml", vocabulary)
        checked = process_time() - started
        assert loaded.program is not None
        assert not loaded.problems, loaded.problems[:3]
        before = _children()
        proofs = proofs_of(loaded)
        proved, proving = sum(proof.status == "proved" for proof in proofs), _children() - before
        before = _children()
        prove_build(loaded.program, 120)
        print(f"{rows:6}{tiers:7}{checks:8}{checked:9.2f}{proving:10.2f}{proved:7} of {len(proofs)}"
              f"{_children() - before:10.2f}", flush=True)  # fmt: skip
    return 0


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
