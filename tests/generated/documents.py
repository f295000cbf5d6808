"""Whole policy documents by chance, as YAML text: every construct that runs, and no document with an error.

A finding of severity error in a generated document is a fault of the checker or of this file; the tests fail on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from policy.parts import Part, Shelf
from tests.generated.additions import add, shared
from tests.generated.formulas import COUNTRIES, DATES, TERMS, TYPES, Formulas

CURRENCIES = {"CNY": 2, "JPY": 0, "KWD": 3}
FACTS = {
    "money": ("order.amount", "order.prepaid", "order.unsecured_amount", "order.credit_amount", "account.exposure",
              "customer.annual_revenue", "account.open_amount", "account.overdue_amount"),
    "count": ("customer.score", "account.invoices", "account.late_invoices"),
    "days": ("customer.average_days_late", "account.oldest_overdue_days", "order.requested_days"),
    "months": ("customer.months_trading",), "flag": ("customer.insolvent",), "choice": ("customer.type",),
    "text": ("customer.country",), "date": ("as_of", "order.placed_on", "order.deliver_by"),
    "terms": ("order.requested_terms",),
}  # fmt: skip
LISTS = {
    "invoices": {"amount": "money", "open_amount": "money", "invoiced_on": "date", "due_on": "date",
                 "days_overdue": "days", "disputed": "flag"},
    "earlier_orders": {"amount": "money", "unsecured_amount": "money", "placed_on": "date"},
}  # fmt: skip
WINDOWS = {
    "invoices": ("30 days", "2 months", "1 year", "full calendar year", "full calendar quarter", "full calendar month"),
    "earlier_orders": ("1 day", "30 days", "1 month"),
}
DECLARED = ("money", "percent", "ratio", "hours", "count", "choice", "flag", "limit", "days", "text", "months")
INSTRUMENTS = ("prepayment", "letter_of_credit", "bank_guarantee", "personal_guarantee")
HELD = ("deposit", "standby_letter_of_credit", "parent_guarantee", "prepayment")  # asked for as shares of other amounts
ROLES = ("analyst", "manager", "cfo")
OPS = ("at_most", "at_least", "below", "above", "is", "in")


@dataclass(frozen=True)
class Document:
    """A policy in parts; `text` is the file, without the sections of the part that it uses, `whole` is all of it."""

    seed: int
    parts: dict[str, Any]

    @property
    def whole(self) -> str:
        """All sections in one file."""
        return "\n".join(written(self.parts)) + "\n"

    @property
    def text(self) -> str:
        """The file, which names its part."""
        there = shared(self.seed, self.parts)
        use = {"use": ["shared/part"]} if there else {}
        mine = {key: value for key, value in self.parts.items() if key not in there}
        return "\n".join(written({**mine, **use})) + "\n"

    @property
    def shelf(self) -> Shelf:
        """Where the part lies."""
        there = {key: self.parts[key] for key in shared(self.seed, self.parts)}
        source = ("\n".join(written(there)) + "\n").encode()
        return Shelf.of([Part("shared/part", source)] if there else [])

    def without(self, section: str, item: Any = None) -> Document:
        """The document less a section, or less one item of it."""
        parts = dict(self.parts)
        if item is None:
            del parts[section]
        elif isinstance(parts[section], list):
            parts[section] = [one for number, one in enumerate(parts[section]) if number != item]
        else:
            parts[section] = {key: value for key, value in parts[section].items() if key != item}
        return Document(self.seed, parts)


def written(value: Any, indent: str = "") -> list[str]:
    """Nested blocks and lists of raw YAML texts as lines."""
    lines: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                lines.append(f"{indent}{key}: {inner}")
            else:
                lines += [f"{indent}{key}:", *written(inner, indent + "  ")]
        return lines
    for item in value:
        if isinstance(item, str):
            lines.append(f"{indent}- {item}")
        else:
            first, *rest = written(item, indent + "  ")
            lines += [f"{indent}- {first.strip()}", *rest]
    return lines


def document(seed: int) -> Document:
    """The document of a seed, always the same."""
    return _Writer(seed).document()


class _Writer(Formulas):
    """Writes sections in the order in which they may read each other, and lays them down in the file's order."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        currency = random.choice(("CNY", "CNY", "CNY", "JPY", "KWD"))
        super().__init__(random, currency, CURRENCIES[currency])
        self.seed = seed
        self.lets: dict[str, str] = {}
        self.while_lasting: list[str] = []
        self.tiers: tuple[str, ...] = ()
        self.shares: list[str] = []  # settings that hold one percentage

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def document(self) -> Document:
        r = self.random
        for kind, names in FACTS.items():
            self.names[kind] += names
        self.granted.append("limit.granted")
        if self.chance(0.25):
            self.granted.append("group.limit")
            self.names["money"].append("group.exposure")
        self.wide.add("customer.own_ratio")
        self.words |= {"customer.type": TYPES, "customer.country": COUNTRIES, "order.requested_terms": TERMS}
        made: dict[str, Any] = {"facts": self.facts(), "settings": self.settings(), "lists": self.word_lists()}
        made["tables"] = {f"table_{n}": self.table(f"table_{n}") for n in range(r.choice((0, 0, 1, 2)))}
        for number in range(r.randrange(3)):
            self.figure(f"figure_{number}")
        self.some_lets("early", 3)
        made["states"] = self.states() if self.chance(0.25) else None
        made["tiers"] = self.tier_rows() if self.chance(0.8) else None
        self.some_lets("middle", 2)
        scopes = [self.scope() for _ in range(4)]  # made here, where only facts and the tier may be read
        excused = [self.excuse() for _ in range(r.randrange(3))]
        made["limits"] = self.limit_rows() if self.chance(0.8) else None
        self.name("limit", "limit.effective", " ".join(row["limit"] for row in made["limits"] or ()))
        self.granted.append("limit.policy")
        self.some_lets("late", 2)
        made["terms"] = self.rows(self.terms_cells()) if self.chance(0.7) else None
        for name in self.while_lasting if made["terms"] else ():
            made["states"][name]["while"] = {"terms": self.random.choice(TERMS), "ship_when": "cleared_funds"}
        made["security"] = self.rows(self.security_cells) if self.chance(0.7) else None
        made["checks"] = self.checks() if self.chance(0.95) else None
        if made["checks"] and self.chance(0.3):
            made["checks"] += self.narrower(made["checks"][0], scopes)
        made["exceptions"] = self.exceptions(made["checks"] or [], excused)
        if made["checks"] and self.chance(0.3):
            self.ratings(made)
        made["authority"] = self.rows(lambda: {"release": r.choice(ROLES)}) if self.chance(0.7) else None
        if self.chance(0.4):
            self.subjects(made, scopes)
        made["documents"] = self.papers(scopes) if self.chance(0.3) else None
        made["tests"] = self.tests() if self.chance(0.1) else None
        add(self.seed, made, self.lets)
        lets = list(self.lets.items())
        r.shuffle(lets)
        parts = {key: value for key, value in self.in_order(made, dict(lets)) if value}
        return Document(self.seed, self.header() | parts)

    def in_order(self, made: dict[str, Any], lets: dict[str, str]) -> list[tuple[str, Any]]:
        """Sections may stand in any order; mostly in the usual one."""
        sections = [*made.items(), ("let", lets)]
        if self.chance(0.3):
            self.random.shuffle(sections)
        return sections

    def header(self) -> dict[str, Any]:
        languages = {"en": "Made by chance", "zh": "随机政策"} if self.chance(0.5) else {"en": "Made by chance"}
        self.languages = tuple(languages)
        roles = {"rising": f"[{', '.join(ROLES)}]", "also": "[finance]"}
        return {"aval": "1", "policy": f"generated-{self.seed}", "title": languages, "currency": self.currency,
                "timezone": "Asia/Shanghai", "roles": roles}  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Facts of our own: shares and hours always, the other kinds now and then."""
        r, facts = self.random, {}
        for kind in DECLARED:
            if kind not in ("percent", "ratio", "hours") and self.chance(0.6):
                continue
            name = f"customer.own_{kind}"
            facts[name] = {"kind": kind, "from": r.choice(("master", "bureau", "ledger", "request"))}
            if self.chance(0.5):
                facts[name]["missing"] = r.choice(("refer", "deny"))
            if kind == "choice":
                facts[name]["of"] = "[gold, silver, bronze]"
                self.words[name] = ("gold", "silver", "bronze")
            if kind == "text":
                self.words[name] = COUNTRIES
            (self.granted if kind == "limit" else self.names[kind]).append(name)
        if self.chance(0.3):
            facts["customer.average_days_late"] = {"kind": "days", "from": "ledger", "missing": "deny"}
        return facts

    def settings(self) -> dict[str, Any]:
        r, settings = self.random, {}
        for number in range(r.randrange(4)):
            kind = r.choice(("money", "percent", "days", "months", "hours", "date", "number"))

            def value(kind: str = kind) -> str:
                return r.choice(("3", "0.5", "80")) if kind == "number" else self.literal(kind, True)

            name = f"number_{number}"
            if self.chance(0.5):
                days = sorted(r.sample(DATES, r.randrange(1, 4)))
                settings[name] = [{"from": day, "value": value()} for day in days]
                if self.chance(0.3):
                    settings[name][-1]["until"] = "2027-06-30"
                if self.chance(0.2):
                    settings[name][0]["as_of"] = "shipment"
            else:
                settings[name] = value()
                self.shares += [f"settings.{name}"] if kind == "percent" and settings[name] not in ("0%",) else []
            self.names[kind].append(f"settings.{name}")
        return settings

    def word_lists(self) -> dict[str, Any]:
        r, lists = self.random, {}
        for number in range(r.randrange(3)):
            kind, words = r.choice((("text", COUNTRIES), ("choice", TYPES)))
            items: list[Any] = []
            for word in r.sample(words, 3):
                since, until = sorted(r.sample(DATES, 2))
                ends = {"from": since, "until": until} if self.chance(0.5) else {r.choice(("from", "until")): since}
                items.append({"word": word} | ends if self.chance(0.5) else word)
            lists[f"words_{number}"] = items
            names = [name for name in self.names[kind] if self.words[name] in (TYPES, COUNTRIES)]
            self.lists.append((f"lists.words_{number}", tuple(names)))
        return lists

    def ratings(self, made: dict[str, Any]) -> None:
        """A scale, ratings on it, the one that counts, and a check that asks for it."""
        r = self.random
        made["scales"] = {"credit": {"best_first": "[AAA, A+, A, BBB, D]", "moodys": "{Aaa: AAA, A2: A, Ba1: D}"}}
        for name in ("sp", "fitch", "moodys", "house"):
            scale = "credit.moodys" if name == "moodys" else "credit"
            made["facts"][f"customer.{name}"] = {"kind": "rating", "of": scale}
        some = r.choice(("customer.sp, customer.moodys", "customer.sp, customer.moodys, customer.fitch"))
        three = ", three: " + r.choice(("worse", "middle", "better")) if some.count(",") == 2 else ""
        none = r.choice(("", ", none: customer.house"))
        self.lets["agency"] = f"{{pick: [{some}], two: {r.choice(('worse', 'better'))}{three}{none}}}"
        moved = f"{r.choice(('one notch', 'two notches'))} {r.choice(('worse', 'better'))} than customer.house"
        self.lets["used"] = f"first known of [agency, {moved}]"
        test = r.choice(("A+ or better", "BBB or worse", "better than A", "worse than A+", "AAA", "not A"))
        made["checks"].append({"check": "rated", "when": f"{r.choice(('used', 'agency', 'customer.sp'))} is {test}",
                               "verdict": r.choice(("warn", "refer", "deny"))})  # fmt: skip

    def partition(self) -> tuple[str, list[str]]:
        """A subject, and tests on it of which exactly one fits every value."""
        r = self.random
        if self.chance(0.3):
            words = list(TYPES)
            r.shuffle(words)
            cut = r.randrange(1, len(words))
            return "customer.type", [", ".join(words[:cut]), ", ".join(words[cut:])]
        kind = r.choice(("money", "count", "days"))
        cuts = sorted(r.sample((1, 5, 15, 30, 80), r.randrange(1, 4)))
        low, closed = r.choice((("< {}", "[{}..{})"), ("<= {}", "({}..{}]")))
        tests = [low.format(cuts[0]), *(closed.format(a, b) for a, b in zip(cuts, cuts[1:], strict=False))]
        tests.append((">= {}" if low == "< {}" else "> {}").format(cuts[-1]))
        return r.choice(self.names[kind]), [f'"{test}"' for test in tests]

    def table(self, name: str) -> dict[str, Any]:
        """A value table, by one subject or as a grid; its value is then a name like any other."""
        r = self.random
        kind = r.choice(("money", "percent", "days", "choice"))
        words = ("none_at_all", "notice", "call")

        def value() -> str:
            if kind == "choice":
                return r.choice(words)
            return self.formula(kind, 1) if self.chance(0.2) and kind != "percent" else self.literal(kind, True)

        by, tests = self.partition()
        if self.chance(0.6):
            cells = {test: value() for test in tests}
            found: dict[str, Any] = {"by": by, "rows": cells} | ({"missing": "refer"} if self.chance(0.3) else {})
            given = list(cells.values())
        else:
            across, columns = self.partition()
            columns = [column if column[0] == '"' else f'"{column}"' for column in columns]
            side = [test if test[0] == '"' else f'"{test}"' for test in tests]
            body = [[value() for _ in columns] for _ in side]
            grid = [["label", *columns], *([test, *line] for test, line in zip(side, body, strict=True))]
            found = {"down": by, "across": across, "grid": [self.flow(line) for line in grid]}
            given = [cell for line in body for cell in line]
        self.name(kind, name, " ".join(given) if kind != "choice" else "")
        if kind == "choice":
            self.words[name] = tuple(dict.fromkeys(given))
        return found

    @staticmethod
    def flow(cells: list[str]) -> str:
        """A list in brackets; what has a comma or bracket of its own is quoted."""
        return "[" + ", ".join(c if c[0] == '"' or not set(c) & set(",[]{}") else f'"{c}"' for c in cells) + "]"

    def figure(self, name: str) -> None:
        """A figure over a list; its value is then a name like any other."""
        r = self.random
        listing = r.choice(tuple(LISTS))
        fields = LISTS[listing]
        lines = [self.item_line(fields) for _ in range(r.randrange(3))]
        where = f" where {' and '.join(lines)}" if lines else ""
        word = r.choice(("count", "count", "sum", "sum", "any", "every", "share", "largest", "smallest", "average"))
        where = where or (" where amount > 1_000" if word in ("any", "every", "share") else "")
        if listing == "invoices" and self.chance(0.2):
            return self.streak(name, where or " where amount > 1_000")
        window = f" in last {r.choice(WINDOWS[listing])}" if self.chance(0.3) else ""
        if listing == "invoices" and not window and self.chance(0.1):
            window = " since order.placed_on"
        kind = {"count": "count", "any": "flag", "every": "flag"}.get(word, "")
        if kind:
            self.lets[name] = f"{word} of {listing}{window}{where}"
        else:
            field = r.choice([field for field, kind in fields.items() if kind in ("money", "days")])
            kind = "percent" if word == "share" else fields[field]
            none = word in ("largest", "smallest", "average") and self.chance(0.5)
            ending = f", if none {self.literal(kind)}" if none else ""
            self.lets[name] = f"{word} of {listing}.{field}{window}{where}{ending}"
        self.names[kind].append(name)
        if word in ("share", "average"):
            self.wide.add(name)

    def streak(self, name: str, where: str) -> None:
        """Months or quarters in a row."""
        unit, ending = self.random.choice(("months", "quarters")), ""
        if self.chance(0.3):
            ending = f", empty {unit} break"
        self.lets[name] = f"{unit} in a row with {self.random.choice(('any', 'every'))} invoice{where}{ending}"
        self.names["months" if unit == "months" else "count"].append(name)

    def item_line(self, fields: dict[str, str]) -> str:
        r = self.random
        field = r.choice(tuple(fields))
        kind = fields[field]
        if kind == "flag":
            return r.choice((f"{field} is {r.choice(('', 'not '))}true", f"not {field}"))
        if field == "placed_on":  # the list holds the last 60 days, and a figure may not ask for more
            return r.choice((f"{field} >= as_of - {r.choice((2, 30, 60))} days", f"{field} < {self.literal('date')}"))
        if self.chance(0.15):
            return f"{field} is {r.choice(('known', 'missing'))}"
        if self.chance(0.2):
            return f"{field} in {self.interval(kind)}"
        sign = r.choice(("<", "<=", ">", ">=", "is", "is not"))
        if kind == "date" and self.chance(0.5):  # a list holds no more days than these
            return f"{field} {sign} as_of - {r.choice((2, 30))} days"
        return f"{field} {sign} {self.formula(kind, 1) if kind != 'date' and self.chance(0.5) else self.literal(kind)}"

    def some_lets(self, name: str, most: int) -> None:
        """Named figures over all that may be read by now."""
        for number in range(self.random.randrange(most + 1)):
            kind = self.random.choice(("money", "money", "ratio", "count", "days", "percent", "date"))
            formula = self.formula(kind, 2)
            self.lets[f"{name}_{number}"] = formula
            self.name(kind, f"{name}_{number}", formula)

    def rows(self, cells: Any) -> list[dict[str, Any]]:
        """Rows of a first-match section, the last one otherwise."""
        rows = [{"when": self.condition()} | cells() for _ in range(self.random.randrange(4))]
        return [*rows, {"otherwise": "true"} | cells()]

    def subjects(self, made: dict[str, Any], scopes: list[str]) -> None:
        """Rows for shipments, for both, or for some customers; the last row of a section stays for all."""
        r = self.random
        for section in ("limits", "terms", "security", "authority"):
            rows = made[section] or []
            for row in rows[:-1]:
                what, whom = r.choice((["order"], ["every shipment"], ["order", "shipment"])), r.choice(scopes)
                if self.chance(0.5):
                    row["for"] = r.choice((what, [*what, whom], whom))
            if section != "limits" and any("shipment" in str(row.get("for")) for row in rows):
                rows[-1]["for"] = "[shipment, order]"
        for check in made["checks"] or []:
            names = [one.get("check") for one in made["checks"]]
            if "check" in check and "for" not in check and names.count(check["check"]) == 1 and self.chance(0.4):
                check["for"] = r.choice(("shipment", "[every order, shipment]"))
                if check["for"] == "shipment" and self.chance(0.5):
                    check["effect"] = "[stop shipment, hold orders]"

    def papers(self, scopes: list[str]) -> list[dict[str, Any]]:
        """Rows of documents for orders and shipments."""
        r = self.random
        qualities = ("audited", "reviewed", "compiled", "management")
        wanted = {"not_older_than": lambda: f"{r.randrange(1, 40)} {r.choice(('months', 'days'))}",
                  "months": lambda: str(r.randrange(1, 13)), "years": lambda: str(r.randrange(1, 4)),
                  "quality": lambda: f"{r.choice(qualities)} or better"}  # fmt: skip
        rows = []
        for _ in range(r.randrange(1, 4)):
            chosen = {key: make() for key, make in wanted.items() if self.chance(0.4)}
            asked: Any = {"statement": chosen} if chosen else ["statement", "register"]
            whom = ["order", "every shipment", *([r.choice(scopes)] if self.chance(0.3) else [])]
            row: dict[str, Any] = {"for": whom, "require": asked}
            row |= {"when": self.condition()} if self.chance(0.5) else {}
            rows.append(row | ({"if_absent": "deny"} if self.chance(0.3) else {}))
        return rows

    def tests(self) -> list[dict[str, Any]]:
        """Tests belong to the file and change nothing that it decides."""
        facts = {"as_of": "2026-11-23", "customer.score": "80", "limit.granted": "5_000", "invoices": "[]"}
        given = {"like": "somebody", "order.amount": self.literal("money"), "customer.insolvent": "missing"}
        return [{"base": "somebody", "given": facts}, {"name": "first", "given": given, "expect": {"verdict": "refer"}}]

    def states(self) -> dict[str, Any]:
        """States that stay; sections below read them, their days and the day they began, and acts."""
        acts = [f"{act} by {role}" for act in ("cleared", "put on hold") for role in ("manager", "finance")]
        found: dict[str, Any] = {}
        for name in ("held", "watched")[: self.random.randrange(1, 3)]:
            leave = [self.line(), self.random.choice(acts)][self.random.randrange(2) :]
            found[name] = {"of": "customer", "enter": self.condition(), "leave": leave}
            self.while_lasting.append(name)
        for name in found:
            self.names["choice"] += [f"state.{name}"] * 2
            self.words[f"state.{name}"] = ("active",)
            self.names["days"].append(f"state.{name}.days")
            self.names["date"].append(f"state.{name}.since")
        self.names["flag"] += [f"act.{acts[0].replace(' ', '_')}"]
        return found

    def tier_rows(self) -> list[dict[str, Any]]:
        names = ("prime", "standard", "new", "high_risk")
        rows = self.rows(lambda: {"tier": self.random.choice(names)})
        self.tiers = tuple(dict.fromkeys(row["tier"] for row in rows))
        self.names["choice"] += ["tier"] * 3
        self.words["tier"] = self.tiers
        return rows

    def limit_rows(self) -> list[dict[str, Any]]:
        largest, review, chosen = self.chance(0.7), self.chance(0.5), self.random.choice((0, 0, 0.5))

        def amount() -> str:
            return f"{self.formula('money', 2)}, at most 9_000_000"

        def cells() -> dict[str, str]:
            value = self.random.choice((amount, lambda: self.literal("money"), lambda: "none", lambda: "unlimited",
                                        lambda: "0"))()  # fmt: skip
            found = {"limit": value}
            found |= {"largest_order": self.formula("money", 1)} if largest else {}
            found |= {"effective": self.random.choice(("granted", "policy"))} if self.chance(chosen) else {}
            return found | ({"review_every": self.literal("months", True)} if review else {})

        rows = self.rows(cells)
        if largest:
            self.name("money", "limit.largest_order", " ".join(row["largest_order"] for row in rows))
        self.names["months"] += ["limit.review_every"] * review
        return rows

    def terms_cells(self) -> Any:
        def cells() -> dict[str, str]:
            offer = self.random.sample(TERMS, self.random.randrange(1, 4))
            longest = {"longest": self.random.choice(("net 30", "net 45", "net 90"))} if self.chance(0.6) else {}
            said = {"ship_when": self.random.choice(("cleared_funds", "paid"))} if self.chance(0.2) else {}
            return {"offer": f"[{', '.join(offer)}]"} | longest | said

        return cells

    def security_cells(self) -> dict[str, Any]:
        r, way = self.random, self.random.randrange(5)
        if way == 0:
            return {"require": "none"}
        if way == 1:
            more = {instrument: self.share_of() for instrument in r.sample(HELD, r.randrange(1, 3))}
            return {"require": self.alternative() | more if self.chance(0.5) else more}
        if way == 2 and self.chance(0.3):
            more = {instrument: self.share_of() for instrument in r.sample(HELD, r.randrange(2))}
            return {"may_require": self.alternative() | more, "set_by": r.choice(ROLES)}
        if way == 2 and self.chance(0.5):
            words = r.sample((*INSTRUMENTS, "none"), r.randrange(2, 4))
            return {"may_require_one_of": f"[{', '.join(words)}]", "set_by": r.choice(ROLES)}
        if way < 4:
            return {"require": self.alternative()}
        ways = [self.alternative() for _ in range(self.random.randrange(1, 4))]
        for one in ways if self.chance(0.3) else ():
            one.update({instrument: self.share_of(fixed=True) for instrument in r.sample(HELD, r.randrange(3))})
        return {"require_one_of": ways}

    def share_of(self, fixed: bool = False) -> dict[str, str]:
        """A share of some amount, or a range of which a person decides."""
        r = self.random
        of = " + ".join(r.sample(FACTS["money"], r.randrange(1, 3)))
        if fixed or self.chance(0.4):
            return {"of": of, "share": r.choice(("75%", "12.5%", "200%", "33.333333%", *self.shares))}
        low, high = r.choice((("75%", "125%"), ("10%", "10%"), ("33.333333%", "100%")))
        return {"of": of, "from": low, "to": high, "set_by": r.choice((*ROLES, "finance"))}

    def alternative(self) -> dict[str, str]:
        r = self.random
        if self.shares and self.chance(0.2):
            return {r.choice(INSTRUMENTS): r.choice(self.shares)}
        shares = r.choice((("100%",), ("30%", "70%"), ("33.333333%", "33.333333%", "33.333334%"), ("12.5%",),
                           ("33%", "33%", "33%")))  # fmt: skip
        found = dict(zip(r.sample(INSTRUMENTS, len(shares)), shares, strict=True))
        particular = self.chance(0.15) and set(found) != {"prepayment"}
        return found | ({"expires_after": "last due date + 21 days", "confirmed": "true"} if particular else {})

    def checks(self) -> list[Any]:
        r, checks = self.random, []
        for number in range(r.randrange(1, 6)):
            one = self.check(f"check_{number}")
            if self.chance(0.15):
                more = [one, self.check(f"inner_{number}")]
                one = {"group": {"only_when": self.condition(), "checks": more}}
            checks.append(one)
        return checks

    def check(self, name: str) -> dict[str, Any]:
        r = self.random
        found: dict[str, Any] = {"check": name}
        if self.chance(0.35):
            found["only_when"] = self.condition()
        shown = ["as_of", *self.lets]
        if self.chance(0.35):
            found["when"] = self.condition()
        else:
            found |= self.measured()
            shown += ["measured"] + ["allowed", "excess"] * (found.get("is") is None and "in" not in found)
        found["verdict"] = r.choice(("hard_stop", "deny", "refer", "refer", "warn", "warn"))
        if self.chance(0.2):
            found["release_by"] = r.choice((*ROLES, "finance"))
        if self.chance(0.3):
            found["say"] = {"en": f'"see {{{r.choice(shown)}}}"', "zh": f'"见 {{{r.choice(shown)}}}"'}
        return found

    def scope(self) -> str:
        """Whom a check or an exception is for."""
        lines = " and ".join(self.line() for _ in range(self.random.randrange(1, 3)))
        return self.random.choice(("customer C-1", "group G-1", f"customers where {lines}", "all"))

    def narrower(self, check: dict[str, Any], scopes: list[str]) -> list[dict[str, Any]]:
        """More checks of one name, each for other customers."""
        if "check" not in check:
            return []
        widths = {scope.split()[0]: scope for scope in scopes if scope != "all"}
        return [self.check(check["check"]) | {"for": scope} for scope in widths.values()]

    def excuse(self) -> dict[str, Any]:
        """An exception but for what it lifts."""
        found: dict[str, Any] = {"for": self.scope()}
        if self.chance(0.6):
            found["when"] = self.condition()
        return found | ({"until": self.random.choice(DATES)} if self.chance(0.4) else {})

    def exceptions(self, checks: list[Any], excused: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Exceptions that lift checks without a scope that are no hard stop, not two of them equally wide."""
        plain = [one for one in checks if "check" in one]
        names = [one["check"] for one in plain if all(o["verdict"] != "hard_stop" and "for" not in o for o in plain
                                                      if o["check"] == one["check"])]  # fmt: skip
        found: dict[str, dict[str, Any]] = {}
        for number, excuse in enumerate(excused):
            if names:
                lifts = self.random.sample(names, self.random.randrange(1, len(names) + 1))
                one = {"exception": f"excuse_{number}"} | excuse | {"lifts": self.flow(lifts)}
                found.setdefault(excuse["for"].split()[0], one)
        return list(found.values())

    def measured(self) -> dict[str, Any]:
        r = self.random
        if self.chance(0.15):
            name = r.choice(self.names["choice"])
            op = r.choice(("is", "in"))
            word = r.choice(self.words[name])
            return {"measure": name, op: word if op == "is" else f"[{word}]"}
        kind = r.choice(("money", "money", "limit", "ratio", "percent", "count", "days", "date", "months", "hours"))
        measure, op = self.formula(kind, 2), r.choice(OPS)
        if op == "in" and kind != "limit":
            few = [self.literal(kind) for _ in range(r.randrange(1, 3))]
            return {"measure": measure, "in": f'"{self.interval(kind)}"' if self.chance(0.6) else self.flow(few)}
        op = "at_most" if op == "in" else op
        return {"measure": measure, op: self.literal(kind) if self.chance(0.6) else self.formula(kind, 1)}


