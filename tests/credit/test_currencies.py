"""The table of currencies agrees with ISO 4217 and with an independent table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from credit.currencies import MINOR_DIGITS

ISO_4217 = Path(__file__).parents[2] / ".." / "shared" / "data" / "country" / "iso4217_minor_units.csv"


def test_the_table_is_exactly_iso_4217() -> None:
    if not ISO_4217.exists():
        pytest.skip("../shared/data/country/iso4217_minor_units.csv is absent")
    with ISO_4217.open(encoding="utf-8") as file:
        rows = [(row["code"], row["minor_units"]) for row in csv.DictReader(file)]
    assert dict(MINOR_DIGITS) == {code: int(float(digits)) for code, digits in rows if digits}
    assert len(rows) - len(MINOR_DIGITS) == 13


def test_the_table_counts_as_published() -> None:
    digits = list(MINOR_DIGITS.values())
    assert [digits.count(number) for number in (0, 2, 3, 4)] == [17, 139, 7, 2]


def test_nobody_can_change_the_table() -> None:
    with pytest.raises(TypeError):
        MINOR_DIGITS["CNY"] = 3  # type: ignore[index]


def test_trading_currencies_agree_with_babel() -> None:
    numbers = pytest.importorskip("babel.numbers")
    known = numbers.list_currencies()
    for code in ("CNY", "USD", "EUR", "GBP", "JPY", "KRW", "KWD", "BHD", "TND", "INR", "BRL", "CHF", "VND", "CLP"):
        assert code in known
        assert numbers.get_currency_precision(code) == MINOR_DIGITS[code]
