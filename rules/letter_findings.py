"""What may be wrong with the letters of a policy, as findings with a place: told before anything is sent.

They are kept apart from those of the policy language: a letter is a text of its own, which another person may own.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.problems import Told, Where

CODES: dict[str, str] = {
    "letter-unknown-field": "a letter names a field that there is not",
    "letter-brace": "a brace that opens or closes no field",
    "letter-subject": "a letter does not begin with its subject",
    "letter-table": "the list of invoices does not stand alone in its line",
    "letter-silent": "a letter names no invoice",
    "letter-missing": "a step sends a letter that is not there in a language",
    "letter-file": "a file that cannot be read as a letter",
    "letter-value": "a field of a letter has no value",
}


@dataclass(frozen=True, slots=True)
class Finding(Told):
    """One finding about a letter: a code of `CODES`, its place, what is wrong and what to do about it."""

    code: str
    where: Where
    message: str
    help: str = ""
    severity: str = "error"

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code
