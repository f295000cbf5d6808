"""Ratings: words with a rank on a scale, compared in words only, and the one of several that counts."""

from __future__ import annotations

import pytest

from policy.program import Const
from rules.reference import decide
from rules.wording import Wording
from tests.policy.written import checked, program, told

BODY = """
scales:
  credit: {best_first: [AAA, A+, A, BBB, D], moodys: {Aaa: AAA, A2: A}}
  other: {best_first: [good, bad]}
facts:
  customer.sp: {kind: rating, of: credit}
  customer.moodys: {kind: rating, of: credit.moodys}
  customer.own: {kind: rating, of: other}
"""


def test_a_word_has_its_rank_and_an_agency_speaks_for_the_scale() -> None:
    facts = checked(BODY).names.facts
    assert dict(facts["customer.sp"].ranks) == {"AAA": 1, "A+": 2, "A": 3, "BBB": 4, "D": 5}
    assert dict(facts["customer.moodys"].ranks) == {"Aaa": 1, "A2": 3}
    assert facts["customer.moodys"].choices == ("AAA", "A+", "A", "BBB", "D")


@pytest.mark.parametrize(("line", "message"), [
    ("customer.sp < A", "'< A' is unclear for a rating, for better ratings stand first; write 'is worse than A'"),
    ("customer.sp >= A+", "'>= A+' is unclear for a rating, for better ratings stand first; "
                          "write 'is A+ or better'"),
    ("customer.score is A or worse", "'customer.score' is no rating and has no better or worse; "
                                     "compare it with a sign, such as >="),
    ("customer.sp is customer.own", "ratings of different scales stand together: credit, other; "
                                    "map the words of one scale to those of the other"),
    ("customer.sp is C", "'C' is not one of the words that may stand here; one of: AAA, A+, A, BBB, D"),
])  # fmt: skip
def test_a_comparison_that_leaves_open_what_is_better_is_a_finding(line: str, message: str) -> None:
    found = told(BODY + f"checks:\n  - {{check: one, when: {line}, verdict: warn}}\n")
    assert [one.split(": ", 2)[2] for one in found] == [message]


def test_what_is_shown_of_a_rating_is_its_word() -> None:
    made = program(BODY + "checks:\n  - {check: one, when: customer.sp is worse than A, verdict: warn}\n")
    evidence = decide(made, {"customer.sp": 4}).checks[0].evidence[0]
    wording = Wording(made)
    assert wording.plain(evidence.value, wording.kind_of(evidence)) == "BBB"
    assert wording.wanted(evidence) == "A or better"
    assert wording.distance(evidence) is None


def test_steps_stop_at_the_ends_of_the_scale() -> None:
    let = "let:\n  down: two notches worse than customer.sp\n"
    made = program(BODY + let + "checks:\n  - {check: one, when: down is D, verdict: deny}\n")
    assert Const("count", 5) in made.nodes
    assert [decide(made, {"customer.sp": rank}).checks[0].status for rank in (2, 3, 4, 5)] == [
        "pass", "deny", "deny", "deny"]  # fmt: skip


@pytest.mark.parametrize(("scales", "code"), [
    ("{best_first: [A, A]}", "duplicate-name"), ("[A, B]", "wrong-shape"), ("{strict_first: [A]}", "not-yet-supported"),
    ("{moodys: {A: B}}", "missing-key"), ("{best_first: [A, B], moodys: {x: C}}", "unknown-word"),
])  # fmt: skip
def test_a_scale_that_cannot_be_read_is_a_finding(scales: str, code: str) -> None:
    assert code in [one.split(": ")[1] for one in told(f"scales:\n  credit: {scales}\n")]


@pytest.mark.parametrize(("pick", "code"), [
    ("{pick: [customer.sp], two: worse}", "wrong-shape"), ("{pick: [customer.sp, customer.moodys]}", "missing-key"),
    ("{pick: [customer.sp, customer.moodys], two: middle}", "unknown-word"),
    ("{pick: [customer.sp, customer.own], two: worse}", "kind"),
    ("{pick: [customer.sp, customer.score], two: worse}", "kind"),
])  # fmt: skip
def test_a_pick_says_what_counts_of_two_and_of_three(pick: str, code: str) -> None:
    assert [one.split(": ")[1] for one in told(BODY + f"let:\n  agency: {pick}\n")] == [code]
