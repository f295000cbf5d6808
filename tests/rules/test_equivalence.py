"""Equal decisions are proved, not guessed: what is written otherwise and means the same, and what cannot be proved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policy import load_policy
from policy.program import Program
from rules.equivalence import proof_of_equality
from rules.facts import trade_vocabulary

STANDARD = (Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml").read_text("utf-8")


def program_of(text: str) -> Program:
    found = load_policy(text.encode(), "f", trade_vocabulary()).program
    assert found is not None
    return found


OLD = program_of(STANDARD)
PRIME = "      - customer.score >= 80\n      - customer.average_days_late <= 5\n"
OTHER = "  - tier: standard\n    when: customer.score in [60..80)\n  - tier: standard\n    when: customer.score >= 80\n"


@pytest.mark.parametrize(
    ("before", "after", "proof"),
    [
        ("insolvency proceedings", "open proceedings", "both files mean the same"),
        (PRIME, "      - customer.average_days_late <= 5\n      - customer.score >= 80\n",
         "the rows that decide orders mean the same, however they are written"),
        ("customer.score >= 80\n", "customer.score > 79\n",
         "all 448 combinations of the thresholds that differ were compared"),
        ("  - tier: standard\n    when: customer.score >= 60", OTHER,
         "all 384 combinations of the thresholds that differ were compared"),
        ("    at_most: 0\n", "    below: 1\n", "all 20 combinations of the thresholds that differ were compared"),
    ],
)  # fmt: skip
def test_another_way_to_write_it_is_proved_equal(before: str, after: str, proof: str) -> None:
    assert before in STANDARD
    assert proof_of_equality(OLD, program_of(STANDARD.replace(before, after, 1))) == proof


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("customer.score >= 80\n", "customer.score > 80\n"), ("months_trading < 6\n", "months_trading <= 6\n"),
        ("    at_most: 0\n", "    below: 2\n"), ("verdict: deny", "verdict: refer"), ("min(5% *", "min(6% *"),
        ("net 60, 2/10", "net 75, 2/10"), ("require: none", "require: {prepayment: 10%}"),
        ("days_overdue >= 15", "days_overdue > 15"), ("    missing: refer\n", "    missing: deny\n"),
        ("currency: CNY", "currency: EUR"), ("release_by: cfo", "release_by: credit_manager"),
        ("with_2_days <= 50_000", "with_2_days < 50_000"), ("timezone: Asia/Shanghai", "timezone: Europe/Berlin"),
        ("committed_after: account.exposure + order.unsecured_amount", "committed_after: account.exposure"),
    ],
)  # fmt: skip
def test_what_decides_otherwise_is_never_proved_equal(before: str, after: str) -> None:
    assert before in STANDARD
    assert proof_of_equality(OLD, program_of(STANDARD.replace(before, after, 1))) == ""


def test_without_its_digest_a_policy_is_still_proved_equal_to_itself() -> None:
    assert proof_of_equality(replace(OLD, digest=""), replace(OLD, digest="")) == (
        "the rows that decide orders mean the same, however they are written"
    )


def test_a_ladder_is_no_part_of_the_decision_of_an_order() -> None:
    assert proof_of_equality(OLD, program_of(STANDARD.replace("due + 15 days, do: [send", "due + 9 days, do: [send")))


HEAD = "aval: 1\npolicy: p\ntitle: {en: P}\ncurrency: CNY\n"
COUNTED = f"""{HEAD}let:
  orders: sum of earlier_orders.amount in last 30 days
  largest: largest of invoices.open_amount where days_overdue > 5, if none 0
checks:
  - {{check: many, measure: orders, at_most: 5_000, verdict: refer}}
  - {{check: large, measure: largest, at_most: 5_000, verdict: refer}}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [("last 30 days", "last 29 days"), (", if none 0", ""), ("sum of", "average of"), ("largest of", "smallest of"),
     ("days_overdue > 5", "days_overdue > 6"), ("earlier_orders.amount", "earlier_orders.unsecured_amount")],
)  # fmt: skip
def test_a_figure_that_counts_otherwise_is_never_proved_equal(before: str, after: str) -> None:
    assert before in COUNTED
    assert proof_of_equality(program_of(COUNTED), program_of(COUNTED.replace(before, after))) == ""


def test_a_figure_that_only_has_another_name_is_proved_equal() -> None:
    renamed = COUNTED.replace("orders:", "ordered:").replace("measure: orders", "measure: ordered")
    assert proof_of_equality(program_of(COUNTED), program_of(renamed))
