"""One decision explained: the row of each table that fitted and why, why not each row above, and every check.

Of a row that does not fit the first line that fails is told, with the value and how far it is from the edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from policy.asked_documents import SECTION as DOCUMENTS
from policy.asked_documents import check_name
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.meaning import STATE
from policy.program import Check, Collect, Compare, Const, First, In, Logic, Program
from rules import reference
from rules.better import Better, better_by_one_fact
from rules.documents import documents_of, said, without_documents
from rules.edge_words import FLIPPED, OPPOSITE, EdgeWords
from rules.explain import RowPlace, gives, places
from rules.nearby import OrderFacts
from rules.order_text import security_text
from rules.outcome import STATUS_RANK, CheckOutcome, Missing, Outcome
from rules.reference import Evaluation
from rules.release import authority_of
from rules.state_words import now_sentences
from rules.states import states_now

TEXTS = {
    "en": {
        "answer": "{verdict}: {rest}", "row": "{section}: row {number} (line {line}), {gives}",
        "is": "{subject} is {value}, as wanted: {wanted}", "not": "{subject} is {value}, wanted: {wanted}{far}",
        "far": " ({} away)", "at": " (exactly at the edge)", "missing": "missing: {}",
        "above": "not row {number}, {name} (line {line}): {why}",
        "stops": "{section}: stops at row {number}, {name} (line {line}); {why}",
        "check": "check {name}{line}: {status}", "line": " (line {})", "why": ": {}", "nothing": "not given",
        "better": "{verdict} with one other fact alone: {name} {then} (now {now})",
        "none": "no single other fact would give a better verdict", "otherwise": "no row above fits",
        "unknown": "what is missing must be told before anything better can be said: {}",
    },
    "zh": {
        "answer": "{verdict}：{rest}", "row": "{section}：第 {number} 行（文件第 {line} 行），{gives}",
        "is": "{subject} 为 {value}，符合要求：{wanted}", "not": "{subject} 为 {value}，要求：{wanted}{far}",
        "far": "（相差 {}）", "at": "（恰在边界上）", "missing": "缺少：{}",
        "above": "不是第 {number} 行 {name}（文件第 {line} 行）：{why}",
        "stops": "{section}：停在第 {number} 行 {name}（文件第 {line} 行）；{why}",
        "check": "检查 {name}{line}：{status}", "line": "（文件第 {} 行）", "why": "：{}", "nothing": "未提供",
        "better": "仅改一项即可 {verdict}：{name} {then}（现为 {now}）",
        "none": "仅改任何一项都不会得到更好的结论", "otherwise": "以上各行均不符合", "unknown": "须先补齐缺失项：{}",
    },
}  # fmt: skip
SHOWN_ABOVE = 20


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of an explanation, and how deep it stands.

    `about` is "answer", "state", "row", "line", "above", "check" or "better".
    """

    about: str
    text: str
    depth: int = 0


def explain_decision(program: Program, order: OrderFacts, language: str = "en") -> tuple[Told, ...]:
    """Why an order is decided as it is, why not otherwise, and what would change it."""
    outcome = reference.decide(program, order.whole(program))
    why = _Why(program, order, outcome, language)
    return (why.answer(), *why.sections(), *why.checks(), *why.better(better_by_one_fact(program, order)))


