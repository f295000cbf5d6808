"""Mistakes planted into the shipped standard policy that have no order to show: told with their place and their words.

Where an engine can show the harm nevertheless, it does: a line that decides nothing is a line that may go.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from policy.load import Loaded, load_policy
from rules.facts import trade_vocabulary
from tests.policy.analysis.test_planted import LIBRARY, STANDARD

FACT = "    missing: refer\n"
LET = "  big_old_invoices: count"
LIMIT, LARGEST = "    at_most: limit.effective  ", "    at_most: limit.largest_order\n"
CHECKS, AUTHORITY = "\nchecks:  ", "\nauthority:  "
UNTIL = "{until: 2026-06-30, value: 0.05% per day"
MANUAL = STANDARD[STANDARD.index(AUTHORITY):STANDARD.index("\nsettings:")]
TABLE = """
tables:
  most:
    by: customer.score
    rows: {"< 60": 50_000 CNY, "[60..80)": 100_000 CNY, ">= 80": 200_000 CNY}
"""
GRID = """
tables:
  most:
    down: customer.score
    across: customer.months_trading
    grid:
      - [score,  "< 6",       ">= 6"]
      - ["< 60", 50_000 CNY,  80_000 CNY]
      - [">= 60", 70_000 CNY, 90_000 CNY]
