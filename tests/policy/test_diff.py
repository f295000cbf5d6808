"""What changed between two files, in sentences with the lines of both; what only looks different is not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.diff import changes
from policy.source import read_source

STANDARD = (Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml").read_text("utf-8")

SENTENCES = [
    ("customer.score >= 80", "customer.score >= 85",
     "tiers 'prime': the threshold of customer.score moved from 80 to 85 ('>=')"),
    ("average_days_late <= 5", "average_days_late < 5",
     "tiers 'prime': customer.average_days_late of exactly 5 fits no longer ('<=' became '<')"),
    ("months_trading < 6\n", "months_trading <= 6\n",
     "tiers 'new': customer.months_trading of exactly 6 fits now ('<' became '<=')"),
    ("      - customer.court_cases is 0\n", "",
     "tiers 'prime': the line 'customer.court_cases is 0' was taken out"),
    ("  - tier: standard\n", "  - tier: gold\n    when: customer.score > 90\n  - tier: standard\n",
     "tiers: 'gold' was added at place 3: {tier: gold, when: customer.score > 90}"),
    ("min(5% *", "min(6% *",
     "limits 'tier is standard': limit was min(5% * customer.annual_revenue, 1_000_000), "
     "is now min(6% * customer.annual_revenue, 1_000_000)"),
    ("longest: net 45", "longest: net 60", "terms 'tier is standard': longest was net 45, is now net 60"),
    ("offer: [net 60, 2/10 net 30]", "offer: [2/10 net 30, net 60]",
     "terms 'tier is prime': offer was [net 60, 2/10 net 30], is now [2/10 net 30, net 60]"),
    ("require: none", "require: {prepayment: 10%}",
     "security 'tier is prime': require was none, is now {prepayment: 10%}"),
    ("at_most: 0\n", "at_most: 2\n", "checks 'old_invoices': at_most moved from 0 to 2"),
    ("at_most: limit.effective", "below: limit.effective",
     "checks 'over_limit': the bound was at_most limit.effective, is now below limit.effective"),
    ("verdict: deny", "verdict: refer", "checks 'old_invoices': verdict was deny, is now refer"),
    ("[credit_analyst, credit_manager, cfo]", "[credit_manager, credit_analyst, cfo]",
     "roles.rising was [credit_analyst, credit_manager, cfo], is now [credit_manager, credit_analyst, cfo]"),
    ("days_overdue >= 15 and", "days_overdue > 15 and",
     "let.big_old_invoices was count of invoices where days_overdue >= 15 and open_amount > 1_000, "
     "is now count of invoices where days_overdue > 15 and open_amount > 1_000"),
    ("value: 0.04% per day", "value: 0.03% per day",
     "settings.late_rate 'from 2026-07-01': value moved from 0.04% per day to 0.03% per day"),
    ("{valid_for: 30 days", "{valid_for: 20 days", "release.valid_for moved from 30 days to 20 days"),
    ("at: due - 7 days", "at: due - 5 days",
     "escalation.standard 'reminder': at was due - 7 days, is now due - 5 days"),
    ("{prepayment: 30%, letter_of_credit: 70%}", "{prepayment: 40%, letter_of_credit: 60%}",
     "security 'tier is standard': require_one_of: '{prepayment: 30%, letter_of_credit: 70%}' was taken out"),
    ("    missing: refer\n", "    missing: deny\n", "facts.customer.court_cases.missing was refer, is now deny"),
]  # fmt: skip


def told(old: str, new: str) -> list[tuple[str, str]]:
    nodes = [read_source(text.encode(), "f")[0] for text in (old, new)]
    assert nodes[0] is not None and nodes[1] is not None
    return [(one.about, one.sentence) for one in changes(nodes[0], nodes[1])]


@pytest.mark.parametrize(("before", "after", "sentence"), SENTENCES)
def test_a_change_is_told_in_a_sentence(before: str, after: str, sentence: str) -> None:
    assert before in STANDARD
    assert ("meaning", sentence) in told(STANDARD, STANDARD.replace(before, after, 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("5_000_000", "5000000"), ("customer.score >= 60  ", "customer.score  >=  60"),
        ("when: tier is prime", "when: [tier is prime]"), ("offer: [net 30]", "offer: net 30"),
        ("{valid_for: 30 days, up_to: 110%}", "{up_to: 110%, valid_for: 30 days}"), ("# the first row that fits", "#"),
    ],
)  # fmt: skip
def test_another_spelling_is_no_change(before: str, after: str) -> None:
    assert before in STANDARD
    assert told(STANDARD, STANDARD.replace(before, after)) == []


def test_a_row_that_moved_is_told_with_both_places() -> None:
    row = "  - tier: new\n    when: customer.months_trading < 6\n"
    last = "  - tier: high_risk\n"
    moved = STANDARD.replace(row, "", 1).replace(last, row + last, 1)
    assert told(STANDARD, moved) == [("meaning", "tiers: the row 'new' moved from place 1 to place 3")]


def test_checks_in_another_order_decide_the_same() -> None:
    head, rest = STANDARD.split("  - check: insolvent\n")
    insolvent, tail = rest.split("\nauthority:")
    moved = head.replace("  - check: over_limit\n", f"  - check: insolvent\n{insolvent}  - check: over_limit\n")
    assert told(STANDARD, f"{moved}\nauthority:{tail}") == []


def test_messages_and_tests_are_told_apart_from_the_meaning() -> None:
    new = STANDARD.replace("insolvency proceedings are open", "insolvent").replace("score: 85", "score: 86")
    assert told(STANDARD, new) == [
        ("words", "checks 'insolvent': say: en was 'insolvency proceedings are open', is now 'insolvent'"),
        ("tests", "tests 'good customer': given: customer.score moved from 85 to 86"),
    ]


def test_each_change_has_the_lines_of_both_files() -> None:
    old = "settings:\n  most: 5\nlists:\n  a: [x, y]\n"
    new = "settings:\n\n  most: 6\nlists:\n  a: [y]\n"
    nodes = [read_source(text.encode(), "f")[0] for text in (old, new)]
    assert nodes[0] is not None and nodes[1] is not None
    assert [(one.sentence, one.old_line, one.new_line) for one in changes(nodes[0], nodes[1])] == [
        ("settings.most moved from 5 to 6", 2, 3),
        ("'x' was taken out of lists.a", 4, None),
    ]


def test_a_section_that_came_or_went_is_told_as_one() -> None:
    assert told("a: 1\nrelease: {x: 1}\n", "a: 1\nfees: {y: 2}\n") == [
        ("meaning", "the section fees was added"), ("meaning", "the section release was taken out"),
    ]  # fmt: skip
