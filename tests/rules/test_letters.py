"""Letters: named fields and no code, every fault of a file told before it is used, hostile names harmless."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from api.letter_files import read_letters
from credit.letter import FIELDS, LetterFacts, LetterItem, field_text
from credit.money import Money
from policy.load import load_policy
from rules.facts import trade_vocabulary
from rules.letter_findings import CODES
from rules.letter_page import page
from rules.letter_template import LARGEST, NotFilled, Template, fill, read_template
from rules.letters import letter_findings

ON = date(2026, 11, 23)
GOOD = b"Subject: Reminder {reference}\n\nDear {customer},\n\n{invoices}\n\nOpen: {total_open}\n"


def cny(minor: int) -> Money:
    """So many fen."""
    return Money(minor, "CNY")


def an_item(name: str = "INV-1", due: date = date(2026, 11, 8), **changes: object) -> LetterItem:
    """An invoice of 500.00, of which 300.00 is open."""
    return replace(LetterItem(name, due, cny(500_00), cny(300_00)), **changes)


FACTS = LetterFacts("Vale Trading", "C-1", "Aval Supplies", "C-1/1", ON, (an_item(),), date(2026, 12, 8))


def read(data: bytes, language: str = "en") -> Template:
    """A template without faults."""
    template, findings = read_template(data, "reminder", language, "reminder.en.txt")
    assert template is not None, [str(one) for one in findings]
    return template


def codes(data: bytes) -> list[str]:
    """What is wrong with a file, each with its place."""
    template, findings = read_template(data, "reminder", "en", "f")
    assert (template is None) == bool(findings)
    return [f"{one.where.line}:{one.where.column} {one.code}" for one in findings]


def test_a_letter_is_filled_from_what_is_known() -> None:
    filled = fill(read(GOOD), FACTS)
    assert filled.subject == "Reminder C-1/1"
    assert filled.body.splitlines() == [
        "Dear Vale Trading,", "", "- INV-1, due 8 November 2026, 15 days overdue, amount CNY 500.00, open CNY 300.00",
        "", "Open: CNY 300.00",
    ]  # fmt: skip
    chinese = fill(read(GOOD, "zh"), FACTS).body
    assert "INV-1，到期日 2026年11月8日，逾期 15 天，金额 CNY 500.00，未付 CNY 300.00" in chinese


def test_a_discount_is_told_with_its_last_day_and_only_where_there_is_one() -> None:
    early = an_item(due=date(2026, 12, 8), discount=cny(10_00), discount_until=date(2026, 11, 28))
    facts = replace(FACTS, items=(early, an_item("INV-2")))
    first, second = fill(read(GOOD), facts).body.splitlines()[2:4]
    assert first.endswith("open CNY 300.00, CNY 10.00 less if paid by 28 November 2026") and "less" not in second
    assert "未付 CNY 300.00，2026年11月28日（含）前付清可少付 CNY 10.00" in fill(read(GOOD, "zh"), facts).body
    shown = page(read(GOOD), facts)
    assert '<td colspan="4">CNY 10.00 less if paid by 28 November 2026</td>' in shown, "below its invoice"
    assert shown.count("less if paid") == 1, "the other invoice has none"
    assert "（含）前付清可少付" in page(read(GOOD, "zh"), facts) and "少付" not in page(read(GOOD, "zh"), FACTS)


@pytest.mark.parametrize(("due", "told"), [
    (date(2026, 11, 22), "1 day"), (date(2026, 11, 23), "0 days"), (date(2026, 11, 24), "0 days"),
])  # fmt: skip
def test_days_overdue_begin_after_the_due_date(due: date, told: str) -> None:
    assert field_text("days_overdue", replace(FACTS, items=(an_item(due=due),)), "en") == told


def test_currencies_are_never_added_together() -> None:
    dollars = LetterItem("INV-2", date(2026, 10, 1), Money(20_00, "USD"), Money(20_00, "USD"))
    facts = replace(FACTS, items=(an_item(), dollars, an_item("INV-3")))
    assert field_text("total_open", facts, "en") == "CNY 600.00, USD 20.00"
    assert field_text("first_due_on", facts, "en") == "1 October 2026"


def test_what_is_not_known_is_never_zero() -> None:
    template = read(b"Subject: x\n\n{invoice_numbers}: {late_charges}\n")
    for items in ((an_item(),), (an_item(charges=cny(1)), an_item("INV-2"))):
        with pytest.raises(NotFilled, match="3:20: letter-value: the field 'late_charges' is not known here"):
            fill(template, replace(FACTS, items=items))
    charged = replace(FACTS, items=(an_item(charges=cny(1)), an_item("INV-2", charges=cny(2))))
    assert fill(template, charged).body == "INV-1, INV-2: CNY 0.03"
    with pytest.raises(NotFilled, match="pay_by"):
        fill(read(b"Subject: x\n\n{invoices}\n\nby {pay_by}\n"), replace(FACTS, pay_by=None))


@pytest.mark.parametrize(("data", "wanted"), [
    (b"Subject: x\n\n{customr}, {invoices}\n", ["3:1 letter-unknown-field", "3:12 letter-table"]),
    (b"Subject: x\n\n{invoices}\n\n{ and }\n", ["5:1 letter-unknown-field"]),
    (b"Subject: x\n\n{invoices}\n\n}{\n", ["5:1 letter-brace", "5:2 letter-brace"]),
    (b"Subject: {invoices}\n\nx\n", ["1:10 letter-table"]),
    (b"Subject: x\n\nDear {customer}\n", ["1:1 letter-silent"]),
    (b"Dear {customer}\n\n{invoices}\n", ["1:1 letter-subject"]),
    (b"Subject: x\n{invoices}\n", ["2:1 letter-subject"]),
    (b"Subject: x\n\n \n", ["1:1 letter-subject"]),
    (b"Subject: x\n\n{invoices}\x00\n", ["3:11 letter-file"]),
    (b"Subject: x\n\n\xff{invoices}\n", ["1:1 letter-file"]),
    (b"x" * (LARGEST + 1), ["1:1 letter-file"]),
    (b"", ["1:1 letter-subject"]),
])  # fmt: skip
def test_every_fault_of_a_file_is_told_with_its_place(data: bytes, wanted: list[str]) -> None:
    assert codes(data) == wanted


def test_there_is_a_fault_for_each_code_but_those_of_a_policy() -> None:
    met = {"letter-unknown-field", "letter-table", "letter-brace", "letter-silent", "letter-subject", "letter-file",
           "letter-value"}  # fmt: skip
    assert set(CODES) == met | {"letter-missing"}  # tests/api/commands/test_letters.py


HOSTILE = "Eve\r\nBcc: all@example.com\u202e <script>alert(1)</script> {total_open}"


def test_a_hostile_name_breaks_no_line_and_is_no_template() -> None:
    filled = fill(read(b"Subject: To {customer}\n\n{invoices}\n"), replace(FACTS, customer=HOSTILE))
    assert filled.subject == "To Eve Bcc: all@example.com <script>alert(1)</script> {total_open}"
    assert "\n" not in filled.subject and "\u202e" not in filled.subject


def test_a_page_escapes_what_others_wrote() -> None:
    items = (an_item("<b>INV</b>"),)
    shown = page(read(GOOD), replace(FACTS, customer=HOSTILE, sender="A & B", items=items))
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert "&lt;b&gt;INV&lt;/b&gt;" in shown and "A &amp; B" in shown
    assert "default-src 'none'" in shown and "{total_open}" in shown


def test_a_page_has_a_row_for_each_invoice_and_the_sums_below() -> None:
    items = tuple(an_item(f"INV-{number}", charges=cny(7)) for number in range(40))
    shown = page(read(GOOD), replace(FACTS, items=items))
    assert shown.count("<tr>") == 1 + 40 + 1
    assert "CNY 20,000.00" in shown and "CNY 12,000.00" in shown and "CNY 2.80" in shown
    assert '<html lang="zh-CN">' in page(read(GOOD, "zh"), FACTS)


def test_every_field_has_a_text_in_both_languages() -> None:
    facts = replace(FACTS, items=(an_item(charges=cny(1)),))
    for name in FIELDS:
        assert field_text(name, facts, "en") and field_text(name, facts, "zh"), name


def test_the_number_of_an_invoice_has_room_in_its_row() -> None:
    shown = page(read(GOOD), FACTS)
    assert '<td class="i">INV-1</td>' in shown and ".i { min-width: 8em }" in shown
    assert "overflow-wrap: anywhere" not in shown, "it would let the column shrink to one sign"


LAST = """aval: 1
policy: p
title: {en: P, zh: 政策}
currency: CNY
limits: [{otherwise: true, limit: 1}]
escalation:
  l:
    - {step: demand, at: due + 3 days, do: send formal_demand by email}
