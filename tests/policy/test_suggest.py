"""The nearest known word, for "did you mean"."""

from __future__ import annotations

import pytest

from policy.suggest import did_you_mean, listed, nearest

KNOWN = ["customer.score", "customer.type", "account.overdue_amount", "prime", "standard"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("customer.scor", "customer.score"),
        ("custmer.score", "customer.score"),
        ("score", "customer.score"),
        ("overdue_amount", "account.overdue_amount"),
        ("prim", "prime"),
        ("stadard", "standard"),
        ("weather", None),
        ("", None),
    ],
)
def test_a_slip_of_a_letter_or_a_forgotten_beginning_is_understood(word: str, meant: str | None) -> None:
    assert nearest(word, KNOWN) == meant


def test_where_nothing_is_near_the_other_help_is_given() -> None:
    assert did_you_mean("prim", KNOWN, "other") == "did you mean 'prime'?"
    assert did_you_mean("weather", KNOWN, "one of: a, b") == "one of: a, b"
    assert nearest("a", []) is None


def test_words_are_listed_with_commas() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == ""
