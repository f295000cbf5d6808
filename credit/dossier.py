"""The documents of a customer's file: what was brought, of which day, and which one of each kind counts.

A document counts from the day it was issued to the last day it is valid. Of several of one kind that count, the one
issued last does, and of those of one day the one filed last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Document:
    """One document on file; `months` and `years` are what it covers, `quality` who vouches for it; None: not said.

    `place` is the order in which they were filed; `valid_until` is None for one that does not end.
    """

    place: int
    kind: str
    issued_on: date
    valid_until: date | None = None
    months: int | None = None
    years: int | None = None
    quality: str | None = None

    def counts_on(self, day: date) -> bool:
        """Whether it is on file and valid on a day, both ends included."""
        return self.issued_on <= day and (self.valid_until is None or day <= self.valid_until)


def on_file(documents: Iterable[Document], day: date) -> Mapping[str, Document | None]:
    """The one document that counts on a day, by kind; None for a kind of which every one has run out or is to come."""
    found: dict[str, Document | None] = {}
    for one in sorted(documents, key=lambda one: (one.issued_on, one.place)):
        found.setdefault(one.kind, None)
        if one.counts_on(day):
            found[one.kind] = one
    return found
