"""Programs made by hand and by chance, with facts to match: what the engines' tests run without any policy text."""

from __future__ import annotations

# isort: off
from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Calc, Check, Collect, Compare, Const, Fact, First, Fold, In, Logic, Node, Program, Round, Row
from policy.program import Lift, Span, Wording
from policy.vocabulary import FactDeclaration, TermsLiteral
from rules.outcome import Missing

F = Fraction
KIND_OF = {
    "order.amount": "money", "order.prepaid": "money", "order.requested_terms": "terms", "account.exposure": "money",
    "account.overdue_days": "days", "limit.granted": "limit", "customer.score": "count", "customer.months": "months",
    "customer.revenue": "money", "customer.worth": "money", "customer.country": "choice", "customer.rating": "choice",
    "customer.insolvent": "flag", "cover.insured": "flag", "cover.share": "percent", "customer.leverage": "ratio",
    "placed_on": "date", "deliver_by": "date", "invoices.late": "count", "invoices.open": "money",
}  # fmt: skip
FIGURES = ("invoices.late", "invoices.open")
DENYING = ("customer.insolvent", "customer.score", "invoices.open")
DAY = date(2026, 1, 31).toordinal()
THRESHOLDS: dict[str, tuple[Any, ...]] = {
    "money": (0, 100, 250, 333, 1000, 5000), "count": (0, 3, 35, 55, 80), "days": (0, 5, 15, 30), "months": (0, 6, 12),
    "limit": (0, 500, 5000, UNLIMITED, NO_LIMIT), "percent": (F(0), F(1, 3), F(3, 10), F(9, 10), F(1)),
    "ratio": (F(0), F(1, 2), F(9, 10), F(5, 4), F(2)), "date": (DAY, DAY + 1, DAY + 28, DAY + 60),
    "choice": ("A", "B", "C", "DE", "RU"), "terms": ("net 30", "net 60", "prepaid", "2/10 net 30"),
    "flag": (True, False),
}  # fmt: skip
NET_DAYS = {"net 30": 30, "net 60": 60, "net 90": 90, "2/10 net 30": 30, "prepaid": 0}
TERMS = {text: TermsLiteral(text, days, text[0] == "n", text[0] == "p") for text, days in NET_DAYS.items()}
ASKED = ("net 7", "net 30", "net 45", "net 060", "net 61", "net 90", "2/10 net 30", "prepaid", "net x", "cash")
NUMBERS = ("money", "count", "days", "months", "limit", "percent", "ratio", "date")
OPPOSITE = {"at_most": ">", "at_least": "<", "below": ">=", "above": "<=", "is": "!="}


class Builder:
    """Collects nodes; every method answers the index of the node it made."""
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.tables: dict[str, int] = {}

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def const(self, kind: str, value: Any) -> int:
        return self.add(Const(kind, value))

    def fact(self, name: str) -> int:
        return self.add(Fact(name, KIND_OF[name], "figure" if name in FIGURES else "fact"))

    def output(self, table: str, name: str, kind: str) -> int:
        return self.add(Fact(name, kind, table))

    def calc(self, op: str, *args: int, kind: str = "money") -> int:
        return self.add(Calc(op, args, kind))

    def compare(self, left: int, op: str, right: int) -> int:
        return self.add(Compare(op, left, right))

    def test(self, name: str, op: str, value: Any) -> int:
        return self.compare(self.fact(name), op, self.const(KIND_OF[name], value))

    def all(self, *args: int) -> int:
        return self.add(Logic("and", args))

    def any(self, *args: int) -> int:
        return self.add(Logic("or", args))

    def no(self, arg: int) -> int:
        return self.add(Logic("not", (arg,)))

    def first(self, name: str, outputs: tuple[str, ...], *rows: tuple[int, tuple[int, ...]]) -> int:
        self.tables[name] = self.add(First(name, outputs, tuple(Row(when, outs) for when, outs in rows)))
        return self.tables[name]

    def measured(self, name: str, measure: int, op: str, allowed: int, verdict: str, applies: int = -1) -> Check:
        return Check(name, self.compare(measure, OPPOSITE[op], allowed), verdict, applies, measure, op, allowed)

    def program(self, checks: tuple[Check, ...], **sections: int) -> Program:
        """The whole Program; `sections` are the fields of Fold, and the tables of that name are found by themselves."""
        collect = self.add(Collect(checks))
        found = {n: self.tables[n] for n in ("tiers", "limits", "terms", "security", "authority") if n in self.tables}
        for name in ("amount", "prepaid", "requested_terms"):
            sections.setdefault(name, self.fact(f"order.{name}"))
        fold = self.add(Fold(collect, **(found | sections)))
        facts = {n: FactDeclaration(n, k, missing="deny" if n in DENYING else "refer") for n, k in KIND_OF.items()}
        return Program(
            "made", "CNY", 2, "Asia/Shanghai", "tests", tuple(self.nodes), facts, (), self.tables, {}, TERMS,
            ("A", "B", "C"), ("analyst", "manager", "cfo"), (), fold, Wording(),
        )  # fmt: skip


