"""The traps of YAML and of a first draft, one small file each: the finding that names what was probably meant.

A number is that of the list of traps in the description of the language. Hints about what nothing reads are compared
only where a trap is about them. What has no finding is written as it should be, and loads.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from rules.proving import all_findings
from tests.policy.written import HEAD

HINTS = ("unused-fact", "unread-limit", "nobody")


@dataclass(frozen=True)
class Trap:
    """A file that looks right, the codes of its findings in their order, and a phrase that says what was meant."""

    name: str
    codes: tuple[str, ...]
    phrase: str
    body: str


def found(body: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Every finding of a body behind the usual head: its code, and its message with the help."""
    loaded = load_policy((HEAD + body).encode(), "f", trade_vocabulary())
    kept = (one for one in all_findings(loaded) if one.code in codes or one.code not in HINTS)
    return [(one.code, f"{one.message}; {one.help}") for one in kept]


TRAPS = (
    Trap(
        'trap 1: slip', ('otherwise-slip', 'false-promise'), "did you mean 'customer.score >= 60' in this row",
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
promises:
  - better score never worse
"""),
    Trap(
        'trap 2: gt in mapping', ('quoting',), '- customer.score > 5',
        """\
checks:
  - check: one
    verdict: deny
    when: {customer.score: > 5}
"""),
    Trap(
        'trap 2: gt block', ('quoting',), '- customer.score > 5',
        """\
checks:
  - check: one
    verdict: deny
    when:
      customer.score: > 5
"""),
    Trap(
        'trap 2: ge', ('quoting',), '- customer.score >= 5',
        """\
checks:
  - check: one
    verdict: deny
    when:
      customer.score: >= 5
"""),
    Trap(
        'trap 3: comma min', ('comma',), 'ended the value',
        """\
limits:
  - {otherwise: true, limit: min(10% * customer.annual_revenue, 5_000_000)}
"""),
    Trap(
        'trap 3: in list braces', ('broken-yaml',), 'put this value on a line of its own',
        """\
checks:
  - check: one
    verdict: deny
    when: {any: [customer.type in [school, company]]}
"""),
    Trap(
        'trap 3: excess braces', ('broken-yaml',), "a comma or '}' was expected",
        """\
checks:
  - {check: one, measure: order.amount, at_most: 5, verdict: deny, say: {en: {excess} too much}}
"""),
    Trap(
        'trap 4: interval list', ('wrong-shape',), 'here is a list',
        """\
checks:
  - check: one
    verdict: deny
    when: {customer.score: [60..80]}
"""),
    Trap(
        'trap 4: interval half', ('quoting',), '- customer.score in [60..80)',
        """\
checks:
  - check: one
    verdict: deny
    when: {customer.score: [60..80)}
"""),
    Trap(
        'trap 4: reversed', (), '',
        """\
checks:
  - check: one
    verdict: deny
    when: customer.score in ]60..80[
"""),
    Trap(
        'trap 5: number', ('comma',), 'write 5_000',
        """\
checks:
  - check: one
    verdict: deny
    when: {order.amount: 5,000}
"""),
    Trap(
        'trap 5: number outside', ('number',), 'write 5_000',
        """\
limits:
  - otherwise: true
    limit: 5,000
"""),
    Trap(
        'trap 5: number list', ('number',), 'write 5_000, or a space behind the comma',
        """\
checks:
  - check: one
    verdict: deny
    when: customer.score in [5,000, 7,000]
"""),
    Trap(
        'trap 6: 5_00', ('number',), 'write 500',
        """\
limits:
  - otherwise: true
    limit: 5_00
"""),
    Trap(
        'trap 6: 010', ('number',), 'write 10',
        """\
limits:
  - otherwise: true
    limit: 010
"""),
    Trap(
        'trap 6: 60:30', ('number',), 'is not a number',
        """\
limits:
  - otherwise: true
    limit: 60:30
"""),
    Trap(
        'trap 6: 1e3', ('number',), 'write 1_000',
        """\
limits:
  - otherwise: true
    limit: 1e3
"""),
    Trap(
        'trap 7: NO', ('yaml-word',), 'is kept as text',
        """\
lists:
  far: [NO, US]
checks:
  - check: one
    verdict: deny
    when: customer.country in lists.far
"""),
    Trap(
        'trap 7: yes', ('yaml-word',), 'write true or false',
        """\
checks:
  - check: one
    verdict: deny
    when: customer.insolvent is yes
"""),
    Trap(
        'trap 7: empty', ('wrong-shape',), 'here is nothing',
        """\
checks:
  - check: one
    verdict: deny
    when:
"""),
    Trap(
        'trap 8: pct plus', ('kind',), '10% * amount',
        """\
limits:
  - otherwise: true
    limit: 10% + customer.annual_revenue
"""),
    Trap(
        'trap 8: pct of what', ('kind',), 'is a percentage here',
        """\
limits:
  - otherwise: true
    limit: 10%
"""),
    Trap(
        'trap 8: at most', (), '',
        """\
limits:
  - otherwise: true
    limit: 10% * customer.annual_revenue, at most 5_000_000
"""),
    Trap(
        'trap 9: split terms', ('comma',), "write '2/10 net 30'",
        """\
terms:
  - otherwise: true
    offer: [2/10, net 30]
"""),
    Trap(
        'trap 9: comma terms', ('terms',), '2/10 net 30',
        """\
terms:
  - otherwise: true
    offer: 2/10, net 30
"""),
    Trap(
        'trap 10: interest', ('missing-key',), "add 'on: ...'",
        """\
late_charge: {rate: 0.05% per day, from: due + 1 day}
"""),
    Trap(
        'trap 10: per month', ('interest',), 'count_days',
        """\
late_charge: {rate: 1.5% per month, on: open principal, from: due + 1 day}
"""),
    Trap(
        "trap 11: off by one", ("off-by-one",), "at exactly 15 the two disagree",
        """\
let:
  held: count of invoices where days_overdue >= 15
  old: count of invoices where days_overdue > 15
checks:
  - {check: held, measure: held, at_most: 3, verdict: warn}
  - {check: old, measure: old, at_most: 0, verdict: deny}
"""),
    Trap(
        'trap 12: otherwise collect', ('otherwise-place',), 'when: always',
        """\
checks:
  - {check: one, otherwise: true, verdict: deny}
"""),
    Trap(
        'trap 12: otherwise false', ('otherwise-place',), 'only true can stand',
        """\
tiers:
  - {tier: a, otherwise: false}
"""),
    Trap(
        'trap 12: empty when', ('wrong-shape',), 'write at least one line',
        """\
checks:
  - check: one
    verdict: deny
    when: {}
"""),
    Trap(
        'trap 12: when always', (), '',
        """\
checks:
  - check: one
    verdict: deny
    when: always
"""),
    Trap(
        'trap 13: any block', ('wrong-shape',), "'any' needs a list of lines",
        """\
checks:
  - check: one
    verdict: deny
    when: {any: {customer.score: "5", customer.type: school}}
"""),
    Trap(
        'trap 13: not block', ('wrong-shape',), 'exactly one line',
        """\
checks:
  - check: one
    verdict: deny
    when: {not: {customer.score: "5", customer.type: school}}
"""),
    Trap(
        'trap 13: not list', ('wrong-shape',), "one 'not' for each line",
        """\
checks:
  - check: one
    verdict: deny
    when:
      not: [customer.score >= 5, customer.type is school]
"""),
    Trap(
        'trap 14: unknown', ('unknown-fact',), "did you mean 'account.overdue_amount'",
        """\
checks:
  - check: one
    verdict: deny
    when: account.overdue_amout > 0
"""),
    Trap(
        'trap 14: bare', ('unknown-fact',), "did you mean 'customer.score'",
        """\
checks:
  - check: one
    verdict: deny
    when: score > 5
"""),
    Trap(
        'trap 15: quoted list', ('unknown-word',), 'in [school, hospital]',
        """\
checks:
  - check: one
    verdict: deny
    when: customer.type is "school, hospital"
"""),
    Trap(
        'trap 16: no row of prime', ('gap',), "'customer.score' is 5",
        """\
security:
  - when: customer.score < 5
    require: {prepayment: 30%, letter_of_credit: 70%}
"""),
    Trap(
        'trap 16: sum', ('share-sum',), '130% of the order',
        """\
security:
  - otherwise: true
    require: {prepayment: 60%, letter_of_credit: 70%}
"""),
    Trap(
        'trap 17: excess', ('unknown-field',), 'measure: ...',
        """\
checks:
  - check: one
    verdict: deny
    when: account.exposure > 5
    say: {en: "{excess} too much"}
"""),
    Trap(
        'trap 17: headroom', ('unknown-fact',), "'headroom'",
        """\
checks:
  - check: one
    verdict: deny
    when:
      headroom: "< 0"
"""),
    Trap(
        'trap 18: authority ends', ('gap',), '50000.01',
        """\
roles: {rising: [a, b]}
checks:
  - {check: one, measure: order.amount, at_most: 5, verdict: refer}
authority:
  - when: order.amount <= 50_000
    release: a
"""),
    Trap(
        'trap 19: fullwidth colon', ('full-width-sign',), "type ':'",
        """\
checks:
  - check: one
    verdict: deny
    when：customer.score > 5
"""),
    Trap(
        'trap 19: ge sign', ('full-width-sign',), "type '>='",
        """\
checks:
  - check: one
    verdict: deny
    when: customer.score ≥ 80
"""),
    Trap(
        'trap 19: gt sign', ('full-width-sign',), "type '>'",
        """\
checks:
  - check: one
    verdict: deny
    when: customer.score ＞ 80
"""),
    Trap(
        'trap 20: hash', ('quoting',), "'#5' begins a remark",
        """\
tests:
  - name: order #5 late
    given: {customer.score: 5}
    expect: {verdict: refer}
"""),
    Trap(
        'trap 20: colon', ('quoting',), 'put the whole value in quotes',
        """\
tests:
  - name: a: b
    given: {customer.score: 5}
    expect: {verdict: refer}
"""),
    Trap(
        'trap 20: percent', ('quoting',), 'put it in quotes',
        """\
tests:
  - name: %5 late
    given: {customer.score: 5}
    expect: {verdict: refer}
"""),
    Trap(
        'trap 20: star', ('anchor', 'wrong-shape'), 'repeats another place',
        """\
tests:
  - name: *five
    given: {customer.score: 5}
    expect: {verdict: refer}
"""),
    Trap(
        'trap 21: unread', ('unread-limit', 'unread-limit'), 'limit.largest_order',
        """\
limits:
  - otherwise: true
    limit: 100
    largest_order: 50
    review_every: 3 months
"""),
    Trap(
        'trap 22: shadow', ('duplicate-name',), "'tier' is what the section 'tiers' gives",
        """\
facts:
  tier: {kind: choice, of: [a, b]}
tiers:
  - {tier: a, otherwise: true}
"""),
    Trap(
        'trap 22: let tier', ('duplicate-name',), "'tier' is the name of something else",
        """\
let:
  tier: customer.score + 1
tiers:
  - {tier: a, otherwise: true}
"""),
    Trap(
        'trap 23: unread limit', ('unread-limit',), 'limit.effective',
        """\
limits:
  - otherwise: true
    limit: 100
checks:
  - {check: one, measure: account.exposure, at_most: 5, verdict: deny}
"""),
    Trap(
        'trap 24: credit', ('unknown-fact',), "did you mean 'order.credit_amount'",
        """\
checks:
  - {check: one, measure: account.exposure + order.credit_amout, at_most: 5, verdict: deny}
"""),
    Trap(
        'trap 25: no row', ('gap',), "'customer.score' is 3",
        """\
tiers:
  - {tier: a, when: customer.score > 5}
  - {tier: b, when: customer.score < 3}
"""),
    Trap(
        'trap 26: tests', ('test-shape',), 'add one: - base: good customer',
        """\
tests:
  - name: x
    given: {like: good customer}
    expect: {verdict: refer}
"""),
    Trap(
        'beside: of', ('wrong-shape',), 'inside the instrument',
        """\
security:
  - otherwise: true
    require: {deposit: 75%, of: customer.annual_revenue}
"""),
    Trap(
        'beside: may', ('missing-key',), "add 'set_by: ...'",
        """\
security:
  - otherwise: true
    may_require_one_of: [letter_of_credit, personal_guarantee]
"""),
    Trap(
        'beside: if none', ('limit-state',), 'stricter of [limit.granted',
        """\
limits:
  - otherwise: true
    limit: limit.granted + 5 CNY
"""),
    Trap(
        'beside: jpy', ('currency',), 'no digits after the point',
        """\
checks:
  - {check: one, measure: order.amount, at_most: 5.5 JPY, verdict: deny}
"""),
    Trap(
        'beside: kwd', ('currency',), 'at most 3 digits',
        """\
checks:
  - {check: one, measure: order.amount, at_most: 5.5555 KWD, verdict: deny}
"""),
    Trap(
        'beside: nobody', ('unknown-role',), "'b' is not a role",
        """\
roles: {rising: [a]}
checks:
  - {check: one, measure: order.amount, at_most: 5, verdict: hard_stop, release_by: b}
"""),
)  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_a_trap_is_told_with_what_was_meant(trap: Trap) -> None:
    told = found(trap.body, trap.codes)
    assert tuple(code for code, _ in told) == trap.codes
    assert any(trap.phrase in text for _, text in told) or not trap.codes


def test_a_check_that_always_fails_says_so_and_a_row_of_a_table_cannot() -> None:
    always = "checks:\n  - {check: one, when: always, verdict: warn}\n"
    assert load_policy((HEAD + always).encode(), "f", trade_vocabulary()).program is not None
    row = "tiers:\n  - {tier: a, when: always}\n  - {tier: b, otherwise: true}\n"
    assert [code for code, _ in found(row, ())] == ["otherwise-place"]
