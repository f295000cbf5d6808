"""Shares are read and written exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.percent import parse_percent, percent_text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(3, 10), "30%"), (Fraction(3, 200), "1.5%"), (Fraction(1), "100%"), (Fraction(0), "0%"),
        (Fraction(-1, 8), "-12.5%"), (Fraction(1, 3), "1/3"), (Fraction(1, 10**8), "0.000001%"),
    ],
)  # fmt: skip
def test_a_share_is_written_in_per_cent(share: Fraction, text: str) -> None:
    assert percent_text(share) == text


@pytest.mark.parametrize(
    "text", ["30", "30 %", "-3%", "1e1%", "３０%", "30%%", "030%", ".5%", "5.%", "1.1234567%", "%", "100000%"]
)
def test_other_spellings_of_a_share_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it in per cent, such as 30%"):
        parse_percent(text)


@given(st.integers(0, 10**11 - 1))
def test_a_share_written_and_read_again_is_the_same(millionths: int) -> None:
    share = Fraction(millionths, 10**8)
    assert parse_percent(percent_text(share)) == share
