"""What each name in a formula stands for: facts and figures by name, words by the choices of what they stand beside.

A named figure is checked when it is first met, so figures may stand in any order; a circle of them is one finding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from policy import acts
from policy.kinds import NO_LIMIT, TOKENS, UNLIMITED
from policy.meaning import LEVELS, OUTPUT_NAMES, SECTION_AT, STATE, Meanings, Names, Referent, Sort, figure_of, names_in
from policy.numbers import written
from policy.problems import Problem, Where
from policy.suggest import did_you_mean, listed, nearest
from policy.syntax import Expr, FigureOf, Name, Number, Text, Words

ANY_SECTION = 99
FLAGS = {"true": True, "false": False}
YAML_WORDS = ("yes", "no", "on", "off", "y", "n", "true", "false", "null", "~")
SHOWN = {
    "number": "a bare number", "money": "an amount", "flag": "true or false", "choice": "a word", "limit": "a limit",
    "days": "days", "months": "months", "hours": "hours", "percent": "a percentage", "terms": "payment terms",
}  # fmt: skip
NEEDS = {"tier": ("tiers", "tier"), **{name: ("limits", column) for column, name in OUTPUT_NAMES.items()}}
LIMIT_WORDS = {"none": NO_LIMIT, "unlimited": UNLIMITED}


@dataclass(slots=True)
class Resolver(ABC):
    """The state of checking one file: what names mean, the answers so far, and the findings."""

    names: Names
    meanings: Meanings = field(default_factory=Meanings)
    problems: list[Problem] = field(default_factory=list)
    level: int = ANY_SECTION
    reader: str = ""
    item: dict[str, Referent] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    tested: dict[Expr, tuple[str, Number]] = field(default_factory=dict)

    @abstractmethod
    def formula(self, expr: Expr, hint: Sort | None = None) -> Sort | None:
        """The sort of a formula, None where it has none (and a finding says why)."""

    @abstractmethod
    def figure(self, figure: FigureOf) -> Sort | None:
        """The sort of a figure over a list."""

    def note(self, code: str, at: Where, message: str, help: str = "", severity: str = "error") -> None:
        """Add a finding."""
        self.problems.append(Problem(code, at, message, help, severity))

    def word(self, expr: Name | Words | Text, hint: Sort | None) -> Sort | None:
        """The sort of a name or word, noted with what it stands for."""
        self.names.read([expr] if isinstance(expr, Name) else [])
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
        if hint is not None and hint.kind in ("flag", "choice", "text") and text.lower() in YAML_WORDS:
            self._yaml_word(expr, hint)
            if hint.kind == "flag":
                return None
        if text in LIMIT_WORDS and (hint is None or hint.kind in ("limit", "money")):
            return Referent("token", text, Sort("limit", maybe_none=text == "none"), value=LIMIT_WORDS[text])
        if hint is not None and hint.kind in (*TOKENS, "rating") and not (isinstance(expr, Name) and "." in text):
            return self._token(expr, hint)
        self.unknown(expr)
        return None

    def _yaml_word(self, expr: Name | Words | Text, hint: Sort) -> None:
        """`NO` is a word here, though other readers of YAML take it for false: said once, so that nobody wonders."""
        if hint.kind == "flag":
            self.note("yaml-word", expr.at, f"'{expr.text}' is not true or false", "write true or false")
        elif not isinstance(expr, Text):
            message = f"'{expr.text}' is kept as text; other programs may read it as true, false or nothing"
            self.problems.append(Problem("yaml-word", expr.at, message, f"write '{expr.text}' in quotes", "warning"))

    def _is_choice(self, text: str, hint: Sort | None) -> bool:
        if hint is None or "." in text:
            return False
        words = dict(hint.ranks) if hint.kind == "rating" else hint.choices
        return hint.kind in ("choice", "rating") and text in words or hint.kind == "text"

    def _token(self, expr: Name | Words | Text, hint: Sort) -> Referent | None:
        if hint.kind == "terms":
            terms = self.names.vocabulary.read_terms(expr.text)
            if terms is None:
                self.note(
                    "terms", expr.at, f"'{expr.text}' is not a payment term", "write net 30, 2/10 net 30 or prepaid"
                )
                return None
            return Referent("token", terms.text, hint, value=terms.text)
        ranks = dict(hint.ranks) if hint.kind == "rating" else {}
        if hint.kind in ("choice", "rating") and expr.text not in (ranks or hint.choices):
            code = "unknown-tier" if hint.of_tier else "unknown-word"
            if hint.of_tier and "tier" in self.names.policy.broken:
                return None
            what = "a tier of this file" if hint.of_tier else "one of the words that may stand here"
            known = tuple(ranks) or hint.choices
            several = [word.strip() for word in expr.text.split(",")]
            help = did_you_mean(expr.text, known, f"one of: {listed(known)}")
            if len(several) > 1 and set(several) <= {*known}:
                help = f"for any one of them write: in [{listed(several)}]"
            self.note(code, expr.at, f"'{expr.text}' is not {what}", help)
            return None
        return Referent("token", expr.text, hint, value=ranks.get(expr.text, expr.text))

    def known(self, text: str, at: Where) -> Referent | None:
        """What a name stands for; a named figure is checked when it is first met."""
        if text in self.names.known:
            return self.names.known[text]
        let = self.names.lets.get(text)
        if let is None:
            return acts.declared(self.names, text)
        if text in self.path:
            circle = " -> ".join([*self.path[self.path.index(text) :], text])
            self.note(
                "cycle", let.name.at, f"figures need each other: {circle}", "one of them must not read the others"
            )
            self.names.known[text] = Referent("broken", text, Sort("number"))
            return self.names.known[text]
        return self._check_let(text)

    def _check_let(self, text: str) -> Referent:
        let = self.names.lets[text]
        outer = (self.level, self.reader, self.item)
        self.level, self.reader, self.item = ANY_SECTION, "", {}
        self.path.append(text)
        figure = figure_of(let)
        sort = self.figure(figure) if figure is not None else self.formula(let.formula)
        self.path.pop()
        self.level, self.reader, self.item = outer
        if text not in self.names.known:
            scope = "broken" if sort is None else "figure" if figure is not None else "let"
            self.names.known[text] = Referent(scope, text, sort or Sort("number"), self.level_of(let.formula))
        return self.names.known[text]

    def level_of(self, expr: Expr) -> int:
        """The section after which every name under a formula is known."""
        found = [self.meanings.referents.get(name) for name in names_in(expr)]
        return max((referent.level for referent in found if referent is not None), default=0)

    def _too_early(self, expr: Name | Words | Text, referent: Referent) -> None:
        path = self._way_to(expr.text, referent.level)
        reads = ", which reads ".join(f"'{step}'" for step in path)
        has_states = bool(self.names.policy.states)
        above = listed(one for one in list(LEVELS)[: self.level] if one != "states" or has_states)
        reader = self.reader or f"'{SECTION_AT[self.level]}'"
        message = f"{reader} reads {reads}, known only after '{SECTION_AT[referent.level]}'"
        self.note("section-order", expr.at, message, f"it may read only what stands above it: {above}")

    def _way_to(self, name: str, level: int) -> list[str]:
        """The figures through which a name reads something of that level."""
        path = [name]
        while (let := self.names.lets.get(path[-1])) is not None:
            known = [(inner, self.meanings.referents.get(inner)) for inner in names_in(let.formula)]
            inner = [name.text for name, one in known if one is not None and one.level == level]
            if not inner:
                break
            path.append(inner[0])
        return path

    def unknown(self, expr: Name | Words | Text) -> None:
        """The finding for a name that is nothing here."""
        names = [*self.item, *self.names.all_names()]
        if self.item:
            names = [*self.item, *names]
        if isinstance(expr, Name) and (acts.told_role(self, expr) or _told_state(self, expr)):
            return
        if expr.text.startswith(("terms.", "cover.", "group.")):
            self.note("not-yet-supported", expr.at, f"'{expr.text}' cannot be read in this version",
                      "take the line out until it can")  # fmt: skip
            return
        if isinstance(expr, Text) and expr.text.replace("_", "").replace(".", "").isdigit():
            self.note("quoting", expr.at, f"'{expr.text}' is a text, and a number is wanted", "take the quotes out")
            return
        shape = expr.text.split(".")[0]
        if shape in self.names.vocabulary.lists and "." in expr.text:
            self.note("scope", expr.at, f"'{expr.text}' is a field of a list and cannot be used for an order",
                      f"use a figure under 'let': count of {shape} where ...")  # fmt: skip
            return
        if expr.text in self.names.vocabulary.lists:
            self.note("scope", expr.at, f"'{expr.text}' is a list and has no value of its own",
                      f"use a figure under 'let': count of {expr.text}")  # fmt: skip
            return
        if expr.text.startswith("invoice."):
            field, test = expr.text.partition(".")[2], self._test_of(expr)
            self.note("scope", expr.at, f"'{expr.text}' cannot be used in a check for an order",
                      f"use a figure under 'let', such as late: count of invoices where {field} {test}")  # fmt: skip
            return
        if expr.text in NEEDS:
            self._needs(expr)
            return
        meant = "as_of" if expr.text in ("today", "now") else nearest(expr.text, names)
        found = self.names.known.get(meant) if meant else None
        kind = f" ({shown(found.sort)})" if found is not None else ""
        self.note("unknown-fact", expr.at, f"no fact, figure or setting is named '{expr.text}'",
                  f"did you mean '{meant}'{kind}?" if meant else "")  # fmt: skip

    def _test_of(self, expr: Expr) -> str:
        """The comparison with a number in which a formula stands, as text."""
        test = self.tested.get(expr)
        return "> ..." if test is None else f"{test[0]} {written(test[1])}"

    def _needs(self, expr: Name | Words | Text) -> None:
        """The finding for an output of a section that the file does not have: told once, not at each row."""
        section, column = NEEDS[expr.text]
        self.names.known[expr.text] = Referent("broken", expr.text, Sort("number"))
        missing = f"'{column}' in its limits" if section in self.names.policy.rows else f"section '{section}'"
        self.note("unknown-fact", expr.at, f"'{expr.text}' is not known, for the file has no {missing}",
                  f"add '{column}: ...' to each row of limits" if section in self.names.policy.rows
                  else f"add '{section}:', or take the line out")  # fmt: skip

    def label(self, expr: Expr) -> str:
        """A formula as findings call it."""
        if isinstance(expr, (Name, Words, Text)):
            return f"'{expr.text}'"
        return f"'{written(expr)}'" if isinstance(expr, Number) else "the formula"


def _told_state(resolver: Resolver, name: Name) -> bool:
    """Whether a name is that of a state that the file does not have; then it is told."""
    if not name.text.startswith(STATE):
        return False
    states = [state.name.text for state in resolver.names.policy.states]
    state, _, part = name.text.removeprefix(STATE).partition(".")
    if state in states:
        known = [f"{STATE}{state}", f"{STATE}{state}.days", f"{STATE}{state}.since"]
        help = did_you_mean(name.text, known, f"one of: {listed(known)}")
        resolver.note("unknown-fact", name.at, f"a state has no '{part}'", help)
    else:
        resolver.note("unknown-fact", name.at, f"the file has no state '{state}'",
                      did_you_mean(state, states, "add it under 'states'"))  # fmt: skip
    return True


def shown(sort: Sort) -> str:
    """A kind in the officer's words."""
    return SHOWN.get(sort.kind, f"{'an' if sort.kind[0] in 'aeiou' else 'a'} {sort.kind}")
