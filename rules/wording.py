"""Values and checks in words: for machines one plain text, for people one in each language.

Numbers keep every digit that is exact; a fraction without an exact decimal is shown with six digits, half-even.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from policy.kinds import NO_LIMIT, UNLIMITED, Value
from policy.program import Check, Collect, Compare, Fold, In, Program, message_keys
from rules.outcome import CheckOutcome, Evidence

OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
GRADES = {"<=": "{} or better", ">=": "{} or worse", "<": "better than {}", ">": "worse than {}", "=": "{}",
          "!=": "not {}"}  # of ranks
SIGNS = {"=": "is", "!=": "is not"}
UNITS = {"days": ("days", "天"), "months": ("months", "个月"), "hours": ("hours", "小时")}
PASSED = ("{} {}, wanted {}", "{} {}（要求 {}）")
MOST_KEPT = 4_096  # thresholds are few; limits of customers are not
NO_ITEM = ("none", "无")
WORDS = {
    "pass": ("passed", "通过"), "does_not_apply": ("does not apply", "不适用"), "missing": ("missing", "缺失"),
    "not_evaluated": ("not evaluated, missing: {}", "未评估，缺少：{}"), "lifted": ("lifted by {}", "由 {} 豁免"),
}  # fmt: skip


class Wording:
    """One Program's way of writing values; what it said of a test before it says again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.kinds = program.wording.kinds
        self.checks = _checks(program)
        self._keys = message_keys([check.name for check in self.checks])
        self._kind_of: dict[tuple[int, int], str] = {}
        self._wanted: dict[tuple[int, int, Value | None, str], str | None] = {}

    def plain(self, value: Value | None, kind: str) -> str | None:
        """A value as plain text: amounts with their digits, dates as 2026-07-01, shares as 30%."""
        if value is None or isinstance(value, tuple):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return value
        if kind.startswith("rating:"):
            return self.program.wording.scales[kind[7:]][int(value) - 1]
        if kind == "limit" and value in (NO_LIMIT, UNLIMITED):
            return "none" if value == NO_LIMIT else "unlimited"
        if kind in ("money", "limit"):
            return _decimal(value, self.program.minor_digits)
        if kind == "date":
            return date.fromordinal(min(max(int(value), 1), date.max.toordinal())).isoformat()
        return f"{_decimal(value * 100)}%" if kind == "percent" else _decimal(value)

    def unit(self, kind: str) -> str | None:
        """The unit of a kind: the currency, or days, months, hours."""
        return self.program.currency if kind in ("money", "limit") else kind if kind in UNITS else None

    def shown(self, value: Value | None, kind: str, language: str) -> str:
        """A value for people: amounts with currency and thousands, days with their unit."""
        place = language == "zh"
        if value is None:
            return WORDS["missing"][place]
        text = self.plain(value, kind) or ""
        word = kind == "limit" and value in (NO_LIMIT, UNLIMITED)
        if kind in ("money", "limit") and isinstance(value, (int, Fraction)) and not word:
            return f"{self.program.currency} {_thousands(text)}"
        if kind not in UNITS:
            return text
        unit = UNITS[kind][place]
        return f"{text} {unit.removesuffix('s') if text in ('1', '-1') else unit}"

    def kind_of(self, evidence: Evidence) -> str:
        """The kind in which a piece of evidence is shown; a ratio wanted in percent is shown in percent."""
        known = self._kind_of.get((evidence.node, evidence.test))
        if known is None:
            known = self._kind_of[evidence.node, evidence.test] = self._find_kind(evidence)
        return known

    def _find_kind(self, evidence: Evidence) -> str:
        node = self.program.nodes[evidence.test]
        kind = self.kinds.get(evidence.node, "text")
        if isinstance(node, Compare) and "percent" in (self.kinds.get(node.left), self.kinds.get(node.right)):
            return "percent"
        return kind

    def wanted(self, evidence: Evidence, language: str = "") -> str | None:
        """What would have passed: `<= 500000.00`, `is not true`, `in [school]`; in a language for people."""
        asked = (evidence.node, evidence.test, evidence.wanted, language)  # a node's values are all of one type
        if asked in self._wanted:
            return self._wanted[asked]
        if len(self._wanted) >= MOST_KEPT:
            self._wanted.clear()
        found = self._wanted[asked] = self._find_wanted(evidence, language)
        return found

    def _find_wanted(self, evidence: Evidence, language: str) -> str | None:
        node, kind = self.program.nodes[evidence.test], self.kind_of(evidence)
        if isinstance(node, Compare):
            value = self.shown(evidence.wanted, kind, language) if language else self.plain(evidence.wanted, kind)
            op = OPPOSITE[node.op]
            if kind.startswith("rating:") and op not in SIGNS and value is not None:
                return GRADES[op].format(value)
            return None if value is None else f"{SIGNS.get(op, op)} {value}"
        if isinstance(node, In):
            return self._membership(node, kind)
        return None

    def _membership(self, node: In, kind: str) -> str:
        if node.missing:
            return "is missing" if node.negated else "is known"
        parts = [self.plain(point, kind) or "" for point in node.points]
        for span in node.spans:
            low, high = self.plain(span.low, kind) or "", self.plain(span.high, kind) or ""
            parts.append(f"{'[' if span.low_closed else '('}{low}..{high}{']' if span.high_closed else ')'}")
        if len(parts) == 1 and not node.spans:
            return f"{'is' if node.negated else 'is not'} {parts[0]}"
        return f"{'in' if node.negated else 'not in'} [{', '.join(parts)}]"

    def distance(self, evidence: Evidence) -> Fraction | int | None:
        """How far from the edge: positive passes, negative fails; None where no distance is meant."""
        node = self.program.nodes[evidence.test]
        numbers = [
            v for v in (evidence.value, evidence.wanted) if isinstance(v, (int, Fraction)) and not isinstance(v, bool)
        ]
        if not isinstance(node, Compare) or len(numbers) != 2 or UNLIMITED in numbers:
            return None
        if self.kind_of(evidence).startswith("rating:"):
            return None
        if NO_LIMIT in numbers and "limit" in (self.kinds.get(node.left), self.kinds.get(node.right)):
            return None
        room = numbers[1] - numbers[0]
        return room if node.op in (">", ">=") else -room if node.op in ("<", "<=") else None

    def label(self, index: int) -> str:
        """The name of a node: its fact or figure, else the formula as written."""
        return self.program.wording.labels.get(index, "value")

    def message(
        self, outcome: CheckOutcome, fields: Mapping[str, Value | None], place: int = -1, customer: bool = False,
        items: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, str]:
        """What a check says, in each language of the policy; a passed check says what was measured.

        `place` is the check's among all, by default that of the first of its name.
        """
        place = place if place >= 0 else self._keys.index(outcome.name)
        said = self.program.wording.say_customer if customer else self.program.wording.say
        texts = said.get(self._keys[place], {})
        languages = self.program.wording.title or {"en": ""}
        written = outcome.status not in ("pass", "does_not_apply", "not_evaluated", "lifted")
        return {
            language: self._written(texts[language].replace("{items}", named_items(items, language)), outcome, fields,
                                    (language, place))
            if written and language in texts else self._generic(outcome, language) for language in languages
        }  # fmt: skip

    def _written(
        self, text: str, outcome: CheckOutcome, fields: Mapping[str, Value | None], into: tuple[str, int]
    ) -> str:
        language, place = into
        own = self._own_fields(outcome, language) if self.checks[place].measure >= 0 and outcome.evidence else {}
        for name, shown in own.items():
            text = text.replace("{" + name + "}", shown)
        for name, value in fields.items():
            kind = self.kinds.get(self.program.wording.fields[name], "text")
            text = text.replace("{" + name + "}", self.shown(value, kind, language))
        return text

    def _own_fields(self, outcome: CheckOutcome, language: str) -> dict[str, str]:
        first = outcome.evidence[0]
        kind, distance = self.kind_of(first), self.distance(first)
        excess: Fraction | int | None = None if distance is None else max(distance, -distance)
        measured, allowed = (self.shown(value, kind, language) for value in (first.value, first.wanted))
        return {"measured": measured, "allowed": allowed,
                "excess": self.shown(_whole(excess), distance_kind(kind), language)}  # fmt: skip

    def _generic(self, outcome: CheckOutcome, language: str) -> str:
        place = language == "zh"
        word = WORDS.get(outcome.status, (outcome.status.replace("_", " "),) * 2)[place]
        if outcome.status == "not_evaluated":
            return word.format(", ".join(outcome.missing))
        word = word.format(outcome.lifted_by)
        parts = [PASSED[place].format(self.label(e.node), self.shown(e.value, self.kind_of(e), language),
                                      self.wanted(e, language)) for e in outcome.evidence]  # fmt: skip
        colon, between = ("：", "；") if place else (": ", "; ")
        return f"{word}{colon}{between.join(parts)}" if parts else word


