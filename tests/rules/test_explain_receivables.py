"""Steps and late charges in sentences, word for word in both languages, and how people point at them."""

from __future__ import annotations

import pytest

from policy import load_policy
from policy.program import Program
from rules.explain_receivables import day_text, find_items, item_places
from rules.facts import trade_vocabulary

TEXT = """aval: 1
policy: small
title: {en: Small}
currency: CNY
calendar: CN
roles: {rising: [manager, cfo]}
settings:
  late_rate:
    - {until: 2026-06-30, value: 0.05% per day}
    - {from: 2026-07-01, value: 0.04% per day}
escalation:
  standard:
    - {step: reminder, at: due - 7 days, do: send reminder by email}
    - step: demand
      at: {earliest: [due + 1 day, reminder failed + 5 business days, agency chosen by cfo]}
      when: invoice.open_amount > 10_000
      do: [send formal_demand by registered_mail, hold orders]
    - {step: legal, at: month end of (demand sent + 2 months), until: due + 180 days, do: propose legal to manager}
late_charge:
  - rate: settings.late_rate
    on: open principal
    from: due + 1 day
    grace: 3 days
    cap: 24% per year
    count_days: actual/365
  - {rate: 1% per month, on: open principal, from: due + 1 day, count_days: 30/360, compound: monthly}
  - {amount: 1.5% of open principal, at: due + 90 days, then_every: 1 month}
  - {amount: 25, at: invoiced + 30 days}
"""


def program() -> Program:
    loaded = load_policy(TEXT.encode(), "f", trade_vocabulary())
    assert loaded.program is not None, [str(problem) for problem in loaded.problems]
    return loaded.program


SENTENCES = [
    ("standard:1", "standard, step 1 (line 13): reminder on due - 7 days: send reminder by email",
     "standard 第 1 步（文件第 13 行）：due - 7 days，reminder：send reminder by email"),
    ("demand", "standard, step 2 (line 14): demand on earliest of [due + 1 day, reminder failed + 5 business days, "
     "agency chosen by cfo]: send formal_demand by registered_mail, hold orders; only while invoice.open_amount > "
     "CNY 10,000.00",
     "standard 第 2 步（文件第 14 行）：earliest of [due + 1 day, reminder failed + 5 business days, agency chosen by "
     "cfo]，demand：send formal_demand by registered_mail，hold orders；仅当 invoice.open_amount > CNY 10,000.00"),
    ("18", "standard, step 3 (line 18): legal on month end of (demand sent + 2 months): propose legal to manager; not "
     "after due + 180 days",
     "standard 第 3 步（文件第 18 行）：month end of (demand sent + 2 months)，legal：propose legal to manager；不晚于 "
     "due + 180 days"),
    ("late_charge:1", "late_charge, row 1 (line 20): 0.05% per day of the open principal (up to 2026-06-30), 0.04% per "
     "day of the open principal (from 2026-07-01) from due + 1 day; paid within 3 days costs nothing; at most 24% per "
     "year; days counted actual/365",
     "late_charge 第 1 行（文件第 20 行）：自 due + 1 day 起，未付本金的 0.05%（每 日）（至 2026-06-30），"
     "未付本金的 0.04%（每 日）（自 2026-07-01）；3 days 内付清不计；每年至多 24%；按 actual/365 计天"),
    ("late_charge:2", "late_charge, row 2 (line 26): 1% per month of the open principal from due + 1 day; days counted "
     "30/360; full months bear interest themselves",
     "late_charge 第 2 行（文件第 26 行）：自 due + 1 day 起，未付本金的 1%（每 月）；按 30/360 计天；"
     "满月的利息计入本金"),
    ("27", "late_charge, row 3 (line 27): 1.5% of the open principal on due + 90 days; again every 1 month",
     "late_charge 第 3 行（文件第 27 行）：due + 90 days，未付本金的 1.5%；每 1 month 再计一次"),
    ("late_charge:4", "late_charge, row 4 (line 28): CNY 25.00 on invoiced + 30 days",
     "late_charge 第 4 行（文件第 28 行）：invoiced + 30 days，CNY 25.00"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "english", "chinese"), SENTENCES)
def test_a_step_and_a_charge_are_sentences(word: str, english: str, chinese: str) -> None:
    (found,) = find_items(program(), word)
    assert found.sentence == english
    assert find_items(program(), word, "zh")[0].sentence == chinese


@pytest.mark.parametrize("word", ["standard:4", "strict:1", "12", "court"])
def test_a_word_for_nothing_finds_nothing(word: str) -> None:
    assert find_items(program(), word) == ()


def test_all_stand_in_the_order_of_the_file() -> None:
    lines = [place.line for place in item_places(program())]
    assert lines == sorted(lines) and len(lines) == 7
    assert day_text(program().ladders[0].steps[2].at) == program().ladders[0].steps[2].text
