"""Kinds of formulas: what may be added to, multiplied with and divided by what.

A bare number takes the kind of what it is compared with or of the column it fills; beside a date or an amount of money
it needs its unit.
"""

from __future__ import annotations

from policy.kinds import NUMERIC
from policy.meaning import LEVELS, Sort
from policy.numbers import exact, unit_kind
from policy.problems import Problem
from policy.ratings import one_scale
from policy.resolve import Resolver, shown
from policy.suggest import listed
from policy.syntax import Binary, Call, DateLiteral, Expr, FigureOf, Name, Negate, Notches, Number, Pick, Text, Words

FACTORS = ("number", "count", "percent", "ratio")
SHARES = ("percent", "ratio")


class Formulas(Resolver):
    """The sorts of formulas."""

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
                return self.word(expr, hint)
            case Negate():
                return self._signed(expr.value, hint)
            case Binary():
                return self._binary(expr, hint)
            case Call():
                return self._call(expr, hint)
            case Notches():
                return self._rating((expr.value,), hint)
            case Pick():
                return self._rating(expr.args if expr.none is None else (*expr.args, expr.none), hint)
            case FigureOf():
                self.note("scope", expr.at, "a figure over a list stands where a formula is wanted",
                          "give it a name of its own under 'let' and use the name")  # fmt: skip
        return None

    def _number(self, number: Number, hint: Sort | None) -> Sort | None:
        currencies = self.names.vocabulary.currencies
        own = self.names.policy.currency.text
        kind = unit_kind(number, currencies) or (hint.kind if hint and hint.kind in (*NUMERIC, "date") else "number")
        if kind == "date":
            self.note(
                "unit", number.at, "a bare number stands where a date is wanted", "write 2026-07-01, or as_of - 2 days"
            )
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

    def _rating(self, args: tuple[Expr, ...], hint: Sort | None) -> Sort | None:
        """Formulas that are all ratings of one scale."""
        sorts = [(arg, sort) for arg in args if (sort := self.formula(arg, hint)) is not None]
        return one_scale(sorts, self.note) if len(sorts) == len(args) else None

    def amount(self, expr: Expr, hint: Sort | None) -> Sort | None:
        """A formula that arithmetic may use: a number, and no limit that may be none."""
        sort = self.formula(expr, hint)
        if sort is not None and sort.kind not in (*NUMERIC, "date"):
            self.note("kind", expr.at, f"{self.label(expr)} is {shown(sort)} and cannot be calculated with")
            return None
        return self.not_none(expr, sort)

    def not_none(self, expr: Expr, sort: Sort | None) -> Sort | None:
        if sort is not None and sort.maybe_none:
            help = "use limit.effective, or write (limit.granted, if none 0)"
            if self.level <= LEVELS["limits"]:  # where limit.effective is not known yet
                help = ("leave it out, for the lower of the granted limit and this one counts; or write stricter of "
                        "[limit.granted, ...]")  # fmt: skip
            self.note("limit-state", expr.at, f"{self.label(expr)} may be none, which is no amount", help)
            return None
        return sort

    def _signed(self, expr: Expr, hint: Sort | None) -> Sort | None:
        """A formula whose sign may be changed: no date, and no limit, for unlimited has no opposite."""
        sort = self.amount(expr, hint)
        if sort is not None and sort.kind in ("date", "limit"):
            self.note("kind", expr.at, f"{self.label(expr)} is {shown(sort)} and has no sign")
            return None
        return sort

    def _binary(self, expr: Binary, hint: Sort | None) -> Sort | None:
        left, right = self.amount(expr.left, None), self.amount(expr.right, None)
        if left is None or right is None:
            return None
        combine = self._sum if expr.op in "+-" else self._product if expr.op == "*" else self._quotient
        return combine(expr, left, right)

    def _sum(self, expr: Binary, left: Sort, right: Sort) -> Sort | None:
        for side, sort, against in ((expr.left, left, right), (expr.right, right, left)):
            if sort.kind == "number" and against.kind != "number":
                if against.kind in ("money", "date", "limit", "percent"):
                    wanted = {"date": "15 days", "percent": "5%"}.get(
                        against.kind, f"1_000 {self.names.policy.currency.text}"
                    )
                    self.note(
                        "unit", side.at, f"beside {shown(against)} a number needs its unit", f"write it like {wanted}"
                    )
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
        kinds = (left.kind, right.kind)
        help = "say of what the share is taken: 10% * amount" if "percent" in kinds else ""
        if verb == "multiplied with" and "limit" in kinds and "percent" in kinds:
            help = "a limit may be unlimited, so compare a share of it: order.amount / limit.effective"
        if kinds == ("rate", "rate"):
            self.note("kind", expr.at, "rates are added only where a late charge reads them",
                      "write the sum there: rate: settings.base + 8% per year")  # fmt: skip
            return None
        if verb in ("added to", "taken from") and set(kinds) == {"limit", "money"}:
            help = ("a limit may be unlimited; take the amount off what is measured: account.exposure - 5_000 "
                    f"{self.names.policy.currency.text}")  # fmt: skip
        if kinds == ("date", "hours"):
            help = "days have no hours: count in days, such as 2 days"
        pair = ((expr.left, left), (expr.right, right))
        (one, first), (other, second) = (pair[1], pair[0]) if verb == "taken from" else pair
        self.note("kind", expr.at, f"{self.label(one)} ({shown(first)}) cannot be {verb} {self.label(other)} "
                  f"({shown(second)})", help)  # fmt: skip
        return None

    def _call(self, expr: Call, hint: Sort | None) -> Sort | None:
        if expr.function == "abs":
            return self._signed(expr.args[0], hint)
        if expr.function == "round":
            return self._rounded(expr)
        if expr.function == "days_between":
            sorts = [self.formula(arg, Sort("date")) for arg in expr.args]
            if all(sort is not None and sort.kind == "date" for sort in sorts):
                return Sort("days")
            if None not in sorts:
                self.note("kind", expr.at, "days_between takes two dates")
            return None
        return self._where_none(expr) if expr.function == "if_none" else self._one_kind(expr, hint)

    def _rounded(self, expr: Call) -> Sort | None:
        """An amount in whole minor units: nothing else is paid in units that a currency has not."""
        sort = self.formula(expr.args[0], Sort("money"))
        if sort is None or sort.kind == "money":
            return sort
        self.note("kind", expr.at, f"{self.label(expr.args[0])} is {shown(sort)}; only an amount is rounded",
                  "leave round( ) out: shares and counts are exact")  # fmt: skip
        return None

    def _where_none(self, expr: Call) -> Sort | None:
        """A limit, and what takes its place where nobody granted one: an amount, or a limit that is never none."""
        left = self.formula(expr.args[0])
        right = self.formula(expr.args[1], Sort("money"))
        if left is None or right is None or self.not_none(expr.args[1], right) is None:
            return None
        if not left.maybe_none:
            self.note("limit-state", expr.at, f"{self.label(expr.args[0])} is {shown(left)}, which is never none",
                      "leave ', if none' out; it is for limits that nobody may have granted")  # fmt: skip
            return None
        if right.kind not in ("money", "limit"):
            self.note("kind", expr.args[1].at, f"behind 'if none' stands {self.label(expr.args[1])}, "
                      "wanted is an amount")  # fmt: skip
            return None
        return Sort("limit")

    def _one_kind(self, expr: Call, hint: Sort | None) -> Sort | None:
        """min, max, first known of, stricter of: every value of one kind; bare numbers take that of the others."""
        free = expr.function in ("stricter", "first_known")
        fixed = [arg for arg in expr.args if not isinstance(arg, Number) or arg.unit]
        sorts = [self.formula(arg, hint if isinstance(arg, Name) else None) for arg in fixed]
        if None in sorts:
            return None
        found = [sort for sort in sorts if sort is not None]
        if not free and any(self.not_none(arg, sort) is None for arg, sort in zip(fixed, found, strict=True)):
            return None
        wanted = next((sort for sort in found if sort.kind != "number"), hint or Sort("number"))
        for arg in expr.args:
            if arg not in fixed and self.formula(arg, wanted) is None:
                return None
        kinds = {sort.kind for sort in found} | {wanted.kind}
        limits = kinds <= {"money", "limit"}
        if expr.function == "stricter" and not limits:
            self.note("kind", expr.at, "'stricter of' takes limits and amounts", "write min(a, b) for other kinds")
            return None
        if limits and (len(kinds) == 2 or expr.function == "stricter"):
            # A bare number is an amount, which is never none; "none" itself is known, so first known of may give it.
            nobody = [sort.maybe_none for sort in found] + [False] * (len(expr.args) - len(fixed))
            return Sort("limit", maybe_none=all(nobody) if expr.function == "stricter" else any(nobody))
        if len(kinds) > 1 and not kinds <= set(SHARES):
            self.note("kind", expr.at, f"the values of {expr.function.replace('_', ' ')} are of different kinds: "
                      f"{listed(sorted(shown(Sort(kind)) for kind in kinds))}")  # fmt: skip
            return None
        if kinds == {"rating"}:
            return one_scale([(arg, sort) for arg, sort in zip(fixed, found, strict=True)], self.note)
        return Sort(wanted.kind, wanted.choices, maybe_none=any(sort.maybe_none for sort in found))
