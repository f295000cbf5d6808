"""The last look before money is held: an approval never takes a customer above the limit, whatever the policy says.

A policy that forgets its limit would have its hold refused by the ledger; it refers instead, and says why. Shipped
policies check the limit themselves, so this row is never seen with them.
"""

from __future__ import annotations

from dataclasses import replace

from api.situation import Evaluated
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, REFER, CheckEntry, Decision, EvidenceEntry
from credit.money import Money
from policy.program import Program
from rules.agreement import at_least_refer
from rules.outcome import CheckOutcome, Outcome

CHECK = "limit_guard"
MESSAGES = {"en": "the policy let through more than the effective limit", "zh": "策略放行金额超过有效额度"}


def held_amount(decision: Decision, unsecured: Money) -> int:
    """How much an answer holds, in minor units: all that is unsecured for an approval, nothing for refer and deny."""
    return unsecured.minor if decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS) else 0


def within_ceiling(found: Evaluated, program: Program, balance: int, unsecured: Money) -> Evaluated:
    """The same answer, or a referral to the highest role where its hold would exceed the effective limit."""
    after = balance + held_amount(found.decision, unsecured)
    if found.ceiling is None or after <= found.ceiling or after == balance:
        return found
    currency = unsecured.currency
    allowed, excess = Money(found.ceiling, currency), Money(found.ceiling - after, currency)
    evidence = EvidenceEntry("committed_after", Money(after, currency).amount, f"<= {allowed}", currency, excess.amount)
    message = {language: MESSAGES.get(language, MESSAGES["en"]) for language in program.wording.title or ("en",)}
    entry = CheckEntry(CHECK, REFER, (evidence,), message, None)
    outcome = at_least_refer(program, found.outcome)
    decision = replace(found.decision, verdict=outcome.verdict, authority=outcome.authority,
                       checks=(*found.decision.checks, entry))  # fmt: skip
    return replace(found, decision=decision, outcome=_with_check(outcome))


def _with_check(outcome: Outcome) -> Outcome:
    """The outcome for the record, with this check as the last."""
    return replace(outcome, checks=(*outcome.checks, CheckOutcome(CHECK, REFER, ())))
