"""The last look before money is held: no approval takes a customer or group above its limit, whatever the policy says.

A policy that forgets its limit would have its hold refused by the ledger; it refers instead, and says why. Shipped
policies check the limit themselves, so this row is never seen with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from api.situation import Evaluated
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, REFER, CheckEntry, Decision, EvidenceEntry
from credit.money import Money
from policy.program import Program
from rules.agreement import at_least_refer
from rules.outcome import CheckOutcome, Outcome
from rules.release import authority_of
from storage.exposure_ledger import AccountState, GroupState

CHECK = "limit_guard"
MESSAGES = {"en": "the policy let through more than the effective limit", "zh": "策略放行金额超过有效额度"}


def held_amount(decision: Decision, unsecured: Money) -> int:
    """How much an answer holds, in minor units: all that is unsecured for an approval, nothing for refer and deny."""
    return unsecured.minor if decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS) else 0


def within_ceiling(
    found: Evaluated, program: Program, balance: int, unsecured: Money, groups: Sequence[GroupState] = ()
) -> Evaluated:
    """The same answer, or a referral to the highest role where its hold would exceed the effective limit.

    The limit of every group above the customer counts too, also under a policy that reads no group's.
    """
    held = held_amount(found.decision, unsecured)
    bounds = [("committed_after", balance, found.ceiling)]
    bounds += [("group_committed_after", one.balance, one.ceiling) for one in groups]
    over = [_told(fact, before + held, most, unsecured.currency) for fact, before, most in bounds
            if most is not None and before + held > most]  # fmt: skip
    if held == 0 or not over:
        return found
    message = {language: MESSAGES.get(language, MESSAGES["en"]) for language in program.wording.title or ("en",)}
    entry = CheckEntry(CHECK, REFER, tuple(over), message, None)
    outcome = at_least_refer(program, found.outcome)
    decision = replace(found.decision, verdict=outcome.verdict, authority=authority_of(program, outcome),
                       checks=(*found.decision.checks, entry))  # fmt: skip
    return replace(found, decision=decision, outcome=_with_check(outcome))


def bounded(program: Program, account: AccountState, unsecured: Money | None) -> Callable[[Evaluated], Evaluated]:
    """The guard of one account and what an approval would hold of it; what holds nothing is left as it is."""
    if unsecured is None:
        return lambda found: found
    return lambda found: within_ceiling(found, program, account.balance, unsecured, account.groups)


def _told(fact: str, after: int, most: int, currency: str) -> EvidenceEntry:
    """What would be owed, and what may be."""
    allowed, excess = Money(most, currency), Money(most - after, currency)
    return EvidenceEntry(fact, Money(after, currency).amount, f"<= {allowed}", currency, excess.amount)


def _with_check(outcome: Outcome) -> Outcome:
    """The outcome for the record, with this check as the last."""
    return replace(outcome, checks=(*outcome.checks, CheckOutcome(CHECK, REFER, ())))
