"""What a Program holds of the documents that a policy asks for, beside the checks that decide on them.

The answer says from these which document is good, too old or not enough, and what is still to bring.
"""

from __future__ import annotations

from dataclasses import dataclass

SECTION = "documents"


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """What one row wants of a document: `applies` is the node of its condition, -1 always.

    `not_older_than` counts in `age_unit`, days or months; `quality` is the rank of the least rating, 1 the best; None
    is not asked for. `set_by` is the role that may ask for what a row only may require.
    """

    applies: int
    not_older_than: int | None = None
    age_unit: str = ""
    months: int | None = None
    years: int | None = None
    quality: int | None = None
    deny: bool = False
    set_by: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class DocumentAsked:
    """A document, the rows that require it, and those that leave it to a person."""

    name: str
    required: tuple[DocumentPart, ...]
    may: tuple[DocumentPart, ...]


def check_name(document: str) -> str:
    """The name of the check that a document has in the answer."""
    return f"document_{document}"


def table_name(document: str) -> str:
    """The name of the table that is without a row, and so without a value, while a document is not good."""
    return f"{SECTION}.{document}"


def fact_name(document: str, attribute: str) -> str:
    """The fact that says an attribute of the document on file."""
    return f"document.{document}.{attribute}"
