"""The sample messages of the language: for each situation a small file, and what is told in both languages.

Each names the place, what was written, what that would have meant and what was probably meant, with a line to paste.
Lines are counted from the first one behind the head. Hints about what nothing reads are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from policy.load import load_policy
from policy.problems import Problem
from rules.facts import trade_vocabulary
from rules.proving import all_findings
from tests.policy.written import HEAD, HEAD_LINES

HINTS = ("unused-fact", "unread-limit", "nobody")


@dataclass(frozen=True)
class Sample:
    """One situation by the number of its sample message, and the finding: place, severity, code and both texts."""

    number: int
    name: str
    place: str
    severity: str
    code: str
    english: str
    chinese: str
    body: str


def found(body: str) -> list[Problem]:
    """Every finding of a body behind the usual head, without hints."""
    loaded = load_policy((HEAD + body).encode(), "f", trade_vocabulary())
    return [one for one in all_findings(loaded) if one.code not in HINTS]


SAMPLES = (
    Sample(
        1, "a sign without quotes", "5:23", "error", "quoting",
        "'>= 80' needs quotes here; or write it as a line: - customer.score >= 80",
        "'>= 80' 在此须加引号；或写成一行：- customer.score >= 80",
        """\
checks:
  - check: one
    verdict: deny
    when:
      customer.score: >= 80
""",
    ),
    Sample(
        2, "a comma inside braces", "2:63", "error", "comma",
        "the comma inside 'min(10% * customer.annual_revenue, 5_000_000)' ended the value; put this row's "
        "values on lines of their own, without { }",
        "'min(10% * customer.annual_revenue, 5_000_000)' 中的逗号结束了该值；请将此行各值分行书写，不用 { "
        "}",
        """\
limits:
  - {otherwise: true, limit: min(10% * customer.annual_revenue, 5_000_000)}
""",
    ),
    Sample(
        3, "a comma in a number", "3:12", "error", "number",
        "'5,000' is not one number; write 5_000",
        "'5,000' 不是一个数；请写 5_000",
        """\
limits:
  - otherwise: true
    limit: 5,000
""",
    ),
    Sample(
        3, "a comma in a number in braces", "2:51", "error", "comma",
        "'5,000' reads as 5 and 000; write 5_000",
        "'5,000' 被读作 5 与 000；请写 5_000",
        """\
checks:
  - {check: one, measure: order.amount, at_most: 5,000, verdict: deny}
""",
    ),
    Sample(
        4, "better falls to otherwise", "6:5", "warning", "otherwise-slip",
        "'customer.score' of 79 gets 'standard' by this row, but the better 80 gets 'high_risk', because only "
        "otherwise fits, all else equal ('customer.average_days_late' is 6); did you mean 'customer.score "
        ">= 60' in this row?",
        "'customer.score' 为 79 时由此行得到 'standard'，而更好的 80 却得到 'high_risk'，因为只有 otherwise "
        "符合，其余相同（'customer.average_days_late' 为 6）；此行是否应为 'customer.score >= 60'？",
        """\
tiers:
  - tier: prime
    when:
      - customer.score >= 80
      - customer.average_days_late <= 5
  - tier: standard
    when: customer.score in [60..80)
  - tier: high_risk
    otherwise: true
limits:
  - {when: tier is prime, limit: 300}
  - {when: tier is standard, limit: 200}
  - {otherwise: true, limit: 0}
checks:
  - {check: one, measure: account.exposure, at_most: limit.effective, verdict: deny}
""",
    ),
    Sample(
        5, "nobody may release", "5:5", "error", "gap",
        "a referral where 'order.amount' is 50000.01 can be released by nobody; add a row: - {otherwise: true, "
        "release: cfo}",
        "转人工的订单若 'order.amount' 为 50000.01，则无人可以放行；请加一行：- {otherwise: true, release: "
        "cfo}",
        """\
roles: {rising: [credit_analyst, cfo]}
checks:
  - {check: one, measure: order.amount, at_most: 5, verdict: refer}
authority:
  - when: order.amount <= 50_000
    release: credit_analyst
""",
    ),
    Sample(
        6, "a hold a day before the check", "7:24", "warning", "off-by-one",
        "'hold' holds orders from day 15, but the figure 'old_invoices', line 6, tests 'days_overdue of invoices' "
        "with > 15, which turns on day 16: on day 15 orders are held, but pass that test; write 'due + 16 "
        "days' here, or test with >= 15 there",
        "'hold' 自第 15 天起暂停订单，而计算值 'old_invoices'（第 6 行）以 > 15 检查 'days_overdue of invoices'"
        "，自第 16 天起才变化：第 15 天订单被暂停，却能通过该条件；此处请写 'due + 16 days'，或在彼处写 >= "
        "15",
        """\