def credit_program() -> Program:
    """Three tiers by score and days overdue; thresholds 35 and 80 points, 15 and 30 days, the limit itself."""
    b = Builder()
    tier = [b.const("choice", name) for name in "ABC"]
    b.first("tiers", ("tier",),
            (b.all(b.test("customer.score", ">=", 80), b.test("account.overdue_days", "<=", 15)), (tier[0],)),
            (b.all(b.test("customer.score", ">=", 35), b.test("account.overdue_days", "<", 30)), (tier[1],)),
            (b.all(), (tier[2],)))  # fmt: skip
    is_tier = [b.compare(b.output("tiers", "tier", "choice"), "=", name) for name in tier]
    share = b.calc("multiply", b.const("percent", F(1, 30)), b.fact("customer.revenue"))
    limit = b.add(Round(b.calc("min", share, b.const("money", 9000)), F(1), "half_even", "limit"))
    fixed = [b.const("limit", amount) for amount in (5000, 0)]
    b.first("limits", ("policy",), (is_tier[0], (limit,)), (is_tier[1], (fixed[0],)), (b.all(), (fixed[1],)))
    effective = b.calc("stricter", b.fact("limit.granted"), b.output("limits", "policy", "limit"), kind="limit")
    offers = [b.const("offers", offer) for offer in (("net 60", "2/10 net 30"), ("net 30",), ("prepaid", "net 30"))]
    longest = [b.const("terms", text) for text in ("net 90", "net 60", "net 30")]
    b.first("terms", ("offer", "longest"), *((is_tier[n], (offers[n], longest[n])) for n in range(3)))
    whole = F(1)
    security = (((), (("prepayment", F(3, 10)), ("letter_of_credit", F(7, 10))), (("bank_guarantee", whole),)),
                ((("prepayment", whole),), (("letter_of_credit", whole),)))  # fmt: skip
    needs = [b.const("security", ()), b.const("security", security[0][1:]), b.const("security", security[1])]
    b.first("security", ("security",), *((is_tier[n], (needs[n],)) for n in range(3)))
    amount, exposure = b.fact("order.amount"), b.fact("account.exposure")
    after = b.calc("add", exposure, amount)
    used = b.calc("money_over_limit", after, effective, kind="ratio")
    checks = (
        b.measured("over_limit", after, "at_most", effective, "refer", b.compare(amount, ">", b.const("money", 0))),
        b.measured("use", used, "at_most", b.const("ratio", F(9, 10)), "warn"),
        Check("insolvent", b.compare(b.fact("customer.insolvent"), "=", b.const("flag", True)), "hard_stop"),
        Check("embargo", b.add(In(b.fact("customer.country"), ("RU", "BY"))), "deny"),
        Check("new", b.all(b.test("customer.months", "<", 12), b.any(b.add(In(b.fact("limit.granted"), missing=True)),
              b.test("order.amount", ">", 1000))), "refer"),
    )  # fmt: skip
    roles = [b.const("text", role) for role in ("analyst", "cfo")]
    b.first("authority", ("release",), (b.test("order.amount", "<=", 5000), (roles[0],)), (b.all(), (roles[1],)))
    return b.program(checks, limit_effective=effective)


