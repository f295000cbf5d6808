"""Amounts as exact decimals: written as plain text and read back, so that no float ever stands for money."""

from __future__ import annotations

from decimal import Decimal


def write_amount(amount: Decimal) -> str:
    """An amount as the service reads it, such as "120000.00".

    Raises: TypeError for a float, or anything else that is no Decimal; ValueError for NaN and infinity.
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"an amount is a Decimal, and {amount!r} is none: write Decimal(\"120000.00\")")
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    return format(amount, "f")


def read_amount(text: str) -> Decimal:
    """An amount as the service wrote it. Raises: TypeError where it did not write text."""
    if not isinstance(text, str):
        raise TypeError(f"the service writes amounts as text, and sent {text!r}")
    return Decimal(text)
