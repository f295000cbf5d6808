"""A failed check names the items behind its figure, those that weigh most first; what caused nothing is not shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from credit.decision import CheckEntry
from policy.load import load_policy
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.present import Circumstances, present
from rules.reference import decide

TODAY = date(2026, 11, 23)
HEADER = "aval: 1\npolicy: p\ntitle: {en: One, zh: 一}\ncurrency: CNY\nroles: {rising: [cfo]}\n"
USUAL = {"as_of": TODAY.toordinal(), "order.unsecured_amount": 0, "limit.granted": 5}


def invoice(number: int, open_amount: int, days_overdue: int) -> Mapping[str, Any]:
    return {"invoice_id": f"I-{number}", "open_amount": open_amount, "days_overdue": days_overdue}


INVOICES = [invoice(1, 100, 5), invoice(2, 900, 40), invoice(3, 300, 40), *(invoice(n, 200, 31) for n in range(4, 9))]


def checked(line: str, bound: str, lists: Mapping[str, Sequence[Any]], given: Mapping[str, Any] = USUAL) -> CheckEntry:
    say = 'say: {en: "see {items}", zh: "见{items}"}'
    text = f"{HEADER}let:\n  seen: {line}\nchecks:\n  - {{check: c, measure: seen, {bound}, verdict: deny, {say}}}\n"
    program = load_policy(text.encode(), "f", trade_vocabulary()).program
    assert program is not None
    facts = with_figures(program, computed_facts(given), lists)
    around = Circumstances("d", datetime(2026, 11, 23, tzinfo=UTC), TODAY, "agreed", lists=lists)
    return next(one for one in present(program, decide(program, facts), facts, around).checks if one.check == "c")


@pytest.mark.parametrize(
    ("line", "bound", "numbers"),
    [
        ("count of invoices where days_overdue > 30", "at_most: 6", "2 3 4 5 6"),
        ("sum of invoices.open_amount where days_overdue > 30", "at_most: 5 CNY", "2 3 4 5 6"),
        ("average of invoices.open_amount", "at_most: 1 CNY", "2 3 4 5 6"),
        ("share of invoices.open_amount where days_overdue > 35", "at_most: 1%", "2 3"),
        ("largest of invoices.days_overdue", "at_most: 39", "2 3"),
        ("smallest of invoices.open_amount", "at_least: 2 CNY", "1"),
        ("any of invoices where days_overdue > 35", "is: false", "2 3"),
        ("every one of invoices where days_overdue > 35", "is: true", "1 4 5 6 7"),
    ],
)
def test_each_word_names_what_caused_it(line: str, bound: str, numbers: str) -> None:
    entry = checked(line, bound, {"invoices": INVOICES})
    assert entry.status == "deny"
    assert [one["invoice_id"] for one in entry.items] == [f"I-{number}" for number in numbers.split()]


def test_an_item_has_its_known_fields_as_text_and_the_message_its_name() -> None:
    entry = checked("largest of invoices.days_overdue where open_amount > 8", "at_most: 39", {"invoices": INVOICES[:2]})
    assert entry.as_dict()["items"] == [
        {"list": "invoices", "invoice_id": "I-2", "open_amount": "9.00", "days_overdue": "40"}
    ]
    assert entry.message == {"en": "see I-2", "zh": "见I-2"}


def test_a_streak_names_its_months() -> None:
    paid = [{"paid_on": date(2026, month, 28).toordinal(), "days_late": 3} for month in (7, 9, 10, 10)]
    entry = checked("months in a row with any payment where days_late > 0", "at_most: 2", {"payments": paid})
    counted = [(one["month"], one["count"]) for one in entry.items]
    assert counted == [("2026-10", "2"), ("2026-09", "1"), ("2026-07", "1")]
    assert entry.message["zh"] == "见2026-10、2026-09、2026-07"


def test_a_check_that_passes_has_no_items_and_keeps_its_bytes() -> None:
    entry = checked("count of invoices where days_overdue > 30", "at_most: 7", {"invoices": INVOICES})
    assert (entry.status, entry.items, "items" in entry.as_dict()) == ("pass", (), False)


def test_what_fails_because_nothing_fits_says_so() -> None:
    entry = checked("count of invoices where days_overdue > 90", "at_least: 1", {"invoices": INVOICES})
    assert (entry.status, entry.items, entry.message["en"]) == ("deny", (), "see none")


def test_a_figure_that_was_given_has_no_items() -> None:
    line = "count of invoices where days_overdue > 30"
    assert checked(line, "at_most: 1", {"invoices": INVOICES}, {**USUAL, "seen": 3}).items == ()
    assert checked(line, "at_most: 1", {}, {**USUAL, "seen": 3}).items == ()
