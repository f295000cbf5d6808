"""The elements of a DMN file to a model: item definitions, inputs, decisions, business knowledge, tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from policy.dmn.feel import Expression, FeelError, Tests
from policy.dmn.findings import Finding, Refused, refuse
from policy.dmn.markup import Element, read_markup
from policy.dmn.model import (
    AGGREGATIONS,
    LISTS,
    SINGLE,
    Boxed,
    Context,
    Decision,
    Formula,
    Input,
    Invocation,
    Knowledge,
    Model,
    Rule,
    Table,
    TableInput,
    TableOutput,
    Type,
    Unkept,
)  # fmt: skip
from policy.dmn.read_feel import read_expression, read_tests
from policy.problems import Where
from policy.suggest import listed

BASES = {"number": "number", "string": "string", "boolean": "boolean", "date": "date", "any": "any"}
LETTERS = {"U": "UNIQUE", "A": "ANY", "F": "FIRST", "P": "PRIORITY", "R": "RULE ORDER", "O": "OUTPUT ORDER",
           "C": "COLLECT"}  # fmt: skip
BOXED = ("literalExpression", "decisionTable", "invocation", "context")
OTHER_BOXED = ("list", "relation", "functionDefinition", "conditional", "filter", "for", "some", "every", "iterator")
NAMED = ("inputData", "decision", "businessKnowledgeModel", "formalParameter", "itemComponent", "variable", "parameter",
         "output")  # fmt: skip
TYPE_DEPTH_MAX = 20
Found = TypeVar("Found")


def read_model(source: bytes, file: str) -> Model:
    """The model of a DMN file. Raises: Refused where it is no DMN file at all."""
    root = read_markup(source, file)
    if root.name != "definitions":
        raise refuse("dmn-not-dmn", root.where, f"the file begins with '{root.name[:40]}', DMN with 'definitions'",
                     "give the .dmn file of the model")  # fmt: skip
    return _Reader(root, file).model()


class _Reader:
    """One file: its item definitions and names, and the findings so far."""

    def __init__(self, root: Element, file: str) -> None:
        self.root, self.file = root, file
        self.findings: list[Finding] = []
        self.items = {item.get("name"): item for item in root.all("itemDefinition")}
        self.names = tuple(dict.fromkeys(e.get("name") for e in root.walk() if e.name in NAMED and e.get("name")))

    def model(self) -> Model:
        for element in self.root.all("import"):
            self.findings.append(Finding("dmn-not-kept", element.where, f"another file is imported: "
                                         f"'{element.get('name')}'", "put both models into one file"))  # fmt: skip
        inputs = [Input(e.get("name"), self._type_of(e), e.where) for e in self.root.all("inputData")]
        decisions = [Decision(e.get("name"), self._type_of(e), self._body(e, e), e.where)
                     for e in self.root.all("decision")]  # fmt: skip
        knowledge = [self._knowledge(e) for e in self.root.all("businessKnowledgeModel")]
        self._once([*inputs, *decisions, *knowledge])
        return Model(self.root.get("name") or "dmn", self.file, {one.name: one for one in inputs},
                     {one.name: one for one in decisions}, {one.name: one for one in knowledge},
                     tuple(self.findings))  # fmt: skip

    def _once(self, named: list[Input | Decision | Knowledge]) -> None:
        seen: set[str] = set()
        for one in named:
            if one.name in seen or not one.name:
                raise refuse("dmn-reference", one.where, f"the name '{one.name}' stands for two things" if one.name
                             else "this has no name", "give each its own name")  # fmt: skip
            seen.add(one.name)

    def _type_of(self, element: Element) -> Type:
        variable = element.first("variable")
        return self._type(variable.get("typeRef") if variable is not None else "", 0)

    def _type(self, reference: str, depth: int) -> Type:
        name = reference.rsplit(":", 1)[-1] if reference not in self.items else reference
        item = self.items.get(name)
        if item is None or depth > TYPE_DEPTH_MAX:
            return Type(BASES.get(name.lower(), "any"))
        return self._item(item, depth)

    def _item(self, item: Element, depth: int) -> Type:
        components = {one.get("name"): self._item(one, depth + 1) for one in item.all("itemComponent")}
        reference = item.first("typeRef")
        found = self._type(reference.text.strip() if reference is not None else item.get("typeRef"), depth + 1)
        allowed = item.first("allowedValues")
        tests = self._kept(lambda: self._tests(allowed)) if allowed is not None else None
        return replace(found, allowed=tests or found.allowed, components=components or found.components,
                       collection=found.collection or item.get("isCollection") == "true")  # fmt: skip

    def _kept(self, read: Callable[[], Found]) -> Found | None:
        try:
            return read()
        except Refused as refused:
            self.findings.append(refused.finding)
            return None

    def _knowledge(self, element: Element) -> Knowledge:
        logic = element.first("encapsulatedLogic")
        parameters = tuple(one.get("name") for one in logic.all("formalParameter")) if logic is not None else ()
        return Knowledge(element.get("name"), parameters, self._body(logic or element, element), element.where)

    def _body(self, parent: Element, owner: Element) -> Boxed:
        """The boxed expression under an element, refused where it is of another kind."""
        try:
            return self._boxed(parent, owner)
        except Refused as refused:
            return Unkept(refused.finding)

    def _boxed(self, parent: Element, owner: Element) -> Boxed:
        found = next((child for child in parent.children if child.name in (*BOXED, *OTHER_BOXED)), None)
        if found is None:
            raise refuse("dmn-not-kept", parent.where, f"'{owner.get('name')}' has no logic",
                         "it is brought from outside, as an input")  # fmt: skip
        match found.name:
            case "literalExpression":
                return Formula(self.expression(found), found.where, _text(found))
            case "decisionTable":
                return self._table(found, owner)
            case "invocation":
                return self._invocation(found, owner)
            case "context":
                entries = [(_entry_name(entry), self._body(entry, owner)) for entry in found.all("contextEntry")]
                return Context(tuple(entries), found.where)
        raise refuse("dmn-not-kept", found.where, f"a boxed {found.name} of '{owner.get('name')}' is not kept",
                     "write it as a table or a formula")  # fmt: skip

    def _invocation(self, element: Element, owner: Element) -> Boxed:
        called = element.first("literalExpression")
        bindings = []
        for binding in element.all("binding"):
            parameter = binding.first("parameter")
            bindings.append((parameter.get("name") if parameter is not None else "", self._body(binding, owner)))
        return Invocation(_text(called) if called is not None else "", tuple(bindings), element.where)

    def _table(self, element: Element, owner: Element) -> Table:
        policy, aggregation = self._hit_policy(element)
        inputs = tuple(self._input(one) for one in element.all("input"))
        type_ = self._type(element.get("typeRef") or _variable_type(owner), 0)
        outputs = tuple(self._output(one, type_) for one in element.all("output"))
        rules = tuple(self._rule(one, len(inputs), len(outputs)) for one in element.all("rule"))
        if not outputs:
            raise refuse("dmn-hit-policy", element.where, "the table has no output", "add one")
        return Table(policy, aggregation, inputs, outputs, rules, element.where)

    def _hit_policy(self, element: Element) -> tuple[str, str]:
        written = element.get("hitPolicy") or "UNIQUE"
        policy, aggregation = LETTERS.get(written, written), element.get("aggregation")
        if policy not in (*SINGLE, *LISTS):
            raise refuse("dmn-hit-policy", element.where, f"'{written}' is not a hit policy",
                         f"one of: {listed((*SINGLE, *LISTS))}")  # fmt: skip
        if policy == "COLLECT" and aggregation not in ("", "LIST", *AGGREGATIONS):
            raise refuse("dmn-hit-policy", element.where, f"'{aggregation}' is not an aggregation",
                         f"one of: {listed(AGGREGATIONS)}")  # fmt: skip
        return policy, aggregation if policy == "COLLECT" and aggregation != "LIST" else ""

    def _input(self, element: Element) -> TableInput:
        read = element.first("inputExpression") or element
        values = element.first("inputValues")
        allowed = self._tests(values) if values is not None else None
        return TableInput(element.get("label") or _text(read), self.expression(read), allowed, element.where)

    def _output(self, element: Element, type_: Type) -> TableOutput:
        from policy.dmn.model import listed_values

        values, default = element.first("outputValues"), element.first("defaultOutputEntry")
        own = self._type(element.get("typeRef"), 0) if element.get("typeRef") else Type()
        inner = type_.components.get(element.get("name"), type_)
        order = listed_values(self._tests(values)) if values is not None else own.words or inner.words
        return TableOutput(element.get("name"), order, self.expression(default) if default is not None else None)

    def _rule(self, element: Element, inputs: int, outputs: int) -> Rule:
        cells = tuple(self._tests(one) for one in element.all("inputEntry"))
        results = tuple(self.expression(one) for one in element.all("outputEntry"))
        if (len(cells), len(results)) != (inputs, outputs):
            raise refuse("dmn-expression", element.where, f"this row has {len(cells)} inputs and {len(results)} "
                         f"outputs, the table {inputs} and {outputs}", "give each column its cell")  # fmt: skip
        return Rule(cells, results, element.where)

    def _tests(self, element: Element) -> Tests:
        return Tests(()) if not _text(element) else self._parsed(element, read_tests)

    def expression(self, element: Element) -> Expression:
        """The expression that an element holds."""
        if not _text(element):
            raise refuse("dmn-expression", element.where, "the expression is empty", "write one")
        return self._parsed(element, read_expression)

    def _parsed(self, element: Element, read: Callable[[str, tuple[str, ...]], Found]) -> Found:
        language = element.get("expressionLanguage").lower()
        text = element.first("text") or element
        if language and "feel" not in language:
            raise refuse("dmn-not-kept", element.where, f"an expression in '{language[:60]}' is not kept",
                         "write it in FEEL")  # fmt: skip
        try:
            return read(_text(element), self.names)
        except FeelError as error:
            at = text.text_where or text.where
            at = Where(at.file, at.line, at.column + (error.offset if "\n" not in text.text.strip() else 0))
            code = "dmn-not-kept" if error.foreign else "dmn-expression"
            told = f"'{_text(element)[:60]}': {error}"
            raise refuse(code, at, " ".join(told.split()), "write it with the part of FEEL that is kept") from None


def _text(element: Element) -> str:
    return (element.first("text") or element).text.strip()


def _entry_name(entry: Element) -> str:
    variable = entry.first("variable")
    return variable.get("name") if variable is not None else ""


def _variable_type(owner: Element) -> str:
    variable = owner.first("variable")
    return variable.get("typeRef") if variable is not None else ""
