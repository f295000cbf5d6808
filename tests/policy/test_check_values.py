"""Settings are constants of one kind; of a value table exactly one cell fits."""

from __future__ import annotations

import pytest

from tests.policy.written import codes, kind, told


def use(table: str, name: str = "it") -> str:
    return f"{table}\nchecks:\n  - {{check: one, when: {name} is known, verdict: deny}}\n"


@pytest.mark.parametrize(
    ("value", "result"),
    [("5_000 CNY", "money"), ("5%", "percent"), ("30 days", "days"), ("2026-07-01", "date"), ("5", "number"),
     ("1 year", "months"), ("0.05% per day", "rate")],
)  # fmt: skip
def test_a_setting_has_the_kind_of_its_value(value: str, result: str) -> None:
    assert kind("settings.one", f"settings: {{one: {value}}}\n") == result


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("  rate: order.amount\n",
         "2:9: scope: the setting 'rate' reads facts, but is a constant; give the formula a name under 'let'"),
        ("  rate:\n    - {from: 2026-01-01, value: 5%}\n    - {from: 2026-07-01, value: 5 days}\n",
         "4:7: kind: 'rate' is a percentage on some days and days on others"),
        ("  rate: 1.005 CNY\n",
         "2:9: currency: an amount in CNY has at most 2 digits after the point; "
         "write 1_005 where the point parts thousands"),
        ("  rate: 1.05005 CNY\n",
         "2:9: currency: an amount in CNY has at most 2 digits after the point; "
         "write the exact amount, for amounts are never rounded"),
    ],
)  # fmt: skip
def test_a_setting_is_a_constant_of_one_kind(settings: str, message: str) -> None:
    assert told("settings:\n" + settings) == [message]


@pytest.mark.parametrize(
    "table",
    [
        'tables: {it: {by: customer.score, rows: {"< 60": 5%, ">= 60": 10%}}}',
        "tables: {it: {by: customer.type, rows: {school: 5, company: 6, government: 7, hospital: 8, person: 9}}}",
        'tables: {it: {by: customer.type, rows: {school: none, not(school): call}}}',
        'tables: {it: {by: customer.insolvent, rows: {true: 5, false: 6}}}',
        'tables: {it: {by: account.oldest_overdue_days, rows: {"<= 0": 5, "[1..30]": 6, ">= 31": 7}}}',
        'tables: {it: {by: order.amount, rows: {"<= 1_000": 5, "[1_000.01..2_000]": 6, ">= 2_000.01": 7}}}',
        'tables: {it: {by: as_of, rows: {"< 2026-07-01": 5, ">= 2026-07-01": 6}}}',
        'tables: {it: {by: order.amount / order.prepaid, rows: {"<= 30%": 5, "> 30%": 6}}}',
        "tables:\n  it:\n    down: order.amount\n    across: customer.score\n    grid:\n"
        '      - [amount, "< 60", ">= 60"]\n      - ["<= 300", 1, 2]\n      - ["> 300", 3, 4]',
    ],
)  # fmt: skip
def test_tables_whose_cells_meet_are_sound(table: str) -> None:
    assert codes(use(table)) == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('let:\n  mean: average of payments.days_late ever, if none 0\n'
         'tables: {it: {by: mean, rows: {"<= 0": 5%, ">= 1": 10%}}}',
         "3:33: table-cell: no cell fits when 'mean' is 0.5; add a cell for it"),
        ('tables: {it: {by: account.oldest_overdue_days, rows: {"<= 0": 5%, "[2..9]": 6%, "> 9": 10%}}}',
         "1:56: table-cell: no cell fits when 'account.oldest_overdue_days' is 1; add a cell for it"),
        ('tables: {it: {by: customer.score, rows: {"< 60": 5%, "> 60": 10%}}}',
         "1:43: table-cell: no cell fits when 'customer.score' is 60; add a cell for it"),
        ('tables: {it: {by: customer.score, rows: {"<= 60": 5%, ">= 60": 10%}}}',
         "1:56: table-cell: '<= 60' and '>= 60' both fit when 'customer.score' is 60; "
         "let one of them end before the other"),
        ('tables: {it: {by: order.amount, rows: {"< 2.50": 5%, "> 2.50": 10%}}}',
         "1:41: table-cell: no cell fits when 'order.amount' is 2.5; add a cell for it"),
        ("tables: {it: {by: customer.type, rows: {school: 5, company: 6, hospital: 8, person: 9}}}",
         "1:41: table-cell: no cell fits when 'customer.type' is 'government'; add a cell for it"),
        ('tables: {it: {by: order.amount / order.prepaid, rows: {"< 30%": 5, "> 30%": 6}}}',
         "1:57: table-cell: no cell fits when the formula is 0.3; add a cell for it"),
        ("tables:\n  it:\n    down: order.amount\n    across: customer.score\n    grid:\n"
         '      - [amount, "< 60", "> 60"]\n      - ["<= 300", 1, 2]\n      - ["> 300", 3, 4]',
         "6:19: table-cell: no cell fits when 'customer.score' is 60; add a cell for it"),
        ("tables: {it: {by: customer.insolvent, rows: {true: 5}}}",
         "1:46: table-cell: no cell fits when 'customer.insolvent' is false; add a cell for it"),
        ('tables: {it: {by: customer.score, rows: {"< 60": 5%, ">= 60": high}}}',
         "1:10: kind: the table 'it' gives words and numbers"),
        ('tables: {it: {by: customer.score, rows: {"< 60": 5%, ">= 60": 5 days}}}',
         "1:10: kind: the table 'it' gives values of different kinds: a percentage, days"),
    ],
)  # fmt: skip
def test_a_gap_an_overlap_or_a_mix_of_kinds_is_told_with_an_example(table: str, message: str) -> None:
    assert told(use(table)) == [message]