let:
  old_invoices: count of invoices where days_overdue > 15
checks:
  - {check: old_invoices, measure: old_invoices, at_most: 0, verdict: deny}
escalation:
  standard:
    - {step: hold, at: due + 15 days, do: hold orders}
""",
    ),
    Sample(
        6, "a hold a day before a measured check", "5:24", "warning", "off-by-one",
        "'hold' holds orders from day 15, but the check 'old_invoices', line 6, tests 'account.oldest_overdue_days' "
        "with <= 15, which turns on day 16: on day 15 orders are held, but pass that test; write 'due + 16 "
        "days' here, or test with < 15 there",
        "'hold' 自第 15 天起暂停订单，而检查 'old_invoices'（第 6 行）以 <= 15 检查 'account.oldest_overdue_days'"
        "，自第 16 天起才变化：第 15 天订单被暂停，却能通过该条件；此处请写 'due + 16 days'，或在彼处写 < "
        "15",
        """\
checks:
  - {check: old_invoices, measure: account.oldest_overdue_days, at_most: 15 days, verdict: deny}
escalation:
  standard:
    - {step: hold, at: due + 15 days, do: hold orders}
""",
    ),
    Sample(
        7, "a count against days", "4:11", "error", "kind",
        "'customer.score' (a count) is compared with '30 days' (days); did you mean '30'?",
        "'customer.score'（计数）与 '30 days'（天数）作比较；是否应为 '30'？",
        """\
checks:
  - check: one
    verdict: deny
    when: customer.score < 30 days
""",
    ),
    Sample(
        8, "a name misspelt", "4:11", "error", "unknown-fact",
        "no fact, figure or setting is named 'account.overdue_amout'; did you mean 'account.overdue_amount' "
        "(an amount)?",
        "没有名为 'account.overdue_amout' 的事实、计算值或设定；是否应为 'account.overdue_amount'（金额）"
        "？",
        """\
checks:
  - check: one
    verdict: deny
    when: account.overdue_amout > 0
""",
    ),
    Sample(
        9, "one fact tested twice", "6:7", "error", "duplicate-key",
        "'customer.score' is written twice in one block, first in line 9; write each test as a line under "
        "when",
        "'customer.score' 在同一块中写了两次，首次在第 9 行；请将每项条件在 when 下各写一行",
        """\
checks:
  - check: one
    verdict: deny
    when:
      customer.score: ">= 60"
      customer.score: "< 80"
""",
    ),
    Sample(
        10, "a sign for a rating", "8:11", "error", "rating",
        "'>= A+' is unclear for a rating, for better ratings stand first; write 'is A+ or better'",
        "'>= A+' 用于评级含义不明，因为较优的评级排在前面；请写 'is A+ or better'",
        """\
facts:
  customer.agency: {kind: rating, of: credit, from: bureau, meaning: {en: x}, missing: refer}
scales:
  credit: {best_first: [AAA, A+, A, BBB]}
checks:
  - check: one
    verdict: deny
    when: customer.agency >= A+
""",
    ),
    Sample(
        11, "a state that never ends", "8:9", "error", "never-left",
        "'cash_in_advance' can be entered but never left: 'finanse' is not a role of this file; did you mean "
        "'finance'? roles: credit_analyst, cfo, finance",
        "'cash_in_advance' 可以进入，却无法离开：'finanse' 不是本文件的角色；是否应为 'finance'？现有角色"
        "：credit_analyst, cfo, finance",
        """\
roles: {rising: [credit_analyst, cfo], also: [finance]}
states:
  cash_in_advance:
    of: customer
    enter: account.oldest_overdue_days > 60
    leave:
      - account.overdue_amount is 0
      - cleared by finanse
terms:
  - {when: state.cash_in_advance is active, offer: [prepaid]}
  - {otherwise: true, offer: [net 30]}
""",
    ),
    Sample(
        12, "a divisor of zero", "4:45", "warning", "zero-divisor",
        "where 'customer.net_worth' is 0 or negative, this quotient has no value and the order is referred; "
        "say what that means, in a check: - {check: net_worth_above_0, when: customer.net_worth <= 0, verdict: "
        "refer}",
        "'customer.net_worth' 为 0 或负数时，此商没有值，订单转人工；请在检查中说明其含义：- {check: "
        "net_worth_above_0, when: customer.net_worth <= 0, verdict: refer}",
        """\
facts:
  customer.net_worth: {kind: money, from: bureau, meaning: {en: net worth}, missing: refer}
let:
  exposure_to_net_worth: account.exposure / customer.net_worth
checks:
  - {check: one, measure: exposure_to_net_worth, at_most: 50%, verdict: deny}