class _Why:
    """The sentences about one order under one Program."""

    def __init__(self, program: Program, order: OrderFacts, outcome: Outcome, language: str) -> None:
        self.program, self.outcome, self.language = program, outcome, language
        self.evaluation = Evaluation(program.nodes, program.tables, order.whole(program))
        self.documents = documents_of(program, order.whole(program))
        self.words = EdgeWords(program, language, "")
        self.texts = TEXTS[language]

    def answer(self) -> Told:
        outcome = self.outcome
        parts = [("tier", outcome.tier), ("terms", outcome.terms), ("authority", authority_of(self.program, outcome)),
                 ("security", security_text(outcome.security) if outcome.security else None)]  # fmt: skip
        effective = outcome.limits.get("effective")
        parts.append(("limit.effective", None if effective is None else self.words.shown(effective, "limit")))
        rest = ", ".join(f"{name} {value}" for name, value in parts if value is not None)
        return Told("answer", self.texts["answer"].format(verdict=outcome.verdict, rest=rest).rstrip(" :："))

    def sections(self) -> Iterator[Told]:
        rows: dict[str, list[RowPlace]] = {}
        for place in places(self.program):
            rows.setdefault(place.section, []).append(place)
        for now in states_now(self.program, self.outcome, self.evaluation.facts):
            for deep, text in enumerate(now_sentences(now, self.language)):
                yield Told("state", text, min(deep, 1))
        for section, number in self.outcome.rows.items():
            if section in rows and section != "checks" and not section.startswith((STATE, f"{DOCUMENTS}.")):
                yield from self.section(section, rows[section], number)

    def section(self, section: str, rows: list[RowPlace], chosen: int) -> Iterator[Told]:
        table = self.program.nodes[self.program.tables[section]]
        assert isinstance(table, First)
        truths = [self.evaluation.value(row.condition) for row in table.rows]
        stop = next((n for n, truth in enumerate(truths) if truth is not False), len(truths))
        if stop == len(truths):
            return
        place, row = rows[stop], table.rows[stop]
        told = {"section": section, "number": stop + 1, "line": place.line, "name": place.name}
        if isinstance(truths[stop], Missing):
            yield Told("row", self.texts["stops"].format(**told, why=self.missing(row.condition)))
        else:
            text = self.texts["row"].format(**told, gives=gives(self.program, table, row, self.language))
            yield Told("row", text)
            yield from (Told("line", text, 1) for text in self.lines(row.condition, True))
        for above, earlier in enumerate(table.rows[:stop][-SHOWN_ABOVE:], max(0, stop - SHOWN_ABOVE)):
            why = next(self.lines(earlier.condition, False), "")
            where = {"number": above + 1, "name": rows[above].name, "line": rows[above].line}
            yield Told("above", self.texts["above"].format(**where, why=why), 1)

    def lines(self, index: int, wanted: bool) -> Iterator[str]:
        """The single tests that make a condition true or false."""
        node = self.program.nodes[index]
        if isinstance(node, Logic):
            if not node.args and wanted:
                yield self.texts["otherwise"]
            for arg in node.args:
                below = not wanted if node.op == "not" else wanted
                if self.evaluation.value(arg) is below:
                    yield from self.lines(arg, below) if node.op != "not" else self.turned(arg)
        elif not isinstance(node, Const):
            yield self.single(index, wanted)

    def turned(self, index: int) -> Iterator[str]:
        """A test under "not": its words are those of the test, and it stands as it is."""
        subject, _ = self.words.parts(index) if not self._is_logic(index) else (self.words.condition(index), "")
        yield self.texts["is"].format(subject=subject, value=self.value(index), wanted=self.words.condition(index))

    def _is_logic(self, index: int) -> bool:
        return isinstance(self.program.nodes[index], Logic)

    def single(self, index: int, wanted: bool) -> str:
        subject, words = self.words.parts(index)
        far = "" if wanted else self.far(index)
        return self.texts["is" if wanted else "not"].format(
            subject=subject, value=self.value(index), wanted=words, far=far
        )

    def value(self, index: int) -> str:
        """The value that a single test looked at."""
        subject, kind = self._subject(index)
        found = self.evaluation.value(subject)
        return self.words.shown(None if isinstance(found, Missing) else found, kind)

    def _subject(self, index: int) -> tuple[int, str]:
        node = self.program.nodes[index]
        subject, kinds = index, {"flag"}
        if isinstance(node, In):
            subject, kinds = node.arg, {self.words.text.kind(node.arg)}
        elif isinstance(node, Compare):
            subject = node.right if isinstance(self.program.nodes[node.left], Const) else node.left
            kinds = {self.words.text.kind(node.left), self.words.text.kind(node.right)}
        return subject, "percent" if "percent" in kinds else self.words.text.kind(subject)

    def far(self, index: int) -> str:
        """How far a value is from the edge that it misses."""
        node = self.program.nodes[index]
        if not isinstance(node, Compare):
            return ""
        left, right = (self.evaluation.value(side) for side in (node.left, node.right))
        numbers = [one for one in (left, right) if _is_amount(one)]
        if len(numbers) < 2:
            return ""
        away = abs(Fraction(left) - Fraction(right))
        if away == 0:
            return self.texts["at"] if node.op in ("<", ">") else ""
        _, kind = self._subject(index)
        kind = "days" if kind == "date" else kind
        return self.texts["far"].format(self.words.shown(away.numerator if away.denominator == 1 else away, kind))

    def missing(self, index: int) -> str:
        truth = self.evaluation.value(index)
        return self.texts["missing"].format(", ".join(sorted(truth.reasons)) if isinstance(truth, Missing) else "")

    def checks(self) -> Iterator[Told]:
        rows = next((node.rows for node in self.program.nodes if isinstance(node, Collect)), ())
        pairs = sorted(zip(rows, self.outcome.checks, strict=True), key=lambda one: -STATUS_RANK[one[1].status])
        for row, outcome in pairs:
            built_in = row.name in self.program.wording.built_in
            line = "" if built_in else self.texts["line"].format(row.line)
            why = self.check(row, outcome)
            status = outcome.status + (f" ({outcome.lifted_by})" if outcome.lifted_by else "")
            told = self.texts["check"].format(name=row.name, line=line, status=status)
            yield Told("check", told + (self.texts["why"].format(why) if why else ""))

    def check(self, row: Check, outcome: CheckOutcome) -> str:
        entry = next((one for one in self.documents if check_name(one.document) == row.name), None)
        if entry is not None:
            return said(entry, self.language == "zh")
        if outcome.missing:
            applies = self.evaluation.value(row.applies) if row.applies >= 0 else True
            return self.missing(row.applies if isinstance(applies, Missing) else row.fails)
        if outcome.status == "does_not_apply":
            return next(self.lines(row.applies, False), "")
        node = self.program.nodes[row.fails]
        if isinstance(node, Compare) and row.measure >= 0:
            return self.measured(row, node)
        found = [] if outcome.status == "pass" else [self.single(one.test, True) for one in outcome.evidence]
        return "; ".join(found)

    def measured(self, row: Check, node: Compare) -> str:
        """What was measured beside what passes."""
        turned = node.left != row.measure
        op, other = (FLIPPED[node.op], node.left) if turned else (node.op, node.right)
        edge = self.evaluation.value(other)
        _, kind = self._subject(row.fails)
        shown = self.words.shown(None if isinstance(edge, Missing) else edge, kind)
        formula = self.words.value(other, row.measure)
        wanted = self.words.edge(OPPOSITE[op], shown)
        fails = self.evaluation.value(row.fails) is True
        text = self.texts["not"].format(subject=self.words.text.formula(row.measure), value=self.value(row.fails),
                                        wanted=wanted, far=self.far(row.fails) if fails else "")  # fmt: skip
        return text if formula == shown else f"{text} [{formula}]"

    def better(self, found: tuple[Better, ...]) -> Iterator[Told]:
        if self.outcome.verdict == "approve":
            return
        for one in found:
            now = self.texts["nothing"] if not _is_known(one.now) else self.words.shown(one.now, one.kind)
            then = self.words.shown(one.then, one.kind)
            yield Told("better", self.texts["better"].format(verdict=one.verdict, name=one.name, then=then, now=now))
        if self.outcome.missing:
            yield Told("better", self.texts["unknown"].format(", ".join(
                without_documents(self.documents, self.outcome.missing, self.language == "zh")
            )))  # fmt: skip
        elif not found:
            yield Told("better", self.texts["none"])


def _is_known(value: Any) -> bool:
    return value is not None and not isinstance(value, Missing)


def _is_amount(value: Any) -> bool:
    number = isinstance(value, (int, Fraction)) and not isinstance(value, bool)
    return number and value not in (NO_LIMIT, UNLIMITED)