"""
READS_TABLE = "    at_most: min(limit.largest_order, most)\n"
LEFT, CONTRARY = "account.overdue_amount is 0", "[customer.score >= 80, customer.score < 60]"
STATE = f"\nstates:\n  on_hold:\n    enter: big_old_invoices > 3\n    leave: {LEFT}\n"
HELD = "  - check: held\n    when: state.on_hold is active\n    verdict: deny\n"
NEVER = "  - check: never\n    when:\n      - customer.score >= 80\n      - customer.score < 60\n    verdict: deny\n"
TABLES = ((CHECKS, TABLE + CHECKS), (LARGEST, READS_TABLE))
GRIDS = ((CHECKS, GRID + CHECKS), (LARGEST, READS_TABLE))
STATES = ((CHECKS, STATE + CHECKS), (AUTHORITY, HELD + AUTHORITY))


@dataclass(frozen=True)
class Plant:
    """What is changed in the shipped policy, and the finding: its code and severity, its line, and what it says."""

    changes: tuple[tuple[str, str], ...]
    told: str
    line: str
    says: str


PLANTS = {
    "a fact that nothing reads": Plant(
        ((FACT, FACT + "  customer.vip: {kind: flag, from: master, meaning: {en: a friend, zh: 朋友}}\n"),),
        "unused-fact warning", "  customer.vip: {kind", "nothing reads 'customer.vip'"),
    "a figure that nothing reads": Plant(
        ((LET, "  older: count of invoices where days_overdue >= 60\n" + LET),),
        "unused-fact warning", "  older: count", "nothing reads 'older'"),
    "a setting that nothing reads": Plant(
        (("  late_rate:  ", "  patience: 5 days\n  late_rate:  "),),
        "unused-fact warning", "  patience: 5", "nothing reads 'settings.patience'"),
    "a list that nothing reads": Plant(
        ((CHECKS, "\nlists:\n  banned: [IR, KP]\n" + CHECKS),),
        "unused-fact warning", "  banned: [IR", "nothing reads 'lists.banned'"),
    "a state that nothing reads": Plant(
        STATES[:1], "unused-fact warning", "  on_hold:", "nothing reads 'state.on_hold'"),
    "a limit that no check reads": Plant(
        ((LIMIT, "    at_most: 1_000_000  "),),
        "unread-limit warning", "  - when: tier is prime\n    limit:", "nothing reads 'limit.effective'"),
    "a largest order that no check reads": Plant(
        ((LARGEST, "    at_most: 1_000_000\n"),),
        "unread-limit warning", "  - when: tier is prime\n    limit:", "nothing reads 'limit.largest_order'"),
    "referrals that nobody releases": Plant(
        ((MANUAL, ""),), "nobody warning", "  - check: over_limit", "the check 'over_limit' refers orders, but nobody"),
    "a value between two cells": Plant(
        ((CHECKS, TABLE.replace("[60", "(60") + CHECKS), TABLES[1]),
        "table-cell error", '    rows: {"< 60"', "no cell fits when 'customer.score' is 60"),
    "a value in two cells": Plant(
        ((CHECKS, TABLE.replace("80)", "80]") + CHECKS), TABLES[1]),
        "table-cell error", '    rows: {"< 60"', "'[60..80]' and '>= 80' both fit when 'customer.score' is 80"),
    "a value between two lines of a grid": Plant(
        ((CHECKS, GRID.replace(">= 60", "> 60") + CHECKS), GRIDS[1]),
        "table-cell error", '      - ["< 60"', "no cell fits when 'customer.score' is 60"),
    "a value in two columns of a grid": Plant(
        ((CHECKS, GRID.replace('"< 6"', '"<= 6"') + CHECKS), GRIDS[1]),
        "table-cell error", "      - [score,", "'<= 6' and '>= 6' both fit when 'customer.months_trading' is 6"),
    "a day without a value": Plant(
        ((UNTIL, UNTIL.replace("06-30", "06-29")),),
        "dates-gap warning", "    - {from: 2026-07-01", "'late_rate' has no value on the days before this one begins"),
    "a day with two values": Plant(
        ((UNTIL, UNTIL.replace("06-30", "07-01")),),
        "dates-overlap error", "    - {from: 2026-07-01", "'late_rate' has two values on one day"),
    "a state that is never left": Plant(
        ((CHECKS, STATE[: STATE.index("    leave")] + CHECKS), STATES[1]),
        "never-left error", "  on_hold:", "'on_hold' can be entered but never left"),
    "a state whose lines of leave contradict each other": Plant(
        ((CHECKS, STATE.replace(LEFT, CONTRARY) + CHECKS), STATES[1]),
        "never-left warning", "  on_hold:", "'on_hold' can be entered but never left, for the lines of 'leave' never"),
    "a state whose lines of enter contradict each other": Plant(
        ((CHECKS, STATE.replace("big_old_invoices > 3", CONTRARY) + CHECKS), STATES[1]),
        "dead-row warning", "  on_hold:", "nothing ever enters 'on_hold'"),
    "a check that no order fails": Plant(
        ((AUTHORITY, NEVER + AUTHORITY),),
        "dead-row warning", "  - check: never", "no order can fail the check 'never'"),
    "steps of a ladder that change places": Plant(
        (("at: due - 7 days", "at: due + 16 days"),),
        "step-order warning", "      at: due + 15 days", "before 'reminder' on 2024-01-17"),
}  # fmt: skip


def planted(*changes: tuple[str, str]) -> tuple[str, Loaded]:
    """The shipped policy with each text in place of another, and what comes of it."""
    text = STANDARD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text, load_policy(text.encode(), "planted.yaml", trade_vocabulary())


def line_of(text: str, start: str) -> int:
    """The number of the one line that begins so."""
    assert text.count("\n" + start) == 1, start
    return text[: text.index("\n" + start)].count("\n") + 2


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_is_told_with_its_place(name: str) -> None:
    plant = PLANTS[name]
    text, loaded = planted(*plant.changes)
    (told,) = loaded.problems
    assert (f"{told.code} {told.severity}", told.where.line) == (plant.told, line_of(text, plant.line))
    assert plant.says in told.message and told.help
    assert (loaded.program is None) == (told.severity == "error")


@pytest.mark.parametrize("changes", [(), TABLES, GRIDS, STATES], ids=["as shipped", "table", "grid", "state"])
def test_what_the_mistakes_are_planted_into_is_without_findings(changes: tuple[tuple[str, str], ...]) -> None:
    _, loaded = planted(*changes)
    assert loaded.program is not None and loaded.problems == ()


def test_every_shipped_policy_is_without_any_finding() -> None:
    paths = sorted(LIBRARY.glob("*.yaml"))
    assert paths
    for path in paths:
        assert load_policy(path.read_bytes(), path.name, trade_vocabulary()).problems == (), path.name
