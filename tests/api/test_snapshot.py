"""What is kept of facts and outcomes is exact, and nothing without an agreed spelling is kept."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest

from api.snapshot import plain_json
from rules.outcome import CheckOutcome, Evidence, Missing, Outcome, Required


def test_exact_values_keep_their_value() -> None:
    given = {"share": Fraction(1, 3), "amount": 10**18, "day": date(2026, 11, 23), "flag": True, "none": None,
             "missing": Missing(frozenset({"b", "a"}))}  # fmt: skip
    assert plain_json(given) == {
        "share": "1/3", "amount": 10**18, "day": "2026-11-23", "flag": True, "none": None,
        "missing": {"reasons": ["a", "b"]},
    }  # fmt: skip


def test_a_whole_outcome_becomes_json() -> None:
    check = CheckOutcome("over_limit", "pass", (Evidence(1, 2, Fraction(1, 2), None),), ("x",))
    outcome = Outcome("approve", False, "prime", {"effective": 5}, "net 30", None,
                      ((Required("prepayment", Fraction(3, 10), 7),),), None, (check,), (), {"tiers": 0})  # fmt: skip
    found = json.loads(json.dumps(plain_json(outcome), allow_nan=False))
    assert found["security"] == [[{"instrument": "prepayment", "share": "3/10", "amount": 7}]]
    assert found["checks"][0]["evidence"][0] == {"node": 1, "test": 2, "value": "1/2", "wanted": None}
    assert found["limits"] == {"effective": 5} and found["rows"] == {"tiers": 0}


@pytest.mark.parametrize("value", [0.5, float("nan"), b"bytes", object(), Outcome])
def test_a_value_without_an_agreed_spelling_is_a_mistake_of_ours(value: object) -> None:
    with pytest.raises(TypeError, match="no spelling of"):
        plain_json({"x": [value]})
