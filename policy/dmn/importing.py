"""A DMN model to the text of a policy: every decision kept exactly, or refused by name and asked for as a fact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from policy.dmn.conditions import ALWAYS, Line, grouped, scalar, written
from policy.dmn.evaluate import Within, fits
from policy.dmn.findings import Finding, Refused, refuse
from policy.dmn.model import Boxed, Context, Decision, Formula, Invocation, Model, Table, Type, Unkept
from policy.dmn.rewrite import rewrite_table
from policy.dmn.terms import KINDS, Amount, Sheet, Structure, Term, Truth, slug
from policy.dmn.translate import Translation
from policy.problems import Where

DEPTH_MAX = 40


@dataclass(frozen=True, slots=True)
class Imported:
    """A policy made from a DMN file: its text, what each decision became, and every finding.

    `answers` maps a decision to its counterpart, `inputs` a fact's name to the path of the input it stands for; a
    decision that was refused stands among the inputs under its own name.
    """

    text: str
    answers: Mapping[str, Term]
    inputs: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def import_model(model: Model, currency: str, taken: Iterable[str] = ()) -> Imported:
    """The policy of a model; `taken` are names that the vocabulary has already."""
    work = _Import(model, Sheet(taken=set(taken)), Sheet())
    for decision in model.decisions.values():
        work.decide(decision)
    work.ask_for_answers()
    done = work.whole()
    title = scalar(" ".join(model.name.split())[:80] or "DMN")
    header = [f"# made from {model.file.rsplit('/', 1)[-1]}: where a fact is missing a decision refers, DMN may go on",
              "aval: 1", f"policy: {slug(model.name).replace('_', '-')}", f"title: {{en: {_quoted(title)}}}",
              f"currency: {currency}"]  # fmt: skip
    findings = dict.fromkeys((*model.findings, *done.findings, *work.sheet.findings))
    inputs = {name: path for name, path in work.inputs.items() if name in done.facts}
    in_order = sorted(findings, key=lambda finding: finding.where)
    return Imported(done.text(header), work.answers, inputs, tuple(in_order))


def _quoted(text: str) -> str:
    return text if text.startswith("'") else f"'{text}'"


@dataclass
class _Import(Mapping[str, Term]):
    """A model's names with their counterparts, each made when it is first read.

    `sheet` holds what the decision at hand has written so far, `done` what all whole decisions have.
    """

    model: Model
    sheet: Sheet
    done: Sheet
    answers: dict[str, Term] = field(default_factory=dict)
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    brought: dict[str, Term] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)
    nullable: dict[tuple[str, ...], Where] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.model.inputs, *self.model.decisions))

    def __len__(self) -> int:
        return len(self.model.inputs) + len(self.model.decisions)

    def __getitem__(self, name: str) -> Term:
        self.read.add(name)
        if name in self.model.inputs:
            return self._brought(name, self.model.inputs[name].type, self.model.inputs[name].where)
        if name not in self.model.decisions:
            raise KeyError(name)
        decision = self.model.decisions[name]
        self.decide(decision)
        return self.answers[name] if name in self.answers else self._brought(name, decision.type, decision.where)

    def _brought(self, name: str, type_: Type, where: Where) -> Term:
        if name not in self.brought:
            self.brought[name] = _Facts(self).of(f"input.{slug(name)}", (name,), type_, where)
        return self.brought[name]

    def decide(self, decision: Decision) -> None:
        """Make the counterpart of a decision, once; a finding says why it has none."""
        if decision.name in self.answers or decision.name in self.refused:
            return
        if decision.name in self.open:
            raise refuse("dmn-cycle", decision.where, f"decisions need each other: {' -> '.join(self.open)}",
                         "one of them must not read the others")  # fmt: skip
        self.open.append(decision.name)
        sheet = self.sheet
        outer = sheet.lets, sheet.tables, sheet.checks
        sheet.lets, sheet.tables, sheet.checks = {}, [], []
        try:
            found = self.boxed(decision.body, self, decision.name)
            self.answers[decision.name] = self._kept(found, decision)
            self.done.lets.update(sheet.lets)
            self.done.tables += sheet.tables
            self.done.checks += sheet.checks
        except Refused as refused:
            self.refused.add(decision.name)
            self.done.findings.append(refused.finding)
        finally:
            sheet.lets, sheet.tables, sheet.checks = outer
            self.open.pop()

    def _kept(self, found: Term, decision: Decision) -> Term:
        """A formula or a condition under the decision's own name."""
        if isinstance(found, Truth):
            rows = [(found.condition, Amount("true", "boolean")), (ALWAYS, Amount("false", "boolean"))]
            return self.sheet.table(decision.name, rows, decision.where)
        if isinstance(found, Amount) and found.constant:
            return self.sheet.table(decision.name, [(ALWAYS, found)], decision.where)
        if isinstance(found, Amount) and found.kind == "number" and found.text not in self.sheet.taken:
            return self.sheet.figure(decision.name, found.text, "number")
        return found

    def boxed(self, body: Boxed, scope: Mapping[str, Term], wanted: str) -> Term:
        """The counterpart of a boxed expression. Raises: Refused."""
        def at(name: str, where: Where) -> Translation:
            return Translation(scope, self.sheet, self.call, name, where)

        match body:
            case Unkept():
                raise Refused(body.finding)
            case Formula():
                return at(wanted, body.where).term(body.expression)
            case Table():
                return rewrite_table(body, wanted, at)
            case Invocation():
                given = {name: self._named(self.boxed(one, scope, f"{wanted} {name}"), f"{wanted} {name}")
                         for name, one in body.bindings}  # fmt: skip
                return self._invoked(body.function, given, wanted, body.where)
            case Context():
                return self._context(body, scope, wanted)

    def _context(self, body: Context, scope: Mapping[str, Term], wanted: str) -> Term:
        names: dict[str, Term] = {}
        for name, entry in body.entries:
            found = self.boxed(entry, Within(names, scope), f"{wanted} {name}".strip())
            if not name:
                return found
            names[name] = self._named(found, f"{wanted} {name}")
        return Structure(names)

    def _named(self, found: Term, wanted: str) -> Term:
        """A longer formula as a figure of its own, so that nobody reads it twice."""
        if isinstance(found, Amount) and not found.constant and found.factor != found.text:
            return self.sheet.figure(wanted, found.text, found.kind)
        return found

    def call(self, name: str, arguments: tuple[Term, ...], wanted: str, where: Where) -> Term:
        """A business knowledge model called by position."""
        known = self.model.knowledge.get(name)
        if known is None:
            raise refuse("dmn-not-kept", where, f"the function '{name}' has no counterpart", "bring its result")
        return self._invoked(name, dict(zip(known.parameters, arguments, strict=False)), wanted, where)

    def _invoked(self, name: str, given: Mapping[str, Term], wanted: str, where: Where) -> Term:
        known = self.model.knowledge.get(name)
        if known is None:
            raise refuse("dmn-reference", where, f"there is no business knowledge model '{name}'", "name one")
        lacking = [one for one in known.parameters if one not in given]
        if lacking:
            raise refuse("dmn-not-kept", where, f"'{name}' is called without '{lacking[0]}', so that it is null",
                         "give every parameter its value")  # fmt: skip
        if len(self.open) > DEPTH_MAX:
            raise refuse("dmn-cycle", where, f"'{name}' calls itself without end", "write it without itself")
        self.open.append(name)
        try:
            return self.boxed(known.body, given, wanted)
        finally:
            self.open.pop()

    def ask_for_answers(self) -> None:
        """A check for each decision that no other one reads: without an answer the order is referred."""
        for name, term in self.answers.items():
            parts = [part.text for part in _amounts(term)]
            if name in self.read or not parts:
                continue
            lacking = grouped("any", [Line(part, "is", "missing") for part in parts])
            say = f"{name} has no answer".replace("{", "(").replace("}", ")")
            self.done.checks += [f"  - check: {self.sheet.name(f'no {name}')}", "    when:",
                                 *written(lacking, "      "), "    verdict: refer", f"    say: {scalar(say)}"]

    def whole(self) -> Sheet:
        """All that was kept, with the facts that it reads."""
        body = "\n".join((*self.done.lets.values(), *self.done.tables, *self.done.checks))
        read = set(re.findall(r"input\.[\w.]*\w", body))
        self.done.facts = {name: kind for name, kind in self.sheet.facts.items() if name in read}
        for name, path in self.inputs.items():
            if name in read and path in self.nullable:
                told = f"the input '{'.'.join(path)}' may be null: DMN goes on to the next row, the policy refers"
                self.done.findings.append(Finding("dmn-null", self.nullable[path], told, "", "warning"))
        return self.done


def _amounts(term: Term) -> list[Amount]:
    if isinstance(term, Structure):
        return [amount for part in term.parts.values() for amount in _amounts(part)]
    return [term] if isinstance(term, Amount) else []


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts that an input stands for: one, or one for each component."""

    work: _Import

    def of(self, name: str, path: tuple[str, ...], type_: Type, where: Where) -> Term:
        if type_.components and not type_.collection:
            return Structure({one: self.of(f"{name}.{slug(one)}", (*path, one), inner, where)
                              for one, inner in type_.components.items()})  # fmt: skip
        if type_.collection or type_.base not in KINDS:
            raise refuse("dmn-not-kept", where, f"the input '{'.'.join(path)}' is a list or has no simple type",
                         "give it the type number, string, boolean or date")  # fmt: skip
        while name in self.work.inputs:
            name += "_2"
        if type_.allowed is not None and fits(type_.allowed, None, {}) is True:
            self.work.nullable[path] = where
        words = type_.words if type_.base == "string" and all(isinstance(one, str) for one in type_.words) else ()
        self.work.inputs[name] = path
        self.work.sheet.facts[name] = (KINDS[type_.base], words)
        return Amount(name, type_.base, words)
