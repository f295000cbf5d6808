"""Everyday words in a policy: each is told with what the language writes instead, in both languages."""

from __future__ import annotations

import re

import pytest

from policy.chinese import in_chinese
from policy.meant_words import said_otherwise
from tests.policy.written import HEAD, load, told

ROLES = HEAD + "roles: {rising: [clerk, cfo], also: [finance]}\n"
STATE = """
states:
  advance:
    enter: account.oldest_overdue_days >= 60
    while: {terms: [prepaid], ship_when: cleared_funds}
    leave: LINE
terms: [{otherwise: true, offer: [net 30]}]
checks: [{check: a, when: state.advance is active, verdict: deny}]
tests:
  - name: kept
    given: {account.oldest_overdue_days: 60, order.amount: 100, cleared by finance: true}
    expect: {verdict: deny, ship_when: cleared_funds}
"""
LADDER = """
escalation:
  standard:
    - {step: one, at: DAY, do: [hold orders, ACTION]}
checks: [{check: a, when: customer.insolvent is true, verdict: deny}]
tests:
  - {name: held, given: {account.orders_held: true}, expect: {checks.on_hold: deny}}
"""
MEASURED = "let:\n  x: LINE\nchecks: [{check: a, measure: x, at_most: 10, verdict: deny}]\n"
CHARGE = "late_charge: {rate: 1% per month, on: open principal, from: due + 1 day, count_days: 30/360, cap: LINE}\n"
HELP = [
    (STATE, "finance clears", "write cleared by finance"),
    (STATE, "cleared by cfo and finance", "write each in a line of its own: [cleared by cfo, cleared by finance]"),
    (STATE, "cleared by cfo or finance", "write any: [cleared by cfo, cleared by finance]"),
    (STATE, "three late quarters in a row", "write it under let as months in a row with any LIST where"),
    (MEASURED, "default risk * order.amount", "a name has no spaces: write default_risk"),
    (MEASURED, "sum of invoices.open_amount in next 2 months", "where DATE_FIELD <= as_of + 2 months"),
    (MEASURED, "days_between(today, as_of)", "did you mean 'as_of' (a date)?"),
    (MEASURED, "days_between(as_of, as_of - 48 hours)", "days have no hours: count in days, such as 2 days"),
    (CHARGE, "500 CNY", "write a rate, such as cap: 24% per year"),
    (CHARGE, "25% of open principal", "write '25% per year'"),
    ("checks: [{check: a, when: 'LINE', verdict: deny}]\n",
     "month of as_of in [1..3]", "test the days: as_of in [2026"),
    ("lists: {bad: [LINE]}\nchecks: [{check: a, when: customer.country in lists.bad, verdict: deny}]\n",
     "{MM, from: 2021-02-01}", "name it by any word: {item: MM, from: 2026-01-01}"),
    ("settings:\n  x: [{from: LINE, value: 1}, {from: 2026-01-20, value: 2}]\n", "01-20", "no day returns every year"),
    ("settings:\n  insurer: LINE\n", "Euler Hermes",
     'lists: {insurer: ["Euler Hermes"]}, and test with: in lists.insurer'),
    ("settings:\n  insurer: LINE\n", "coface", 'write a list: lists: {insurer: ["coface"]}'),
    ("settings:\n  factor: 150%\nlimits: [{otherwise: true, limit: LINE}]\n", "2_000_000 * settings.factor",
     "write its amounts with their currency, such as 2_000_000 CNY"),
    ("limits: [{otherwise: true, limit: LINE}]\n", "min(limit.granted, 10% * customer.annual_revenue)",
     "leave it out, for the lower of the granted limit and this one counts; or write stricter of [limit.granted"),
    ("limits: [{otherwise: true, limit: 5}]\nchecks: [{check: a, measure: account.exposure, at_most: limit.effective, "
     "verdict: deny, say: {en: 'LINE'}}]\n", "over {limit}", "did you mean 'limit.effective'?"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "line", "help"), HELP, ids=[line for _, line, _ in HELP])
