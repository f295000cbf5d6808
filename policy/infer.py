"""Kinds of conditions and figures: what may be compared with what, and which fields a list has.

The left side of a comparison says how a word on the right is read.
"""

from __future__ import annotations

from dataclasses import replace

from policy.countries import tell_countries
from policy.figure_words import MAY_BE_NONE, WHOLE_ITEMS
from policy.formulas import SHARES, Formulas
from policy.kinds import NUMERIC, TOKENS
from policy.meaning import LEVELS, Sort, fact_referent, names_in
from policy.numbers import written
from policy.problems import Where
from policy.ratings import graded, one_scale
from policy.reach import beyond_reach, undated
from policy.resolve import shown
from policy.streaks import is_streak, kind_of
from policy.suggest import did_you_mean, listed
from policy.syntax import (
    Block,
    Comparison,
    Condition,
    DateLiteral,
    Expr,
    FigureOf,
    Interval,
    Membership,
    Name,
    Number,
    StateTest,
)
from policy.vocabulary import ListDeclaration

ADDABLE = ("money", "count", "days", "hours")
ORDERED = (*ADDABLE, "months", "percent", "ratio", "date")
READS = {"sum": ADDABLE, "share": ADDABLE, "average": ADDABLE, "largest": ORDERED, "smallest": ORDERED}  # by word


