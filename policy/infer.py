"""Kinds of formulas and conditions: what may be added to, compared with and read by what.

A bare number takes the kind of what it is compared with or of the column it fills; beside a date or an amount of money
it needs its unit. The left side of a comparison says how a word on the right is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from policy.meaning import LEVELS, SECTION_AT, Meanings, Names, Referent, Sort, fact_referent, figure_of
from policy.kinds import NO_LIMIT, NUMERIC, TOKENS, UNLIMITED
from policy.numbers import exact, unit_kind
from policy.problems import Problem, Where
from policy.suggest import did_you_mean, listed
from policy.syntax import (
    Binary, Block, Call, Comparison, Condition, DateLiteral, Expr, FigureOf, Interval, Membership, Name, Negate, Number,
    StateTest, Text, Words,
)  # fmt: skip

FACTORS = ("number", "count", "percent", "ratio")
SHARES = ("percent", "ratio")
ANY_SECTION = 99
FLAGS = {"true": True, "false": False}
LIMIT_WORDS = {"none": NO_LIMIT, "unlimited": UNLIMITED}
SHOWN = {"number": "a bare number", "flag": "true or false", "choice": "a word", "limit": "a limit"}


@dataclass(slots=True)
class Inference:
    """The state of checking one file: what names mean, the answers so far, and the findings."""

    names: Names
    meanings: Meanings = field(default_factory=Meanings)
    problems: list[Problem] = field(default_factory=list)
    level: int = ANY_SECTION
    item: dict[str, Referent] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)

    def note(self, code: str, at: Where, message: str, help: str = "") -> None:
        self.problems.append(Problem(code, at, message, help))

    def formula(self, expr: Expr, hint: Sort | None = None) -> Sort | None:
        """The sort of a formula, None where it has none (and a finding says why)."""
        sort = self._formula(expr, hint)
        if sort is not None:
            self.meanings.sorts[expr] = sort
        return sort

    def _formula(self, expr: Expr, hint: Sort | None) -> Sort | None:
        match expr:
            case Number():
                return self._number(expr, hint)
            case DateLiteral():
                return Sort("date")
            case Name() | Words() | Text():
                return self._word(expr, hint)
            case Negate():
                return self._amount(expr.value, hint)
            case Binary():
                return self._binary(expr, hint)
            case Call():
                return self._call(expr, hint)
            case FigureOf():
                self.note("scope", expr.at, "a figure over a list stands where a formula is wanted",
                          "give it a name of its own under 'let' and use the name")  # fmt: skip
        return None

    def _number(self, number: Number, hint: Sort | None) -> Sort | None:
        currencies = self.names.vocabulary.currencies
        own = self.names.policy.currency.text
        kind = unit_kind(number, currencies) or (hint.kind if hint and hint.kind in (*NUMERIC, "date") else "number")
        if kind == "date":
            self.note("unit", number.at, "a bare number stands where a date is wanted", "write 2026-07-01, or as_of - 2 days")
            return None
        currency = number.unit if unit_kind(number, currencies) == "money" else own
        value = exact(number, kind, currency, currencies)
        if isinstance(value, Problem):
            self.problems.append(value)
            return None
        self.meanings.numbers[number] = value
        if currency != own:
            self.meanings.foreign[number] = currency
        return Sort("money" if kind == "limit" else kind)

    def _word(self, expr: Name | Words | Text, hint: Sort | None) -> Sort | None:
        referent = self._referent(expr, hint)
        if referent is None:
            return None
        self.meanings.referents[expr] = referent
        if referent.level >= self.level:
            self._too_early(expr, referent)
            return None
        return referent.sort

    def _referent(self, expr: Name | Words | Text, hint: Sort | None) -> Referent | None:
        text = expr.text
        if isinstance(expr, Name):
            if text in self.item:
                return self.item[text]
            if (found := self.known(text, expr.at)) is not None and not self._is_choice(text, hint):
                return found if found.scope != "broken" else None
        if hint is not None and hint.kind == "flag" and text in FLAGS:
            return Referent("token", text, Sort("flag"), value=FLAGS[text])
        if text in LIMIT_WORDS and (hint is None or hint.kind in ("limit", "money")):
            return Referent("token", text, Sort("limit", maybe_none=text == "none"), value=LIMIT_WORDS[text])
        if hint is not None and hint.kind in TOKENS and not (isinstance(expr, Name) and "." in text):
            return self._token(expr, hint)
        self.unknown(expr)
        return None

    def _is_choice(self, text: str, hint: Sort | None) -> bool:
        return hint is not None and hint.kind in ("choice", "text") and (text in hint.choices or hint.kind == "text")\
            and "." not in text  # fmt: skip

    def _token(self, expr: Name | Words | Text, hint: Sort) -> Referent | None:
        if hint.kind == "terms":
            terms = self.names.vocabulary.read_terms(expr.text)
            if terms is None:
                self.note("terms", expr.at, f"'{expr.text}' is not a payment term", "write net 30, 2/10 net 30 or prepaid")
                return None
            return Referent("token", terms.text, hint, value=terms.text)
        if hint.kind == "choice" and expr.text not in hint.choices:
            code = "unknown-tier" if hint.of_tier else "unknown-word"
            what = "a tier of this file" if hint.of_tier else "one of its words"
            self.note(code, expr.at, f"'{expr.text}' is not {what}",
                      did_you_mean(expr.text, hint.choices, f"one of: {listed(hint.choices)}"))  # fmt: skip
            return None
        return Referent("token", expr.text, hint, value=expr.text)

    def known(self, text: str, at: Where) -> Referent | None:
        """What a name stands for; a named figure is checked when it is first met."""
        self.names.used.add(text)
        if text in self.names.known:
            return self.names.known[text]
        let = self.names.lets.get(text)
        if let is None:
            return None
        if text in self.path:
            circle = " -> ".join([*self.path[self.path.index(text):], text])
            self.note("cycle", let.name.at, f"figures need each other: {circle}", "one of them must not read the others")
            self.names.known[text] = Referent("broken", text, Sort("number"))
            return self.names.known[text]
        return self._check_let(text)

    def _check_let(self, text: str) -> Referent:
        let = self.names.lets[text]
        outer = (self.level, self.item)
        self.level, self.item = ANY_SECTION, {}
        self.path.append(text)
        figure = figure_of(let)
        sort = self._figure(figure) if figure is not None else self.formula(let.formula)
        self.path.pop()
        self.level, self.item = outer
        if text not in self.names.known:
            scope = "broken" if sort is None else "figure" if figure is not None else "let"
            self.names.known[text] = Referent(scope, text, sort or Sort("number"), self.level_of(let.formula))
        return self.names.known[text]

    def level_of(self, expr: Expr) -> int:
        """The section after which every name under a formula is known."""
        from policy.meaning import names_in

        found = [self.meanings.referents.get(name) for name in names_in(expr)]
        return max((referent.level for referent in found if referent is not None), default=0)

    def _too_early(self, expr: Name | Words | Text, referent: Referent) -> None:
        path, name = [expr.text], expr.text
        while (let := self.names.lets.get(name)) is not None:
            from policy.meaning import names_in

            inner = [n.text for n in names_in(let.formula)
                     if (r := self.meanings.referents.get(n)) is not None and r.level == referent.level]  # fmt: skip
            if not inner:
                break
            name = inner[0]
            path.append(name)
        reads = ", which reads ".join(f"'{step}'" for step in path)
        self.note("section-order", expr.at, f"{SECTION_AT[self.level]} reads {reads}, known only after "
                  f"{SECTION_AT[referent.level]}", f"a section may read only what stands above it: {listed(list(LEVELS)[:self.level])}")  # fmt: skip

    def unknown(self, expr: Name | Words | Text) -> None:
        """The finding for a name that is nothing here."""
        names = [*self.item, *self.names.all_names()]
        if self.item:
            names = [*self.item, *names]
        if expr.text.startswith(("terms.", "state.", "cover.", "group.")):
            self.note("not-yet-supported", expr.at, f"'{expr.text}' cannot be read in this version",
                      "take the line out until it can")  # fmt: skip
            return
        shape = expr.text.split(".")[0]
        if shape in self.names.vocabulary.lists and "." in expr.text:
            self.note("scope", expr.at, f"'{expr.text}' is a field of a list and cannot be used for an order",
                      f"use a figure under 'let': count of {shape} where ...")  # fmt: skip
            return
        if expr.text.startswith("invoice."):
            self.note("scope", expr.at, f"'{expr.text}' cannot be used in a check for an order",
                      "use a figure over invoices under 'let'")  # fmt: skip
            return
        help = did_you_mean(expr.text, names)
        found = self.names.known.get(help[14:-2]) if help else None
        help = f"{help} ({found.sort.kind})" if found is not None else help
        self.note("unknown-fact", expr.at, f"no fact, figure or setting is named '{expr.text}'", help)

    def _amount(self, expr: Expr, hint: Sort | None) -> Sort | None:
        """A formula that arithmetic may use: a number, and no limit that may be none."""
        sort = self.formula(expr, hint)
        if sort is not None and sort.kind not in (*NUMERIC, "date"):
            self.note("kind", expr.at, f"{self._label(expr)} is {shown(sort)} and cannot be calculated with")
            return None
        return self._not_none(expr, sort)

    def _not_none(self, expr: Expr, sort: Sort | None) -> Sort | None:
        if sort is not None and sort.maybe_none:
            self.note("limit-state", expr.at, f"{self._label(expr)} may be none, which is no amount",
                      "use limit.effective, or ask 'is none' first")  # fmt: skip
            return None
        return sort

    def _binary(self, expr: Binary, hint: Sort | None) -> Sort | None:
        left, right = self._amount(expr.left, None), self._amount(expr.right, None)
        if left is None or right is None:
            return None
        combine = self._sum if expr.op in "+-" else self._product if expr.op == "*" else self._quotient
        return combine(expr, left, right)

    def _sum(self, expr: Binary, left: Sort, right: Sort) -> Sort | None:
        for side, other, sort, against in ((expr.left, expr.right, left, right), (expr.right, expr.left, right, left)):
            if sort.kind == "number" and against.kind != "number":
                if against.kind in ("money", "date", "limit", "percent"):
                    wanted = {"date": "15 days", "percent": "5%"}.get(against.kind, f"1_000 {self.names.policy.currency.text}")
                    self.note("unit", side.at, f"beside {shown(against)} a number needs its unit", f"write it like {wanted}")
                    return None
                return self.formula(side, against) and against
        pair = (left.kind, right.kind)
        if pair == ("date", "date") and expr.op == "-":
            return Sort("days")
        if left.kind == "date" and right.kind in ("days", "months"):
            return left
        if pair == ("limit", "money") and expr.op == "-":
            return left
        if pair[0] in SHARES and pair[1] in SHARES:
            return Sort(pair[0] if pair[0] == pair[1] else "ratio")
        if pair[0] == pair[1] and pair[0] not in ("date", "limit", "rate"):
            return left
        return self._mixed(expr, left, right, "added to" if expr.op == "+" else "taken from")

    def _product(self, expr: Binary, left: Sort, right: Sort) -> Sort | None:
        for factor, other in ((left, right), (right, left)):
            if factor.kind in FACTORS and other.kind not in ("date", "limit"):
                if other.kind in SHARES and factor.kind in SHARES:
                    return Sort("ratio")
                return factor if other.kind == "number" else other
        return self._mixed(expr, left, right, "multiplied with")

    def _quotient(self, expr: Binary, left: Sort, right: Sort) -> Sort | None:
        if left.kind == right.kind and left.kind not in ("date", "limit", "number"):
            return Sort("ratio")
        if (left.kind, right.kind) == ("money", "limit"):
            return Sort("ratio")
        if right.kind in FACTORS and left.kind not in ("date", "limit"):
            return Sort("ratio") if left.kind in FACTORS and (left.kind, right.kind) != ("number", "number") else left
        return self._mixed(expr, left, right, "divided by")

    def _mixed(self, expr: Binary, left: Sort, right: Sort, verb: str) -> Sort | None:
        help = "say of what the share is taken: 10% * amount" if "percent" in (left.kind, right.kind) else ""
        self.note("kind", expr.at, f"{self._label(expr.left)} ({shown(left)}) cannot be {verb} "
                  f"{self._label(expr.right)} ({shown(right)})", help)  # fmt: skip
        return None

    def _call(self, expr: Call, hint: Sort | None) -> Sort | None:
        if expr.function == "abs":
            return self._amount(expr.args[0], hint)
        if expr.function == "days_between":
            sorts = [self.formula(arg, Sort("date")) for arg in expr.args]
            if all(sort is not None and sort.kind == "date" for sort in sorts):
                return Sort("days")
            if None not in sorts:
                self.note("kind", expr.at, "days_between takes two dates")
            return None
        return self._one_kind(expr, hint)

    def _one_kind(self, expr: Call, hint: Sort | None) -> Sort | None:
        """min, max, first known of, stricter of: every value of one kind; bare numbers take that of the others."""
        free = expr.function in ("stricter", "first_known")
        fixed = [arg for arg in expr.args if not isinstance(arg, Number) or arg.unit]
        sorts = [self.formula(arg, hint if isinstance(arg, Name) else None) for arg in fixed]
        if None in sorts:
            return None
        found = [sort for sort in sorts if sort is not None]
        if not free and any(self._not_none(arg, sort) is None for arg, sort in zip(fixed, found, strict=True)):
            return None
        wanted = next((sort for sort in found if sort.kind != "number"), hint or Sort("number"))
        for arg in expr.args:
            if arg not in fixed and self.formula(arg, wanted) is None:
                return None
        kinds = {sort.kind for sort in found} | {wanted.kind}
        if kinds <= {"money", "limit"} and len(kinds) == 2 or expr.function == "stricter" and kinds <= {"money", "limit"}:
            return Sort("limit", maybe_none=free and all(sort.maybe_none for sort in found))
        if len(kinds) > 1 and not kinds <= set(SHARES):
            self.note("kind", expr.at, f"the values of {expr.function.replace('_', ' ')} are of different kinds: "
                      f"{listed(sorted(shown(Sort(kind)) for kind in kinds))}")  # fmt: skip
            return None
        return Sort(wanted.kind, wanted.choices, maybe_none=any(sort.maybe_none for sort in found))

    def _figure(self, figure: FigureOf) -> Sort | None:
        listing = self.names.vocabulary.lists.get(figure.list_name)
        if listing is None:
            self.note("unknown-list", figure.at, f"there is no list '{figure.list_name}'",
                      did_you_mean(figure.list_name, self.names.vocabulary.lists,
                                   f"lists: {listed(self.names.vocabulary.lists)}"))  # fmt: skip
            return None
        self.item = {name: fact_referent(field, "item") for name, field in listing.fields.items()}
        self.level = LEVELS["tiers"]
        sound = [self.condition(line) for line in figure.where]
        if figure.word == "count":
            return Sort("count") if all(sound) else None
        summed = self.item.get(figure.field)
        if summed is None or summed.sort.kind not in ("money", "count", "days", "hours"):
            self.note("unknown-field", figure.at, f"'{figure.field}' of {figure.list_name} cannot be added up",
                      did_you_mean(figure.field, listing.fields, f"fields: {listed(listing.fields)}"))  # fmt: skip
            return None
        return summed.sort if all(sound) else None

    def condition(self, condition: Condition) -> bool:
        """Whether a condition is sound; findings say why not."""
        match condition:
            case Block():
                return all([self.condition(item) for item in condition.items])
            case StateTest():
                return self._state(condition)
            case Membership():
                return self._membership(condition)
            case Comparison():
                return self._comparison(condition)

    def _state(self, test: StateTest) -> bool:
        sort = self.formula(test.left)
        if sort is None:
            return False
        if test.state in ("none", "unlimited") and sort.kind != "limit":
            self.note("kind", test.at, f"{self._label(test.left)} is {shown(sort)}: only a limit is {test.state}")
            return False
        if test.state == "zero" and sort.kind not in NUMERIC:
            self.note("kind", test.at, f"{self._label(test.left)} is {shown(sort)} and never zero")
            return False
        return True

    def _comparison(self, test: Comparison) -> bool:
        left = self.formula(test.left)
        if left is None:
            return False
        hint = None if left.kind == "number" else left
        right = self.formula(test.right, hint)
        if right is not None and left.kind == "number" and right.kind != "number":
            left = self.formula(test.left, right)
        if left is None or right is None or self._not_none(test.left, left) is None or self._not_none(test.right, right) is None:
            return False
        if test.op not in ("is", "is_not") and left.kind in (*TOKENS, "flag"):
            self.note("kind", test.at, f"{self._label(test.left)} is {shown(left)}: it has no more and no less",
                      "write 'is', 'is not' or 'in [...]'")  # fmt: skip
            return False
        return self._comparable(test.at, (test.left, left), (test.right, right))

    def _comparable(self, at: Where, left: tuple[Expr, Sort], right: tuple[Expr, Sort]) -> bool:
        kinds = {left[1].kind, right[1].kind}
        if len(kinds) == 1 or kinds <= set(SHARES) or kinds <= {"money", "limit"} or kinds == {"choice", "text"}:
            return True
        if kinds <= {"ratio", "number"} or kinds <= {"count", "number"}:
            return True
        self.note("kind", at, f"{self._label(left[0])} ({shown(left[1])}) is compared with "
                  f"{self._label(right[0])} ({shown(right[1])})")  # fmt: skip
        return False

    def _membership(self, test: Membership) -> bool:
        left = self.formula(test.left)
        if left is None or self._not_none(test.left, left) is None:
            return False
        if len(test.items) == 1 and isinstance(test.items[0], Name) and test.items[0].text.startswith("lists."):
            return self._in_list(test.items[0], left)
        sound = True
        for item in test.items:
            ends = [item.low, item.high] if isinstance(item, Interval) else [item]
            if isinstance(item, Interval) and left.kind in (*TOKENS, "flag"):
                self.note("kind", item.at, f"{self._label(test.left)} is {shown(left)}: it has no range")
                sound = False
                continue
            for end in ends:
                sort = None if end is None else self.formula(end, left)
                sound &= end is None or sort is not None and self._comparable(end.at, (test.left, left), (end, sort))
        return sound

    def _in_list(self, name: Name, left: Sort) -> bool:
        key = name.text.removeprefix("lists.")
        self.names.used.add(name.text)
        words = {one.name.text: one for one in self.names.policy.lists}
        if key not in words:
            self.note("unknown-list", name.at, f"the file has no list '{key}'", did_you_mean(key, words))
            return False
        for word in words[key].words:
            if self.formula(word.value, left) is None:
                return False
        return True

    def _label(self, expr: Expr) -> str:
        return f"'{expr.text}'" if isinstance(expr, (Name, Words, Text)) else "a number" if isinstance(expr, Number) else "the formula"


def shown(sort: Sort) -> str:
    """A kind in the officer's words."""
    return SHOWN.get(sort.kind, f"{'an' if sort.kind[0] in 'aeiou' else 'a'} {sort.kind}")