def test_everyday_words_are_answered_with_what_to_write(body: str, line: str, help: str) -> None:
    found = [one for one in load(body.replace("LINE", line), ROLES).problems if help in str(one)]
    assert len(found) == 1, told(body.replace("LINE", line), ROLES)
    for text in (found[0].message, found[0].help):
        assert re.search("[\u4e00-\u9fff]", in_chinese(text)), text


@pytest.mark.parametrize(("day", "action", "help"), [
    ("due + 1 day", "send payment_request by e-mail", "write send payment_request by email"),
    ("due + 1 day", "send payment_request by registered letter", "write send payment_request by registered_mail"),
    ("end of month of due + 30 days", "hold account", "write month end of (due + 30 days)"),
])  # fmt: skip
def test_a_step_in_everyday_words_is_the_one_finding(day: str, action: str, help: str) -> None:
    (found,) = told(LADDER.replace("DAY", day).replace("ACTION", action), ROLES)
    assert found.endswith(help)


def test_a_line_of_the_language_is_nothing_said_otherwise() -> None:
    for line in ("cleared by finance", "months in a row with any invoices where days_late > 0", "as_of in [1..3]",
                 "customer.score >= 80", "count of invoices in last 90 days", "share per customer - 5", "a in b - 3"):
        assert said_otherwise(line) is None, line


def test_a_state_that_cannot_be_read_is_not_told_again_by_its_tests() -> None:
    assert len(told(STATE.replace("LINE", "finance clears"), ROLES)) == 1
    assert told(STATE.replace("LINE", "cleared by finance"), ROLES) == []
    unasked = told(STATE.replace("LINE", "cleared by cfo"), ROLES)
    assert len(unasked) == 1 and "no line asks for 'cleared by finance'" in unasked[0]


def test_roles_in_a_list_are_told_once_and_known() -> None:
    body = "checks: [{check: a, when: customer.insolvent is true, verdict: refer, release_by: clerk}]\n"
    assert told(body, HEAD + "roles: [clerk, cfo]\n") == [
        "0:8: wrong-shape: 'roles' is a list, which does not say who stands above whom; "
        "write roles: {rising: [clerk, cfo]}, the highest last"]  # fmt: skip


def test_the_names_of_checks_are_offered_once_each() -> None:
    body = """
    checks:
      - {check: oldest, when: customer.insolvent is true, verdict: deny}
      - {check: oldest, for: shipment, when: customer.insolvent is true, verdict: deny}
    tests: [{name: a, given: {customer.insolvent: true}, expect: {checks.zzz: deny}}]
    """
    (found,) = told(body)
    assert found.endswith("the file has no check 'zzz'; one of: oldest, no_limit, placed_on")


def test_steps_whose_order_changes_with_the_due_date_are_told_the_way_out() -> None:
    body = """
    escalation:
      standard:
        - {step: final, at: due + 45 days, do: hold orders}
        - {step: statement, at: AT, do: send statement by letter}
    """
    floating = "month end of (due + 30 days)"
    (found,) = told(body.replace("AT", floating), ROLES)
    assert found.endswith(f"let this one come on the later day: at: {{latest: [due + 45 days, {floating}]}}")
    assert "请让此步在较晚的一天进行" in in_chinese(found.split("; ", 1)[1])
    assert told(body.replace("AT", f"{{latest: [due + 45 days, {floating}]}}"), ROLES) == []
    (fixed,) = told(body.replace("AT", "due + 3 days"), ROLES)
    assert fixed.endswith("put the steps in the order of their dates")


def test_a_gap_of_limit_requests_says_so_and_names_what_to_write() -> None:
    body = """
    security:
      - {for: limit_request, when: limit_request.amount >= 200_000, require: {personal_guarantee: 100%}}
      - {otherwise: true, require: none}
    """
    (found,) = told(body)
    assert "no row of security fits a limit request where 'limit_request.amount' is" in found
    assert found.endswith("with otherwise: true and for: [order, limit_request]")
    assert told(body.replace("{otherwise", "{for: [order, limit_request], otherwise")) == []
