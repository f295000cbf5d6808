"""The customer as the credit desk knows it: who, where, in which currency, and what was granted.

Everything else that a policy may ask about the customer stands in `facts`, by the policy's own names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from credit.exposure import Limit
from credit.money import minor_digits, shown

CUSTOMER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_NAME = 256

_COUNTRY = re.compile(r"[A-Z]{2}")

FactValue = int | bool | str


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer; `facts` maps the name of a fact ("customer.score") to a whole number, a truth value or a text.

    `country` is an ISO 3166 code of two letters, None where it is not known; `limit` is what a person granted, in the
    customer's currency. Amounts among the facts are minor units of it.
    Raises: ValueError with a sentence for the person who entered it.
    """

    customer_id: str
    name: str
    country: str | None
    currency: str
    limit: Limit = field(default_factory=Limit.none)
    facts: Mapping[str, FactValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_customer_id(self.customer_id)
        minor_digits(self.currency)
        hidden = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in self.name)
        if hidden or not self.name.strip() or len(self.name) > LONGEST_NAME:
            raise ValueError(f"the name '{shown(self.name)}' is not readable; write 1 to {LONGEST_NAME} letters")
        if self.country is not None and not _COUNTRY.fullmatch(self.country):
            raise ValueError(f"'{shown(self.country)}' is no country; write its ISO 3166 code, such as CN")
        if self.limit.money is not None and self.limit.money.currency != self.currency:
            raise ValueError(f"the limit is in {self.limit.money.currency}, the customer in {self.currency}; "
                             "grant it in the customer's currency")  # fmt: skip
        for name, value in self.facts.items():
            if type(value) not in (int, bool, str):
                raise ValueError(f"'{shown(name)}' is no whole number, truth value or text; amounts are minor units")
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))  # nobody changes it afterwards


def check_customer_id(text: str) -> str:
    """The same text, if it can name a customer: 1 to 64 letters, digits, '.', '_' or '-', none of the marks first.

    Raises: ValueError for anything else.
    """
    if not CUSTOMER_ID.fullmatch(text):
        raise ValueError(f"'{shown(text)}' is no customer id; use 1 to 64 letters A to Z, digits, '.', '_' or '-'")
    return text
