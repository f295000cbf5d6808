"""Formulas and conditions as an officer may write them, made by chance and always of the kind that was asked for.

Texts are raw YAML: whoever puts them into a document adds no quotes. Thresholds come from short lists, so that facts
made for a document often hit one exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

Condition = Any  # a line, a list of conditions, or a block of one key
AMOUNTS = (0, 1, 100, 250, 333, 1_000, 5_000, 20_000)
WHOLE = {"count": (0, 1, 3, 35, 60, 80), "days": (0, 1, 5, 15, 30), "months": (0, 6, 12, 24), "hours": (0, 24, 48)}
PERCENTS = ("0%", "10%", "30%", "33.333333%", "50%", "90%", "100%", "7.5%")
RATIOS = ("0", "0.5", "0.9", "1", "1.25", "2")
DATES = ("2026-01-31", "2026-02-28", "2024-02-29", "2026-03-01", "2026-12-31")
TERMS = ("net 30", "net 60", "net 45", "2/10 net 30", "prepaid")
TYPES = ("company", "school", "government", "hospital", "person")
COUNTRIES = ("DE", "CU", "IR", "CN")
NUMERIC = ("money", "percent", "ratio", "count", "days", "months", "hours", "date", "limit")
WORDS = ("choice", "text", "terms")
SIMPLE = {"percent": ("10%", "30%"), "ratio": ("0.5", "1", "2")}  # the only shares that a share is added to
SIGNS = ("<", "<=", ">", ">=", "is", "is not")


class Formulas:
    """Writes formulas over the names that may be read so far; sections add the names they give."""

    def __init__(self, random: Random, currency: str, digits: int) -> None:
        self.random, self.currency, self.digits = random, currency, digits
        self.names: dict[str, list[str]] = {kind: [] for kind in (*NUMERIC, *WORDS, "flag", "number", "rate")}
        self.words: dict[str, tuple[str, ...]] = {}
        self.granted: list[str] = []  # limits that may be none
        self.lists: list[tuple[str, tuple[str, ...]]] = []  # a word list, and the names that may be in it
        self.wide: set[str] = set()  # names of products and quotients, which may not be multiplied once more
        self._more: dict[str, list[Callable[[int], str]]] = {
            "money": [self._share_of_money, self._share_of_money, self._money_part],
            "percent": [lambda depth: f"({self.number()} * {self.narrow('percent', depth)})"],
            "ratio": [self._quotient, self._quotient, self._mixed_share],
            "count": [lambda depth: f"({self.literal('percent', True)} * {self.narrow('count', depth)})"],
            "days": [self._between],
            "limit": [self._limit],
        }

    def literal(self, kind: str, unit: bool = False) -> str:
        """A written value; with `unit` one that says its kind by itself, where its kind has a unit."""
        r = self.random
        if kind in ("money", "limit"):
            decimals = r.choice(("", "", "", ".5", ".01"))[: self.digits + 1] if self.digits else ""
            foreign = f" {r.choice(('USD', 'JPY'))}" if unit and r.random() < 0.06 else ""
            if foreign == " JPY":
                decimals = ""
            return f"{r.choice(AMOUNTS):_}{decimals}" + (foreign or f" {self.currency}" if unit or foreign else "")
        if kind in WHOLE:
            value, long = r.choice(WHOLE[kind]), unit or r.random() < 0.5
            if kind == "months" and long and value % 12 == 0 and r.random() < 0.3:
                return f"{value // 12} years"
            return f"{value} {kind}" if long and kind != "count" else str(value)
        if kind in WORDS:
            return r.choice({"choice": TYPES, "text": COUNTRIES, "terms": TERMS}[kind])
        return r.choice({"percent": PERCENTS, "ratio": RATIOS, "date": DATES, "flag": ("true", "false")}[kind])

    def number(self) -> str:
        """A bare number that is no amount of anything."""
        return self.random.choice(["2", "0.5", "3", *self.names["number"]])

    def atom(self, kind: str) -> str:
        """A name of this kind, now and then a literal."""
        names = self.names[kind]
        if kind == "limit":
            return self.random.choice([*names, "unlimited", f"stricter of [{self.random.choice(self.granted)}, "
                                       f"{self.literal('money', True)}]"])  # fmt: skip
        if not names or (kind not in ("ratio", "count") and self.random.random() < 0.12):
            return self.literal(kind, True)
        return self.random.choice(names)

    def is_wide(self, text: str) -> bool:
        """Whether a formula multiplies or divides: then its numbers are too long to be multiplied once more."""
        words = re.findall(r"[\w.]+", text)
        return bool(set("*/") & set(text)) or words.count("customer.own_percent") > 1 or bool(self.wide & {*words})

    def name(self, kind: str, name: str, formula: str) -> None:
        """A named formula, to be read like any other name from now on."""
        self.names[kind].append(name)
        if self.is_wide(formula):
            self.wide.add(name)

    def narrow(self, kind: str, depth: int = 0) -> str:
        """A formula that may stand in a product, a quotient, or beside another long number in a sum."""
        for _ in range(8):
            found = self.formula(kind, depth)
            if not self.is_wide(found):
                return found
        return self.literal(kind, True)

    def formula(self, kind: str, depth: int) -> str:
        """A formula of a numeric kind."""
        r = self.random
        if depth <= 0 or r.random() < 0.35:
            return self.atom(kind)
        if kind == "date":
            return self._moved(depth - 1)
        ways = [self._sum, self._between_two, self._first_known, self._turned] if kind != "limit" else []
        return r.choice([lambda way=way: way(kind, depth - 1) for way in ways]
                        + [lambda way=way: way(depth - 1) for way in self._more.get(kind, ())])()  # fmt: skip

    def _sum(self, kind: str, depth: int) -> str:
        right = self.narrow(kind, depth) if kind not in SIMPLE else self.random.choice(SIMPLE[kind])
        if kind in ("count", "days", "months", "hours") and self.random.random() < 0.3:
            right = self.literal(kind)
        return f"({self.formula(kind, depth)} {self.random.choice('+-')} {right})"

    def _between_two(self, kind: str, depth: int) -> str:
        one, two = self.formula(kind, depth), self.literal(kind, self.random.random() < 0.5)
        if self.random.random() < 0.5:
            two = self.narrow(kind, depth)
        return self.random.choice((f"min({one}, {two})", f"max({one}, {two})", f"({one}, at most {two})",
                                   f"({one}, at least {two})"))  # fmt: skip

    def _first_known(self, kind: str, depth: int) -> str:
        last = self.literal(kind) if self.random.random() < 0.5 else self.narrow(kind)
        return f"first known of [{self.formula(kind, depth)}, {last}]"

    def _turned(self, kind: str, depth: int) -> str:
        turns = ("abs({})", "(-{})", "round({})") if kind == "money" else ("abs({})", "(-{})")
        return self.random.choice(turns).format(self.formula(kind, depth))

    def _share_of_money(self, depth: int) -> str:
        share = self.random.choice((self.narrow("percent"), self.narrow("count"), "customer.own_ratio", "1.5"))
        pair = [share, self.narrow("money", depth)]
        self.random.shuffle(pair)
        product = f"({pair[0]} * {pair[1]})"
        return f"round{product}" if self.random.random() < 0.3 else product

    def _money_part(self, depth: int) -> str:
        divisor = self.random.choice((self.narrow("count"), "customer.own_percent", "4"))
        return f"({self.narrow('money', depth)} / {divisor})"

    def _quotient(self, depth: int) -> str:
        limits = [name for name in self.names["limit"] if name not in self.wide]
        if limits and self.random.random() < 0.3:
            return f"({self.narrow('money', depth)} / {self.random.choice(limits)})"
        kind = self.random.choice(("money", "money", "days", "count"))
        return f"({self.narrow(kind, depth)} / {self.narrow(kind)})"

    def _mixed_share(self, depth: int) -> str:
        sign = self.random.choice("+-*")
        return f"({self.literal('percent', True)} {sign} {self.atom('ratio')})"

    def _between(self, depth: int) -> str:
        one, two = self.formula("date", depth), self.formula("date", 0)
        return self.random.choice((f"({one} - {two})", f"days_between({one}, {two})"))

    def _moved(self, depth: int) -> str:
        """Dates move by written numbers, now and then by a fact, which may lead out of the calendar."""
        if self.random.random() < 0.2:
            return f"first known of [{self.formula('date', depth)}, {self.atom('date')}]"
        months = self.names["months"]
        known = self.random.choice(months) if months and self.random.random() < 0.15 else ""
        step = known or self.literal(self.random.choice(("days", "months")), True)
        return f"({self.formula('date', depth)} {self.random.choice('+-')} {step})"

    def _limit(self, depth: int) -> str:
        if self.names["limit"] and self.random.random() < 0.4:
            return f"({self.random.choice(self.names['limit'])} - {self.narrow('money', depth)})"
        money = f"min({self.formula('money', depth)}, {self.literal('money')})"  # below "unlimited", whatever it is
        stricter = f"stricter of [{self.random.choice(self.granted)}, {money}]"
        if_none = f"({self.random.choice(self.granted)}, if none {self.literal('money')})"
        return self.random.choice((f"min({money}, unlimited)", stricter, if_none))

    def line(self) -> str:
        """One test in one line."""
        r = self.random
        kind = r.choice((*NUMERIC, "money", "money", "count", "choice", "choice", "text", "terms", "flag", "state"))
        if kind == "state":
            return self._state()
        if kind == "flag":
            return f"{r.choice(self.names['flag'])} is {r.choice(('', 'not '))}{r.choice(('true', 'false'))}"
        if kind in WORDS:
            return self._word_line(kind)
        left = self.formula(kind, r.choice((0, 0, 0, 1, 2)))
        if r.random() < 0.25 and kind != "limit":
            return f"{left} {r.choice(('in', 'in', 'not in'))} {self.numbers(kind)}"
        if left[:1].isdigit() and kind in ("money", "percent", "limit"):  # a literal on the left says its kind
            return f"{left} {r.choice(SIGNS)} {self.atom(kind)}"
        right = self.literal(kind) if r.random() < 0.7 else self.formula(kind, 1)
        return f"{left} {r.choice(SIGNS)} {right}"

    def _state(self) -> str:
        r = self.random
        if r.random() < 0.35:
            names = [*self.granted, *self.names["limit"]]
            return f"{r.choice(names)} is {r.choice(('', 'not '))}{r.choice(('none', 'zero', 'unlimited', 'missing'))}"
        kind = r.choice([kind for kind, names in self.names.items() if names and kind not in ("number", "rate")])
        words = ("missing", "known") if kind in (*WORDS, "flag", "date") else ("missing", "known", "zero")
        return f"{r.choice(self.names[kind])} is {r.choice(('', 'not '))}{r.choice(words)}"

    def _word_line(self, kind: str) -> str:
        r = self.random
        name = r.choice(self.names[kind])
        lists = [listed for listed, names in self.lists if name in names]
        if lists and r.random() < 0.5:
            return f"{name} {r.choice(('in', 'not in'))} {r.choice(lists)}"
        words = self.words[name]
        if r.random() < 0.4:
            some = r.sample(words, r.randrange(1, min(3, len(words)) + 1))
            return f"{name} {r.choice(('in', 'not in'))} [{', '.join(some)}]"
        return f"{name} is {r.choice(('', 'not '))}{r.choice(words)}"

    def interval(self, kind: str, write: Callable[[str], str] | None = None) -> str:
        """`[5..9)`, an end left out now and then."""
        r = self.random
        ends = [(write or self.literal)(kind) for _ in range(2)]
        ends[r.randrange(2)] = r.choice((ends[0], ends[1], ""))
        low, high = ends if any(ends) else (self.literal(kind), "")
        return f"{r.choice('[(')}{low}..{high}{r.choice('])')}"

    def numbers(self, kind: str) -> str:
        """What stands behind `in`: points and intervals, sometimes with formulas as points or ends."""
        r = self.random

        def end(kind: str) -> str:
            return self.atom(kind) if r.random() < 0.15 else self.literal(kind)

        if r.random() < 0.4:
            return self.interval(kind, end)
        items = [self.interval(kind, end) if r.random() < 0.4 else end(kind) for _ in range(r.randrange(1, 4))]
        return f"[{', '.join(items)}]"

    def quoted(self) -> tuple[str, str]:
        """A name and quoted tests on it: the mapping form."""
        r = self.random
        kind = r.choice(("money", "count", "days", "percent", "choice", "text"))
        name = r.choice(self.names[kind])
        if kind in WORDS:
            some = ", ".join(r.sample(self.words[name], min(2, len(self.words[name]))))
            return name, r.choice((some, f"not({some})", some.split(",")[0], "-"))
        two = f"< {self.literal(kind)}, > {self.literal(kind)}"
        plain = (self.interval(kind), f">= {self.literal(kind)}", self.literal(kind), two)
        return name, r.choice((*plain, f"not({r.choice(plain)})", "-"))

    def condition(self, depth: int = 1) -> Condition:
        """Anything that may stand behind `when:`."""
        r = self.random
        if depth <= 0 or r.random() < 0.45:
            return self.line()
        way = r.randrange(6)
        if way == 0:
            pairs = dict(self.quoted() for _ in range(r.randrange(1, 3)))
            return {name: f'"{tests}"' for name, tests in pairs.items()}
        if way == 1:
            return {"not": self.line()}
        parts = [self.condition(depth - 1) for _ in range(r.randrange(1, 4))]
        return parts if way in (2, 3) else {r.choice(("any", "any", "all")): parts}
