"""Mistakes planted into the shipped standard policy: each is found, with an order that the engine replays."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.load import load_policy
from policy.problems import Problem
from policy.program import Program
from rules.facts import trade_vocabulary
from tests.policy.analysis.replay import facts_of, findings, hit

LIBRARY = Path(__file__).resolve().parents[3] / "policy" / "library"
STANDARD = (LIBRARY / "standard.yaml").read_text("utf-8")
COUNT = "big_old_invoices: count of invoices where days_overdue >= 15"


def planted(old: str, new: str) -> tuple[Program | None, list[Problem]]:
    """The shipped policy with one text in place of another."""
    assert STANDARD.count(old) == 1, old
    loaded = load_policy(STANDARD.replace(old, new).encode(), "planted.yaml", trade_vocabulary())
    return loaded.program, findings(loaded)


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_policies_are_without_findings(path: Path) -> None:
    assert findings(load_policy(path.read_bytes(), path.name, trade_vocabulary())) == []


def test_a_better_score_that_slips_through_otherwise_is_found() -> None:
    program, (told,) = planted("    when: customer.score >= 60 ", "    when: customer.score in [60..80) ")
    assert program is not None and told.code == "otherwise-slip"
    tiers = program.nodes[program.tables["tiers"]]
    better = facts_of(program, told.example)
    worse = {**better, "customer.score": 79}
    assert better["customer.score"] == 80
    assert hit(program, tiers, better) == 3 and hit(program, tiers, worse) == 2  # type: ignore[arg-type]
    assert told.help == "did you mean 'customer.score >= 60' in this row?"


def test_rows_in_the_wrong_order_are_found() -> None:
    row = "  - tier: standard\n    when: customer.score >= 50\n"
    program, told = planted("tiers:                                            # the first row that fits\n",
                            f"tiers:\n{row}")  # fmt: skip
    assert program is not None
    assert {one.code for one in told} == {"dead-row", "unreachable-outcome"}
    tiers = program.nodes[program.tables["tiers"]]
    dead = [one for one in told if one.code == "dead-row" and "takes every order" in one.message]
    assert len(dead) == 2  # prime, and the standard row that was there before
    for one in dead:
        assert hit(program, tiers, facts_of(program, one.example)) == 0  # type: ignore[arg-type]


def test_lines_that_contradict_each_other_are_found() -> None:
    _, told = planted("      - customer.score >= 80\n", "      - customer.score >= 80\n      - customer.score < 60\n")
    assert [one.code for one in told].count("dead-row") == 1
    assert {one.code for one in told} == {"dead-row", "unreachable-outcome"}  # nobody is prime any more


def test_a_row_that_gives_what_follows_is_found() -> None:
    program, (told,) = planted("  - tier: high_risk\n    otherwise: true",
                               "  - tier: high_risk\n    when: customer.court_cases > 3\n"
                               "  - tier: high_risk\n    otherwise: true")  # fmt: skip
    assert program is not None and told.code == "redundant-row"
    assert facts_of(program, told.example)["customer.court_cases"] > 3


def test_a_missing_last_row_is_found_with_an_order_that_fits_nowhere() -> None:
    program, (told,) = planted("  - tier: high_risk\n    otherwise: true", "  - tier: high_risk\n"
                               "    when: customer.score < 59")  # fmt: skip
    assert program is None and told.code == "gap" and told.severity == "error"
    assert dict(told.example)["customer.score"] == "59"
    whole, _ = planted("  - tier: high_risk\n    otherwise: true", "  - tier: high_risk\n"
                       "    when: customer.score < 59\n  - tier: rest\n    otherwise: true")  # fmt: skip
    assert whole is not None
    tiers = whole.nodes[whole.tables["tiers"]]
    assert hit(whole, tiers, facts_of(whole, told.example)) == len(tiers.rows) - 1  # type: ignore[arg-type, union-attr]


def test_edges_on_two_sides_of_a_day_are_found() -> None:
    more = "  older_invoices: count of invoices where days_overdue > 15\n"
    _, (told,) = planted("  " + COUNT, more + "  " + COUNT)
    assert told.code == "off-by-one" and "at exactly 15" in told.message


def test_a_tier_that_never_comes_as_far_as_its_row_is_found() -> None:
    first = f"terms:{' ' * 44}# the first row that fits; the first offer is the default\n"
    row = "  - when:\n      - tier is prime\n      - customer.score < 70\n    offer: [net 90]\n"
    _, (told,) = planted(first, f"terms:\n{row}")
    assert told.code == "unreachable-outcome" and "'prime'" in told.message