FIRST = "tables:\n  grade:\n    rows:\n"
READ = "checks:\n  - {check: one, when: grade is known, verdict: deny}\n"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("      - {when: customer.score > 5, value: 5%}\n      - {otherwise: true, value: 7%}\n", []),
        ("      - {when: customer.score > 5, value: 5%}\n    missing: refer\n", []),
        ("      - {otherwise: true, value: 5%}\n      - {otherwise: true, value: 7%}\n", ["otherwise-place"]),
        ("      - {otherwise: false, value: 5%}\n", ["otherwise-place"]),
        ("      - {value: 5%}\n", ["missing-key"]),
        ("      - {when: customer.score > 5, otherwise: true, value: 5%}\n", ["missing-key"]),
        ("      - {otherwise: true}\n", ["missing-key"]),
        ("      - {otherwise: true, vaule: 5%}\n", ["unknown-key"]),
        ("      - {when: customer.score > 5, value: 5%}\n      - {otherwise: true, value: 7 days}\n", ["kind"]),
        ("      - {when: customer.scor > 5, value: 5%}\n      - {otherwise: true, value: 7%}\n", ["unknown-fact"]),
    ],
)  # fmt: skip
def test_rows_of_a_table_end_in_otherwise_or_say_what_missing_means(rows: str, found: list[str]) -> None:
    assert [code for code in codes(FIRST + rows + READ) if code not in ("redundant-row", "dead-row")][:2] == found


@pytest.mark.parametrize(
    ("values", "result"),
    [(("true", "false"), "flag"), (("'\"A B\"'", "c"), "choice"), (("5", "7.5"), "number"),
     (("1_000 CNY", "5 CNY"), "money")],
)  # fmt: skip
def test_rows_of_a_table_give_one_kind(values: tuple[str, str], result: str) -> None:
    low, high = values
    rows = f"      - {{when: customer.score > 5, value: {low}}}\n      - {{otherwise: true, value: {high}}}\n"
    assert kind("grade", FIRST + rows) == result


def test_rows_of_a_table_without_an_end_leave_a_gap() -> None:
    (found,) = codes(FIRST + "      - {when: customer.score > 5, value: 5%}\n" + READ)
    assert found in ("no-otherwise", "gap")  # a gap is told with an order that falls into it, where one is found
