"""What the policy in effect says of a customer as it stands on a day, without any order: its tier, the papers it wants.

For the customer file, which a person reads and reviews; what decides orders is `api/operations/evaluate.py`, by the
same rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from api.build import load_version
from api.customer_situation import situation_on
from api.escalating import facts_of
from api.operations.known_facts import Words
from credit.decision import DocumentEntry
from credit.standing import Standing, fallen
from policy.program import Program
from policy.vocabulary import FactDeclaration
from rules.documents import documents_of
from rules.facts import trade_vocabulary
from rules.fold import Tables
from rules.ladders import tier_on
from rules.reference import Evaluation
from storage.exposure_ledger import AccountState
from storage.policies import PolicyVersion
from storage.reviews import StoodThere
from storage.unit_of_work import Work

DOCUMENT = "document."


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


@contextmanager
def watched(work: Work, customer_id: str, why: str) -> Iterator[None]:
    """A change of what is known of a customer: where it stood before is kept, and a fall that follows is an alert."""
    note_standing(work, customer_id, "as it was before")
    yield
    note_standing(work, customer_id, why)


def note_standing(work: Work, customer_id: str, why: str, as_of: date | None = None) -> tuple[str, ...]:
    """Keep where a customer stands where that is news, with an alert where it fell; what fell."""
    account = work.accounts.look(customer_id, None)
    found = None if account is None else under_policy(work, account, as_of)
    if account is None or found is None:
        return ()
    work.accounts.lock_in_order([account.account_id])  # two who look at once keep one order
    standing, last = standing_of(found), work.reviews.standing(account.account_id)
    digest = found.version.digest
    if last is not None and (last.standing, last.policy_digest) == (standing, digest):
        return ()
    place = 1 if last is None else last.place + 1
    stood = StoodThere(place, found.as_of, standing, digest, why, account.now)
    work.reviews.stand(account.account_id, stood)
    fell = () if last is None else fallen(last.standing, standing)
    if fell:
        work.reviews.alert(str(uuid.uuid4()), customer_id, account.account_id, place, fell)
    return fell


def _word(declared: FactDeclaration, rank: int) -> str:
    return next((word for word, place in declared.ranks if place == rank), "")


def standing_of(found: Under) -> Standing:
    """Where a customer stands: its tier, what it is offered by the policy's own rows, and its ratings."""
    program = found.program
    tables: Tables = Evaluation(program.nodes, program.tables, found.facts).value(program.fold)
    terms, _ = tables.outputs(tables.node.terms)
    limits, _ = tables.outputs(tables.node.limits)
    offer, longest = tuple(terms.get("offer") or ()), terms.get("longest")
    days = [program.terms[text].net_days for text in (*offer, longest) if text is not None]
    ratings = {name: rank for name, declared in program.facts.items()
               if declared.kind == "rating" and not name.startswith(DOCUMENT)
               and isinstance(rank := found.facts.get(name), int)}  # fmt: skip
    words = {name: _word(program.facts[name], rank) for name, rank in ratings.items()}
    return Standing(found.tier, offer, longest, max(days, default=None), limits.get("limit"),
                    limits.get("largest_order"), limits.get("review_every"), ratings, words)  # fmt: skip
