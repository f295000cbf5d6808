"""Subjects: which a file uses, what is kept for each, and which findings are told once for all of them."""

from __future__ import annotations

import pytest

from policy import load_policy
from policy.subjects import has_fact
from rules.facts import trade_vocabulary
from tests.policy.written import codes, hints, told

HEAD = "aval: 1\npolicy: p\ntitle: {en: P}\ncurrency: CNY\nroles: {rising: [cfo]}\n"
REQUEST = "checks: [{check: a, for: limit_request, when: limit_request.amount > 5, verdict: deny}]\n"


@pytest.mark.parametrize(("body", "subjects"), [
    ("checks: [{check: a, when: order.amount > 5, verdict: deny}]\n", ["order"]),
    (REQUEST, ["order", "limit_request"]),
    ("checks:\n  - {check: a, for: shipment, when: order.amount > 5, verdict: deny}\n", ["order", "shipment"]),
    ("documents: [{require: registration}]\n", ["order", "limit_request", "customer"]),
    ("tiers: [{tier: a, otherwise: true}]\nlimits: [{otherwise: true, limit: 5}]\n", ["order"]),
    ("limits:\n  - {for: every customer, otherwise: true, limit: 5}\n", ["order", "customer"]),
])  # fmt: skip
def test_a_file_uses_the_subjects_that_it_names(body: str, subjects: list[str]) -> None:
    assert list(load_policy((HEAD + body).encode(), "f", trade_vocabulary()).programs) == subjects


def test_an_order_has_no_facts_of_a_limit_request() -> None:
    assert has_fact("shipment", "order.amount")
    assert not has_fact("customer", "order.amount")
    assert not has_fact("order", "limit_request.amount")
    assert has_fact("customer", "as_of")


def test_two_checks_of_one_name_may_be_for_different_subjects() -> None:
    second = "  - {check: a, for: shipment, when: order.amount > 9, verdict: deny}\n"
    first = "checks:\n  - {check: a, when: order.amount > 5, verdict: deny}\n"
    assert codes(first + second) == []
    assert codes(first + second.replace("for: shipment", "for: [shipment, order]")) == ["one-scope"]


@pytest.mark.parametrize(("rows", "wanted"), [
    ("  - {for: limit_request, otherwise: true, limit: 5}\n  - {otherwise: true, limit: 6}\n", []),
    ("  - {otherwise: true, limit: 6}\n  - {for: limit_request, otherwise: true, limit: 5}\n", ["otherwise-place"]),
    ("  - {for: customer X, otherwise: true, limit: 5}\n", ["gap"]),
    ("  - {for: order, otherwise: true, limit: 5}\n  - {for: shipment, when: order.amount > 1, limit: 5}\n",
     ["gap"]),
])  # fmt: skip
def test_each_subject_has_its_own_last_row(rows: str, wanted: list[str]) -> None:
    found = codes("limits:\n" + rows)
    assert [code for code in found if code in ("otherwise-place", "no-otherwise", "gap")] == wanted


def test_a_row_is_idle_only_where_it_is_so_for_every_subject() -> None:
    rows = "limits:\n  - {for: order, when: customer.score >= 0, limit: 5}\n  - {when: customer.score > 9, limit: 7}\n"
    rows += "  - {otherwise: true, limit: 6}\n"
    assert [hint for hint in hints(rows) if "no order reaches this row" in hint]
    assert not [hint for hint in hints(rows + REQUEST) if "no order reaches this row" in hint]


def test_a_test_about_a_subject_that_the_file_does_not_know_is_told() -> None:
    body = "tests: [{name: a, subject: shipment, expect: {verdict: approve}}]\n"
    assert told(body) == ["1:28: test-value: the file says nothing for a shipment; it decides on: order"]
