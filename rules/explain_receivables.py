"""Steps of ladders and late charges in sentences, beside the rows that decide: what an unpaid invoice meets, and when.

A step is pointed at by its ladder and number (`standard:2`), by its name or its line, a charge as `late_charge:1`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from credit.money import Money
from policy.program import Fact, Program
from policy.receivables import Charge, DateRule, Step
from rules.formula_text import FormulaText
from rules.order_text import share_text

TEXTS = {
    "en": {"step": "{ladder}, step {number} (line {line}): {name} on {at}: {does}", "when": "; only while {}",
           "until": "; not after {}", "charge": "late_charge, row {number} (line {line}): {what} from {at}",
           "amount": "late_charge, row {number} (line {line}): {what} on {at}",
           "rate": "{} per {} of the open principal",
           "from": "{} ({})", "share": "{} of the open principal", "again": "; again every {}",
           "grace": "; paid within {} costs nothing", "cap": "; at most {} per year", "count": "; days counted {}",
           "compound": "; full months bear interest themselves", "joined": ", ", "since": "from {}", "to": "up to {}"},
    "zh": {"step": "{ladder} 第 {number} 步（文件第 {line} 行）：{at}，{name}：{does}", "when": "；仅当 {}",
           "until": "；不晚于 {}", "charge": "late_charge 第 {number} 行（文件第 {line} 行）：自 {at} 起，{what}",
           "amount": "late_charge 第 {number} 行（文件第 {line} 行）：{at}，{what}", "rate": "未付本金的 {}（每 {}）",
           "from": "{}（{}）", "share": "未付本金的 {}", "again": "；每 {} 再计一次", "grace": "；{} 内付清不计",
           "cap": "；每年至多 {}", "count": "；按 {} 计天", "compound": "；满月的利息计入本金", "joined": "，",
           "since": "自 {}", "to": "至 {}"},
}  # fmt: skip
PERIODS = {"zh": {"day": "日", "month": "月", "year": "年"}}


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """A step or a charge: its ladder or section, its number from 1, its name, its line, and its sentence."""

    section: str
    number: int
    name: str
    line: int
    sentence: str


def item_places(program: Program, language: str = "en") -> Iterator[ItemPlace]:
    """Every step and late charge of a policy, in the order of the file."""
    for ladder in program.ladders:
        for number, step in enumerate(ladder.steps, 1):
            told = _step(program, ladder.name, number, step, language)
            yield ItemPlace(ladder.name, number, step.name, step.line, told)
    for number, charge in enumerate(program.charges, 1):
        told = _charge(program, number, charge, language)
        yield ItemPlace("late_charge", number, "late_charge", charge.line, told)


def find_items(program: Program, wanted: str, language: str = "en") -> tuple[ItemPlace, ...]:
    """The steps and charges that a word means: `standard:2`, the name of a step, or a line of the file."""
    every = tuple(item_places(program, language))
    section, _, number = wanted.rpartition(":")
    if section and number.isdecimal():
        return tuple(one for one in every if (one.section, one.number) == (section, int(number)))
    if wanted.isdecimal():
        return tuple(one for one in every if one.line == int(wanted))
    return tuple(one for one in every if one.name == wanted)


def day_text(rule: DateRule) -> str:
    """A date formula as it is written."""
    inner = [day_text(part) for part in rule.parts]
    match rule.op:
        case "sent" | "failed":
            return f"{rule.name} {rule.op}"
        case "month_end":
            return f"month end of ({inner[0]})"
        case "earliest" | "latest":
            return f"{rule.op} of [{', '.join(inner)}]"
        case op if op.startswith("add_"):
            unit = op.removeprefix("add_").replace("_", " ")
            unit = unit.removesuffix("s") if abs(rule.number) == 1 else unit
            return f"{inner[0]} {'-' if rule.number < 0 else '+'} {abs(rule.number)} {unit}"
    return rule.name


def _step(program: Program, ladder: str, number: int, step: Step, language: str) -> str:
    texts = TEXTS[language]
    told = texts["step"].format(ladder=ladder, number=number, line=step.line, name=step.name, at=day_text(step.at),
                                does=texts["joined"].join(map(str, step.does)))  # fmt: skip
    if step.when is not None:
        nodes = [replace(one, name=f"invoice.{one.name}") if isinstance(one, Fact) and one.scope == "item" else one
                 for one in step.when.nodes]  # fmt: skip
        told += texts["when"].format(FormulaText(program, nodes).condition(step.when.condition))
    return told + (texts["until"].format(day_text(step.until)) if step.until is not None else "")


def _charge(program: Program, number: int, charge: Charge, language: str) -> str:
    texts = TEXTS[language]
    what, form = _rates(charge, language), "charge"
    if not charge.rates:
        form = "amount"
        what = texts["share"].format(share_text(charge.share)) if charge.share is not None else (
            Money(charge.minor, program.currency).display())  # fmt: skip
    told = texts[form].format(number=number, line=charge.line, what=what, at=day_text(charge.start))
    every = [f"{size} {unit}{'s' if size > 1 else ''}" for size, unit in
             ((charge.every_days, "day"), (charge.every_months, "month")) if size]  # fmt: skip
    told += "".join(texts["again"].format(one) for one in every)
    grace = f"{charge.grace_days} day{'s' if charge.grace_days > 1 else ''}"
    told += texts["grace"].format(grace) if charge.grace_days else ""
    told += texts["cap"].format(share_text(charge.cap)) if charge.cap is not None else ""
    told += texts["count"].format(charge.count_days) if charge.count_days else ""
    return told + (texts["compound"] if charge.compound_monthly else "")


def _rates(charge: Charge, language: str) -> str:
    """Each rate, with its first and its last day where it has any."""
    texts, told = TEXTS[language], []
    for rate in charge.rates:
        per = PERIODS.get(language, {}).get(rate.per, rate.per)
        ends = [texts[word].format(date.fromordinal(day).isoformat())
                for word, day in (("since", rate.since), ("to", rate.until)) if day is not None]  # fmt: skip
        shown = texts["rate"].format(share_text(rate.share), per)
        told.append(texts["from"].format(shown, " ".join(ends)) if ends else shown)
    return texts["joined"].join(told)
