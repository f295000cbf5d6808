"""Which rows and thresholds the tests of a policy touch: what counts, what does not, and in which words it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy import load_policy
from rules.coverage import Coverage, cover, percent
from rules.facts import trade_vocabulary

LIBRARY = Path(__file__).resolve().parents[2] / "policy" / "library"
HEAD = """\
aval: 1
policy: small
title: {en: Small}
currency: CNY
timezone: Asia/Shanghai
roles: {rising: [cfo]}
"""


def covered(policy: str, *given: str) -> Coverage:
    """The coverage of a policy whose tests give these facts and expect nothing much."""
    tests = "".join(f"  - name: test {n}\n    given: {{{one}}}\n    expect: {{hard_stop: false}}\n"
                    for n, one in enumerate(given))  # fmt: skip
    text = HEAD + policy + ("tests:\n" + tests if given else "")
    loaded = load_policy(text.encode(), "small.yaml", trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    return cover(loaded)


def left(coverage: Coverage) -> list[str]:
    """What is not covered, in words."""
    return [point.words for point in coverage.uncovered()]


TIERS = """\
tiers:
  - tier: good
    when: customer.score >= 80
  - tier: other
    otherwise: true
"""
CHECK = """\
checks:
  - check: exposed
    when: CONDITION
    verdict: deny
