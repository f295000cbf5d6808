"""Writes docs/words.md: every word of the language from A to Z, in both languages, with a line that runs.

Run by `make docs-words`. The keys are those of the editor's schema, which knows the same ones as the readers of the
language; what they mean is told where the editor finds it. A line is taken from the examples of the language's
reference, else from the cookbook or a policy that ships: all of those are run by the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from policy.check_tests import STATUSES
from policy.check_tests import VERDICTS as ANSWERS
from policy.document import HEADER, SECTIONS
from policy.editor_schema import editor_schema
from policy.editor_words import WORDS
from policy.expression import FUNCTIONS
from policy.fact_declarations import OWN_KINDS
from policy.figure_words import FIELDS, WHOLE_ITEMS
from policy.sections import VERDICTS
from rules.facts import trade_vocabulary

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGE = DOCS / "words.md"
LANGUAGES = ("en", "zh")
OPENING = """# Every word, from A to Z

Each key, kind, figure and function of the language: what it is, in English and Chinese, and a line in which it stands.
Every line is from an example that is checked and run whenever the project is tested; the link leads there. The facts
that are built in have [their own table](policy-language.md#built-in-facts), the findings [their own page](findings.md).

This page is written by `make docs-words`.
"""
KINDS: Mapping[str, tuple[str, str]] = {
    "choice": ("one word of a list", "一组词中的一个"), "count": ("a whole number of things", "整数个数"),
    "date": ("a day", "日期"), "days": ("a whole number of days", "天数"), "flag": ("true or false", "是或否"),
    "hours": ("a whole number of hours", "小时数"),
    "limit": ("an amount, none or unlimited: three different things", "金额、none（无额度）或 unlimited（不限）"),
    "money": ("an exact amount in a currency", "精确金额"), "months": ("a whole number of calendar months", "月数"),
    "percent": ("a share, written 30%", "百分比，写作 30%"),
    "rating": ("a word of a scale", "评级"), "ratio": ("an exact fraction, such as 1.25", "比值"),
    "terms": ("payment terms", "付款条件"),
    "text": ("a word or a text, only compared with is and in", "文本，只能用 is 与 in 比较"),
}  # fmt: skip
FIGURES: Mapping[str, tuple[str, str]] = {
    "any of": ("true if one item fits; of no item false", "有一项符合即为真；空列表为假"),
    "average of": ("the exact average of a field", "平均值（精确，不取整）"),
    "count of": ("how many items fit; of no item 0", "符合的项数；空列表为 0"),
    "every one of": ("true if no item does not fit; of no item true", "各项均符合才为真；空列表为真"),
    "largest of": ("the largest number of a field, or its last date", "最大值，或最晚日期"),
    "share of": ("the part of the sum that fits; of no item 0%", "符合部分占合计的比例；空列表为 0%"),
    "smallest of": ("the smallest number of a field, or its first date", "最小值，或最早日期"),
    "sum of": ("a field added up; of no item 0", "合计；空列表为 0"),
    "where": ("which items are meant", "限定哪些项"),
    "if none": ("what a figure is where no item fits", "无一项符合时的值"),
    "in last": ("a window of days, months or whole calendar months, quarters, years",
                "时间窗：最近若干天、月，或上一个完整月、季、年"),
    "since": ("a window that begins with a day, which is in", "自某日起（含该日）的时间窗"),
    "ever": ("all items, however old", "全部，不论多久以前"),
    "months in a row with": ("how many closed months, from the last one backwards", "连续若干个完整月份"),
    "empty months break": ("a month without an item ends the streak", "空月中断连续计数"),
}  # fmt: skip
CALLS: Mapping[str, tuple[str, str]] = {
    "abs": ("a number without its sign", "绝对值"),
    "round": ("an amount in whole minor units, half to even", "金额取整至最小货币单位，五成双"),
    "min": ("the smaller of several", "较小者"),
    "max": ("the larger of several", "较大者"),
    "days_between": ("days from the first date to the second", "两个日期之间的天数"),
    "first known of": ("the first of several that is not missing", "首个已知的值"),
    "stricter of": ("the lower of several limits; none is ignored", "较严的额度；none 不计"),
    ", at most": ("a formula that never gives more than this", "结果不超过此值"),
    ", at least": ("a formula that never gives less than this", "结果不低于此值"),
    "notch": ("a step on the scale of a rating", "评级的一档"),
}  # fmt: skip
SIGNS: Mapping[str, tuple[str, str]] = {
    "<": ("less than", "小于"), "<=": ("at most", "小于或等于"), ">": ("more than", "大于"),
    ">=": ("at least", "大于或等于"),
    "is not": ("another value than this", "不等于"), "not in": ("none of these", "不属于"),
    "is missing": ("nobody knows the value", "缺失"), "is known": ("somebody knows the value", "已知"),
    "is none": ("of a limit: nobody granted one", "额度：无人批准"),
    "is zero": ("of a limit: 0 was granted", "额度：批准为 0"),
    "is unlimited": ("of a limit: it has no bound", "额度：不限"),
    "or better": ("of a rating: this word or one nearer to the best", "评级：该级或更优"),
    "worse than": ("of a rating: nearer to the worst than this word", "评级：劣于该级"),
    "[..)": ("an interval: a square end is in, a round one is not", "区间：方括号含端点，圆括号不含"),
}  # fmt: skip
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "approve": ("the order may go ahead", "批准"),
    "approve_with_conditions": ("it may, once a security is given or on other terms", "有条件批准"),
    "deny": ("it may not go ahead on credit", "拒绝"), "does_not_apply": ("the check was not asked", "不适用"),
    "hard_stop": ("a denial that only a named role lifts", "绝对拒绝，只有指定角色可放行"),
    "lifted": ("the check failed, and an exception sets it aside", "已由例外豁免"),
    "not_evaluated": ("a fact was missing; it counts as refer", "缺少事实而未评估，等同转人工"),
    "pass": ("the check holds", "通过"), "refer": ("a person decides", "转人工审批"),
    "warn": ("the check failed and only tells", "提示"),
}  # fmt: skip
SORTS = {  # what a word is, its own words, and how it stands in a line
    "kind": (KINDS, r": {}\b"), "figure": (FIGURES, r"\b{}\b"), "function": (CALLS, r"{}(?:es)?\b"),
    "condition": (SIGNS, r" {}(?=[ ,\"]|$)"), "outcome": (OUTCOMES, r"[ \[]{}(?=[,}}\] ]|$)"),
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One word: what sort it is, its meanings, and how to find it in a line."""

    name: str
    sort: str
    meanings: tuple[str, str]
    pattern: str

    @property
    def heading(self) -> str:
        """The word as its heading; two sorts of one name stand apart."""
        return f"`{self.name}`, {self.sort}"


def keys() -> set[str]:
    """Every key that a policy file may have, facts and languages aside."""
    vocabulary = trade_vocabulary()
    inner = {*vocabulary.facts, *vocabulary.lists, *LANGUAGES}
    return {key for key in _properties(editor_schema(vocabulary)) if key not in inner and "." not in key}


def _properties(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _properties(one)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                yield from value
                yield from _properties(list(value.values()))
            else:
                yield from _properties(value)


def required() -> dict[str, set[str]]:
    """The words that the code knows, by sort: each must have its own."""
    return {
        "key": keys() | {*HEADER, *SECTIONS},
        "kind": set(OWN_KINDS),
        "figure": {f"{word} one of" if word == "every" else f"{word} of" for word in (*WHOLE_ITEMS, *FIELDS)},
        "function": set(FUNCTIONS),
        "outcome": {*VERDICTS, *ANSWERS, *STATUSES},
    }


@cache
def words() -> tuple[Word, ...]:
    """All words in the order of the page."""
    found = [Word(name, "key", WORDS[name][:2], rf"(?<![\w.]){name}:(?= |$)") for name in keys() | {*HEADER, *SECTIONS}]
    for sort, (own, pattern) in SORTS.items():
        found += [Word(name, sort, meanings, _in_a_line(name, pattern)) for name, meanings in own.items()]
    return tuple(sorted(found, key=lambda word: (word.name.lstrip(", <>[.").lower() or "~", word.name, word.sort)))


def _in_a_line(name: str, pattern: str) -> str:
    if name == "[..)":
        return r"\[\d+\.\.\d+\)"
    if name in FUNCTIONS:
        return rf"\b{name}\("
    return pattern.format(re.escape(name))


@dataclass(frozen=True)
class Line:
    """A line that runs, and where it stands."""

    text: str
    link: str


@cache
def lines() -> tuple[Line, ...]:
    """Every line of the examples: the reference first, then the cookbook and the policies that ship."""
    found = list(_of_the_reference())
    for path in sorted((DOCS / "cookbook").glob("[0-9r]*.md")):
        title = path.read_text("utf-8").splitlines()[0].lstrip("# ")
        found += _lines(_block(path.read_text("utf-8"), r"yaml recipe"), f"[{title}](cookbook/{path.name})")
    for path in sorted((ROOT / "policy" / "library").glob("*.yaml")):
        found += _lines(path.read_text("utf-8"), f"[{path.name}](../policy/library/{path.name})")
    return tuple(found)


def _of_the_reference() -> Iterator[Line]:
    heading = ""
    for part in re.split(r"^(?=##+ )", (DOCS / "policy-language.md").read_text("utf-8"), flags=re.M):
        heading = part.splitlines()[0].lstrip("# ") if part.startswith("##") else heading
        for block in re.findall(r"^```yaml [\w-]+\n(.*?)^```", part, re.S | re.M):
            yield from _lines(block, f"[{heading}](policy-language.md#{anchor(heading)})")


def anchor(heading: str) -> str:
    """The address of a heading within its page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _block(text: str, words_behind: str) -> str:
    return "\n".join(re.findall(rf"^```{words_behind}\n(.*?)^```", text, re.S | re.M))


def _lines(text: str, link: str) -> list[Line]:
    told = (re.sub(r"\s+#.*", "", line).strip() for line in text.splitlines())
    return [Line(line, link) for line in told if line and not line.startswith("#")]


def shown(word: Word) -> Line | None:
    """The first line in which a word stands: one that says more than the word, where there is one."""
    having = [line for line in lines() if re.search(word.pattern, line.text)]
    return next((line for line in having if not line.text.endswith(f"{word.name}:")), having[0] if having else None)


def text() -> str:
    """The whole page."""
    pieces = [OPENING]
    for word in words():
        english, chinese = word.meanings
        line = shown(word)
        assert line is not None, f"no example that runs has the {word.sort} '{word.name}'"
        pieces.append(f"### {word.heading}\n\n{english[0].upper()}{english[1:]}. {chinese}。\n\n"
                      f"```yaml\n{line.text}\n```\n\nIn {line.link}.\n")  # fmt: skip
    return "\n".join(pieces)


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
