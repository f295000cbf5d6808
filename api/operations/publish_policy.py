"""Publish a policy: check the file and its promises, run its tests, try its engines, store it by its bytes' digest.

A file with errors, a failing test or an engine that differs is not stored at all: what is stored can be run. Engines
are tried in a process of their own, because a fault of the Rete engine can end the process it is in.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.chinese import in_chinese
from policy.load import NO_PARTS, Loaded, load_policy
from policy.parts import Shelf
from policy.problems import Problem, errors
from policy.subjects import ORDER
from rules.agreement import BuildRefused, prove_build
from rules.facts import trade_vocabulary
from rules.proving import all_findings
from rules.selftest import Result, run_all
from storage.engine import Database
from storage.policies import NewPolicy, PolicyPart, PolicyVersion


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy file as it is handed in: its bytes, what findings call it, and where the parts lie that it may use."""

    source: bytes
    name: str
    shelf: Shelf = NO_PARTS


class NotPublishable(ValueError):
    """The file cannot be published; `problems` are its errors, `failed` its failing tests, else an engine differed."""

    def __init__(self, problems: tuple[Problem, ...] = (), failed: tuple[Result, ...] = (), engines: str = "") -> None:
        self.problems, self.failed, self.engines = problems, failed, engines
        super().__init__(self.told("en"))

    def told(self, language: str) -> str:
        """Why not, a line each, "en" or "zh"; what an engine did is told as it came."""
        lines = [f"the test '{one.name}' in line {one.line} fails" for one in self.failed]
        if language == "zh":
            lines = [in_chinese(line) for line in lines]
        told = [*(one.told(language) for one in self.problems), *lines, self.engines]
        return "\n".join(line for line in told if line)


def publish_policy(database: Database, file: PolicyFile, by: str, effective: bool = False) -> PolicyVersion:
    """Store a policy file with the parts that it uses, and make it the one that decides from now on where `effective`.

    The same bytes again are the version that is stored already; a policy that is effective already is left so.
    Raises: NotPublishable for a file with errors, a failing test, or engines that do not agree with the reference.
    """
    loaded = publishable(file)
    program = loaded.programs[ORDER]
    parts = tuple(PolicyPart(part.name, part.source) for part in loaded.parts)
    with database.write() as work:
        new = NewPolicy(program.name, program.source_digest, loaded.digest, file.source, by, parts)
        stored = work.policies.add(new)
        current = work.policies.effective()
        if effective and (current is None or current.digest != stored.digest):
            work.policies.set_effective(stored.digest, by)
    return stored


def publishable(file: PolicyFile) -> Loaded:
    """The Programs of a file that has passed every gate. Raises: NotPublishable."""
    loaded = load_policy(file.source, file.name, trade_vocabulary(), file.shelf)
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
