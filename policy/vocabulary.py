"""The words a policy may use, handed in from outside: the language itself knows no credit.

`rules/facts.py` builds the vocabulary of trade credit; tests and other trades bring their own. A policy file adds to it
under `facts:`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

DIRECTIONS = ("higher", "lower")  # which values of a fact are better for the customer
SOURCES = ("request", "ledger", "master", "bureau", "computed")


@dataclass(frozen=True, slots=True)
class FactDeclaration:
    """One declared fact: its kind, where it comes from and what its absence means.

    `kind` is a name of `policy.kinds`; `source` one of `SOURCES`, of which a client may send only "request".
    `missing` is "refer" or "deny"; `better` is "higher", "lower", or empty where neither is meant. `choices` are the
    tokens of a fact of kind "choice".
    A list that a request may bring has kind "list", and its fields in `listing`. A fact of kind "rating" has the name
    of its `scale` and the rank of each of its words, 1 the best; its value is a rank. `least` is the smallest number
    that it can be (in minor units where it is an amount), None where nothing keeps it from being negative.
    """

    name: str
    kind: str
    source: str = "master"
    meaning: Mapping[str, str] = field(default_factory=dict)
    missing: str = "refer"
    choices: tuple[str, ...] = ()
    better: str = ""
    listing: ListDeclaration | None = None
    scale: str = ""
    ranks: tuple[tuple[str, int], ...] = ()
    least: int | None = None

    def grade(self, rank: object) -> str:
        """The word for a rank of a rating, as the fact is given; of what is no rank of it, the empty text."""
        words = (*self.ranks, *((word, place) for place, word in enumerate(self.choices, 1)))
        return next((word for word, known in words if known == rank), "") if self.scale else ""


@dataclass(frozen=True, slots=True)
class ListDeclaration:
    """A list that figures may count and add up, such as `invoices`; fields are facts of one item.

    A list that holds only the last days says how many in `days`, and by which field in `dated_by`; a figure that asks
    for more would miss items, and is a finding. `at_most` bounds the items of a list that a request brings.
    """

    name: str
    fields: Mapping[str, FactDeclaration]
    meaning: Mapping[str, str] = field(default_factory=dict)
    days: int = 0
    dated_by: str = ""
    at_most: int = 0


@dataclass(frozen=True, slots=True)
class TermsLiteral:
    """Payment terms as an engine sees them: the agreed spelling, the days until the last payment, two marks.

    `plain` is a bare `net N`, which `longest` may admit; `prepaid` needs no days (then `net_days` is 0).
    """

    text: str
    net_days: int
    plain: bool
    prepaid: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything the language needs to know about a trade.

    `currencies` maps an ISO 4217 code to its number of minor digits; `instruments` are the securities a policy may
    require, "prepayment" first, and `issued` those that somebody issues until a day; `read_terms` answers None for text
    that is no payment terms; `built_in` is policy text holding settings and checks that every policy of this trade
    carries (empty: none); `built_in_of` pairs names with more such text, for the policies that read one of them;
    `built_in_of_holds` is that of policies whose ladders stop orders.
    `together` says whether facts can be those of one order, which examples look for.
    `items` maps the subject of a ladder to the list whose fields it has; `channels` are the ways to send a letter;
    `is_calendar` knows the business calendars; `later_lists` are lists that nobody keeps completely yet, each with what
    to read instead.
    """

    name: str
    facts: Mapping[str, FactDeclaration]
    lists: Mapping[str, ListDeclaration] = field(default_factory=dict)
    later_lists: Mapping[str, str] = field(default_factory=dict)
    currencies: Mapping[str, int] = field(default_factory=dict)
    instruments: tuple[str, ...] = ()
    issued: tuple[str, ...] = ()
    read_terms: Callable[[str], TermsLiteral | None] = lambda text: None
    built_in: str = ""
    built_in_of: tuple[tuple[tuple[str, ...], str], ...] = ()
    built_in_of_holds: str = ""
    items: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    is_calendar: Callable[[str], bool] = lambda code: False
    together: Callable[[Mapping[str, Any]], bool] = lambda facts: True
