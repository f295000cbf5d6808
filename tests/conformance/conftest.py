"""The conformance suite tells at its end how many cases each engine decided, and fails where one was left out.

A case may be left out by a mark that says why (`skip`, `xfail`); one that an engine skips of its own accord may not.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

CASE = re.compile(r"test_a_case_is_decided_as_worked_out_by_hand\[.*-(\w+)\]$")
MARKS = ("skip", "skipif", "xfail")
_wanted: Counter[str] = Counter()
_done: Counter[str] = Counter()
_unmarked: set[str] = set()


def engine_of(name: str) -> str | None:
    """The engine of a test's name, None for a test that is no case."""
    found = CASE.search(name)
    return found[1] if found else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the cases that each engine has to decide: those without a mark."""
    if hasattr(session.config, "workerinput"):  # one of several processes, which gets a part of the cases
        return
    for item in session.items:
        engine = engine_of(item.nodeid)
        if engine is not None and not any(item.get_closest_marker(mark) for mark in MARKS):
            _wanted[engine] += 1
            _unmarked.add(item.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the cases that an engine did decide, rightly or wrongly."""
    engine = engine_of(report.nodeid)
    if engine is not None and report.when == "call" and not report.skipped and report.nodeid in _unmarked:
        _done[engine] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A case left out without a mark makes the run fail, unless it was stopped before its end."""
    if left_out() and not (session.shouldstop or session.shouldfail) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def left_out() -> dict[str, int]:
    """How many cases each engine left out without a mark."""
    return {engine: count - _done[engine] for engine, count in _wanted.items() if count > _done[engine]}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for the cases of all engines, one for what was left out."""
    if _wanted:
        told = ", ".join(f"{engine} {_done[engine]} of {count}" for engine, count in _wanted.items())
        terminalreporter.write_line(f"conformance cases decided: {told}")
    for engine, count in left_out().items():
        terminalreporter.write_line(f"left out without a mark: {count} by {engine}", red=True)
