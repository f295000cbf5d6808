"""Check a policy as publishing does: findings, tests, promises and engines, all told at once and kept with the bytes.

What a check found is the evidence on which another person approves, so it says everything, also what passed. Engines
are tried in a process of their own, because a fault of the Rete engine can end the process it is in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy.chinese import in_chinese
from policy.load import NO_PARTS, Loaded, load_policy
from policy.parts import Shelf, bound_source
from policy.problems import Problem, errors, in_order
from rules.agreement import BuildRefused, prove_build
from rules.facts import trade_vocabulary
from rules.letter_findings import Finding
from rules.letters import Letters, letter_findings
from rules.proving import Proof, example_of, findings, proofs_of, shown_move
from rules.selftest import Result, run_all
from storage.policies import PolicyPart
from storage.policy_drafts import PolicyCheck


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy file as it is handed in: its bytes, what findings call it, and where the parts lie that it may use."""

    source: bytes
    name: str
    shelf: Shelf = NO_PARTS


class NotPublishable(ValueError):
    """The file cannot be published; `problems` are its errors, `failed` its failing tests, else an engine differed."""

    def __init__(self, problems: tuple[Problem, ...] = (), failed: tuple[Result, ...] = (), engines: str = "",
                 unread: str = "") -> None:  # fmt: skip
        self.problems, self.failed, self.engines, self.unread = problems, failed, engines, unread
        super().__init__(self.told("en"))

    def told(self, language: str) -> str:
        """Why not, a line each, "en" or "zh"; what an engine did is told as it came."""
        lines = [f"the test '{one.name}' in line {one.line} fails" for one in self.failed]
        if language == "zh":
            lines = [in_chinese(line) for line in lines]
        unread = in_chinese(self.unread) if language == "zh" else self.unread
        told = [*(one.told(language) for one in self.problems), *lines, self.engines, unread]
        return "\n".join(line for line in told if line)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check; `engines` is "" where they agree or were not tried, as something else is wrong already."""

    loaded: Loaded
    digest: str
    parts: tuple[PolicyPart, ...]
    problems: tuple[Problem, ...] = ()
    proofs: tuple[Proof, ...] = ()
    results: tuple[Result, ...] = ()
    engines: str = ""
    comparison: Mapping[str, Any] | None = field(default=None)
    letters: tuple[Finding, ...] = ()

    def with_letters(self, letters: Letters) -> Checked:
        """The same with what would keep its letters from being sent: told, and nothing that refuses the policy."""
        program = self.loaded.program
        return self if program is None else replace(self, letters=letter_findings(program, program.name, letters))

    def compared(self, comparison: Mapping[str, Any]) -> Checked:
        """The same with what changes against another policy, for the record."""
        return replace(self, comparison=comparison)

    @property
    def refusal(self) -> NotPublishable | None:
        """Why the policy cannot be published, None where it can."""
        broken = tuple(errors(self.problems))
        failed = tuple(one for one in self.results if not one.passed)
        if broken or failed or self.engines:
            parts = ", ".join(self.loaded.left_out)
            unread = f"not looked at until the errors are mended: {parts}" if parts else ""
            return NotPublishable(broken, failed, self.engines, unread)
        return None

    def kept(self, by: str) -> PolicyCheck:
        """The check for the record, with everything that an approver has to see."""
        publishable = self.refusal is None
        report = {
            "findings": [one.as_dict() for one in self.problems],
            "letters": [one.as_dict() for one in self.letters],
            "tests": [{"name": one.name, "line": one.line, "passed": one.passed,
                       "differences": [str(each) for each in one.differences]} for one in self.results],
            "promises": [self._promise(one) for one in self.proofs],
            "not_looked_at": list(self.loaded.left_out),
            "engines": self.engines or ("agreed" if publishable else "not tried"),
            "comparison": self.comparison,
        }  # fmt: skip
        return PolicyCheck(self.digest, publishable, report, by, self.loaded.digest if publishable else None)

    def _promise(self, proof: Proof) -> dict[str, Any]:
        program = self.loaded.program
        assert program is not None
        return {"promise": proof.promise, "line": proof.where.line, "status": proof.status, "reason": proof.reason,
                "harm": proof.harm and f"{shown_move(program, proof)}{proof.harm}",
                "example": dict(example_of(program, proof)) if proof.orders else {}}  # fmt: skip


def read_policy(file: PolicyFile) -> Checked:
    """A policy as it reads, without its tests, promises and engines: its digest, its parts and what is wrong."""
    loaded = load_policy(file.source, file.name, trade_vocabulary(), file.shelf)
    parts = tuple(PolicyPart(part.name, part.source) for part in loaded.parts)
    if not parts:  # a file that cannot be read to its end names none: all that were handed in belong to it
        given = ((name, file.shelf.read(name)) for name in sorted(file.shelf.names())) if _is_unread(loaded) else ()
        parts = tuple(PolicyPart(name, source) for name, source in given if source is not None)
    return Checked(loaded, digest_of(file.source, parts), parts, loaded.problems)


def digest_of(source: bytes, parts: tuple[PolicyPart, ...]) -> str:
    """What names a policy's bytes with those of its parts."""
    return "sha256:" + hashlib.sha256(bound_source(source, parts)).hexdigest()  # type: ignore[arg-type]  # alike


def check_policy(file: PolicyFile) -> Checked:
    """Everything that publishing wants to know of a policy; what follows from an error is not asked."""
    read = read_policy(file)
    loaded = read.loaded
    if loaded.program is None:
        return read
    proofs = proofs_of(loaded)
    problems = tuple(in_order((*loaded.problems, *findings(loaded.program, proofs))))
    results = run_all(loaded.programs, loaded.tests)
    found = Checked(loaded, read.digest, read.parts, problems, proofs, results)
    if found.refusal is not None:
        return found
    try:
        for program in loaded.programs.values():
            prove_build(program)
    except BuildRefused as refused:
        return Checked(loaded, read.digest, read.parts, problems, proofs, results, str(refused))
    return found


def _is_unread(loaded: Loaded) -> bool:
    return loaded.program is None
