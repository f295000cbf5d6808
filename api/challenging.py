"""A challenger: an approved policy that decides live orders in the shadow, beside the one that answers.

It is asked after the answer's transaction, by one thread of each process, on exactly what the decision was made of. It
changes no answer, holds nothing and takes no lock of an account. What it costs is its own evaluation: where it cannot
keep up, orders are left out and counted, and so is every fault of it. Comparisons are written some at a time.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from api.operations.evaluate import Asking, Slow, situation_of
from api.operations.guard import bounded
from api.operations.standing_release import Stage, still_released
from api.services import Services
from credit.decision import Decision
from credit.money import Money
from rules.states import Recorded
from storage.policy_challenges import Challenge
from storage.referrals import GivenRelease

log = logging.getLogger("aval.challenger")

MOST_WAITING = 200
TOGETHER = 50  # comparisons in one transaction
Policy = tuple[str, int]  # its name and version
PARTS = ("verdict", "tier", "terms", "authority", "conditions")


@dataclass(frozen=True, slots=True)
class Challenged:
    """One decision with what it was made of, and the challenger to be asked.

    `unsecured` is what an approval would hold; `released` what a person had released of the order before.
    """

    digest: str
    slow: Slow
    asking: Asking
    decision: Decision
    unsecured: Money | None
    released: tuple[GivenRelease, Stage] | None = None


class Challenger:
    """The thread of one process that asks challengers, begun with the first decision that has one."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        """Ask nobody yet."""
        self._waiting: queue.Queue[Challenged] = queue.Queue(most_waiting)
        self._begun = threading.Lock()
        self._thread: threading.Thread | None = None
        self.left_out = self.failed = self.compared = 0

    def offer(self, held: Services, one: Challenged) -> None:
        """Have a decision compared soon; where too many wait it is left out, and never waited for."""
        try:
            self._waiting.put_nowait(one)
        except queue.Full:
            self.left_out += 1
            held.metrics.count_not_compared("left_out")
            return
        if self._thread is None:
            with self._begun:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, args=(held,), name="aval-challenger", daemon=True)
                    self._thread.start()

    def wait(self) -> None:
        """Until all that was offered is compared and written; for tests and for the end of a process."""
        self._waiting.join()

    def _run(self, held: Services) -> None:
        while True:
            taken = [self._waiting.get()]
            while len(taken) < TOGETHER and not self._waiting.empty():
                taken.append(self._waiting.get_nowait())
            self._guarded(held, partial(self._compare, held, taken))
            for _ in taken:
                self._waiting.task_done()

    def _compare(self, held: Services, taken: list[Challenged]) -> None:
        found: list[tuple[Challenge, Policy]] = []
        for one in taken:
            self._guarded(held, partial(self._add, held, one, found))
        if found:
            self._guarded(held, partial(self._keep, held, found), len(found))

    def _add(self, held: Services, one: Challenged, found: list[tuple[Challenge, Policy]]) -> None:
        found.append(compared(held, one))

    def _keep(self, held: Services, found: list[tuple[Challenge, Policy]]) -> None:
        """Write comparisons, and count them once they are written."""
        with held.database.write() as work:
            work.challenges.add_many([one for one, _ in found])
        self.compared += len(found)
        for one, policy in found:
            held.metrics.count_comparison(policy, (one.verdict, one.challenger_verdict), one.differs)

    def _guarded(self, held: Services, step: Callable[[], Any], number: int = 1) -> None:
        """A fault of a challenger is counted for so many decisions and told, and nothing else comes of it."""
        try:
            step()
        except Exception as fault:
            self.failed += number
            held.metrics.count_not_compared("failed", number)
            log.warning("challenger failed", extra={"detail": type(fault).__name__})


def compared(held: Services, one: Challenged) -> tuple[Challenge, Policy]:
    """What the challenger answers on what the decision was made of and which parts differ; and the challenger's name
    and version.
    """
    with held.policies.use(one.digest) as loaded:
        slow = one.slow
        if slow.recorded == Recorded():
            with held.database.read() as work:
                slow = slow.remembering(work, loaded.program)
        of_subject, situation = situation_of(held, loaded, slow, one.asking)
        answer = of_subject.evaluator.evaluate(replace(situation, decision_id=one.decision.decision_id))
        guard = bounded(of_subject.program, slow.account, one.unsecured)
        if one.released is None:
            answer = guard(answer)
        else:
            given, stage = one.released
            answer = still_released(answer, guard, given, replace(stage, program=of_subject.program))
    was, now = one.decision.as_dict(), answer.decision.as_dict()
    differing = {name: [was[name], now[name]] for name in PARTS if was.get(name) != now.get(name)}
    said = Challenge(one.decision.decision_id, one.digest, one.decision.policy.digest, one.decision.verdict,
                     answer.decision.verdict, bool(differing), differing)  # fmt: skip
    return said, (loaded.version.name, loaded.version.version)
