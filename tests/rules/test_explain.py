"""A row in a sentence, word for word, in both languages; and the ways in which people point at a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy import load_policy
from policy.program import Program
from rules.explain import find_rows, meanings, places, row_sentence
from rules.facts import trade_vocabulary

STANDARD = (Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml").read_text("utf-8")


def program_of(text: str) -> Program:
    loaded = load_policy(text.encode(), "f", trade_vocabulary())
    assert loaded.program is not None, [str(problem) for problem in loaded.problems]
    return loaded.program


PROGRAM = program_of(STANDARD)
SENTENCES = [
    ("tiers:1", "tiers, row 1 (line {}): tier new where customer.months_trading is less than 6 months "
     "(exactly 6 months does not fit)",
     "tiers 第 1 行（文件第 {} 行）：当 customer.months_trading 低于 6 个月（恰为 6 个月 则不符合） 时，tier new"),
    ("prime", "tiers, row 2 (line {}): tier prime where customer.score is 80 or more, and customer.average_days_late "
     "is not more than 5 days, and customer.court_cases is 0; only where no row above fits: new",
     "tiers 第 2 行（文件第 {} 行）：当 customer.score 不低于 80（含），且 customer.average_days_late "
     "不超过 5 天（含），且 customer.court_cases 等于 0 时，tier prime；仅当以上各行均不符合：new"),
    ("high_risk", "tiers, row 4 (line {}): tier high_risk in all other cases",
     "tiers 第 4 行（文件第 {} 行）：其余情况，tier high_risk"),
    ("limits:1", "limits, row 1 (line {}): limit min(10% * customer.annual_revenue, CNY 5,000,000.00), largest_order "
     "CNY 2,000,000.00, review_every 12 months where tier is prime",
     "limits 第 1 行（文件第 {} 行）：当 tier 等于 prime 时，limit min(10% * customer.annual_revenue, CNY 5,000,000.00)"
     "，largest_order CNY 2,000,000.00，review_every 12 个月"),
    ("over_limit", "check over_limit (line {}): refer where committed_after is more than limit.effective (exactly "
     "limit.effective passes); asked only where order.unsecured_amount is more than CNY 0.00 "
     "(at exactly CNY 0.00 it is not asked)",
     "检查 over_limit（文件第 {} 行）：当 committed_after 高于 limit.effective（恰为 limit.effective 则通过） 时，"
     "转人工；仅当 order.unsecured_amount 高于 CNY 0.00（恰为 CNY 0.00 则不检查） 时检查"),
    ("insolvent",
     "check insolvent (line {}): a hard stop where customer.insolvent is true; cfo or above may release it",
     "检查 insolvent（文件第 {} 行）：当 customer.insolvent 等于 true 时，绝对拒绝；cfo 及以上可放行"),
]  # fmt: skip
CONDITIONS = [
    ("customer.score in [60..80)", "customer.score is 60 or more and less than 80"),
    ("customer.type in [school, hospital]", "customer.type is one of school, hospital"),
    ("customer.type not in [school, hospital]", "customer.type is none of school, hospital"),
    ("customer.type is not school", "customer.type is not school"),
    ("limit.granted is missing", "limit.granted is missing"), ("limit.granted is known", "limit.granted is known"),
    ("{any: [customer.score > 5, customer.insolvent is true]}",
     "either customer.score is more than 5 (exactly 5 does not fit), or customer.insolvent is true"),
    ("{not: customer.score > 5}", "it is not so that customer.score is more than 5 (exactly 5 does not fit)"),
    ("as_of >= 2026-07-01", "as_of is 2026-07-01 or more"),
    ("order.amount <= 50%  * account.exposure", "order.amount is not more than 50% * account.exposure"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "english", "chinese"), SENTENCES)
def test_a_row_is_said_in_both_languages(wanted: str, english: str, chinese: str) -> None:
    (place,) = find_rows(PROGRAM, wanted)
    assert row_sentence(PROGRAM, place) == english.format(place.line)
    assert row_sentence(PROGRAM, place, "zh") == chinese.format(place.line)


@pytest.mark.parametrize(("line", "words"), CONDITIONS)
def test_every_kind_of_test_has_its_words(line: str, words: str) -> None:
    head = "aval: 1\npolicy: p\ntitle: {en: P}\ncurrency: CNY\n"
    program = program_of(f"{head}tiers:\n  - tier: a\n    when: {line}\n  - tier: b\n    otherwise: true\n")
    (place,) = find_rows(program, "a")
    assert row_sentence(program, place) == f"tiers, row 1 (line 6): tier a where {words}"


def test_a_row_is_found_by_any_line_of_it() -> None:
    prime = STANDARD.splitlines().index("  - tier: prime") + 1
    for line in range(prime, prime + 5):
        assert [one.name for one in find_rows(PROGRAM, str(line))] == ["prime"]
    assert find_rows(PROGRAM, "1") == find_rows(PROGRAM, "tiers:9") == find_rows(PROGRAM, "nobody") == ()


def test_every_row_has_a_sentence_and_built_in_checks_have_no_line() -> None:
    every = list(places(PROGRAM))
    assert len({row_sentence(PROGRAM, one) for one in every}) == len(every) > 20
    assert row_sentence(PROGRAM, find_rows(PROGRAM, "placed_on")[0]) == (
        "check placed_on (built in): refer where days_from_order is more than 30 days (exactly 30 days passes); "
        "asked only where order.placed_on is known"
    )


def test_the_facts_of_a_row_are_told_with_their_meaning() -> None:
    place = find_rows(PROGRAM, "prime")[0]
    assert dict(meanings(PROGRAM, place))["customer.score"] == "credit score, higher is better"
    assert dict(meanings(PROGRAM, place, "zh"))["customer.court_cases"] == "被执行案件数"


GRID = """aval: 1
policy: small
title: {en: Small}
currency: CNY
scales:
  credit: {best_first: [AAA, AA, A, BBB]}
