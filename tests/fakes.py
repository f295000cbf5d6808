"""Small stand-ins for the engines, so that the service's own promises can be tested without a policy's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from api.operations.orders import Order
from api.policies import LoadedPolicy
from api.situation import Evaluated, Situation
from credit.decision import APPROVE, REFER, Decision, ExposureView, TermsOffered
from credit.exposure import Limit
from credit.money import Money
from policy.program import Fold, Program, Wording
from policy.vocabulary import FactDeclaration
from rules.outcome import Outcome
from storage.policies import PolicyVersion

Build = Callable[[PolicyVersion], LoadedPolicy]
FACTS = {
    "customer.score": FactDeclaration("customer.score", "count", "bureau"),
    "order.channel": FactDeclaration("order.channel", "text", "request"),
    "urgent": FactDeclaration("urgent", "flag", "request"),
    "colour": FactDeclaration("colour", "choice", "request", choices=("red", "blue")),
}  # fmt: skip


def a_program(currency: str = "CNY", timezone: str = "Asia/Shanghai") -> Program:
    """A Program without rules, for what only asks its currency, its timezone and its facts."""
    return Program(
        name="fake", currency=currency, minor_digits=2, timezone=timezone, vocabulary="trade-credit-1",
        nodes=(Fold(checks=-1),),
        facts=FACTS, figures=(), tables={}, lets={}, terms={}, tiers=(), roles_rising=(), roles_beside=(), fold=0,
        wording=Wording(), digest="sha256:" + "p" * 64, source_digest="",
    )  # fmt: skip


@dataclass
class OnlyTheLimit:
    """An evaluator that approves up to the granted limit and refers above it; it can be told to misbehave."""

    engines: str = "agreed"
    fault: Exception | None = None
    forget_the_limit: bool = False
    closed: bool = False
    seen: list[Situation] = field(default_factory=list)

    def evaluate(self, situation: Situation) -> Evaluated:
        """Approve, or refer above the limit."""
        self.seen.append(situation)
        if self.fault is not None:
            raise self.fault
        account, order = situation.account, situation.order
        granted = account.customer.limit
        ceiling = None if granted.state == "unlimited" else granted.minor or 0
        after = account.balance + order.unsecured_amount.minor
        fits = self.forget_the_limit or ceiling is None or after <= ceiling
        return _evaluated(situation, APPROVE if fits else REFER, ceiling, self.engines)

    def trial(self, situation: Situation) -> Callable[[Order], Outcome | None]:
        """Ask about another form of the order."""
        return lambda order: self.evaluate(replace(situation, order=order)).outcome

    def close(self) -> None:
        """Note that it was closed."""
        assert not self.closed, "closed twice"
        self.closed = True


def _evaluated(situation: Situation, verdict: str, ceiling: int | None, engines: str) -> Evaluated:
    account, currency = situation.account, situation.account.currency
    limit = Limit.unlimited() if ceiling is None else Limit.of(Money(ceiling, currency))
    after = Money(account.balance, currency) + situation.order.unsecured_amount
    decision = Decision(
        decision_id=situation.decision_id, verdict=verdict, hard_stop=False, checks=(), tier=None,
        terms=TermsOffered("net 30", 30, None, situation.as_of + timedelta(days=30)), conditions=(),
        exposure=ExposureView(limit, Money(account.balance, currency), after, None), policy=situation.policy,
        decided_at=situation.decided_at, as_of=situation.as_of, engines=engines, preview=situation.preview,
    )  # fmt: skip
    outcome = Outcome(verdict, False, None, {"effective": ceiling}, "net 30", None, (), None, (), (), {})
    return Evaluated(decision, outcome, dict(situation.stated), ceiling)


def fake_build(evaluator: OnlyTheLimit | None = None, currency: str = "CNY") -> Build:
    """A `build` for `create_app` that puts a fake in place of the engines."""
    return lambda version: LoadedPolicy(version, a_program(currency), evaluator or OnlyTheLimit())


def a_version(digest: str = "sha256:" + "0" * 64) -> PolicyVersion:
    """A stored policy version that was never stored."""
    return PolicyVersion("fake", 1, digest, "sha256:" + "p" * 64, b"", datetime(2026, 1, 1, tzinfo=UTC), "tests")
