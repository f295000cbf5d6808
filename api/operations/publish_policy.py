"""Publish a policy: check the file and its promises, run its tests, try its engines, store it by its bytes' digest.

A file with errors, a failing test or an engine that differs is not stored at all: what is stored can be run. Engines
are tried in a process of their own, because a fault of the Rete engine can end the process it is in.
"""

from __future__ import annotations

from policy.load import Loaded, load_policy
from policy.problems import Problem, errors
from policy.subjects import ORDER
from rules.agreement import BuildRefused, prove_build
from rules.facts import trade_vocabulary
from rules.proving import all_findings
from rules.selftest import Result, run_all
from storage.engine import Database
from storage.policies import NewPolicy, PolicyVersion


class NotPublishable(ValueError):
    """The file cannot be published; `problems` are its errors, `failed` its failing tests, else an engine differed."""

    def __init__(self, problems: tuple[Problem, ...] = (), failed: tuple[Result, ...] = (), engines: str = "") -> None:
        told = [*map(str, problems), *(f"the test '{one.name}' in line {one.line} fails" for one in failed), engines]
        super().__init__("\n".join(line for line in told if line))
        self.problems, self.failed = problems, failed


def publish_policy(database: Database, source: bytes, file: str, by: str, effective: bool = False) -> PolicyVersion:
    """Store a policy file, and make it the one that decides from now on where `effective`.

    The same bytes again are the version that is stored already; a policy that is effective already is left so.
    Raises: NotPublishable for a file with errors, a failing test, or engines that do not agree with the reference.
    """
    loaded = publishable(source, file)
    program = loaded.programs[ORDER]
    with database.write() as work:
        stored = work.policies.add(NewPolicy(program.name, program.source_digest, loaded.digest, source, by))
        current = work.policies.effective()
        if effective and (current is None or current.digest != stored.digest):
            work.policies.set_effective(stored.digest, by)
    return stored


def publishable(source: bytes, file: str) -> Loaded:
    """The Programs of a file that has passed every gate. Raises: NotPublishable."""
    loaded = load_policy(source, file, trade_vocabulary())
    if loaded.program is None:
        raise NotPublishable(tuple(errors(loaded.problems)))
    broken = errors(all_findings(loaded))
    if broken:
        raise NotPublishable(tuple(broken))
    failed = tuple(result for result in run_all(loaded.programs, loaded.tests) if not result.passed)
    if failed:
        raise NotPublishable(failed=failed)
    try:
        for program in loaded.programs.values():
            prove_build(program)
    except BuildRefused as refused:
        raise NotPublishable(engines=str(refused)) from refused
    return loaded
