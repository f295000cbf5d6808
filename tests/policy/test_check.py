"""Roles, securities, terms, messages and the head of a file."""

from __future__ import annotations

import pytest

from tests.policy.written import HEAD, codes, program, told

CHECK = "checks:\n  - check: one\n    measure: order.amount\n    at_most: 5\n    verdict: deny\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{measured} {allowed} {excess}", None), ("{order.amount} of {settings.most}", None), ("{twice}", None),
        ("{limit.effective}", None), ("no field", None),
        ("{alowed}", "unknown-field"), ("{verdict}", "unknown-field"), ("{items}", "message"),
        ("{}", "message"), ("{measured", "message"), ("measured}", "message"), ("{{measured}}", "message"),
    ],
)  # fmt: skip
def test_a_message_shows_figures_and_settings(text: str, code: str | None) -> None:
    more = "settings: {most: 5 CNY}\nlet: {twice: order.amount * 2}\n"
    assert codes(CHECK + f'    say: {{en: "{text}"}}\n' + more) == ([code] if code else [])
    assert codes(CHECK + f'    say_customer: {{en: "{text}"}}\n' + more) == ([code] if code else [])


def test_a_plain_check_has_nothing_measured() -> None:
    text = 'checks:\n  - {check: one, when: customer.score > 5, verdict: deny, say: {en: "{measured}"}}\n'
    assert codes(text) == ["unknown-field"]


def test_a_field_is_told_at_its_own_column() -> None:
    assert told(CHECK + '    say: {en: "see {alowed}"}\n')[0].startswith("6:20: unknown-field: '{alowed}'")


def test_every_language_of_the_title_has_a_message() -> None:
    head = HEAD.replace("{en: Small}", "{en: Small, zh: 小}")
    assert codes(CHECK + '    say: {en: "much"}\n', head) == ["language-missing"]
    assert codes(CHECK + '    say: {en: "much", zh: "多"}\n', head) == []
    assert codes(CHECK, head) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("roles: {rising: [boss]}\nauthority:\n  - {otherwise: true, release: boss}\n", None),
        ("roles: {rising: [a], also: [boss]}\nauthority:\n  - {otherwise: true, release: boss}\n", None),
        ("roles: {rising: [bose]}\nauthority:\n  - {otherwise: true, release: boss}\n", "unknown-role"),
        ("authority:\n  - {otherwise: true, release: boss}\n", "unknown-role"),
        (CHECK + "    release_by: boss\n", "unknown-role"),
        ("roles: {rising: [boss]}\n" + CHECK + "    release_by: boss\n", None),
        ("roles: {rising: [boss], also: [boss]}\n", "duplicate-name"),
    ],
)
def test_roles_are_declared_once(text: str, code: str | None) -> None:
    assert codes(text) == ([code] if code else [])


def test_the_role_that_releases_a_check_is_in_the_program() -> None:
    compiled = program("roles: {rising: [boss]}\n" + CHECK + "    release_by: boss\n")
    assert [check.release_by for node in compiled.nodes for check in getattr(node, "rows", ())
            if getattr(check, "name", "") == "one"] == ["boss"]  # fmt: skip


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ("{prepayment: 30%, letter_of_credit: 70%}", None),
        ("{prepayment: 100%}", None),
        ("{prepayment: 30%, letter_of_credit: 71%}", "share-sum"),
        ("{prepayment: 101%}", "range"),
        ("{prepayment: 0%}", "range"),
        ("{prepayment: 0.3}", "percent"),
        ("{prepayment: 5_000 CNY}", "percent"),
        ("{prepayment: settings.share}", None),
        ("{house: 30%}", "unknown-instrument"),
    ],
)
def test_securities_are_shares_of_the_order(shares: str, code: str | None) -> None:
    text = f"settings: {{share: 20%}}\nsecurity:\n  - {{otherwise: true, require: {shares}}}\n"
    assert codes(text) == ([code] if code else [])


@pytest.mark.parametrize("offer", ["net60", "90", "prepay", "2/10"])
def test_terms_are_spelled_as_the_trade_spells_them(offer: str) -> None:
    assert codes(f"terms:\n  - {{otherwise: true, offer: [net 30, {offer}]}}\n") == ["terms"]
    assert codes(f"terms:\n  - {{otherwise: true, offer: [net 30], longest: {offer}}}\n") == ["terms"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("limit: 5", None), ("limit: none", None), ("limit: unlimited", None), ("limit: limit.granted", None),
     ("limit: 5 days", "kind"), ("limit: customer.score", "kind"), ("limit: 5, largest_order: none", "kind"),
     ("limit: 5, review_every: 3 months", None), ("limit: 5, review_every: 5 CNY", "kind")],
)  # fmt: skip
def test_columns_of_limits_have_their_kinds(cell: str, code: str | None) -> None:
    assert codes(f"limits:\n  - {{otherwise: true, {cell}}}\n") == ([code] if code else [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("facts: {customer.score: {kind: percent}}\n",
         "1:9: duplicate-name: 'customer.score' is built in: a count from bureau; "
         "keep its kind and source, or choose another name"),
        ("let: {as_of: order.amount}\n",
         "1:7: duplicate-name: 'as_of' is the name of something else already; choose another name"),
    ],
)  # fmt: skip
def test_a_name_stands_for_one_thing(body: str, message: str) -> None:
    assert told(body) == [message]


def test_an_unknown_currency_is_told_once() -> None:
    text = "limits:\n  - {otherwise: true, limit: 5}\n" + CHECK
    assert codes(text, HEAD.replace("CNY", "CNX")) == ["currency"]