class RandomProgram(Builder):
    """Every node kind by chance, thresholds that facts hit exactly, tables that read earlier tables."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.readable: list[tuple[str, str, str]] = []  # table, output, kind

    def number(self, kind: str, depth: int) -> int:
        """An expression of this kind; at depth 0 a fact, an output of an earlier table, or now and then a constant."""
        r = self.random
        if depth <= 0 or r.random() < 0.35:
            outputs = [(table, name) for table, name, has in self.readable if has == kind]
            if outputs and r.random() < 0.5:
                return self.output(*r.choice(outputs), kind)
            fact = r.choice([name for name, has in KIND_OF.items() if has == kind])
            return self.fact(fact) if r.random() < 0.85 else self.const(kind, self.threshold(kind))
        return self.sum(kind, depth)

    def read(self, kind: str) -> int:
        return self.number(kind, 2 if kind in NUMBERS else 0)

    def sum(self, kind: str, depth: int) -> int:
        r = self.random
        a, b = self.number(kind, depth - 1), self.number(kind, depth - 1)
        if kind == "date":
            op, unit = r.choice((("add_months", "months"), ("add_days", "days")))
            return self.calc(op, a, self.const(unit, r.choice((-13, -1, 1, 6, 12, 30))), kind=kind)
        if kind == "limit":
            other = self.number("money", depth - 1)
            return r.choice([
                lambda: self.calc(r.choice(("stricter", "first_known")), a, b, kind=kind),
                lambda: self.calc("none_as_zero", a, kind=kind), lambda: self.calc("limit_minus", a, other, kind=kind),
            ])()  # fmt: skip
        choices = [
            lambda: self.calc(r.choice(("add", "subtract", "min", "max", "first_known")), a, b, kind=kind),
            lambda: self.calc(r.choice(("negate", "abs")), a, kind=kind),
        ]
        if kind == "money":
            share = self.number(r.choice(("percent", "ratio")), depth - 1)
            products = (("multiply", a, share), ("multiply", share, a), ("divide", a, share))
            choices += [lambda: self.calc(*r.choice(products), kind=kind)] * 2
            step, mode = r.choice((F(1), F(2), F(1, 4), F(500))), r.choice(("half_even", "half_up", "floor", "ceil"))
            choices += [lambda: self.add(Round(choices[2](), step, mode, kind))]
        if kind in ("percent", "ratio"):
            top, under = self.number("money", depth - 1), self.number("money", depth - 1)
            limit = self.number("limit", 0)
            shares = (("divide", top, under), ("money_over_limit", top, limit))
            choices += [lambda: self.calc(*r.choice(shares), kind=kind)] * 2
        if kind == "days":
            choices += [lambda: self.calc("days_between", self.number("date", 1), self.number("date", 0), kind=kind)]
        return r.choice(choices)()

    def threshold(self, kind: str) -> Any:
        return self.random.choice(THRESHOLDS[kind])

    def within(self, kind: str, arg: int) -> int:
        r = self.random
        points = tuple(self.threshold(kind) for _ in range(r.randrange(3)))
        spans = []
        for _ in range(r.randrange(3) if kind in NUMBERS else 0):
            low, high = sorted((self.threshold(kind), self.threshold(kind)))
            low, high = r.choice((low, low, None)), r.choice((high, high, None))
            spans.append(Span(low, r.random() < 0.5, high, r.random() < 0.5))
        return self.add(In(arg, points, tuple(spans), r.random() < 0.3, r.random() < 0.15))

    def leaf(self) -> int:
        """One test."""
        r = self.random
        kind = r.choice((*NUMBERS, "money", "count", "choice", "choice", "flag", "terms"))
        if kind == "flag" and r.random() < 0.4:
            return self.fact(r.choice(("customer.insolvent", "cover.insured")))
        arg = self.number(kind, r.choice((0, 0, 1, 2)) if kind in NUMBERS else 0)
        if r.random() < 0.3:
            return self.within(kind, arg)
        op = r.choice(("=", "!=", "<", "<=", ">", ">=") if kind in NUMBERS else ("=", "!="))
        measured = r.random() < 0.2
        other = self.number(kind, int(kind in NUMBERS)) if measured else self.const(kind, self.threshold(kind))
        return self.compare(arg, op, other) if r.random() < 0.9 else self.compare(other, op, arg)

    def condition(self, depth: int = 2) -> int:
        r = self.random
        if depth == 0 or r.random() < 0.25:
            return self.leaf()
        parts = tuple(self.condition(depth - 1) for _ in range(r.randrange(4)))
        joined = r.choice((self.all, self.all, self.any))(*parts)
        return joined if r.random() < 0.85 else self.no(joined)

    def table(self, name: str, outputs: dict[str, Any], most: int = 5) -> None:
        """A First; each output is made anew for every row by its function, and often the last row is "otherwise"."""
        conditions = [self.condition() for _ in range(self.random.randrange(1, most))]
        conditions += [self.all()] if self.random.random() < 0.8 else []
        self.first(name, tuple(outputs), *((when, tuple(make() for make in outputs.values())) for when in conditions))

    def alternatives(self) -> tuple[Any, ...]:
        r = self.random
        shares = ((F(1),), (F(1, 3), F(2, 3)), (F(3, 10), F(7, 10)), (F(1, 4),), (F(1, 3), F(1, 3), F(1, 3)))
        names = ["prepayment", "letter_of_credit", "bank_guarantee"]
        return tuple(tuple(zip(r.sample(names, 3), r.choice(shares), strict=False)) for _ in range(r.randrange(3)))

    def value(self, kind: str) -> Any:
        return lambda: self.const(kind, self.threshold(kind)) if self.random.random() < 0.6 else self.read(kind)

    def liftable(self, name: str) -> Check:
        """A check that now and then an exception or two may lift."""
        check = self.check(name)
        count = self.random.choice((0, 0, 0, 1, 2)) if check.verdict != "hard_stop" else 0
        return replace(check, lifts=tuple(Lift(f"excuse_{n}", self.condition(1)) for n in range(count)))

    def check(self, name: str) -> Check:
        r = self.random
        verdict = r.choice(("hard_stop", "deny", "refer", "warn"))
        applies = self.condition(1) if r.random() < 0.4 else -1
        if r.random() < 0.5:
            return Check(name, self.condition(), verdict, applies)
        kind = r.choice(NUMBERS)
        measure = self.number(kind, 2)
        if r.random() < 0.2:
            return Check(name, self.within(kind, measure), verdict, applies, measure, "in")
        allowed = self.number(kind, 1) if r.random() < 0.3 else self.const(kind, self.threshold(kind))
        return self.measured(name, measure, r.choice(tuple(OPPOSITE)), allowed, verdict, applies)

    def build(self) -> Program:
        r = self.random
        for number in range(r.randrange(3)):
            kind = r.choice(("money", "percent", "count", "choice"))
            self.table(f"values{number}", {"value": self.value(kind)})
            self.readable.append((f"values{number}", "value", kind))
        if r.random() < 0.9:
            self.table("tiers", {"tier": lambda: self.const("choice", r.choice("ABC"))})
            self.readable += [("tiers", "tier", "choice")] * 3
        if r.random() < 0.8:
            self.table("limits", {"policy": self.value("limit"), "largest_order": self.value("money")})
            self.readable += [("limits", "policy", "limit"), ("limits", "largest_order", "money")]
        effective = self.number("limit", 2) if r.random() < 0.8 else -1
        if r.random() < 0.8:
            offer = {"offer": lambda: self.const("offers", tuple(r.sample(tuple(TERMS), r.randrange(1, 4))))}
            outputs = offer | {"longest": lambda: self.const("terms", r.choice(("net 30", "net 60", "net 90")))}
            self.table("terms", outputs if r.random() < 0.7 else offer)
        if r.random() < 0.8:
            self.table("security", {"security": lambda: self.const("security", self.alternatives())})
        if r.random() < 0.7:
            self.table("authority", {"release": lambda: self.const("text", r.choice(("analyst", "manager", "cfo")))})
        checks = tuple(self.liftable(f"check{number}") for number in range(r.randrange(6)))
        unknown = {name: -1 for name in ("amount", "prepaid", "requested_terms") if r.random() < 0.05}
        return self.program(checks, limit_effective=effective, **unknown)


def random_program(random: Random) -> Program:
    return RandomProgram(random).build()


def random_facts(random: Random) -> dict[str, Any]:
    """Facts that often hit a threshold or miss it by one, and that are sometimes absent, None or `Missing`."""
    absent = random.choice((0.0, 0.0, 0.05, 0.3))
    facts: dict[str, Any] = {}
    for name in KIND_OF:
        if random.random() < absent:
            facts[name] = Missing(frozenset({name, "invoices.amount"})) if name in FIGURES else None
            if random.random() < 0.5:
                del facts[name]
            continue
        facts[name] = random_value(random, name)
    return facts


def random_value(random: Random, name: str) -> Any:
    """A value of a fact that often hits a threshold or misses it by one."""
    kind = KIND_OF[name]
    value = random.choice(THRESHOLDS[kind] if kind != "terms" else ASKED)
    if kind in NUMBERS and value not in (UNLIMITED, NO_LIMIT) and random.random() < 0.6:
        sign = random.choice((-1, 1))
        value += F(sign, random.choice((7, 100))) if isinstance(value, Fraction) else random.choice((sign, 7))
    return max(value, 0) if name in ("order.amount", "order.prepaid") else value
