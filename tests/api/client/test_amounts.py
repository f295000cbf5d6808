"""Amounts leave and arrive as plain text and are Decimals in between; a float is refused, however round."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from api.client.amounts import read_amount, write_amount


@pytest.mark.parametrize(("amount", "text"), [
    (Decimal("120000.00"), "120000.00"), (Decimal("1E+5"), "100000"), (Decimal("0.10"), "0.10"),
    (Decimal("999999999999999.99"), "999999999999999.99"),
])  # fmt: skip
def test_an_amount_is_written_in_full(amount: Decimal, text: str) -> None:
    assert write_amount(amount) == text
    assert read_amount(text) == amount


@pytest.mark.parametrize("amount", [0.1, 120000.0, 5, "5.00", None])
def test_what_is_no_decimal_is_not_written(amount: Any) -> None:
    with pytest.raises(TypeError, match="Decimal"):
        write_amount(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_not_written(amount: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        write_amount(Decimal(amount))


@pytest.mark.parametrize("sent", [0.1, 5, None])
def test_a_number_in_an_answer_is_not_taken_for_an_amount(sent: Any) -> None:
    with pytest.raises(TypeError, match="as text"):
        read_amount(sent)
