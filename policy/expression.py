"""One line of a policy to its tree: conditions, formulas, and the quoted tests of the mapping form.

The grammar stands in `expression.lark`; what people write instead of it stands in `line_slips.py`. Every node keeps
its own place: a comparison where it begins, a calculation at its sign, a call at its function's name.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, TypeVar

from policy import figure_words, line_slips, streaks
from policy.acts import read_act
from policy.line_slips import LINE_MAX, Slip
from policy.plain_lines import STATES, plain_condition, plain_formula
from policy.problems import Problem, Where
from policy.suggest import did_you_mean
from policy.syntax import (
    Binary,
    Block,
    Call,
    Comparison,
    Condition,
    DateLiteral,
    Expr,
    FigureOf,
    Interval,
    Membership,
    Name,
    Negate,
    Notches,
    Number,
    StateTest,
    Text,
    Words,
)

T = TypeVar("T")
DEPTH_MAX = 40
PERCENT_DECIMALS = 6
# name to fewest and most values
FUNCTIONS = {"min": (2, 20), "max": (2, 20), "abs": (1, 1), "round": (1, 1), "days_between": (2, 2)}
NOTCHES = ("one", "two", "three", "four", "five")
TOLD_LENGTH = 200  # a finding is one line on a screen, whatever it quotes
_SHORTER = "give its parts names under let"
_NUMBER = re.compile(r"(-?)([\d_]+)(?:\.(\d+))?\s*(.*)", re.DOTALL)


def read_condition(text: str, at: Where) -> Condition | Problem:
    """A line under `when`, such as `customer.score >= 80` or `cleared by finance`, or what is wrong with it."""
    plain = plain_condition(text, at) or read_act(text, at)
    return plain if plain is not None else _read("condition", text, at, lambda tree, line: line.condition(tree))


def read_formula(text: str, at: Where) -> Expr | Problem:
    """A formula such as `10% * customer.annual_revenue, at most 5_000_000`, or what is wrong with it."""
    plain = plain_formula(text, at)
    return plain if plain is not None else _read("formula_line", text, at, lambda tree, line: line.formula(tree))


def read_tests(text: str, subject: Expr, at: Where) -> Condition | Problem:
    """Quoted tests of the mapping form, such as `[60..80)`, `>= 80`, `A, B` or `not(A)`, asked of the subject."""
    return _read("tests", text, at, lambda tree, line: line.tests(tree, subject))


def read_number(text: str, at: Where) -> Number | Problem:
    """A number alone, with its unit; a leading minus is allowed."""
    formula = read_formula(text, at)
    if isinstance(formula, Negate) and isinstance(formula.value, Number):
        inner = formula.value
        return Number(-inner.value, inner.unit, inner.decimals, formula.at)
    if isinstance(formula, Problem | Number):
        return formula
    return Problem("number", at, f"'{_short(text)}' is not a number", "write digits, such as 5_000 or 2.5")


def read_date(text: str, at: Where) -> int | Problem:
    """A date as an ordinal day number."""
    formula = read_formula(text, at)
    if isinstance(formula, DateLiteral):
        return formula.day
    if isinstance(formula, Problem) and formula.code in ("date", "full-width-sign"):
        return formula
    yearly = re.fullmatch(r"\d{1,2}-\d{1,2}", text.strip())
    help = "no day returns every year: write each year's, with its year" if yearly else (
        "write year-month-day, such as 2026-07-01")  # fmt: skip
    return Problem("date", at, f"'{_short(text)}' is not a date", help)


def _read(start: str, text: str, at: Where, build: Callable[[Any, _Line], T]) -> T | Problem:
    """Parse and build; a slip at any stage becomes the finding at its own place."""
    line = _Line(at, "\n" in text.strip())
    try:
        return build(_parsed(start, text), line)
    except Slip as slip:
        place = line.place(min(slip.offset, len(text)))
        return Problem(slip.code, place, _one_line(slip.message), _one_line(slip.help))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:TOLD_LENGTH]


def _short(text: str) -> str:
    return _one_line(text)[:40]


@cache
def _parser() -> Any:
    """The parser, built at the first line that is read: it takes longer than reading hundreds of lines."""
    from lark import Lark  # imported here so that commands which read no policy start at once

    grammar = files("policy").joinpath("expression.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", start=["condition", "formula_line", "tests"])


@lru_cache(maxsize=8192)  # rows of a table repeat their lines; a parse tree holds offsets only, no place
def _parsed(start: str, text: str) -> Any:
    from lark.exceptions import UnexpectedInput

    if len(text) > LINE_MAX:
        raise Slip("expression", 0, f"the line has more than {LINE_MAX:_} characters", _SHORTER)
    line_slips.look_through(text)
    try:
        tree = _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise line_slips.explain(error, text, start) from None
    if sum(map(text.count, "+-*/([")) > DEPTH_MAX and _depth(tree) > DEPTH_MAX + 2:
        raise Slip("too-deep", 0, f"the line is nested more than {DEPTH_MAX} levels deep", _SHORTER)
    return tree


def _depth(tree: Any) -> int:
    """Levels of a parse tree, counted without recursion: a hostile line may have a thousand."""
    deepest, open_trees = 0, [(tree, 1)]
    while open_trees:
        node, depth = open_trees.pop()
        deepest = max(deepest, depth)
        open_trees += [(child, depth + 1) for child in getattr(node, "children", ())]
    return deepest


@dataclass(frozen=True, slots=True)
class _Line:
    """The builder of one line's nodes: knows where the line stands."""

    at: Where
    several: bool  # columns cannot be counted in a text over several lines: every place is its beginning

    def place(self, offset: int) -> Where:
        return self.at if self.several else Where(self.at.file, self.at.line, self.at.column + offset)

    def condition(self, tree: Any) -> Condition:
        left, sign, *rest = tree.children
        subject = self.formula(left)
        at = _begin(subject)
        if tree.data == "compare":
            return Comparison(str(sign), subject, self.formula(rest[0]), at)
        if tree.data == "graded":
            return self.graded(subject, rest, at)
        if tree.data in ("is_", "is_not"):
            return self.is_(subject, self.formula(rest[-1]), tree.data == "is_not", at)
        return Membership(subject, self.items(rest[-1]), tree.data == "not_in", at)

    def graded(self, subject: Expr, parts: list[Any], at: Where) -> Comparison:
        """`A or better`, `worse than BBB`, asked of the subject."""
        words = next(part for part in parts if not hasattr(part, "data"))
        grade = next(part for part in parts if hasattr(part, "data"))
        return Comparison("_".join(words.split()), subject, self.formula(grade), at)

    def is_(self, left: Expr, right: Expr, negated: bool, at: Where) -> Condition:
        if isinstance(right, Name) and right.text in STATES:
            return StateTest(left, right.text, negated, at)
        return Comparison("is_not" if negated else "is", left, right, at)

    def items(self, tree: Any) -> tuple[Expr | Interval, ...]:
        if len(tree.children) == 1 and getattr(tree.children[0], "type", "") == "NAME":
            token = tree.children[0]
            return (Name(str(token), self.place(token.start_pos)),)
        return tuple(self.item(child) for child in tree.children if hasattr(child, "data"))

    def item(self, tree: Any) -> Expr | Interval:
        if tree.data != "interval":
            return self.formula(tree)
        opening, low, _, high, closing = tree.children
        return Interval(
            None if low is None else self.formula(low), opening == "[",
            None if high is None else self.formula(high), closing == "]", self.place(opening.start_pos),
        )  # fmt: skip

    def tests(self, tree: Any, subject: Expr) -> Condition:
        first = tree.children[0]
        if tree.data == "always":
            return Block("all", (), self.place(first.start_pos))
        negated = tree.data == "no_test"
        written = [child for child in tree.children if hasattr(child, "data")]
        if all(child.data not in ("half", "half_graded") for child in written):
            items = tuple(self.item(child) for child in written)
            at = items[0].at if not negated else self.place(first.start_pos)
            if len(items) == 1 and not isinstance(items[0], Interval):
                return self.is_(subject, items[0], negated, at)
            return Membership(subject, items, negated, at)
        lines = tuple(self.test(child, subject) for child in written)
        if negated:
            at = self.place(first.start_pos)
            return Block("not", (lines[0] if len(lines) == 1 else Block("any", lines, at),), at)
        return lines[0] if len(lines) == 1 else Block("any", lines, lines[0].at)

    def test(self, tree: Any, subject: Expr) -> Condition:
        if tree.data == "half":
            sign, right = tree.children
            return Comparison(str(sign), subject, self.formula(right), self.place(sign.start_pos))
        if tree.data == "half_graded":
            grade = self.formula(next(part for part in tree.children if hasattr(part, "data")))
            return self.graded(subject, tree.children, grade.at)
        item = self.item(tree)
        if isinstance(item, Interval):
            return Membership(subject, (item,), False, item.at)
        return self.is_(subject, item, False, item.at)

    def formula(self, tree: Any) -> Expr:
        build: Callable[[_Line, list[Any]], Expr] = _BUILD[tree.data]
        return build(self, tree.children)

    def number(self, children: list[Any]) -> Number:
        return _number(str(children[0]), children[0].start_pos, self.place(children[0].start_pos))

    def date(self, children: list[Any]) -> DateLiteral:
        token = children[0]
        try:
            day = datetime.date.fromisoformat(token).toordinal()
        except ValueError:
            raise Slip("date", token.start_pos, f"'{token}' is not in the calendar", "write year-month-day") from None
        return DateLiteral(day, self.place(token.start_pos))

    def name(self, children: list[Any]) -> Name:
        return Name(str(children[0]), self.place(children[0].start_pos))

    def text(self, children: list[Any]) -> Text:
        return Text(str(children[0])[1:-1], self.place(children[0].start_pos))

    def words(self, children: list[Any]) -> Words:
        return Words(" ".join(children[0].split()), self.place(children[0].start_pos))

    def notches(self, children: list[Any]) -> Notches:
        steps = NOTCHES.index(children[0].split()[0]) + 1
        worse = "worse" in children[0].split()
        return Notches(self.formula(children[1]), steps if worse else -steps, self.place(children[0].start_pos))

    def binary(self, children: list[Any]) -> Binary:
        left, sign, right = children
        return Binary(str(sign), self.formula(left), self.formula(right), self.place(sign.start_pos))

    def negate(self, children: list[Any]) -> Negate:
        return Negate(self.formula(children[1]), self.place(children[0].start_pos))

    def inside(self, children: list[Any]) -> Expr:
        return self.formula(children[-2] if len(children) == 3 else children[0])

    def limited(self, children: list[Any]) -> Call:
        left, words, right = children
        start = words.start_pos + re.search(r"at", words).start()  # type: ignore[union-attr]
        function = "min" if words.type == "AT_MOST" else "max"
        return Call(function, (self.formula(left), self.formula(right)), self.place(start))

    def valued(self, children: list[Any]) -> Call:
        left, words, right = children
        start = words.start_pos + words.index("if")
        return Call("if_none", (self.formula(left), self.formula(right)), self.place(start))

    def call(self, children: list[Any]) -> Call:
        token = children[0]
        args = tuple(self.formula(child) for child in children[1:] if hasattr(child, "data"))
        if token.type != "NAME":
            function = "first_known" if token.type == "FIRST_KNOWN" else "stricter"
            return Call(function, args, self.place(token.start_pos))
        if token not in FUNCTIONS:
            raise Slip("unknown-function", token.start_pos, f"'{token}' is not a function of the language",
                       did_you_mean(token, FUNCTIONS, "functions are " + ", ".join(FUNCTIONS)))  # fmt: skip
        fewest, most = FUNCTIONS[token]
        if not fewest <= len(args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise Slip("expression", token.start_pos, f"'{token}' takes {wanted} values, not {len(args)}")
        return Call(str(token), args, self.place(token.start_pos))

    def figure(self, children: list[Any]) -> FigureOf:
        token, name, window, where, if_none = children
        word = token.split()[0]
        list_name, _, field = figure_words.list_of(name).partition(".")
        figure_words.fits(word, name, where is not None)
        return FigureOf(
            word, list_name, field, self.where_lines(where),
            self.place(token.start_pos),
            None if window is None else figure_words.window(window, self.place(window.start_pos)),
            None if if_none is None else self.formula(if_none.children[1]),
        )  # fmt: skip

    def streak(self, children: list[Any]) -> FigureOf:
        words, name, where, breaks = children
        written = streaks.streak(words, name, breaks, self.place(words.start_pos))
        if where is None:
            told = f"'{' '.join(words.split())} {name}' does not say which items are meant"
            raise Slip("expression", name.start_pos, told, f"write {words.split()[-1]} {name} where ...")
        return replace(written, where=self.where_lines(where))

    def where_lines(self, where: Any) -> tuple[Condition, ...]:
        if where is None:
            return ()
        return tuple(self.where_line(child) for child in where.children if hasattr(child, "data"))

    def where_line(self, tree: Any) -> Condition:
        if tree.data != "not_true":
            return self.condition(tree)
        name = self.name(tree.children[1:])
        return Comparison("is", name, Name("false", name.at), name.at)


_BUILD: dict[str, Any] = {
    "number": _Line.number, "date": _Line.date, "name": _Line.name, "text": _Line.text, "words": _Line.words,
    "binary": _Line.binary, "negate": _Line.negate, "inside": _Line.inside, "formula_line": _Line.inside,
    "limited": _Line.limited, "call": _Line.call, "figure": _Line.figure, "streak": _Line.streak,
    "notches": _Line.notches, "valued": _Line.valued,
}  # fmt: skip


def _begin(formula: Expr) -> Where:
    """Where a formula's own text begins: a calculation's place is its sign, which stands later."""
    while isinstance(formula, Binary):
        formula = formula.left
    if isinstance(formula, Call) and formula.args:
        return min(formula.at, _begin(formula.args[0]))
    return formula.at


def _number(text: str, offset: int, at: Where) -> Number:
    """A number as written with its unit in one spelling: `1 month` and `2 months` are both "months"."""
    match = _NUMBER.fullmatch(text)
    assert match is not None, text
    _, whole, decimals, unit = match.groups()
    value = Fraction(int(whole.replace("_", "") + (decimals or "")), 10 ** len(decimals or ""))
    unit = re.sub(r"\s+", " ", unit.replace("%", "% ")).strip()
    if unit.startswith("%"):
        if len(decimals or "") > PERCENT_DECIMALS:
            raise Slip("percent", offset, f"'{text}' has more than {PERCENT_DECIMALS} decimals", "round it")
        value /= 100
    elif unit in ("day", "month", "hour", "year"):
        unit += "s"
    return Number(value, unit, len(decimals or ""), at)
