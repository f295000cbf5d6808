"""`make bench-large`: what large policies cost an officer: checking with all findings, promises, and the self-test.

The policies are made by `tests/generated/large_policies.py`. Figures are seconds of the processor, the median of five
runs for checking; a busy machine makes them larger, but by far less than seconds by the clock. Checking is told by its
phases: reading YAML, its shapes, names and kinds, making the Program, and the analysis of its rows.
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from policy import expression, load, load_policy, meant  # noqa: E402  # the root goes on the path first
from rules.agreement import prove_build  # noqa: E402
from rules.facts import trade_vocabulary  # noqa: E402
from rules.proving import proofs_of  # noqa: E402
from tests.generated.large_policies import large_policy  # noqa: E402

SIZES = ((100, 0, 20), (1_000, 0, 20), (1_000, 200, 1_000), (5_000, 200, 20), (1, 0, 1_000))
RUNS = 5
PHASES = {  # by the step, and the file that takes it
    "yaml": (load, "read_source"), "shapes": (meant, "read_document"), "names": (meant, "check"),
    "program": (load, "compile_subjects"), "analysis": (load, "analyse_subjects"),
}  # fmt: skip


def main() -> int:
    """Measure each size and print a line for it."""
    vocabulary = trade_vocabulary()
    load_policy(large_policy(1).encode(), "first.yaml", vocabulary)  # what is built once in a process
    print(f"{_processor()}, Python {platform.python_version()}, pyyaml {version('pyyaml')}, lark {version('lark')}, "
          f"z3-solver {version('z3-solver')}; seconds of the processor, checking: median of {RUNS}")  # fmt: skip
    print(f"{'rows':>6}{'tiers':>7}{'checks':>8}{'check':>8}" + "".join(f"{phase:>10}" for phase in PHASES)
          + f"{'promises':>10}{'proved':>10}{'self-test':>11}")  # fmt: skip
    for rows, tiers, checks in SIZES:
        source = large_policy(rows, tiers, checks).encode()
        whole, phases = checked(source)
        loaded = load_policy(source, "large.yaml", vocabulary)
        assert loaded.program is not None
        assert not loaded.problems, loaded.problems[:3]
        before = _children()
        proofs = proofs_of(loaded)
        proved, proving = sum(proof.status == "proved" for proof in proofs), _children() - before
        before = _children()
        prove_build(loaded.program, 120)
        print(f"{rows:6}{tiers:7}{checks:8}{whole:8.2f}" + "".join(f"{phases[phase]:10.2f}" for phase in PHASES)
              + f"{proving:10.2f}{proved:7} of {len(proofs)}{_children() - before:10.2f}", flush=True)  # fmt: skip
    return 0


def checked(source: bytes) -> tuple[float, dict[str, float]]:
    """The median seconds of checking a text that was never read before, in all and by phases."""
    vocabulary, whole = trade_vocabulary(), []
    spent: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for _ in range(RUNS):
        expression._parsed.cache_clear()
        gc.collect()
        with measured() as seconds:
            started = process_time()
            load_policy(source, "large.yaml", vocabulary)
            whole.append(process_time() - started)
        for phase, used in seconds.items():
            spent[phase].append(used)
    return median(whole), {phase: median(used) for phase, used in spent.items()}


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """The seconds that each phase of loading takes inside, all calls together."""
    seconds = dict.fromkeys(PHASES, 0.0)
    with ExitStack() as stack:
        for phase, (module, name) in PHASES.items():
            stack.enter_context(patch.object(module, name, _timed(getattr(module, name), phase, seconds)))
        yield seconds


def _timed(step: Callable[..., Any], phase: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **extra: Any) -> Any:
        started = process_time()
        try:
            return step(*args, **extra)
        finally:
            seconds[phase] += process_time() - started

    return timed


def _processor() -> str:
    """The machine's processor as it calls itself, and how many of them there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else platform.machine()}"


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
