"""What may be wrong with a DMN file, as findings with a place: lines like those of a policy, codes of its own.

They are kept apart from `policy/problems.py` because a DMN file is somebody else's text: its mistakes are no mistakes
of the policy language, and its constructs that we do not keep are refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.problems import Told, Where

CODES: dict[str, str] = {
    "dmn-too-large": "the file is larger than a DMN file may be",
    "dmn-too-deep": "elements or expressions are nested deeper than a DMN file may nest them",
    "dmn-entity": "the file declares a document type or entities of its own",
    "dmn-xml": "the text cannot be read as XML",
    "dmn-not-dmn": "the file is XML, but not of the kind that is wanted",
    "dmn-reference": "something is named that the file does not have",
    "dmn-cycle": "decisions that need each other",
    "dmn-expression": "an expression cannot be read",
    "dmn-not-kept": "a construct that has no exact counterpart in the policy language",
    "dmn-hit-policy": "a hit policy that DMN does not have, or that lacks what it needs",
    "dmn-overlap": "several rows fit one input where the hit policy allows one answer",
    "dmn-gap": "no row of a table fits an input",
    "dmn-null": "DMN reads a missing value on, the policy language stops at it",
}


@dataclass(frozen=True, slots=True)
class Finding(Told):
    """One finding about a DMN file: a code of `CODES`, its place, what is wrong and what to do about it.

    `severity` "error": the part it stands at was not kept. "warning": it was kept, and should be looked at.
    """

    code: str
    where: Where
    message: str
    help: str = ""
    severity: str = "error"

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code


class Refused(Exception):
    """A part of a DMN file that cannot be kept; it carries the finding that says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def refuse(code: str, where: Where, message: str, help: str = "") -> Refused:
    """The exception for a part that cannot be kept, to be raised by the caller."""
    return Refused(Finding(code, where, message, help))
