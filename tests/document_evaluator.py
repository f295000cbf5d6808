"""A second meaning of a policy, straight from the checked document: what proves the way from the document to a Program.

It walks the syntax tree with its own arithmetic, three-valued logic, tables, checks and fold, and shares nothing with
the compiler or with any engine. Numbers are fractions, and "none" is a mark of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from policy.document import CheckWritten, Let, RowWritten, Scope, Setting, ValueTable, Word
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.meaning import GROUP_FACTS, Checked, Referent
from policy.mentions import mentions
from policy.streaks import STREAKS
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
    Pick,
    StateTest,
    Text,
    Window,
    Words,
)  # fmt: skip
from tests import document_security, document_states
from tests.document_days import in_a_row, in_window, month_of, months_later
from tests.document_papers import document_checks
from tests.document_scopes import concerns, width


@dataclass(frozen=True)
class Unknown:
    """No value, or neither true nor false, and the facts that are missing."""

    why: frozenset[str]


class _Nobody:
    """The mark of a limit that nobody granted."""

    def __repr__(self) -> str:
        return "none"


NOBODY = _Nobody()
UNENDING = Fraction(UNLIMITED)  # above every amount that a ledger can hold
Truth = bool | Unknown
Lists = Mapping[str, Sequence[Mapping[str, Any]]]
SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "is": operator.eq, "is_not": operator.ne,
    "or_better": operator.le, "or_worse": operator.ge, "better_than": operator.lt, "worse_than": operator.gt,
    "at_most": operator.le, "at_least": operator.ge, "below": operator.lt, "above": operator.gt,
}  # fmt: skip
SEVERITY = ("does_not_apply", "pass", "warn", "refer", "deny", "hard_stop")


@dataclass(frozen=True)
class Found:
    """One check: its status, why it is not evaluated, and for a measured one what was measured and allowed."""

    name: str
    status: str
    missing: tuple[str, ...] = ()
    measured: Any = None
    allowed: Any = None
    lifted_by: str = ""


@dataclass(frozen=True)
class Answer:
    """A decision in plain values; amounts in minor units, None where there is nothing or it is missing."""

    verdict: str
    hard_stop: bool
    tier: str | None
    limits: Mapping[str, Any]
    terms: str | None
    longest: str | None
    security: tuple[tuple[tuple[str, Fraction, int | None], ...], ...]
    authority: str | None
    checks: tuple[Found, ...]
    missing: tuple[str, ...]
    rows: Mapping[str, int]


def unknown(values: Iterable[Any]) -> Unknown | None:
    """The reasons of all unknown values together, None where every value is known."""
    reasons = [value.why for value in values if isinstance(value, Unknown)]
    return Unknown(frozenset().union(*reasons)) if reasons else None


def every(truths: Sequence[Truth]) -> Truth:
    """All of them: false as soon as one is false, whatever is unknown."""
    return False if any(t is False for t in truths) else unknown(truths) or True


def some(truths: Sequence[Truth]) -> Truth:
    """Any of them: true as soon as one is true, whatever is unknown."""
    return True if any(t is True for t in truths) else unknown(truths) or False


def opposite(truth: Truth) -> Truth:
    """Unknown stays unknown."""
    return truth if isinstance(truth, Unknown) else not truth


class Evaluator:
    """One checked document over one order's facts and lists; the facts that follow from others are given too.

    `subject` is what is decided on: rows and checks of others are not looked at.
    """

    def __init__(self, checked: Checked, facts: Mapping[str, Any], lists: Lists, subject: str = "order") -> None:
        self.checked, self.policy, self.meanings = checked, checked.policy, checked.meanings
        self.subject = subject
        written = self.policy.rows.items()
        sections = {name: [row for row in rows if concerns(row, name, subject)] for name, rows in written}
        self.sections = {name: rows for name, rows in sections.items() if rows}
        self.checks = [check for check in self.policy.checks if concerns(check, "checks", subject)]
        self.facts, self.lists = facts, lists
        self.item: Mapping[str, Any] = {}
        self.item_list = ""
        self.kept: dict[Any, Any] = {}

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """A value that is worked out once."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    # --- formulas ---

    def value(self, expr: Expr) -> Any:
        """The value of a formula, or Unknown."""
        match expr:
            case Number():
                return self.number(expr)
            case DateLiteral():
                return Fraction(expr.day)
            case Name() | Words() | Text():
                return self.named(self.meanings.referents[expr])
            case Negate():
                value = self.value(expr.value)
                return value if isinstance(value, Unknown) else -value
            case Binary():
                return self.binary(expr)
            case Call():
                return self.call(expr)
            case Notches():
                rank, last = self.value(expr.value), len(self.meanings.sorts[expr].choices)
                return rank if isinstance(rank, Unknown) else min(max(rank + expr.steps, Fraction(1)), Fraction(last))
            case Pick():
                return self.pick(expr)
        raise AssertionError(expr)

    def pick(self, pick: Pick) -> Any:
        """The rating that counts among those that are known, in the order of their ranks."""
        values = [self.value(arg) for arg in pick.args]
        ranks = sorted(value for value in values if not isinstance(value, Unknown))
        if not ranks:
            return unknown(values) if pick.none is None else self.value(pick.none)
        which = {1: "worse", 2: pick.two, 3: pick.three}[len(ranks)]
        return ranks[{"better": 0, "middle": 1, "worse": -1}[which]]

    def number(self, number: Number) -> Any:
        digits, own = self.checked.vocabulary.currencies, self.policy.currency.text
        if number.unit in digits and number.unit != own:
            rate = self.fact(f"rates.{number.unit}", "ratio")
            return rate if isinstance(rate, Unknown) else Fraction(round(number.value * 10 ** digits[own] * rate))
        if number.unit in digits or self.meanings.sorts[number].kind == "money":
            return number.value * 10 ** digits[own]
        return number.value * (12 if number.unit == "years" else 1)

    def fact(self, name: str, kind: str) -> Any:
        value = self.facts.get(name)
        return Unknown(frozenset({name})) if value is None else self.given(value, kind)

    @staticmethod
    def given(value: Any, kind: str) -> Any:
        """A given value in the values of this file."""
        if kind == "limit" and value in (NO_LIMIT, UNLIMITED):
            return NOBODY if value == NO_LIMIT else UNENDING
        return Fraction(value) if isinstance(value, int | Fraction) and not isinstance(value, bool) else value

    def named(self, referent: Referent) -> Any:
        name, kind = referent.name, referent.sort.kind
        match referent.scope:
            case "token":
                return self.given(referent.value, kind)
            case "fact" if "_by_" in name:
                return self.facts.get(name) is True  # an act that nobody recorded is not there
            case "fact":
                return self.fact(name, kind)
            case "item":
                value = self.item.get(name)
                return Unknown(frozenset({f"{self.item_list}.{name}"})) if value is None else self.given(value, kind)
            case "let" | "figure":
                let = self.checked.names.lets[name]
                return self.once(("let", name), lambda: self.let(let))
            case "setting":
                setting = next(one for one in self.policy.settings if one.name.text == name)
                return self.once(("setting", name), lambda: self.setting(setting))
            case "output":
                return self.output(referent.table, name)
            case "table":
                table = next(one for one in self.policy.tables if one.name.text == name)
                return self.once(("table", name), lambda: self.table(table))
            case "effective":
                return self.effective()
        raise AssertionError(referent.scope)

    def let(self, let: Let) -> Any:
        outer = self.item, self.item_list
        self.item, self.item_list = {}, ""
        found = self.figure(let.formula) if isinstance(let.formula, FigureOf) else self.value(let.formula)
        self.item, self.item_list = outer
        return found

    def figure(self, figure: FigureOf) -> Any:
        """Taken together item by item; the first item that cannot be judged makes the whole unknown."""
        items = self.lists.get(figure.list_name)
        if items is None:
            return Unknown(frozenset({figure.list_name}))
        fitting, rest = [], []
        for item in items:
            self.item, self.item_list = item, figure.list_name
            windowed = figure.window is not None and figure.window.unit != "ever"
            recent = self.recent(figure.window, figure.list_name) if figure.window and windowed else True
            fits = every([self.truth(line) for line in figure.where])
            if recent is False or (fits is False and figure.word not in ("share", "every", *STREAKS)):
                continue
            missing = Unknown(frozenset({f"{figure.list_name}.{figure.field}"}))
            given = item.get(figure.field)
            amount = Fraction(1) if not figure.field else missing if given is None else Fraction(given)
            if (stop := unknown([recent, fits]) or unknown([amount])) is not None:
                return stop
            if figure.word in STREAKS:
                amount = month_of(item[self.checked.vocabulary.lists[figure.list_name].dated_by])
            (fitting if fits else rest).append(amount)
        if figure.word in STREAKS and fitting:
            return in_a_row(figure, month_of(self.facts["as_of"]), set(fitting), set(rest))  # type: ignore[arg-type]
        return self.together(figure, fitting, rest)

    def together(self, figure: FigureOf, fitting: list[Fraction], rest: list[Fraction]) -> Any:
        """What a figure's word makes of the items that fit and, of a share, of the rest."""
        if not fitting and figure.word in ("largest", "smallest", "average"):
            none = Unknown(frozenset({f"no_item:{figure.list_name}"}))
            return none if figure.if_none is None else self.value(figure.if_none)
        whole = sum(fitting) + sum(rest)
        match figure.word:
            case "largest":
                return max(fitting)
            case "smallest":
                return min(fitting)
            case "average":
                return Fraction(sum(fitting), len(fitting))
            case "any" | "every":
                return bool(fitting) if figure.word == "any" else not rest
            case "share" if fitting or rest:
                return sum(fitting) / Fraction(whole) if whole > 0 else Unknown(frozenset({"zero_divisor"}))
        return Fraction(sum(fitting))  # of a count each item is one

    def recent(self, window: Window, list_name: str) -> Truth:
        """Whether the item's day lies in a window; the date field of the list is the only one that can be meant."""
        listing = self.checked.vocabulary.lists[list_name]
        read = {f"{list_name}.{listing.dated_by}": self.item.get(listing.dated_by), "as_of": self.facts.get("as_of")}
        given, today = read.values()
        since = window.since and read.setdefault(window.since.text, self.facts.get(window.since.text))
        if None in read.values():
            return Unknown(frozenset(name for name, value in read.items() if value is None))
        return in_window(window, given, today, since)  # type: ignore[arg-type]

    def setting(self, setting: Setting) -> Any:
        if len(setting.values) == 1 and setting.values[0].since is None and setting.values[0].until is None:
            return self.value(setting.values[0].value)
        today = self.fact("order.deliver_by" if setting.on_shipment and self.subject == "order" else "as_of", "date")
        if isinstance(today, Unknown):
            return today
        holding = [one for one in setting.values if self.on(today, one.since, one.until)]
        return self.value(holding[0].value) if holding else Unknown(frozenset({f"no_row:settings.{setting.name.text}"}))

    @staticmethod
    def on(day: Fraction, since: int | None, until: int | None) -> bool:
        return (since is None or since <= day) and (until is None or day <= until)

    def table(self, table: ValueTable) -> Any:
        """Cell by cell in the order of the file, until one fits or cannot be judged."""
        for down, line in zip(table.down_tests, table.values, strict=True):
            for number, value in enumerate(line):
                tests = [down, table.across_tests[number]] if table.across_tests else [down]
                fits = every([self.truth(cell.test) for cell in tests])
                if isinstance(fits, Unknown):
                    return fits
                if fits:
                    return self.value(value)
        return Unknown(frozenset({f"no_row:{table.name.text}"}))

    def binary(self, expr: Binary) -> Any:
        left, right = self.value(expr.left), self.value(expr.right)
        if (stop := unknown([left, right])) is not None:
            return stop
        if expr.op in "+-" and self.meanings.sorts[expr.right].kind == "months" != self.meanings.sorts[expr.left].kind:
            return months_later(left, right if expr.op == "+" else -right)
        if expr.op == "/":
            if right <= 0:
                return Unknown(frozenset({"zero_divisor"}))
            return Fraction(0) if self.is_limit(expr.right) and right == UNENDING else left / right
        if self.is_limit(expr.left) and left == UNENDING:
            return UNENDING
        return {"+": operator.add, "-": operator.sub, "*": operator.mul}[expr.op](left, right)

    def is_limit(self, expr: Expr) -> bool:
        """Whether a formula is a limit, and so may be unlimited."""
        return self.meanings.sorts[expr].kind == "limit"

    def call(self, expr: Call) -> Any:
        args = [self.value(arg) for arg in expr.args]
        if expr.function == "if_none":
            limit = self.value(expr.args[0])
            if limit is not NOBODY:
                return limit
            other = self.value(expr.args[1])
            return other if isinstance(other, Unknown) else Fraction(round(max(other, Fraction(0))))
        if expr.function == "first_known":
            return next((arg for arg in args if not isinstance(arg, Unknown)), unknown(args))
        if (stop := unknown(args)) is not None:
            return stop
        if expr.function == "stricter":
            return min((max(arg, Fraction(0)) for arg in args if arg is not NOBODY), default=NOBODY)
        if expr.function == "days_between":
            return args[1] - args[0]
        single = {"abs": abs, "round": round}  # Python rounds a fraction half to even, as the language does
        if expr.function in single:
            return single[expr.function](args[0])
        return {"min": min, "max": max}[expr.function](*args)  # type: ignore[operator]

    # --- conditions ---

    def truth(self, condition: Condition) -> Truth:
        """Whether a condition holds, or Unknown."""
        match condition:
            case Comparison():
                return self.compared(condition.op, self.value(condition.left), self.value(condition.right))
            case StateTest():
                return self.state(condition)
            case Membership():
                return self.member(self.value(condition.left), condition)
            case Block(op="all"):
                return every([self.truth(item) for item in condition.items])
            case Block(op="any"):
                return some([self.truth(item) for item in condition.items])
            case Block():
                return opposite(self.truth(condition.items[0]))

    @staticmethod
    def compared(sign: str, left: Any, right: Any) -> Truth:
        assert NOBODY not in (left, right), "a limit that nobody granted is compared as an amount"
        return unknown([left, right]) or SIGNS[sign](left, right)

    def state(self, test: StateTest) -> Truth:
        value = self.value(test.left)
        if test.state in ("missing", "known"):
            return (isinstance(value, Unknown) is (test.state == "missing")) is not test.negated
        if isinstance(value, Unknown):
            return value
        found = {"none": value is NOBODY, "zero": value == 0, "unlimited": value == UNENDING}[test.state]
        return found is not test.negated

    def member(self, subject: Any, test: Membership) -> Truth:
        first = test.items[0] if test.items else None
        if isinstance(first, Name) and first.text.startswith("lists."):
            found = self.listed(subject, first.text.removeprefix("lists."))
        elif isinstance(subject, Unknown):
            found = unknown([subject, *self.open_values(test)]) or False
        else:
            found = some([self.fits(subject, item) for item in test.items])
        return opposite(found) if test.negated else found

    def open_values(self, test: Membership) -> list[Any]:
        """What is written as a point or end of an interval."""
        ends = [end for item in test.items for end in ([item.low, item.high] if isinstance(item, Interval) else [item])]
        return [self.value(end) for end in ends if end is not None]

    def fits(self, subject: Any, item: Expr | Interval) -> Truth:
        if not isinstance(item, Interval):
            return self.compared("is", subject, self.value(item))
        above, below = ">=" if item.low_closed else ">", "<=" if item.high_closed else "<"
        ends = [(sign, end) for sign, end in ((above, item.low), (below, item.high)) if end is not None]
        return every([self.compared(sign, subject, self.value(end)) for sign, end in ends])

    def listed(self, subject: Any, name: str) -> Truth:
        """A word of a list on the day of the decision; a word without dates belongs to it always."""
        words = next(one for one in self.policy.lists if one.name.text == name).words
        dated = [word for word in words if word.since is not None or word.until is not None]
        always = [word.value.text for word in words if word not in dated]
        stretches = sorted({(word.since or 0, word.until or UNENDING) for word in dated})
        tests = [unknown([subject]) or subject in always] if always else []
        for since, until in stretches:
            there = [word.value.text for word in dated if (word.since or 0, word.until or UNENDING) == (since, until)]
            today = self.fact("as_of", "date")
            tests.append(every([unknown([subject]) or subject in there, unknown([today]) or since <= today <= until]))
        return some(tests)

    # --- sections ---

    def row(self, section: str) -> int | Unknown:
        """The number of the first row that is not false; Unknown where it cannot be judged."""
        return self.once(("row", section), lambda: self.first(section, self.sections[section]))

    def first(self, section: str, rows: Sequence[RowWritten]) -> int | Unknown:
        for number, row in enumerate(rows):
            fits = every([self.within(row.scope), True if row.when is None else self.truth(row.when)])
            if isinstance(fits, Unknown):
                return fits
            if fits:
                return number
        return Unknown(frozenset({f"no_row:{section}"}))

    def output(self, section: str, column: str) -> Any:
        """One cell of the chosen row; None where the row does not say it."""
        if section.startswith("state."):
            return document_states.stay(self, section if column == "state" else section.removesuffix(".held"), column)
        row = self.row(section)
        if isinstance(row, Unknown):
            return row
        cell = self.sections[section][row].cells.get(column)
        if section != "limits" or cell is None or column == "effective":
            return cell.text if isinstance(cell, Word) else cell
        value = self.value(cell)
        if column == "review_every" or isinstance(value, Unknown) or value is NOBODY:
            return value
        return Fraction(round(max(value, Fraction(0)) if column == "limit" else value))

    def effective(self) -> Any:
        """The lower of what was granted and what the policy computes; nothing at all counts as 0."""
        own, group = self.own_limit(), NOBODY
        if self.facts.get("group.limit") is not None and self.once("groups", self._speaks_of_groups):
            group = self.fact("group.limit", "limit")
        fixed = isinstance(own, Unknown) or own == UNENDING
        return own if fixed else min((one for one in (own, group) if one is not NOBODY), default=Fraction(0))

    def _speaks_of_groups(self) -> bool:
        return mentions(self.policy, GROUP_FACTS)

    def own_limit(self) -> Any:
        """The customer's own: what the row says counts, else the lower of what was granted and what is computed."""
        granted, rows = self.fact("limit.granted", "limit"), self.sections.get("limits", ())
        policy = self.output("limits", "limit") if rows else NOBODY
        if any("effective" in row.cells for row in rows) and (word := self.output("limits", "effective")) is not None:
            return word if isinstance(word, Unknown) else granted if word == "granted" else policy
        return unknown([granted, policy]) or min((o for o in (granted, policy) if o is not NOBODY), default=NOBODY)

    def within(self, scope: Scope | None) -> Truth:
        """Whether this order's customer is in a scope; without a number or group he is in nobody's."""
        kind, _, name = ("all", "", "") if scope is None else scope.text.partition(" ")
        if kind in ("customer", "group"):
            return self.facts.get("customer.id" if kind == "customer" else "customer.group") == name
        return every([self.truth(line) for line in scope.where]) if scope is not None else True

    def asked(self, check: CheckWritten) -> Truth:
        """Whether a check is asked: its scope and no narrower one of its name, and `only_when`."""
        same = [one for one in self.checks if one.name.text == check.name.text]
        narrower = [one.scope for one in same if width(one.scope) < width(check.scope)]
        told = [] if check.only_when is None else [self.truth(check.only_when)]
        return every([self.within(check.scope), *(opposite(self.within(scope)) for scope in narrower), *told])

    def lifted_by(self, check: CheckWritten) -> str:
        """The narrowest exception that holds on this day, "" for none."""
        mine = [one for one in self.policy.exceptions if not one.subjects or self.subject in one.subjects]
        for one in sorted(mine, key=lambda one: width(one.scope)):
            fits = width(one.scope) <= width(check.scope) and check.name.text in [word.text for word in one.lifts]
            if fits and width(one.scope) == width(check.scope) and one.scope.text.split()[0] in ("customer", "group"):
                fits = check.scope is not None and check.scope.text == one.scope.text
            if fits:
                tests = [self.within(one.scope), True if one.when is None else self.truth(one.when)]
                if one.until is not None:
                    today = self.fact("as_of", "date")
                    tests.append(unknown([today]) or today <= one.until)
                if every(tests) is True:
                    return one.name.text
        return ""

    def check(self, check: CheckWritten) -> Found:
        name, asked = check.name.text, self.asked(check)
        if isinstance(asked, Unknown):
            return Found(name, "not_evaluated", tuple(sorted(asked.why)))
        if not asked:
            return Found(name, "does_not_apply")
        shown: tuple[Any, Any] = (None, None)
        if check.when is not None:
            failed = self.truth(check.when)
        else:
            assert check.measure is not None
            measured, allowed = self.value(check.measure), None
            if isinstance(check.allowed, Membership):
                failed = opposite(self.member(measured, check.allowed))
            else:
                allowed = self.value(check.allowed)  # type: ignore[arg-type]
                failed = opposite(self.compared(check.op, measured, allowed))
            shown = (known(measured), known(allowed))
        if isinstance(failed, Unknown):
            return Found(name, "not_evaluated", tuple(sorted(failed.why)), *shown)
        lifted_by = self.lifted_by(check) if failed else ""
        return Found(name, "lifted" if lifted_by else check.verdict.text if failed else "pass", (), *shown, lifted_by)

    def answer(self) -> Answer:
        """The whole decision."""
        papers = [row for row in self.policy.documents if concerns(row, "documents", self.subject)]
        checks = (*(self.check(check) for check in self.checks),
                  *(Found(*told) for told in document_checks(self, papers)))  # fmt: skip
        columns = {"tiers": ["tier"], "terms": ["offer", "longest"], "security": ["security"],
                   "limits": sorted({c for row in self.sections.get("limits", ()) for c in row.cells} - {"effective"})}
        cells = {(section, column): self.output(section, column) for section, names in columns.items()
                 if section in self.sections for column in names}  # fmt: skip
        limits = {column: known(value) for (section, column), value in cells.items() if section == "limits"}
        limits["effective"] = known(self.effective())
        ways = known(cells.get(("security", "security"))) or ()
        unclear = unknown([*cells.values(), self.effective(), *document_security.unclear(self, ways)])
        missing = {*(unclear.why if unclear else ()), *(why for check in checks for why in check.missing)}
        offer, most = (known(cells.get(("terms", name))) for name in ("offer", "longest"))
        terms, longest, changed = self.choice(offer, most)
        to_bring = tuple(tuple(sorted(way)) for way in document_security.to_bring(self, terms, ways))
        verdict, hard_stop = self.verdict(checks, missing, bool(to_bring) or changed)
        shown = [name for name in ("tiers", "limits", "terms", "security") if name in self.sections]
        shown += ["authority"] if verdict == "refer" and "authority" in self.sections else []
        rows = {name: -1 if isinstance(row := self.row(name), Unknown) else row for name in shown}
        rows |= document_states.rows(self)
        return Answer(
            verdict, hard_stop, known(cells.get(("tiers", "tier"))), limits, terms, longest, to_bring,
            self.authority() if "authority" in rows else None, checks, tuple(sorted(missing)), rows,
        )  # fmt: skip

    def verdict(self, checks: Sequence[Found], missing: set[str], conditions: bool) -> tuple[str, bool]:
        statuses = {check.status for check in checks}
        denying = {name for name in missing if name in self.checked.names.facts
                   and self.checked.names.facts[name].missing == "deny"}  # fmt: skip
        if statuses & {"hard_stop", "deny"} or denying:
            return "deny", "hard_stop" in statuses
        if statuses & {"refer", "not_evaluated"} or missing:
            return "refer", False
        return ("approve_with_conditions" if conditions else "approve"), False

    def choice(self, offer: Sequence[Word] | None, longest: str | None) -> tuple[str | None, str | None, bool]:
        """The terms of the order, the longest that may be asked for, and whether they differ from those asked for."""
        spelled = self.spelled
        most = None if longest is None else spelled(longest)
        asked = self.facts.get("order.requested_terms")
        if not offer:
            return None, most, False
        offers = [spelled(word.text) for word in offer]
        if asked is None:
            return offers[0], most, False
        read = self.checked.vocabulary.read_terms
        wish, top = read(asked), None if most is None else read(most)
        short = wish is not None and wish.plain and top is not None and wish.net_days <= top.net_days
        if asked in offers or asked == "prepaid" or short:
            return asked, most, False
        return offers[0], most, True

    def spelled(self, text: str) -> str:
        terms = self.checked.vocabulary.read_terms(text)
        assert terms is not None
        return terms.text

    def authority(self) -> str | None:
        role = self.output("authority", "release")
        highest = self.policy.roles_rising[-1].text if self.policy.roles_rising else None
        return highest if isinstance(role, Unknown) else str(role)


def known(value: Any) -> Any:
    """The value, None where it is unknown."""
    return None if isinstance(value, Unknown) else value
