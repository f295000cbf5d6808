"""FEEL text to its tree: a reader that goes down by precedence and knows the model's names, longest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from typing import TypeVar

from policy.dmn.feel import (
    Arithmetic,
    Choice,
    Compared,
    Expression,
    FeelError,
    Half,
    Invoked,
    Joined,
    Listed,
    Literal,
    Negative,
    Range,
    Scalar,
    Tested,
    Tests,
    Variable,
)  # fmt: skip

LENGTH_MAX = 10_000
DEPTH_MAX = 40
SIGNS_MAX = 200  # a sum of a thousand parts is a tree a thousand deep
Found = TypeVar("Found")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3})?(?!\w))|(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<sign>\*\*|\.\.|<=|>=|!=|[-+*/<>=(),\[\].])|(?P<word>[^\W\d][\w']*)|(?P<end>$))""", re.VERBOSE | re.DOTALL
)  # fmt: skip
_WORDS = ("if", "then", "else", "and", "or", "in", "between", "true", "false", "null", "not", "date")
_FOREIGN = ("for", "some", "every", "return", "satisfies", "function", "instance", "external")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'", "/": "/"}
_COMPARE = ("=", "!=", "<", "<=", ">", ">=")


def read_expression(text: str, names: Iterable[str] = ()) -> Expression:
    """An expression such as `(p * r / 12) + fee`. Raises: FeelError."""
    return _whole(text, names, _Reader.expression)


def read_tests(text: str, names: Iterable[str] = ()) -> Tests:
    """A cell of a table such as `>= 18`, `[60..80)`, `"A", "B"`, `not(null)` or `-`. Raises: FeelError."""
    return _whole(text, names, _Reader.cell)


def _whole(text: str, names: Iterable[str], read: Callable[[_Reader], Found]) -> Found:
    if len(text) > LENGTH_MAX:
        raise FeelError(f"it has more than {LENGTH_MAX:_} characters", 0)
    reader = _Reader(text, names)
    found = read(reader)
    if reader.kind != "end":
        raise FeelError(f"'{reader.told()}' is not expected here", reader.start)
    return found