""",
    ),
    Sample(
        13, "a field of an invoice in a check", "4:11", "error", "scope",
        "'invoice.days_overdue' cannot be used in a check for an order; use a figure under 'let', such as "
        "late: count of invoices where days_overdue > 15",
        "'invoice.days_overdue' 不能用于订单的检查；请在 'let' 下用计算值，例如 late: count of invoices where "
        "days_overdue > 15",
        """\
checks:
  - check: one
    verdict: deny
    when: invoice.days_overdue > 15
""",
    ),
    Sample(
        14, "interest of a month by the day", "1:14", "error", "interest",
        "1.5% per month accrued daily needs count_days (30/360 gives 0.05 % a day, actual/365 0.0493 %); add "
        "count_days: actual/365, or count_days: 30/360",
        "1.5% per month 按日计提须有 count_days（30/360 为每天 0.05 %，actual/365 为 0.0493 %）；请补上 count_days: "
        "actual/365，或 count_days: 30/360",
        """\
late_charge: {rate: 1.5% per month, on: open principal, from: due + 1 day}
""",
    ),
    Sample(
        15, "dates before the first value", "4:21", "warning", "dates-gap",
        "'settings.late_rate' has no value before 2026-01-01, so a charge that begins on 2025-12-31 has no "
        "amount; let the first value begin earlier, or leave its 'from' out",
        "'settings.late_rate' 在 2026-01-01 之前没有值，因此自 2025-12-31 起计的费用没有金额；请让首个值"
        "更早开始，或删去其 'from'",
        """\
settings:
  late_rate:
    - {from: 2026-01-01, value: 0.05% per day, source: minute}
late_charge: {rate: settings.late_rate, on: open principal, from: due + 1 day, count_days: actual/365}
""",
    ),
    Sample(
        15, "a full-width sign", "1:6", "error", "full-width-sign",
        "'：' found; type ':'",
        "出现 '：'；请输入 ':'",
        """\
tiers：
  - tier: a
    otherwise: true
""",
    ),
)  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.number} {sample.name}")
def test_a_sample_message_is_told_in_both_languages(sample: Sample) -> None:
    problem, = found(sample.body)
    place = f"{problem.where.line - HEAD_LINES}:{problem.where.column}"
    assert (place, problem.severity, problem.code) == (sample.place, sample.severity, sample.code)
    assert problem.told("en").split(": ", 2)[2] == sample.english
    assert problem.told("zh").split(": ", 2)[2] == sample.chinese


def test_every_sample_message_has_its_situation() -> None:
    assert {sample.number for sample in SAMPLES} == set(range(1, 16))


HOLD = """\
let:
  old: count of invoices where days_overdue {test}
checks:
  - {{check: old, measure: old, at_most: 0, verdict: deny}}
escalation:
  standard:
    - {{step: stop, at: due + {days} days, do: {act}}}
"""


@pytest.mark.parametrize(
    ("test", "days", "act", "told"),
    [
        ("> 15", 14, "hold orders", False), ("> 15", 15, "hold orders", True), ("> 15", 16, "hold orders", False),
        ("> 15", 15, "hold account", True), ("> 15", 15, "task call", False), (">= 15", 15, "hold orders", False),
        ("<= 15", 15, "hold orders", True), ("< 15", 15, "hold orders", False),
        ("in (15..30]", 15, "hold orders", True), ("in [15..30]", 15, "hold orders", False),
    ],
)  # fmt: skip
def test_a_hold_one_day_before_the_check_is_told_and_no_other(test: str, days: int, act: str, told: bool) -> None:
    assert [one.code for one in found(HOLD.format(test=test, days=days, act=act))] == ["off-by-one"] * told


def test_a_hold_that_takes_its_day_from_a_setting_is_looked_at_too() -> None:
    body = HOLD.format(test="> 15", days=15, act="hold orders").replace("due + 15 days", "due + settings.wait")
    assert [one.code for one in found(f"settings: {{wait: 15 days}}\n{body}")] == ["off-by-one"]
    assert found(f"settings: {{wait: 16 days}}\n{body}") == []


WORTH = """\
facts:
  customer.net_worth: {kind: money, from: bureau, meaning: {en: net worth}, missing: refer}
let:
  share: account.exposure / customer.net_worth
checks:
  - {check: one, measure: share, at_most: 50%, verdict: deny}
"""


@pytest.mark.parametrize(
    "line",
    ["when: customer.net_worth <= 0", "when: 0 >= customer.net_worth",
     "only_when: customer.net_worth > 0, measure: order.amount, at_most: 5"],
)  # fmt: skip
def test_a_divisor_that_the_file_tests_is_left_alone(line: str) -> None:
    assert [one.code for one in found(WORTH)] == ["zero-divisor"]
    assert found(f"{WORTH}  - {{check: worth, {line}, verdict: deny}}\n") == []