facts:
  customer.sp: {kind: rating, of: credit}
tables:
  step:
    down: account.overdue_amount
    across: account.oldest_overdue_days
    grid:
      - [amount,   "< 30", ">= 30"]
      - ["<= 300", none,   notice]
      - ["> 300",  call,   agency]
  grade:
    rows:
      - {when: customer.score >= 80, value: good}
      - {when: customer.score >= 60, value: fair}
      - {otherwise: true, value: bad}
checks:
  - {check: rated, when: customer.sp is worse than A, verdict: deny}
  - {check: with_the_agency, when: step is agency, verdict: deny}
  - {check: graded, when: grade is bad, only_when: group.limit is known, verdict: warn}
"""


def test_a_cell_says_nothing_of_the_others_and_a_row_names_those_above() -> None:
    program = program_of(GRID)
    told = {(one.section, one.number): row_sentence(program, one) for one in places(program)}
    assert told["step", 4] == (
        "step, row 4 (line 16): value agency where account.overdue_amount is more than CNY 300.00 (exactly CNY 300.00 "
        "does not fit), and account.oldest_overdue_days is 30 days or more"
    )
    assert told["grade", 2].endswith("; only where no row above fits: customer.score >= 80")


def test_a_rating_is_said_by_its_word_in_both_languages() -> None:
    program = program_of(GRID)
    (place,) = find_rows(program, "rated")
    assert row_sentence(program, place) == "check rated (line 23): deny where customer.sp is worse than A"
    assert row_sentence(program, place, "zh") == "检查 rated（文件第 23 行）：当 customer.sp 差于 A 时，拒绝"


def test_what_every_policy_carries_is_built_in_and_no_row_of_the_file() -> None:
    program = program_of(GRID)
    told = [row_sentence(program, one) for one in places(program)]
    assert not [sentence for sentence in told if "line 0" in sentence or "none is none" in sentence]
    start = "check no_limit (built in): refer where limit.granted is none, and either group.limit"
    assert any(sentence.startswith(start) for sentence in told)