def named_items(items: Sequence[Mapping[str, str]], language: str) -> str:
    """Items by what people call them: an invoice by its number, else by its first field; a month by its name."""
    place = language == "zh"
    names = [next((text for key, text in one.items() if key != "list"), one["list"]) for one in items]
    return ("、" if place else ", ").join(names) or NO_ITEM[place]


def distance_kind(kind: str) -> str:
    """What the distance between two values of a kind counts: days between dates, else the same as they."""
    return "days" if kind == "date" else kind


def _checks(program: Program) -> tuple[Check, ...]:
    fold = program.nodes[program.fold]
    assert isinstance(fold, Fold)
    collect = program.nodes[fold.checks]
    assert isinstance(collect, Collect)
    return collect.rows


def _thousands(text: str) -> str:
    """An amount with its thousands apart; figures may be larger than any one amount."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"


def _whole(value: Fraction | int | None) -> int | Fraction | None:
    return value.numerator if value is not None and value.denominator == 1 else value


def _decimal(value: int | Fraction, shift: int = 0) -> str:
    """An exact decimal, shifted by so many digits; else six digits, half-even."""
    digits = shift
    if value.denominator == 1:
        scaled = value.numerator
    else:
        number = Fraction(value) / 10**shift
        while (number * 10**digits).denominator != 1 and digits < 6:
            digits += 1
        scaled = round(number * 10**digits)
    sign, text = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(digits + 1, "0")
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)