class Inference(Formulas):
    """The sorts of formulas, figures and conditions: all that checking a file needs."""

    def figure(self, figure: FigureOf) -> Sort | None:
        """The sort of a figure over a list: its list, its field and its lines must fit."""
        listing = self.names.vocabulary.lists.get(figure.list_name)
        if (instead := self.names.vocabulary.later_lists.get(figure.list_name)) and listing is None:
            told = f"the list '{figure.list_name}' cannot be read in this version"
            self.note("not-yet-supported", figure.at, told, instead)
            return None
        if listing is None:
            self.note("unknown-list", figure.at, f"there is no list '{figure.list_name}'",
                      did_you_mean(figure.list_name, self.names.vocabulary.lists,
                                   f"one of: {listed(self.names.vocabulary.lists)}"))  # fmt: skip
            return None
        self.names.used.add(figure.list_name)
        self.item = {name: fact_referent(field, "item") for name, field in listing.fields.items()}
        self.level, self.reader = LEVELS["states"], "a figure over a list"
        sound = [self.condition(line) for line in figure.where]
        found = beyond_reach(figure, listing, self.names.lets), undated(figure, listing)
        self.problems += [problem for problem in found if problem is not None]
        sort = self._gives(figure, listing)
        self.item = {}
        sound.append(self._since(figure))
        if figure.if_none is not None:
            sound.append(self._if_none(figure, figure.if_none, sort))
        return sort if all(sound) else None

    def _since(self, figure: FigureOf) -> bool:
        """Whether the day that a window begins with is a date fact."""
        since = None if figure.window is None else figure.window.since
        if since is None:
            return True
        sort = self.formula(since)
        if sort is None:
            return False
        if sort.kind != "date" or self.meanings.referents[since].scope != "fact":
            self.note("kind", since.at, f"'{since.text}' is {shown(sort)} and no date that somebody recorded",
                      "write since and the name of a date fact")  # fmt: skip
            return False
        return True

    def _gives(self, figure: FigureOf, listing: ListDeclaration) -> Sort | None:
        """What a figure is: its word says it, or the field that it reads."""
        if is_streak(figure):
            return Sort(kind_of(figure))
        if figure.word in WHOLE_ITEMS:
            return Sort("count" if figure.word == "count" else "flag")
        readable = READS[figure.word]
        numeric = [name for name, field in listing.fields.items() if field.kind in readable]
        if figure.field not in numeric:
            told = {"largest": "compared", "smallest": "compared"}.get(figure.word, "added up")
            self.note("unknown-field", figure.at, f"'{figure.field}' of {figure.list_name} cannot be {told}",
                      did_you_mean(figure.field, numeric, f"one of: {listed(numeric)}"))  # fmt: skip
            return None
        return Sort("percent") if figure.word == "share" else self.item[figure.field].sort

    def _if_none(self, figure: FigureOf, value: Expr, sort: Sort | None) -> bool:
        """Whether the value for a list without a fitting item is a plain value of the figure's kind."""
        if figure.word not in MAY_BE_NONE:
            self.note("expression", value.at, f"'{figure.word} of' has a value without any item, so nothing is none",
                      f"leave ', if none' out; it is for {listed(MAY_BE_NONE)}")  # fmt: skip
            return False
        plain = isinstance(value, Number | DateLiteral)
        found = self.formula(value, sort) if plain and sort is not None else None
        if not plain or (sort is not None and found is not None and found.kind != sort.kind):
            wanted = "a plain value" if sort is None or not plain else shown(sort)
            self.note("kind", value.at, f"behind 'if none' stands {self.label(value)}, wanted is {wanted}",
                      "write a number, such as 0")  # fmt: skip
            return False
        return found is not None

    def condition(self, condition: Condition) -> bool:
        """Whether a condition is sound; findings say why not."""
        if not isinstance(condition, Block):
            self.names.read(names_in(condition))
        match condition:
            case Block():
                sound = [self.condition(item) for item in condition.items]
                return all(sound)
            case StateTest():
                return self._state(condition)
            case Membership():
                sound_one = self._membership(condition)
            case Comparison():
                sound_one = self._comparison(condition)
        tell_countries(self, condition)
        return sound_one

    def _state(self, test: StateTest) -> bool:
        sort = self.formula(test.left)
        if sort is None:
            return False
        if test.state in ("none", "unlimited") and sort.kind != "limit":
            self.note("kind", test.at, f"{self.label(test.left)} is {shown(sort)}: only a limit can be {test.state}")
            return False
        if test.state == "zero" and sort.kind not in NUMERIC:
            self.note("kind", test.at, f"{self.label(test.left)} is {shown(sort)} and never zero")
            return False
        return True

    def _comparison(self, test: Comparison) -> bool:
        if isinstance(test.right, Number):
            self.tested[test.left] = (test.op, test.right)
        left = self.formula(test.left)
        if left is None:
            return False
        if not graded(test, left, self.label(test.left), self.note):
            return False
        hint = None if left.kind == "number" else left
        right = self.formula(test.right, hint)
        if right is not None and left.kind == "number" and right.kind != "number":
            left = self.formula(test.left, right)
        if (
            left is None
            or right is None
            or self.not_none(test.left, left) is None
            or self.not_none(test.right, right) is None
        ):
            return False
        if test.op not in ("is", "is_not") and left.kind in (*TOKENS, "flag"):
            self.note("kind", test.at, f"{self.label(test.left)} is {shown(left)}: it has no more and no less",
                      "write 'is', 'is not' or 'in [...]'")  # fmt: skip
            return False
        return self._comparable(test.at, (test.left, left), (test.right, right))

    def _comparable(self, at: Where, left: tuple[Expr, Sort], right: tuple[Expr, Sort]) -> bool:
        if left[1].kind == right[1].kind != "rating":
            return True
        kinds = {left[1].kind, right[1].kind}
        if kinds == {"rating"}:
            return one_scale((left, right), self.note) is not None
        if kinds <= set(SHARES) or kinds <= {"money", "limit"} or kinds == {"choice", "text"}:
            return True
        if kinds <= {"ratio", "number"} or kinds <= {"count", "number"}:
            return True
        unit = {"money": f"500 {self.names.policy.currency.text}", "days": "15 days", "months": "6 months"}
        other = next(iter(kinds - {"number"}))
        bare = self.label(next((expr for expr, sort in (left, right) if sort.kind == "number"), left[0]))
        help = f"give {bare} its unit, such as {unit[other]}" if "number" in kinds and other in unit else ""
        help = help or self._in_kind(left, right) or self._in_kind(right, left)
        self.note("kind", at, f"{self.label(left[0])} ({shown(left[1])}) is compared with "
                  f"{self.label(right[0])} ({shown(right[1])})", help)
        return False

    def _in_kind(self, wrong: tuple[Expr, Sort], right: tuple[Expr, Sort]) -> str:
        """How a number with a unit would be written in the kind of what it is compared with."""
        number, sort = wrong[0], right[1]
        units = {"count": "", "ratio": "", "money": f" {self.names.policy.currency.text}", "days": " days",
                 "months": " months", "percent": "%"}  # fmt: skip
        if not isinstance(number, Number) or number.unit in ("", "%") or sort.kind not in units:
            return ""
        if {wrong[1].kind, sort.kind} <= {"days", "months"}:
            return ""  # both are lengths of time, and the one is not the other with the same number
        return f"did you mean '{written(replace(number, unit=''))}{units[sort.kind]}'?"

    def _membership(self, test: Membership) -> bool:
        left = self.formula(test.left)
        if left is None or self.not_none(test.left, left) is None:
            return False
        if len(test.items) == 1 and isinstance(test.items[0], Name) and test.items[0].text.startswith("lists."):
            return self._in_list(test.items[0], left)
        sound = True
        for item in test.items:
            ends = [item.low, item.high] if isinstance(item, Interval) else [item]
            if isinstance(item, Interval) and left.kind in (*TOKENS, "flag", "rating"):
                self.note("kind", item.at, f"{self.label(test.left)} is {shown(left)}: it has no range")
                sound = False
                continue
            for end in ends:
                sort = None if end is None else self.formula(end, left)
                sound &= end is None or sort is not None and self._comparable(end.at, (test.left, left), (end, sort))
        return sound

    def _in_list(self, name: Name, left: Sort) -> bool:
        key = name.text.removeprefix("lists.")
        words = {one.name.text: one for one in self.names.policy.lists}
        if key not in words:
            if name.text not in self.names.policy.broken:
                self.note("unknown-list", name.at, f"the file has no list '{key}'",
                          did_you_mean(key, words, "add it under 'lists'"))  # fmt: skip
            return False
        return all(self.formula(word.value, left) is not None for word in words[key].words)
