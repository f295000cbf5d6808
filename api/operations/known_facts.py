"""Which facts there are to be stated, and by whom: the trade's own and those the effective policy declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.errors import FieldError, Refused
from api.fact_values import read_fact
from api.operations.use_policy import use_policy
from api.services import Services
from api.strict_json import quoted
from policy.kinds import Value
from policy.vocabulary import FactDeclaration, Vocabulary

SOURCES = ("master", "bureau")  # of what people keep about a customer
_NOT_KNOWN = "is not a fact of the policy; send only those it reads"


def effective_facts(held: Services) -> Mapping[str, FactDeclaration]:
    """The trade's facts, and on top those that the effective policy reads; only the trade's while none is in effect.

    Raises: Refused where the effective policy cannot be built.
    """
    with held.database.read() as work:
        version = work.policies.effective()
    if version is None:
        return held.vocabulary.facts
    with use_policy(held, version.digest) as loaded:
        return {**held.vocabulary.facts, **loaded.facts}


def read_facts(given: Mapping[str, Any], known: Mapping[str, FactDeclaration], sources: tuple[str, ...],
               currency: str, vocabulary: Vocabulary) -> dict[str, Value]:  # fmt: skip
    """The stated facts as exact values; null states that a fact is not known.

    Raises: Refused for a fact that nobody declared, one from another source than `sources`, or a value of another kind.
    """
    values: dict[str, Value] = {}
    wrong: dict[str, list[FieldError]] = {"unknown-fact": [], "fact-not-yours": [], "invalid-field": []}
    for name, value in given.items():
        path, declared = f"facts.{quoted(name)}", known.get(name)
        if declared is None:
            wrong["unknown-fact"].append(FieldError(path, _NOT_KNOWN))
        elif declared.source not in sources:
            wrong["fact-not-yours"].append(FieldError(path, f"comes from '{declared.source}'; leave it out"))
        elif value is not None:
            try:
                values[name] = read_fact(declared, value, currency, vocabulary)
            except ValueError as error:
                wrong["invalid-field"].append(FieldError(path, str(error)))
    for problem, errors in wrong.items():
        if errors:
            told = "; ".join(f"'{error.field}' {error.message}" for error in errors[:3])
            raise Refused(problem, told, errors[:50])
    return values


@dataclass(frozen=True, slots=True)
class Words:
    """What may be told of a customer: the facts that there are, their vocabulary, and the account's currency."""

    known: Mapping[str, FactDeclaration]
    vocabulary: Vocabulary
    currency: str

    def read(self, facts: Mapping[str, Any]) -> None:
        """Refuse facts that nobody declared, or values that they cannot have. Raises: Refused."""
        read_facts(facts, self.known, SOURCES, self.currency, self.vocabulary)
