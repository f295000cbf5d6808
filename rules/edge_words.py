"""Conditions in sentences, each edge as strict or loose as it is: "80 or more", "less than 6 months", never a sign.

A strict edge says what happens exactly at it, because that is where people read a row wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.kinds import Value
from policy.program import Compare, Const, In, Logic, Node, Program, Span
from rules.formula_text import FormulaText

FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
EDGES = {
    "en": {"=": "{}", "!=": "not {}", ">=": "{} or more", "<=": "not more than {}", ">": "more than {} ({})",
           "<": "less than {} ({})"},
    "zh": {"=": "等于 {}", "!=": "不等于 {}", ">=": "不低于 {}（含）", "<=": "不超过 {}（含）", ">": "高于 {}（{}）",
           "<": "低于 {}（{}）"},
}  # fmt: skip
GRADES = {
    "en": {"=": "{}", "!=": "not {}", "<=": "{} or better", ">=": "{} or worse", "<": "better than {}",
           ">": "worse than {}"},
    "zh": {"=": "等于 {}", "!=": "不等于 {}", "<=": "不差于 {}（含）", ">=": "不优于 {}（含）", "<": "优于 {}",
           ">": "差于 {}"},
}  # fmt: skip
AT_EDGE = {
    "en": {"row": "exactly {} does not fit", "check": "exactly {} passes", "asked": "at exactly {} it is not asked"},
    "zh": {"row": "恰为 {} 则不符合", "check": "恰为 {} 则通过", "asked": "恰为 {} 则不检查"},
}  # fmt: skip
WORDS = {
    "en": {"is": "{} is {}", "and": ", and ", "or": ", or ", "either": "either {}", "not": "it is not so that {}",
           "missing": "missing", "known": "known", "always": "always", "one_of": "one of {}", "none_of": "none of {}",
           "from": "{} or more", "above": "more than {}", "to": "not more than {}", "below": "less than {}",
           "both": " and "},
    "zh": {"is": "{} {}", "and": "，且 ", "or": "，或 ", "either": "满足其一：{}", "not": "并非 {}", "missing": "缺失",
           "known": "已知", "always": "总是", "one_of": "属于 {}", "none_of": "不属于 {}", "from": "不低于 {}（含）",
           "above": "高于 {}（不含）", "to": "不超过 {}（含）", "below": "低于 {}（不含）", "both": "且"},
}  # fmt: skip


class EdgeWords:
    """One Program's conditions in one language.

    `at` says what strict edges tell: those of a "row", of a "check" that fails, of when it is "asked", or nothing ("").
    """

    def __init__(self, program: Program, language: str = "en", at: str = "row") -> None:
        self.program, self.language, self.at = program, language, at
        self.nodes: Sequence[Node] = program.nodes
        self.text = FormulaText(program)
        self.words = WORDS[language]

    def condition(self, index: int) -> str:
        """A condition as one sentence."""
        node = self.nodes[index]
        if not isinstance(node, Logic):
            subject, wanted = self.parts(index)
            return self.words["is"].format(subject, wanted)
        if node.op == "not":
            return self.words["not"].format(self.condition(node.args[0]))
        lines = [self.condition(arg) for arg in node.args if not (node.op == "and" and self._is_constant(arg))]
        if not lines:
            return self.words["always"]
        if node.op == "and" or len(lines) == 1:
            return self.words["and"].join(lines)
        return self.words["either"].format(self.words["or"].join(lines))

    def _is_constant(self, index: int) -> bool:
        """Whether a test asks about constants alone, such as the limit of a policy that has none."""
        node = self.nodes[index]
        asked = (node.left, node.right) if isinstance(node, Compare) else (node.arg,) if isinstance(node, In) else ()
        return bool(asked) and all(isinstance(self.nodes[one], Const) for one in asked)

    def parts(self, index: int) -> tuple[str, str]:
        """The subject of a single test, and what it is to be."""
        node = self.nodes[index]
        if isinstance(node, In):
            return self.text.formula(node.arg), self._within(node)
        if not isinstance(node, Compare):
            return self.text.formula(index), EDGES[self.language]["="].format("true")
        if grade := self.text.grade(node, GRADES[self.language]):
            return self.text.formula(node.left), grade
        turned = isinstance(self.nodes[node.left], Const)
        subject, edge = (node.right, node.left) if turned else (node.left, node.right)
        op = FLIPPED[node.op] if turned else node.op
        return self.text.formula(subject), self.edge(op, self.value(edge, subject))

    def edge(self, op: str, shown: str) -> str:
        """An edge in words; without the case exactly at it where `at` is empty."""
        if not self.at:
            return EDGES[self.language][op].replace(" ({})", "").replace("（{}）", "（不含）").format(shown)
        return EDGES[self.language][op].format(shown, AT_EDGE[self.language][self.at].format(shown))

    def value(self, index: int, beside: int = -1) -> str:
        """What a value is compared with: its amount where it is written so, else its formula."""
        node = self.nodes[index]
        kinds = {self.text.kind(one) for one in (index, beside) if one >= 0}
        if isinstance(node, Const):
            return self.shown(node.value, "percent" if "percent" in kinds else node.kind)
        return self.text.formula(index)

    def shown(self, value: Value | None, kind: str) -> str:
        """A value for people of this language."""
        return self.text.wording.shown(value, kind, self.language)

    def _within(self, node: In) -> str:
        if node.missing:
            return self.words["known" if node.negated else "missing"]
        kind = self.text.kind(node.arg)
        points = [self.shown(point, kind) for point in node.points]
        parts = points + [self._span(span, kind) for span in node.spans]
        if len(parts) == 1 and points:
            return EDGES[self.language]["!=" if node.negated else "="].format(parts[0])
        told = (self.words["or"] if node.spans else ", ").join(parts)
        if node.spans and not node.negated:
            return told
        return self.words["none_of" if node.negated else "one_of"].format(told)

    def _span(self, span: Span, kind: str) -> str:
        ends = []
        if span.low is not None:
            ends.append(self.words["from" if span.low_closed else "above"].format(self.shown(span.low, kind)))
        if span.high is not None:
            ends.append(self.words["to" if span.high_closed else "below"].format(self.shown(span.high, kind)))
        return self.words["both"].join(ends)
