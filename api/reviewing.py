"""What the policy in effect says of a customer as it stands on a day, without any order: its tier, the papers it wants.

For the customer file, which a person reads and reviews; what decides orders is `api/operations/evaluate.py`, by the
same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from api.build import load_version
from api.escalating import facts_of
from api.operations.plan_escalation import situation_on
from api.operations.tell_facts import Words
from credit.decision import DocumentEntry
from policy.program import Program
from rules.documents import documents_of
from rules.facts import trade_vocabulary
from rules.ladders import tier_on
from storage.exposure_ledger import AccountState
from storage.policies import PolicyVersion
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Under:
    """A customer under the policy in effect for it on a day: its programs by subject, and every fact of each."""

    account: AccountState
    version: PolicyVersion
    as_of: date
    program: Program
    facts: Mapping[str, Any]
    others: Mapping[str, tuple[Program, Mapping[str, Any]]]

    @property
    def tier(self) -> str | None:
        """The customer's tier; None where it cannot be told, or the policy has none."""
        return tier_on(self.program, self.facts)

    def asked(self) -> Iterator[tuple[str, DocumentEntry]]:
        """Every document that the policy asks for, by what it decides on when it asks."""
        for subject, (program, facts) in self.others.items():
            for entry in documents_of(program, facts):
                yield subject, entry


def words_of(work: Work, account: AccountState) -> Words:
    """What may be told of a customer by the policy in effect for it: the trade's facts alone where there is none."""
    vocabulary = trade_vocabulary()
    found = under_policy(work, account)
    declared = {} if found is None else {
        name: fact for program, _ in found.others.values() for name, fact in program.facts.items()}  # fmt: skip
    return Words({**vocabulary.facts, **declared}, vocabulary, account.currency)


def under_policy(work: Work, account: AccountState, as_of: date | None = None) -> Under | None:
    """The customer under its policy, on the policy's day of now unless another is said; None where none decides."""
    version = None if account.policy_digest is None else work.policies.get(account.policy_digest)
    programs = {} if version is None else load_version(version).programs
    program = programs.get("order")
    if version is None or program is None or program.currency != account.currency:
        return None
    day = as_of or account.now.astimezone(ZoneInfo(program.timezone)).date()
    found = {}
    for subject, one in programs.items():
        situation = situation_on(work, account, version, one, day)
        found[subject] = (one, facts_of(one, situation))
    return Under(account.on_day(day), version, day, program, found["order"][1], found)
