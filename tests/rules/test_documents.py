"""What the answer says of documents: status, the stricter of what is wanted, what is on file, and words for people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from credit.decision import Decision
from policy import load_policy
from policy.program import Program
from rules import reference
from rules.documents import documents_of, may_be_required
from rules.facts import trade_vocabulary
from rules.present import Circumstances, present

TEXT = """aval: 1
policy: papers
title: {en: Papers, zh: 文件}
currency: CNY
roles: {rising: [analyst, cfo]}
documents:
  - require: {registration: {not_older_than: 2 years}, statements: {years: 2, quality: reviewed or better}}
  - for: limit_request
    when: limit_request.amount >= 1_000
    require: {registration: {not_older_than: 30 days}, statements: {years: 3, quality: audited or better}}
    may_require: {plan: {set_by: cfo, not_older_than: 1 month}}
"""
TODAY = date(2026, 11, 23)
ON_FILE = {
    "as_of": TODAY.toordinal(), "limit.granted": 0, "limit_request.amount": 100_000,
    "document.registration.dated_on": date(2026, 10, 24).toordinal(),
    "document.statements.dated_on": date(2026, 3, 31).toordinal(), "document.statements.years": 3,
    "document.statements.quality": 1,
}  # fmt: skip


def program(subject: str = "limit_request") -> Program:
    """The Program of a subject."""
    return load_policy(TEXT.encode(), "f", trade_vocabulary()).programs[subject]


def decision(**facts: Any) -> Decision:
    """The decision on a limit request."""
    whole = {**ON_FILE, **facts}
    around = Circumstances("id", datetime(2026, 11, 23, tzinfo=UTC), TODAY, "agreed")
    return present(program(), reference.decide(program(), whole), whole, around)


def test_the_stricter_of_each_attribute_is_wanted() -> None:
    found = {one.document: one for one in documents_of(program(), ON_FILE)}
    assert found["registration"].wanted == {"not_older_than": "30 days"}
    assert found["statements"].wanted == {"years": 3, "quality": "audited or better"}
    assert found["statements"].on_file == {"dated_on": "2026-03-31", "years": 3, "quality": "audited"}
    assert {one.status for one in found.values()} == {"good"}


def test_a_row_that_does_not_fit_wants_nothing() -> None:
    found = {one.document: one.wanted for one in documents_of(program(), {**ON_FILE, "limit_request.amount": 99_999})}
    assert found == {"registration": {"not_older_than": "24 months"},
                     "statements": {"years": 2, "quality": "reviewed or better"}}  # fmt: skip
    assert may_be_required(program(), {**ON_FILE, "limit_request.amount": 99_999}) == ()


def test_what_a_person_may_ask_for_is_told_with_its_role() -> None:
    assert [one.as_dict() for one in may_be_required(program(), ON_FILE)] == [
        {"document": "plan", "set_by": "cfo", "wanted": {"not_older_than": "1 month"}}
    ]


def test_the_answer_says_what_is_still_to_bring() -> None:
    found = decision(**{"document.registration.dated_on": date(2026, 10, 23).toordinal(),
                        "document.statements.quality": None}).as_dict()  # fmt: skip
    assert found["verdict"] == "refer"
    assert found["subject"] == "limit_request"
    assert [(one["document"], one["status"]) for one in found["documents"]] == [  # type: ignore[attr-defined]
        ("registration", "too_old"), ("statements", "not_enough"),
    ]  # fmt: skip
    check = next(one for one in found["checks"] if one["check"] == "document_registration")  # type: ignore[attr-defined]
    assert check["message"] == {
        "en": "'registration' of 2026-10-23 is too old; wanted: not older than 30 days",
        "zh": "文件“registration”（2026-10-23）已过期；要求：30 天以内",
    }
    assert check["rule"] == {"row": 1, "line": 7}


def test_an_order_of_the_same_policy_answers_as_ever() -> None:
    whole = {"as_of": TODAY.toordinal(), "order.amount": 100, "order.unsecured_amount": 0, "limit.granted": 0}
    around = Circumstances("id", datetime(2026, 11, 23, tzinfo=UTC), TODAY, "agreed")
    found = present(program("order"), reference.decide(program("order"), whole), whole, around).as_dict()
    assert {"subject", "documents", "may_be_required"}.isdisjoint(found)


def test_the_digest_of_a_policy_covers_all_its_subjects() -> None:
    texts = TEXT, TEXT.replace("30 days", "31 days")
    one, other = (load_policy(text.encode(), "f", trade_vocabulary()) for text in texts)
    assert one.programs["order"].digest == other.programs["order"].digest
    assert one.programs["limit_request"].digest != other.programs["limit_request"].digest
    assert one.digest != other.digest
    alone = load_policy(TEXT.split("documents:")[0].encode(), "f", trade_vocabulary())
    assert alone.digest == alone.programs["order"].digest == one.programs["order"].digest