"""


def test_without_a_test_nothing_is_covered_and_everything_is_named_with_its_line() -> None:
    found = covered(TIERS)
    assert (percent(found.rows), percent(found.boundaries), found.complete) == (0, 0, False)
    assert [(point.line, point.words) for point in found.uncovered()] == [
        (8, "row 1 of tiers (good) is reached"), (8, "customer.score exactly 80"),
        (8, "customer.score just below 80 (79)"), (8, "customer.score just above 80 (81)"),
        (10, "row 2 of tiers (other) is reached"),
    ]  # fmt: skip


def test_a_threshold_is_covered_at_t_and_one_unit_on_either_side() -> None:
    assert covered(TIERS, "customer.score: 79", "customer.score: 80", "customer.score: 81").complete
    assert left(covered(TIERS, "customer.score: 78", "customer.score: 80", "customer.score: 81")) == [
        "customer.score just below 80 (79)"
    ]


def test_percent_is_rounded_down_so_that_100_means_all() -> None:
    found = covered(TIERS, "customer.score: 80", "customer.score: 81")
    assert (percent(found.boundaries), percent(found.rows)) == (66, 50)


def test_a_check_counts_once_failing_and_once_passing_and_an_unknown_one_is_neither() -> None:
    check = CHECK.replace("CONDITION", "customer.insolvent is true")
    assert left(covered(check, "customer.insolvent: missing")) == [
        "check exposed fails (deny)", "check exposed passes",
        "customer.insolvent is true: true", "customer.insolvent is true: false",
    ]  # fmt: skip
    assert left(covered(check, "customer.insolvent: true")) == [
        "check exposed passes", "customer.insolvent is true: false"
    ]
    assert covered(check, "customer.insolvent: true", "customer.insolvent: false").complete


@pytest.mark.parametrize(("condition", "given", "words"), [
    ("account.exposure > 100", ("account.exposure: 100.01",),
     ["account.exposure exactly CNY 100.00", "account.exposure just below CNY 100.00 (CNY 99.99)"]),
    ("account.exposure > 100", ("account.exposure: 100.02", "account.exposure: 99.99", "account.exposure: 100"),
     ["account.exposure just above CNY 100.00 (CNY 100.01)"]),
    ("account.exposure > 0", ("account.exposure: 0",), ["account.exposure just above CNY 0.00 (CNY 0.01)"]),
    ("order.unsecured_amount > 0", ("order.unsecured_amount: 0", "order.unsecured_amount: 0.01"),
     ["order.unsecured_amount just below CNY 0.00 (CNY -0.01)"]),
    ("customer.months_trading < 6", ("customer.months_trading: 5", "customer.months_trading: 6"),
     ["customer.months_trading just above 6 months (7 months)"]),
    ("as_of >= 2026-07-01", ("as_of: 2026-07-01", "as_of: 2026-07-02"), ["as_of just below 2026-07-01 (2026-06-30)"]),
    ("account.late_invoices / account.paid_invoices > 30%",
     ("account.late_invoices: 3, account.paid_invoices: 10", "account.late_invoices: 30, account.paid_invoices: 99"),
     ["account.late_invoices / account.paid_invoices just below 30% (29%)"]),
    ("account.overdue_amount > account.open_amount", ("account.overdue_amount: 5, account.open_amount: 5",),
     ["account.overdue_amount below account.open_amount by CNY 0.01",
      "account.overdue_amount above account.open_amount by CNY 0.01"]),
    ("account.overdue_amount > account.open_amount",
     ("account.overdue_amount: 5, account.open_amount: 5.01", "account.overdue_amount: 5.02, account.open_amount: 5"),
     ["account.overdue_amount equal to account.open_amount",
      "account.overdue_amount above account.open_amount by CNY 0.01"]),
    ("customer.type in [school, hospital]", ("customer.type: school",),
     ["customer.type in [school, hospital]: false"]),
    ("limit.granted is none", ("limit.granted: none",), ["limit.granted is none: false"]),
    ("limit.granted is missing", ("limit.granted: none",), ["limit.granted is missing: true"]),
    ("customer.score in [60..80)", ("customer.score: 60", "customer.score: 59", "customer.score: 79"),
     ["customer.score just above 60 (61)", "customer.score exactly 80", "customer.score just above 80 (81)"]),
])
def test_thresholds_of_every_kind_are_told_in_words(condition: str, given: tuple[str, ...], words: list[str]) -> None:
    found = left(covered(CHECK.replace("CONDITION", condition), *given))
    assert [one for one in found if not one.startswith("check ")] == words


def test_a_limit_without_an_amount_is_at_no_distance_from_anything() -> None:
    check = "checks:\n  - {check: over, measure: account.exposure, at_most: limit.effective, verdict: deny}\n"
    found = left(covered(check, "account.exposure: 0, limit.granted: unlimited"))
    assert "account.exposure equal to limit.effective" in found
    assert "account.exposure equal to limit.effective" not in left(
        covered(check, "account.exposure: 0, limit.granted: none"))  # nobody granted one: it counts as 0


def test_a_threshold_behind_a_row_or_a_check_that_is_not_reached_is_not_covered() -> None:
    rows = TIERS.replace("  - tier: other\n    otherwise: true\n",
                         "  - tier: slow\n    when: account.open_amount > 10\n  - tier: other\n    otherwise: true\n")
    assert "account.open_amount exactly CNY 10.00" in left(covered(rows, "customer.score: 90, account.open_amount: 10"))
    assert "account.open_amount exactly CNY 10.00" not in left(
        covered(rows, "customer.score: 70, account.open_amount: 10"))


def test_a_threshold_that_stands_in_several_rows_counts_once() -> None:
    twice = TIERS + "checks:\n  - {check: low, when: customer.score >= 80, verdict: warn}\n"
    assert len(covered(twice).boundaries) == 3


@pytest.mark.parametrize(("items", "words"), [
    ("", ["exactly 15 days", "just below 15 days (14 days)", "just above 15 days (16 days)"]),
    ("{days_overdue: 15}", ["just below 15 days (14 days)", "just above 15 days (16 days)"]),
    ("{days_overdue: 14}, {days_overdue: 15}, {days_overdue: 16}", []),
])
def test_the_items_of_a_list_show_the_thresholds_of_its_figures(items: str, words: list[str]) -> None:
    figure = "let:\n  old: count of invoices where days_overdue >= 15\n"
    check = "checks:\n  - {check: old_invoices, measure: old, at_most: 0, verdict: deny}\n"
    found = covered(figure + check, f"invoices: [{items}]")
    of_items = [point for point in found.uncovered() if "an item" in point.words]
    assert [point.words.removeprefix("an item of old with days_overdue ") for point in of_items] == words
    assert {point.line for point in of_items} <= {8}
    assert all("just below 0" not in point.words for point in found.boundaries)  # a count is never below zero


def test_a_given_figure_shows_nothing_about_items() -> None:
    figure = "let:\n  old: count of invoices where days_overdue >= 15\n"
    check = "checks:\n  - {check: old_invoices, measure: old, at_most: 0, verdict: deny}\n"
    found = left(covered(figure + check, "old: 1, invoices: [{days_overdue: 15}]"))
    assert len([words for words in found if "an item" in words]) == 3


def test_a_figure_over_dates_is_measured_in_days() -> None:
    figure = "let:\n  recent: sum of earlier_orders.amount where placed_on >= as_of - 2 days\n"
    check = "checks:\n  - {check: many, measure: recent, at_most: 100, verdict: deny}\n"
    found = left(covered(figure + check, "as_of: 2026-11-23, earlier_orders: [{placed_on: 2026-11-21, amount: 1}]"))
    assert [one for one in found if "an item" in one] == [
        "an item of recent with placed_on below as_of - 2 days by one day",
        "an item of recent with placed_on above as_of - 2 days by one day",
    ]


def test_every_cell_of_a_value_table_is_a_row_and_its_tests_are_thresholds() -> None:
    table = "tables:\n  share: {by: customer.score, rows: {\"< 80\": 10%, \">= 80\": 20%}, missing: refer}\n"
    check = ("checks:\n  - check: over\n    measure: account.exposure\n"
             "    at_most: share * customer.annual_revenue\n    verdict: deny\n")  # fmt: skip
    found = covered(table + check, "customer.score: 80, account.exposure: 1, customer.annual_revenue: 5")
    assert left(found) == [
        "row 1 of share is reached",
        "customer.score just below 80 (79)", "customer.score just above 80 (81)",  # written twice, counted once
        "check over fails (deny)", "account.exposure below share * customer.annual_revenue by CNY 0.01",
        "account.exposure above share * customer.annual_revenue by CNY 0.01",
    ]  # fmt: skip
    assert [point.words for point in found.rows[:2]] == ["row 1 of share is reached", "row 2 of share is reached"]


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_policies_cover_every_row_and_every_threshold(path: Path) -> None:
    loaded = load_policy(path.read_bytes(), path.name, trade_vocabulary())
    found = cover(loaded)
    assert [f"{path.name}:{point.line}: {point.words}" for point in found.uncovered()] == []
    assert path.stem == "escalation" or len(found.rows) > 15  # that one is about ladders, and decides little
    assert path.stem == "escalation" or len(found.boundaries) > 30
    assert not any("placed_on" in point.words and "item" not in point.words for point in found.boundaries)


def test_each_test_of_the_standard_policy_that_is_taken_out_is_missed_where_only_it_shows_a_threshold() -> None:
    source = (LIBRARY / "standard.yaml").read_text("utf-8")
    assert "customer.score: 79}" in source
    thinner = source.replace("customer.score: 79}", "customer.score: 78}")
    found = cover(load_policy(thinner.encode(), "x.yaml", trade_vocabulary()))
    assert left(found) == ["customer.score just below 80 (79)"]


def test_which_of_two_limits_counts_is_not_the_files_to_test() -> None:
    found = covered(CHECK.replace("CONDITION", "group.exposure > 100"), "group.exposure: 100")
    assert [words for words in left(found) if "limit" in words or "row" in words] == []
    assert all(point.line > 0 for point in (*found.rows, *found.boundaries))


RATED = """\
scales:
  credit: {best_first: [AAA, AA, A, BBB]}
facts:
  customer.sp: {kind: rating, of: credit}
"""


def test_ratings_are_asked_for_by_their_words_and_never_beyond_the_ends_of_the_scale() -> None:
    found = covered(RATED + CHECK.replace("CONDITION", "customer.sp is worse than AA"), "customer.sp: AA")
    assert left(found)[1:] == ["customer.sp is AAA, next to AA", "customer.sp is A, next to AA"]
    ends = covered(RATED + CHECK.replace("CONDITION", "customer.sp in [AAA, BBB]"))
    assert [words for words in left(ends) if "customer.sp" in words] == [
        "customer.sp is AAA", "customer.sp is AA, next to AAA", "customer.sp is BBB", "customer.sp is A, next to BBB",
    ]  # fmt: skip
