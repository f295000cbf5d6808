"""Two decisions compared part by part, as promises compare them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import pytest

from rules.standing import AS_ASKED, Standing, looser, worse

GOOD = Standing(0, 1000, 500, 60, 30, ())
LETTER = (("letter_of_credit", F(1)),)
PART = (("prepayment", F(3, 10)), ("letter_of_credit", F(7, 10)))
PAID = (("prepayment", F(1)),)


@pytest.mark.parametrize(("change", "part"), [
    ({"verdict": 1}, "verdict"), ({"limit": 999}, "limit"), ({"largest_order": 499}, "largest_order"),
    ({"longest": 59}, "longest"), ({"terms": 29}, "terms"), ({"security": (PAID,)}, "security"),
])  # fmt: skip
def test_each_part_may_be_the_worse_one(change: dict[str, object], part: str) -> None:
    other = replace(GOOD, **change)  # type: ignore[arg-type]
    assert worse(GOOD, other) == (part,)
    assert worse(other, GOOD) == ()


def test_nothing_is_worse_than_itself_and_what_has_no_value_is_not_compared() -> None:
    assert worse(GOOD, GOOD) == ()
    assert worse(GOOD, replace(GOOD, limit=None, terms=None)) == ()


def test_the_terms_that_were_asked_for_are_the_best() -> None:
    assert worse(replace(GOOD, terms=AS_ASKED), GOOD) == ("terms",)
    assert worse(GOOD, replace(GOOD, terms=AS_ASKED)) == ()


def test_only_the_parts_asked_about_are_compared() -> None:
    assert worse(GOOD, replace(GOOD, limit=0), ("verdict", "longest")) == ()


@pytest.mark.parametrize(("before", "after", "wanted"), [
    ((LETTER,), (), True), ((), (LETTER,), False), ((PAID,), (LETTER, PAID), True), ((PAID, LETTER), (PAID,), False),
    ((PAID,), ((("prepayment", F(3, 10)),),), True), ((PART,), (LETTER,), False), ((LETTER,), (PART,), False),
])  # fmt: skip
def test_looser_means_that_whatever_was_enough_still_is(before: object, after: object, wanted: bool) -> None:
    assert looser(before, after) is wanted  # type: ignore[arg-type]
