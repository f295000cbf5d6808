"""Publish a policy: check the file, store it under the digest of its bytes, and make it effective where that is asked.

A file with errors is not stored at all: what is stored can be run.
"""

from __future__ import annotations

from policy.load import load_policy
from policy.problems import Problem, errors
from rules.facts import trade_vocabulary
from storage.engine import Database
from storage.policies import NewPolicy, PolicyVersion


class NotPublishable(ValueError):
    """The file has errors; `problems` are all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def publish_policy(database: Database, source: bytes, file: str, by: str, effective: bool = False) -> PolicyVersion:
    """Store a policy file, and make it the one that decides from now on where `effective`.

    The same bytes again are the version that is stored already; a policy that is effective already is left so.
    Raises: NotPublishable for a file with errors.
    """
    loaded = load_policy(source, file, trade_vocabulary())
    if loaded.program is None:
        raise NotPublishable(tuple(errors(loaded.problems)))
    program = loaded.program
    with database.write() as work:
        stored = work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, source, by))
        current = work.policies.effective()
        if effective and (current is None or current.digest != stored.digest):
            work.policies.set_effective(stored.digest, by)
    return stored
