"""What DMN names and expressions become in the policy language, and the file that grows while they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from policy.dmn.conditions import ALWAYS, NEVER, Condition, Line, scalar, written
from policy.dmn.feel import Scalar
from policy.dmn.findings import Finding, refuse
from policy.problems import Where

DECIMALS_MAX = 12
KINDS = {"number": "ratio", "string": "text", "boolean": "flag", "date": "date"}
RESERVED = frozenset((
    "is", "in", "not", "and", "or", "where", "count", "sum", "first", "stricter", "net", "missing", "known", "none",
    "zero", "unlimited", "true", "false", "tier", "min", "max", "abs", "round", "days_between", "as_of", "measured",
    "always", "any", "all", "null", "yes", "no", "on", "off", "input", "allowed", "excess", "items", "value", "at",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, date, text or flag as a formula; `words` are the texts it may be, where they are known."""

    text: str
    kind: str
    words: tuple[Scalar, ...] = ()
    constant: bool = False

    @property
    def factor(self) -> str:
        """The formula as part of a larger one."""
        return self.text if re.fullmatch(r"[\w.]+", self.text) else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean that is a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Structure:
    """Several values by name."""

    parts: Mapping[str, Term]


@dataclass(frozen=True, slots=True)
class Collected:
    """A list of results: the rows that fit, each a check that fails where its row fits; `empty` is for none."""

    rows: tuple[tuple[str, object], ...]
    empty: object


Term = Amount | Truth | Structure | Collected


@dataclass(slots=True)
class Sheet:
    """The policy so far: facts, named figures, tables and checks in the order in which they may be read."""

    taken: set[str] = field(default_factory=set)
    facts: dict[str, tuple[str, tuple[Scalar, ...]]] = field(default_factory=dict)
    lets: dict[str, str] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def name(self, wanted: str) -> str:
        """A name of the language that is close to a DMN name, and free."""
        base = slug(wanted)
        base = f"{base}_value" if base in RESERVED else base
        found, number = base, 2
        while found in self.taken:
            found, number = f"{base}_{number}", number + 1
        self.taken.add(found)
        return found

    def table(self, wanted: str, rows: Iterable[tuple[Condition, Amount]], source: Where) -> Amount:
        """A first-match table; rows that never fit are left out, rows behind one that always fits too."""
        name, kept, whole = self.name(wanted), [], False
        for condition, value in rows:
            if condition != NEVER and not whole:
                kept.append((condition, value))
                whole = condition == ALWAYS
        kinds = {value.kind for _, value in kept}
        if len(kinds) != 1:
            raise refuse("dmn-not-kept", source, f"'{wanted}' gives values of different types" if kinds
                         else f"no row of '{wanted}' ever fits", "give it one type of value")  # fmt: skip
        self.tables += _table_lines(name, kept, whole, source)
        words = tuple(dict.fromkeys(word for _, value in kept for word in value.words))
        known = all(value.words for _, value in kept)
        return Amount(name, kinds.pop(), words if known else ())

    def figure(self, wanted: str, formula: str, kind: str) -> Amount:
        """A named figure."""
        name = self.name(wanted)
        self.lets[name] = formula
        return Amount(name, kind)

    def text(self, header: Iterable[str]) -> str:
        """The whole file."""
        lines = [*header]
        if self.facts:
            lines.append("facts:")
        for name, (kind, words) in self.facts.items():
            of = f", of: [{', '.join(scalar_in_braces(str(word)) for word in words)}]" if words else ""
            lines.append(f"  {name}: {{kind: {'choice' if words else kind}, from: request{of}}}")
        lines += ["let:", *(f"  {name}: {scalar(formula)}" for name, formula in self.lets.items())] if self.lets else []
        lines += ["tables:", *self.tables] if self.tables else []
        lines += ["checks:", *self.checks] if self.checks else []
        return "\n".join(lines) + "\n"


def _table_lines(name: str, rows: list[tuple[Condition, Amount]], whole: bool, source: Where) -> Iterator[str]:
    yield f"  {name}:  # line {source.line}"
    yield "    rows:"
    for condition, value in rows:
        if condition == ALWAYS:
            yield "      - otherwise: true"
        else:
            yield "      - when:"
            yield from written(condition, "          ")
        yield f"        value: {scalar(value.text)}"
    if not whole:
        yield "    missing: refer"


def scalar_in_braces(text: str) -> str:
    """A word inside a list in braces, always in quotes."""
    return "'" + text.replace("'", "''") + "'"


def slug(name: str) -> str:
    """A DMN name as the language writes names: small letters, digits and _."""
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return found if found[:1].isalpha() else f"named_{found}".rstrip("_")


def literal(value: Scalar, where: Where) -> Amount:
    """A constant as the language writes it. Raises: Refused."""
    if value is None:
        raise refuse("dmn-not-kept", where, "null stands as a result", "leave the row out, or say what holds then")
    if isinstance(value, bool):
        return Amount("true" if value else "false", "boolean", constant=True)
    if isinstance(value, Fraction):
        return Amount(_decimal(value, where), "number", constant=True)
    if isinstance(value, str):
        return Amount(_quoted(value, where), "string", (value,), constant=True)
    return Amount(value.isoformat(), "date", constant=True)


def _decimal(value: Fraction, where: Where) -> str:
    for digits in range(DECIMALS_MAX + 1):
        scaled = value * 10**digits
        if scaled.denominator == 1 and abs(value) < 10**15:
            text = str(abs(scaled.numerator)).rjust(digits + 1, "0")
            return ("-" if scaled < 0 else "") + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)
    raise refuse("dmn-not-kept", where, "a number has too many digits to be written exactly", "write it shorter")


def _quoted(text: str, where: Where) -> str:
    sign = next((sign for sign in "\"'" if sign not in text), "")
    if not sign or not text.isprintable() or not text.strip() or text != " ".join(text.split()):
        raise refuse("dmn-not-kept", where, f"the text '{' '.join(text.split())[:40]}' cannot be written in one line",
                     "use one kind of quotes, and no blanks at its ends")  # fmt: skip
    return f"{sign}{text}{sign}"


def condition_of(term: Term, where: Where) -> Condition:
    """A boolean as a condition. Raises: Refused for anything else."""
    if isinstance(term, Truth):
        return term.condition
    if isinstance(term, Amount) and term.kind == "boolean":
        if term.constant:
            return ALWAYS if term.text == "true" else NEVER
        return Line(term.text, "is", "true")
    raise refuse("dmn-not-kept", where, "something that is neither true nor false stands as a condition",
                 "compare it with a value")  # fmt: skip
