"""Policies ready to run, by digest: built once from the stored bytes, shared by all threads, closed when left behind.

Building takes tens of milliseconds and happens outside the cache's lock, so that decisions under the old policy go on
while a new one is prepared. An engine may hold memory outside of Python, so it is closed only after its last user left.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from api.operations.orders import Order
from api.situation import Evaluated, Situation
from policy.program import Program
from policy.vocabulary import FactDeclaration
from rules.outcome import Outcome
from storage.policies import PolicyVersion


class Evaluator(Protocol):
    """What decides under one policy: a situation in, the evaluated order out; no input or output on the way."""

    def evaluate(self, situation: Situation) -> Evaluated: ...

    def trial(self, situation: Situation) -> Callable[[Order], Outcome | None]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """One policy version, compiled, with what runs it."""

    version: PolicyVersion
    program: Program
    evaluator: Evaluator
    others: Mapping[str, LoadedPolicy] = field(default_factory=dict)  # by subject, for what is no order

    def of(self, subject: str) -> LoadedPolicy | None:
        """What decides on a subject; None where the policy says nothing for it."""
        return self if subject == "order" else self.others.get(subject)

    @property
    def facts(self) -> Mapping[str, FactDeclaration]:
        """Every fact that the policy reads, for whatever it decides on."""
        found = {**self.program.facts}
        for other in self.others.values():
            found |= other.program.facts
        return found

    def close(self) -> None:
        """Free the memory of every engine."""
        for one in (self, *self.others.values()):
            one.evaluator.close()


class UnknownPolicy(LookupError):
    """No version with this digest is stored."""


class _Entry:
    """A policy being built or in use, and by how many."""

    def __init__(self) -> None:
        self.built: Future[LoadedPolicy] = Future()
        self.users = 0
        self.left = False


class PolicyCache:
    """The loaded policies of one process; at most `keep` of them, the least recently used go first."""

    def __init__(self, read: Callable[[str], PolicyVersion | None], build: Callable[[PolicyVersion], LoadedPolicy],
                 keep: int = 8) -> None:  # fmt: skip
        self._read, self._build, self._keep = read, build, keep
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def use(self, digest: str) -> Iterator[LoadedPolicy]:
        """The policy with this digest, open until the block ends.

        Raises: UnknownPolicy where no such version is stored; whatever the build raises.
        """
        entry, mine = self._enter(digest)
        try:
            if mine:
                self._load(digest, entry)
            yield entry.built.result()
        finally:
            self._leave(entry)

    def loaded(self) -> tuple[str, ...]:
        """The digests in the cache, the least recently used first."""
        with self._lock:
            return tuple(self._entries)

    def close(self) -> None:
        """Drop every policy; those in use are closed by their last user."""
        with self._lock:
            dropped = [self._entries.popitem()[1] for _ in range(len(self._entries))]
            idle = [entry for entry in dropped if self._drop(entry)]
        _close_all(idle)

    def _enter(self, digest: str) -> tuple[_Entry, bool]:
        """Take a place at a policy, and say whether it is ours to build; full caches lose their oldest."""
        with self._lock:
            entry = self._entries.get(digest)
            mine = entry is None
            if entry is None:
                entry = self._entries[digest] = _Entry()
            self._entries.move_to_end(digest)
            entry.users += 1
            surplus = [self._entries.popitem(last=False)[1] for _ in range(len(self._entries) - self._keep)]
            idle = [old for old in surplus if self._drop(old)]
        _close_all(idle)
        return entry, mine

    def _load(self, digest: str, entry: _Entry) -> None:
        try:
            version = self._read(digest)
            if version is None:
                raise UnknownPolicy(digest)
            entry.built.set_result(self._build(version))
        except BaseException as fault:
            with self._lock:
                if self._entries.get(digest) is entry:
                    del self._entries[digest]  # the next one tries again
                entry.left = True
            entry.built.set_exception(fault)

    def _leave(self, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            last = entry.left and entry.users == 0
        if last:
            _close_all([entry])

    @staticmethod
    def _drop(entry: _Entry) -> bool:
        """Mark an entry as left behind, and say whether nobody uses it any more."""
        entry.left = True
        return entry.users == 0


def _close_all(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.built.done() and entry.built.exception() is None:
            entry.built.result().close()
