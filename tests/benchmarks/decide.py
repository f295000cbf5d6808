"""`make bench`: one decision in process, our engines beside peers, equal answers first.

Every engine runs in a process of its own; rounds are interleaved, so that a noisy machine is noisy for all. The figure
to compare is CPU time a decision (median and best of the rounds); the ratio is against the best use of zen-engine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.benchmarks import aval_engines, peers, workload  # noqa: E402  # the root goes on the path first

SIZES = (4, 100, 1000)
INPUTS = 20_000
PACKAGES = ("zen-engine", "datalogic-py", "durable-rules", "orjson")


def compiled(rows: int) -> Callable[[workload.Facts], workload.Answer]:
    """Our compiled engine, core figures."""
    from rules.compiled import compile_program

    return aval_engines.answering(compile_program(aval_engines.program(rows)).core, rows)


def agreement(rows: int) -> Callable[[workload.Facts], workload.Answer]:
    """Both our engines, compared, core figures."""
    from rules.agreement import Agreement

    return aval_engines.answering(Agreement(aval_engines.program(rows)).core, rows)


def full(rows: int) -> Callable[[workload.Facts], Any]:
    """Our compiled engine with the evidence of every check: the whole Outcome (equal answers are the tests' work)."""
    from rules.compiled import compile_program

    return compile_program(aval_engines.program(rows)).decide


ENGINES: dict[str, Callable[[int], Callable[[workload.Facts], Any]]] = {
    "zen-engine evaluate(dict)": peers.zen,
    "zen-engine evaluate(bytes)": lambda rows: peers.zen(rows, as_bytes=True),
    "datalogic-py session": peers.datalogic,
    "durable_rules naive": peers.durable_rules,
    "plain Python": workload.answer,
    "aval compiled (core)": compiled,
    "aval agreement (core)": agreement,
    "aval compiled (full)": full,
}


def worker(name: str, rows: int) -> None:
    """One engine: compare all inputs, then time rounds as they are asked for on stdin."""
    orders, expected = workload.inputs(INPUTS), workload.answer(rows)
    started = time.perf_counter()
    decide = ENGINES[name](rows)
    built = time.perf_counter() - started
    wrong = 0 if "full" in name else sum(decide(order) != expected(order) for order in orders)
    print(json.dumps({"built": built, "wrong": wrong, "compared": 0 if "full" in name else len(orders)}), flush=True)
    pace, decisions = time.perf_counter(), 0
    while decisions < 200 or time.perf_counter() - pace < 0.05:
        decide(orders[decisions % INPUTS])
        decisions += 1
    each = (time.perf_counter() - pace) / decisions
    for line in sys.stdin:
        print(json.dumps(_round(decide, orders, max(50, min(INPUTS, int(float(line) / each))))), flush=True)


def _round(decide: Callable[[workload.Facts], Any], orders: list[workload.Facts], count: int) -> float:
    some = orders[:count]
    started = time.process_time()
    for order in some:
        decide(order)
    return (time.process_time() - started) / count * 1e6


def measure(rows: int, rounds: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Every engine's figures at one size of the tier table; microseconds of CPU a decision."""
    running, found = {}, {}
    for name in ENGINES:
        command = [sys.executable, __file__, "--worker", name, str(rows)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdin and process.stdout
        first = process.stdout.readline()
        if not first:
            raise SystemExit(f"{name} did not start at {rows} rows")
        found[name], running[name] = {**json.loads(first), "rounds": []}, process
    for _ in range(rounds):
        for name, process in running.items():
            process.stdin.write(f"{seconds}\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            found[name]["rounds"].append(float(process.stdout.readline()))  # type: ignore[union-attr]
    for process in running.values():
        process.stdin.close()  # type: ignore[union-attr]
        process.wait(30)
    return found


def report(sizes: dict[int, dict[str, dict[str, Any]]]) -> bool:
    """Print the table; false where an answer was wrong."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, {_processor()}, load {os.getloadavg()[0]:.1f}")
    print(f"versions: Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES))
    sound = True
    medians: dict[tuple[str, int], float] = {}
    for rows, found in sizes.items():
        zen = min(statistics.median(one["rounds"]) for name, one in found.items() if name.startswith("zen"))
        print(f"\n{rows} rows in the tier table ({INPUTS:,} inputs compared first; CPU microseconds a decision)")
        print(f"{'engine':28}{'median':>10}{'best':>10}{'build ms':>10}{'wrong':>7}{'x faster than zen':>20}")
        for name, one in found.items():
            median = medians[name, rows] = statistics.median(one["rounds"])
            sound &= one["wrong"] == 0
            figures = f"{median:10.2f}{min(one['rounds']):10.2f}{one['built'] * 1e3:10.0f}{one['wrong']:7}"
            print(f"{name:28}{figures}{zen / median:20.2f}")
    small, large = min(sizes), max(sizes)
    print(f"\ngrowth of the median from {small} to {large} rows")
    for name in ENGINES:
        print(f"{name:28}{medians[name, large] / medians[name, small]:10.2f}x")
    return sound


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def main() -> int:
    """Run the benchmark; exit code 1 where any engine answered differently."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--worker", nargs=2, metavar=("ENGINE", "ROWS"))
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.25)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker[0], int(options.worker[1]))
        return 0
    return 0 if report({rows: measure(rows, options.rounds, options.seconds) for rows in options.rows}) else 1


if __name__ == "__main__":
    sys.exit(main())
