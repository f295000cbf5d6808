"""Rows of documents in sentences, word for word in both languages, and what an explanation says of a paper."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policy import Loaded, load_policy
from policy.program import Program
from rules.explain_documents import document_rows, document_sentence, is_of_documents
from rules.facts import trade_vocabulary
from rules.nearby import OrderFacts
from rules.why import explain_decision

TEXT = """aval: 1
policy: papers
title: {en: Papers}
currency: CNY
roles: {rising: [clerk, credit_manager]}
documents:
  - require:
      registration: {not_older_than: 12 months}
      bank_statements: {months: 6}
  - for: limit_request
    when: limit_request.amount >= 1_000_000
    require: {financial_statements: {years: 2, quality: audited or better}}
    may_require: {business_plan: {set_by: credit_manager}}
  - for: every customer
    require: [registration]
    if_absent: deny
  - for: limit_request
    when: limit_request.amount >= 5_000_000
    may_require: [site_visit]
"""
DAY = date(2026, 11, 23)


def loaded() -> Loaded:
    found = load_policy(TEXT.encode(), "f", trade_vocabulary())
    assert found.program is not None, [str(problem) for problem in found.problems]
    return found


def of(subject: str) -> Program:
    return loaded().programs[subject]


@pytest.mark.parametrize(("subject", "number", "english", "chinese"), [
    ("limit_request", 1, "documents, row 1 (line 7): registration (not older than 12 months), bank_statements (6 "
     "months covered); without one that is good: refer",
     "documents 第 1 行（文件第 7 行）：registration（12 个月以内）、bank_statements"
     "（覆盖 6 个月）；缺少合格文件时：转人工"),
    ("limit_request", 2, "documents, row 2 (line 10): financial_statements (2 years covered, audited or better) where "
     "limit_request.amount is CNY 1,000,000.00 or more; without one that is good: refer; credit_manager may ask for "
     "business_plan",
     "documents 第 2 行（文件第 10 行）：当 limit_request.amount 不低于 CNY 1,000,000.00（含） 时，financial_statements"
     "（覆盖 2 年，质量 audited 或更好）；缺少合格文件时：转人工；credit_manager 可要求 business_plan"),
    ("limit_request", 3, "documents, row 3 (line 17): a person may ask for site_visit where limit_request.amount is "
     "CNY 5,000,000.00 or more",
     "documents 第 3 行（文件第 17 行）：当 limit_request.amount 不低于 CNY 5,000,000.00（含） 时，"
     "人员 可要求 site_visit"),
    ("customer", 2, "documents, row 2 (line 14): registration; without one that is good: deny",
     "documents 第 2 行（文件第 14 行）：registration；缺少合格文件时：拒绝"),
])  # fmt: skip
def test_a_row_of_documents_is_said_as_it_is_written(subject: str, number: int, english: str, chinese: str) -> None:
    program = of(subject)
    row = list(document_rows(program))[number - 1]
    assert document_sentence(program, row) == english
    assert document_sentence(program, row, "zh") == chinese


def test_what_the_rows_come_to_is_told_apart_from_other_tables_and_checks() -> None:
    program = of("limit_request")
    assert is_of_documents("documents.registration", "", program)
    assert is_of_documents("checks", "document_registration", program)
    assert not is_of_documents("checks", "no_limit", program) and not is_of_documents("terms", "otherwise", program)
    names = set(next(iter(document_rows(program))).names())
    assert names >= {"documents:1", "registration", "document_bank_statements"}


def told(language: str = "en", **facts: Any) -> list[str]:
    """What is said of a limit request of two million on a day."""
    given = {"limit_request.amount": 200_000_000, "as_of": DAY.toordinal(),
             **{name.replace("__", "."): value for name, value in facts.items()}}  # fmt: skip
    return [one.text for one in explain_decision(of("limit_request"), OrderFacts(given, DAY), language)]


def test_an_explanation_says_where_each_paper_stands_and_not_which_table_has_no_row() -> None:
    old = date(2025, 10, 1).toordinal()
    said = told(document__registration__dated_on=old)
    assert ("check document_registration (line 7): not_evaluated: 'registration' of 2025-10-01 is too old; wanted: "
            "not older than 12 months") in said  # fmt: skip
    assert ("check document_financial_statements (line 10): not_evaluated: 'financial_statements' is not on file; "
            "wanted: 2 years covered, audited or better") in said  # fmt: skip
    assert said[-1].endswith("bank_statements (6 months covered), financial_statements (2 years covered, audited or "
                             "better), limit.granted, registration (not older than 12 months)")  # fmt: skip
    assert not [one for one in said if "no_row" in one or "document." in one]
    assert "（覆盖 6 个月）" in told("zh", document__registration__dated_on=old)[-1]
    fresh = told(document__registration__dated_on=DAY.toordinal())
    assert "check document_registration (line 7): pass: 'registration' is on file" in fresh
    assert "registration (" not in fresh[-1]
