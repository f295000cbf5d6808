"""The fixed end of a decision: shares in whole units, what is prepaid, and the choice of terms."""

from __future__ import annotations

from fractions import Fraction as F
from math import floor

import pytest

from rules.fold import choose_terms, share_amounts, still_to_bring
from tests.programs import TERMS


def by_definition(shares: list[F], amount: int) -> list[int]:
    """Largest remainder, written with exact fractions only."""
    parts = [floor(share * amount) for share in shares]
    left = round(sum((share * amount for share in shares), F(0))) - sum(parts)
    for place in sorted(range(len(parts)), key=lambda n: parts[n] - shares[n] * amount)[:left]:
        parts[place] += 1
    return parts


@pytest.mark.parametrize("shares", [
    [F(1)], [F(1, 4)], [F(1, 3)] * 3, [F(3, 10), F(7, 10)], [F(1, 3), F(2, 3)], [F(1, 8), F(1, 12)], [F(1, 2), F(1, 2)],
])  # fmt: skip
def test_shares_are_whole_by_largest_remainder(shares: list[F]) -> None:
    for amount in (*range(60), 10**15 - 1, 10**15):
        assert share_amounts(shares, amount) == by_definition(shares, amount)


def test_what_is_prepaid_meets_prepayment_first_and_then_the_others_in_order() -> None:
    alternatives = ((("letter_of_credit", F(7, 10)), ("prepayment", F(3, 10))),)
    left = {prepaid: [(one.instrument, one.amount) for one in still_to_bring(alternatives, 1000, prepaid)[0]]
            for prepaid in (0, 100, 300, 900)}  # fmt: skip
    assert left[0] == [("letter_of_credit", 700), ("prepayment", 300)]
    assert left[100] == [("letter_of_credit", 700), ("prepayment", 200)]
    assert left[300] == [("letter_of_credit", 700)] and left[900] == [("letter_of_credit", 100)]
    assert still_to_bring(alternatives, 1000, 1000) == ()


def test_terms_asked_are_given_where_they_are_offered_or_short_enough() -> None:
    chosen = [choose_terms(("net 30", "2/10 net 30"), "net 60", asked, TERMS)
              for asked in (None, "2/10 net 30", "prepaid", "net 60", "net 61", "cash")]  # fmt: skip
    assert chosen == ["net 30", "2/10 net 30", "prepaid", "net 60", "net 30", "net 30"]
    assert choose_terms(None, "net 60", "net 30", TERMS) is None