class _Reader:
    """One text, read from left to right, one word ahead."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        spelled = sorted({name for name in names if name.strip()}, key=len, reverse=True)
        parts = [r"\s+".join(re.escape(part) for part in name.split()) for name in spelled]
        self.names = re.compile(r"\s*(?P<name>" + "|".join(parts) + r")(?![\w'])") if parts else None
        self.text, self.offset, self.depth, self.signs = text, 0, 0, 0
        self.kind, self.value, self.start = "end", "", 0
        self.advance()

    def advance(self) -> None:
        """Read the next word: a known name wins where it is the longest."""
        token = _TOKEN.match(self.text, self.offset)
        name = self.names.match(self.text, self.offset) if self.names else None
        if name is not None and (token is None or name.end() > token.end() or self._is_name(token)):
            self.kind, self.value, match = "name", " ".join(name["name"].split()), name
            self.start = name.start("name")
        elif token is None:
            at = self.offset + len(self.text[self.offset :]) - len(self.text[self.offset :].lstrip())
            raise FeelError(f"'{self.text[at : at + 20]}' cannot be read", at)
        else:
            self.kind, match = str(token.lastgroup), token
            self.value, self.start = token[self.kind], token.start(self.kind)
        self.offset = match.end()

    def _is_name(self, token: re.Match[str]) -> bool:
        return token.lastgroup == "word" and token["word"] not in (*_WORDS, *_FOREIGN)

    def operator(self, *values: str) -> str:
        """A sign of a calculation, counted."""
        found = self.taken(*values)
        self.signs += bool(found)
        if self.signs > SIGNS_MAX:
            raise FeelError(f"it has more than {SIGNS_MAX} signs", self.start)
        return found

    def told(self) -> str:
        return self.value[:20] or "the end"

    def taken(self, *values: str) -> str:
        """The word here if it is one of these, and step over it; else nothing."""
        if self.kind in ("sign", "word") and self.value in values:
            found = self.value
            self.advance()
            return found
        return ""

    def wanted(self, value: str) -> None:
        if not self.taken(value):
            raise FeelError(f"'{value}' is missing before '{self.told()}'", self.start)

    def cell(self) -> Tests:
        if self.kind == "sign" and self.value == "-" and not self.text[self.offset :].strip():
            self.advance()
            return Tests(())
        before = (self.kind, self.value, self.start, self.offset)
        if self.taken("not") and self.taken("("):
            tests = self._tests()
            self.wanted(")")
            if self.kind == "end":
                return Tests(tests, negated=True)
            self.kind, self.value, self.start, self.offset = before
        elif self.start != before[2]:
            self.kind, self.value, self.start, self.offset = before
        return Tests(self._tests())

    def _tests(self) -> tuple[Range | Half, ...]:
        found = [self._test()]
        while self.taken(","):
            found.append(self._test())
        return tuple(found)

    def _test(self) -> Range | Half:
        op = self.taken(*_COMPARE)
        if op:
            return Half(op, self._sum())
        return self._range() or Half("=", self.expression())

    def _range(self) -> Range | None:
        """An interval, None where a list or an expression in parentheses stands instead."""
        before, depth = (self.kind, self.value, self.start, self.offset), self.depth
        opening = self.taken("[", "(", "]")
        if opening:
            try:
                low = self._sum()
                if self.taken(".."):
                    high = self._sum()
                    closing = self.taken("]", ")", "[")
                    if closing:
                        return Range(low, opening == "[", high, closing == "]")
            except FeelError:
                if opening == "]":
                    raise
            (self.kind, self.value, self.start, self.offset), self.depth = before, depth
        return None

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise FeelError(f"it is nested more than {DEPTH_MAX} levels deep", self.start)
        found = self._choice() if self.taken("if") else self._joined("or")
        self.depth -= 1
        return found

    def _choice(self) -> Expression:
        condition = self.expression()
        self.wanted("then")
        yes = self.expression()
        self.wanted("else")
        return Choice(condition, yes, self.expression())

    def _joined(self, op: str) -> Expression:
        below: Callable[[], Expression] = self._compared if op == "and" else lambda: self._joined("and")
        parts = [below()]
        while self.taken(op):
            parts.append(below())
        return parts[0] if len(parts) == 1 else Joined(op, tuple(parts))

    def _compared(self) -> Expression:
        left = self._sum()
        op = self.taken(*_COMPARE)
        if op:
            return Compared(op, left, self._sum())
        if self.taken("between"):
            low = self._sum()
            self.wanted("and")
            return Tested(left, Tests((Range(low, True, self._sum(), True),)))
        if self.taken("in"):
            return Tested(left, Tests(self._members()))
        return left

    def _members(self) -> tuple[Range | Half, ...]:
        single = self._range()
        if single is not None:
            return (single,)
        if self.taken("("):
            tests = self._tests()
            self.wanted(")")
            return tests
        return (self._test(),)

    def _sum(self) -> Expression:
        found = self._product()
        while op := self.operator("+", "-"):
            found = Arithmetic(op, found, self._product())
        return found

    def _product(self) -> Expression:
        found = self._power()
        while op := self.operator("*", "/"):
            found = Arithmetic(op, found, self._power())
        return found

    def _power(self) -> Expression:
        found = self._negative()
        while self.operator("**"):
            found = Arithmetic("**", found, self._negative())
        return found

    def _negative(self) -> Expression:
        signs = 0
        while self.operator("-"):
            signs += 1
        found = self._atom()
        for _ in range(signs):
            found = Negative(found)
        return found

    def _atom(self) -> Expression:
        kind, value, start = self.kind, self.value, self.start
        if kind == "number":
            self.advance()
            return Literal(Fraction(value))
        if kind == "text":
            self.advance()
            return Literal(_unescaped(value[1:-1], start))
        if kind in ("word", "name"):
            return self._named(kind, value, start)
        if self.taken("("):
            found = self.expression()
            self.wanted(")")
            return found
        if self.taken("["):
            return Listed(self._arguments("]"))
        raise FeelError(f"'{self.told()}' stands where a value is wanted", start)

    def _named(self, kind: str, value: str, start: int) -> Expression:
        if kind == "word" and value in _FOREIGN:
            raise FeelError(f"'{value}' is not kept", start, foreign=True)
        self.advance()
        if kind == "word" and value in ("true", "false", "null"):
            constants: dict[str, Scalar] = {"true": True, "false": False, "null": None}
            return Literal(constants[value])
        if kind == "word" and value in _WORDS[:7]:
            raise FeelError(f"'{value}' stands where a value is wanted", start)
        while kind == "word" and self.kind == "word" and self.value not in _WORDS:  # "string length", not known as name
            value = f"{value} {self.value}"
            self.advance()
        if self.taken("("):
            arguments = self._arguments(")")
            return _date(arguments, start) if value == "date" else Invoked(value, arguments)
        path = [value]
        while self.taken("."):
            if self.kind not in ("word", "name"):
                raise FeelError(f"'{self.told()}' stands where a component is wanted", self.start)
            path.append(self.value)
            self.advance()
        if self.kind == "sign" and self.value == "[":
            raise FeelError("a filter [ ] is not kept", self.start, foreign=True)
        return Variable(tuple(path))

    def _arguments(self, closing: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self.taken(closing):
            if found:
                self.wanted(",")
            found.append(self.expression())
        return tuple(found)


def _date(arguments: tuple[Expression, ...], start: int) -> Expression:
    if len(arguments) == 1 and isinstance(arguments[0], Literal) and isinstance(arguments[0].value, str):
        try:
            return Literal(date.fromisoformat(arguments[0].value))
        except ValueError:
            return Literal(None)  # as FEEL says of a text that is no date
    raise FeelError("date( ) of anything but a written text is not kept", start, foreign=True)


def _unescaped(text: str, start: int) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1][0] in "uU" and len(match[1]) > 1:
            return chr(int(match[1][1:], 16))
        if match[1] not in _ESCAPES:
            raise FeelError(f"'\\{match[1]}' is no sign of a text", start)
        return _ESCAPES[match[1]]

    return re.sub(r"\\(u[0-9a-fA-F]{4}|U0[0-9a-fA-F]{5}|.)", one, text, flags=re.DOTALL)