"""


def test_a_last_step_whose_letter_names_the_day_of_the_next_is_told() -> None:
    def found(text: str) -> list[str]:
        program = load_policy(text.encode(), "p.yaml", trade_vocabulary()).program
        assert program is not None
        return [f"{one.where}: {one.message}" for one in letter_findings(program, "p.yaml", read_letters())]

    assert found(LAST) == ["p.yaml:8:1: the step 'demand' sends 'formal_demand', which names 'pay_by', "
                           "and no step follows it"] * 2  # fmt: skip
    assert found(LAST + "    - {step: again, at: due + 9 days, do: send written_reminder by letter}\n") == []
    assert found(LAST.replace("formal_demand", "written_reminder")) == []
    assert [one.rpartition(" in ")[2] for one in found(LAST.replace("formal_demand", "no_letter"))] == ["'en'", "'zh'"]


def test_a_broken_letter_is_told_where_the_policy_sends_it(tmp_path: Path) -> None:
    program = load_policy(LAST.encode(), "p.yaml", trade_vocabulary()).program
    assert program is not None
    (tmp_path / "written_reminder.en.txt").write_text("Subject: Pay\n\n{invoices} {x}\n")
    before = letter_findings(program, "p.yaml", read_letters(tmp_path))
    (tmp_path / "formal_demand.en.txt").write_text("Subject: Pay\n\n{invoice_numbers} {x}\n")
    after = letter_findings(program, "p.yaml", read_letters(tmp_path))
    assert {one.code for one in before} == {"letter-value"}
    assert [one.message for one in after if one.code == "letter-unknown-field"] == ["there is no field 'x'"]
