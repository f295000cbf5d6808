"""The securities that a customer may bring, and those already in place for an order.

A policy asks for them by these words. Prepaid money counts as security too, but is counted as money received, never as
an instrument in place, so that it is not taken twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from credit.money import Money

PAID = ("prepayment", "deposit")
ISSUED = ("letter_of_credit", "standby_letter_of_credit", "bank_guarantee", "parent_guarantee", "personal_guarantee",
          "credit_insurance")  # fmt: skip
INSTRUMENTS = PAID + ISSUED

MEANINGS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "prepayment": {"en": "paid before anything is shipped", "zh": "预付款"},
    "deposit": {"en": "money left with us for as long as we trade", "zh": "保证金"},
    "letter_of_credit": {"en": "a bank's promise to pay against documents", "zh": "信用证"},
    "standby_letter_of_credit": {"en": "a bank pays on our word that the customer did not", "zh": "备用信用证"},
    "bank_guarantee": {"en": "a bank pays when the customer does not", "zh": "银行保函"},
    "parent_guarantee": {"en": "the parent company answers for its subsidiary", "zh": "母公司担保"},
    "personal_guarantee": {"en": "the owner answers with private assets", "zh": "个人担保"},
    "credit_insurance": {"en": "an insurer pays the covered share of a loss", "zh": "信用保险"},
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class SecurityInPlace:
    """An instrument that already covers an order: its amount, and the last day on which it holds (None: no end).

    Raises: ValueError for an unknown instrument, for prepayment, and for an amount below zero.
    """

    instrument: str
    amount: Money
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if self.instrument not in INSTRUMENTS:
            raise ValueError(f"no instrument '{self.instrument}'; choose one of {', '.join(INSTRUMENTS[1:])}")
        if self.instrument == "prepayment":
            raise ValueError("'prepayment' is money received; give it as the prepaid amount")
        if self.amount.minor < 0:
            raise ValueError(f"the {self.instrument} is below zero; give the amount that it covers")

    def is_valid_on(self, day: date) -> bool:
        """Does it still hold on this day? Its last day counts."""
        return self.valid_until is None or day <= self.valid_until
