"""From a stored policy version to what decides under it: the file is checked again, compiled, and given its engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import Any

from api.known import gathered, placed_order
from api.operations.orders import Order
from api.policies import LoadedPolicy
from api.situation import Disagreed, Evaluated, Situation
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.load import Loaded, load_policy
from policy.parts import Part, Shelf
from policy.program import Program
from policy.subjects import ORDER
from rules.agreement import Agreed, Agreement
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.ledger_facts import order_facts
from rules.outcome import Outcome
from rules.present import Circumstances, Presenter, present
from rules.raised_limit import RAISED, raised_limit, with_raised_limit
from rules.states import recorded_facts
from storage.policies import PolicyVersion

AGREED, SINGLE = "agreed", "single"
LONGEST_FAULT = 500  # characters of an engine's fault that the record keeps


class BrokenPolicy(ValueError):
    """A stored policy has errors under this version of the language; the first of them is told."""


def load_version(version: PolicyVersion) -> Loaded:
    """A stored version as its file, with the parts that were stored with it."""
    return _load(version.name, version.source, tuple(Part(part.name, part.source) for part in version.parts))


@lru_cache(maxsize=8)
def _load(name: str, source: bytes, parts: tuple[Part, ...]) -> Loaded:
    """The file checked and compiled, once for the same bytes: what they mean never changes."""
    return load_policy(source, name, trade_vocabulary(), Shelf.of(parts))


def build_policy(version: PolicyVersion, allow_single: bool) -> LoadedPolicy:
    """A stored version, ready to run.

    Raises: BrokenPolicy where the file has errors or is not the one that its digest names.
    """
    loaded = load_version(version)
    if loaded.program is None:
        raise BrokenPolicy(str(loaded.problems[0]) if loaded.problems else "nothing in it")
    if loaded.program.source_digest != version.digest:
        raise BrokenPolicy("the stored bytes are not those that the digest names")
    made = {subject: LoadedPolicy(version, one, PolicyEvaluator(version, one, allow_single))
            for subject, one in loaded.programs.items()}  # fmt: skip
    return replace(made.pop(ORDER), others=made)


class PolicyEvaluator:
    """Gathers the facts of a situation, has both engines decide, and presents what they agreed on."""

    def __init__(self, version: PolicyVersion, program: Program, allow_single: bool) -> None:
        self._version, self._program = version, program
        self._lists = frozenset(figure.list_name for figure in program.figures)
        self._agreement = Agreement(program, allow_single=allow_single)
        self._raised = RaisedPolicy(program, allow_single)
        self._presenter = Presenter(program)

    def evaluate(self, situation: Situation) -> Evaluated:
        """What the policy answers in this situation; nothing is held yet."""
        given, lists = gathered(situation, self._lists)
        remembered, entries = recorded_facts(self._program, situation.recorded)
        lists |= entries
        facts: dict[str, Any] = with_figures(self._program, {**given, **remembered}, lists, situation.memo)
        agreed, program = self._agreement.decide(facts), self._program
        granted = situation.account.granted
        if granted and agreed.engines in (AGREED, SINGLE):
            agreed, program, facts = self._raised.decide(agreed, facts, granted)
        around = Circumstances(
            decision_id=situation.decision_id, decided_at=situation.decided_at, as_of=situation.as_of,
            engines=agreed.engines, version=self._version.version, preview=situation.preview, lists=lists,
            deliver_by=None if situation.order is None else situation.order.deliver_by,
        )  # fmt: skip
        presenter = self._presenter if program is self._program else None
        decision = present(program, agreed.outcome, facts, around, presenter)
        ceiling = ceiling_of(agreed.outcome)
        raised_by = granted if RAISED in facts and ceiling is not None else 0
        return Evaluated(decision, agreed.outcome, facts, ceiling, disagreed_in(agreed), raised_by)

    def trial(self, situation: Situation) -> Callable[[Order], Outcome | None]:
        """What both engines say of other forms of the order in the same situation; None where they do not agree.

        What the ledger knows is gathered once.
        """
        given, lists = gathered(situation, self._lists)
        remembered, entries = recorded_facts(self._program, situation.recorded)
        others = {name: value for name, value in given.items() if not name.startswith("order.")} | remembered
        lists |= entries

        def ask(order: Order) -> Outcome | None:
            facts = computed_facts(others | order_facts(placed_order(order), situation.as_of))
            agreed = self._agreement.decide(with_figures(self._program, facts, lists, situation.memo))
            return agreed.outcome if agreed.engines in ("agreed", "single") else None

        return ask

    def close(self) -> None:
        """Free the engines' memory."""
        self._agreement.close()
        self._raised.close()


class RaisedPolicy:
    """A policy for orders with grants: its engines are built for the first such order, as there are few of them."""

    def __init__(self, program: Program, allow_single: bool) -> None:
        self._original, self._allow_single = program, allow_single
        self._program = with_raised_limit(program)
        self._agreement: Agreement | None = None
        self._lock = Lock()

    def decide(self, found: Agreed, facts: dict[str, Any], granted: int) -> tuple[Agreed, Program, dict[str, Any]]:
        """The answer with the limit that the policy found raised by so much; the same where it found none."""
        limit = raised_limit(found.outcome.limits.get("effective"), granted)
        if self._program is None or limit is None:
            return found, self._original, facts
        with self._lock:
            self._agreement = self._agreement or Agreement(self._program, allow_single=self._allow_single)
        raised = {**facts, RAISED: limit}
        return self._agreement.decide(raised), self._program, raised

    def close(self) -> None:
        """Free the memory of engines that were built."""
        if self._agreement is not None:
            self._agreement.close()


def disagreed_in(agreed: Agreed) -> Disagreed | None:
    """What each engine said where they did not agree, to be kept with the decision; None where they did."""
    if agreed.engines == "agreed":
        return None
    first, second = (
        f"{type(one).__name__}: {one}"[:LONGEST_FAULT] if isinstance(one, Exception) else one
        for one in (agreed.first, agreed.second)
    )
    assert first is not None, "the first engine always says something"
    return Disagreed(first, second, tuple(one.where for one in agreed.difference))


def ceiling_of(outcome: Outcome) -> int | None:
    """The most that may be owed, in minor units: None for unlimited, 0 where there is no limit or it is missing."""
    limit = outcome.limits.get("effective")
    if limit == UNLIMITED:
        return None
    return limit if isinstance(limit, int) and limit != NO_LIMIT else 0
