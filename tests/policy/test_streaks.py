"""A streak reads its list in the singular or the plural, and becomes months or a count."""

from __future__ import annotations

import pytest

from policy.load import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary

HEADER = "aval: 1\npolicy: p\ntitle: {en: One, zh: 一}\ncurrency: CNY\n"


def program_of(line: str, wanted: str) -> Program:
    text = HEADER + f"let:\n  run: {line}\nchecks:\n  - {{check: c, measure: run, at_most: {wanted}, verdict: deny}}\n"
    loaded = load_policy(text.encode(), "f", trade_vocabulary())
    assert loaded.program is not None, loaded.problems
    return loaded.program


@pytest.mark.parametrize("name", ["invoice", "invoices"])
def test_a_list_may_stand_in_the_singular(name: str) -> None:
    figure = program_of(f"months in a row with any {name} where days_overdue > 0", "2 months").figures[0]
    assert (figure.list_name, figure.word, figure.kind) == ("invoices", "any_in_a_row", "months")


def test_quarters_are_counted() -> None:
    figure = program_of("quarters in a row with every invoice where days_overdue > 0", "2").figures[0]
    assert figure.window is not None
    assert (figure.word, figure.kind, figure.window.size) == ("every_in_a_row", "count", 3)


def test_what_an_empty_month_means_is_part_of_the_digest() -> None:
    line = "months in a row with any invoice where days_overdue > 0"
    digests = {program_of(line + ending, "2").digest for ending in ("", ", empty months break")}
    assert len(digests) == 2
