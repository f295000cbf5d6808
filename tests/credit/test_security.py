"""Instruments have one word each, a meaning in both languages, and a last day."""

from __future__ import annotations

from datetime import date

import pytest

from credit.money import Money
from credit.security import INSTRUMENTS, MEANINGS, SecurityInPlace

AMOUNT = Money(100, "CNY")


def test_every_instrument_has_a_meaning_in_english_and_chinese() -> None:
    assert tuple(MEANINGS) == INSTRUMENTS
    assert all(set(meaning) == {"en", "zh"} and all(meaning.values()) for meaning in MEANINGS.values())


def test_prepayment_stands_first_because_it_is_met_first() -> None:
    assert INSTRUMENTS[0] == "prepayment"


def test_an_instrument_holds_until_its_last_day() -> None:
    letter = SecurityInPlace("letter_of_credit", AMOUNT, date(2026, 11, 23))
    assert letter.is_valid_on(date(2026, 11, 23))
    assert not letter.is_valid_on(date(2026, 11, 24))
    assert SecurityInPlace("bank_guarantee", AMOUNT).is_valid_on(date(9999, 12, 31))


@pytest.mark.parametrize(
    ("instrument", "minor", "help"),
    [("pledge", 1, "choose one of deposit, letter_of_credit"), ("prepayment", 1, "money received"),
     ("bank_guarantee", -1, "below zero")],
)  # fmt: skip
def test_what_cannot_be_in_place_is_refused(instrument: str, minor: int, help: str) -> None:
    with pytest.raises(ValueError, match=help):
        SecurityInPlace(instrument, Money(minor, "CNY"))
