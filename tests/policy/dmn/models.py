"""DMN files of one table, written for tests, and their answers: DMN's own and those of the imported policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from api.dmn_answers import answer, facts_of
from policy import load_policy
from policy.dmn.decide import Decisions
from policy.dmn.importing import Imported, import_model
from policy.dmn.model import Model
from policy.dmn.read_model import read_model
from policy.problems import errors
from rules.facts import trade_vocabulary

Row = tuple[Sequence[str], Sequence[str]]
VOCABULARY = trade_vocabulary()


def definitions(body: str, name: str = "example") -> bytes:
    """A whole DMN file around some elements."""
    return f'<definitions xmlns="urn:any" name="{name}" namespace="n">{body}</definitions>'.encode()


def inputs(types: Mapping[str, str]) -> str:
    """Input data by name and type."""
    return "".join(f'<inputData name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>'
                   for name, kind in types.items())  # fmt: skip


def table(columns: Sequence[str], rows: Sequence[Row], policy: str = 'hitPolicy="UNIQUE"',
          outputs: Sequence[str] = ("<output/>",)) -> str:  # fmt: skip
    """A decision table: input expressions, and rows of cells and results."""
    tested = "".join(f"<input><inputExpression><text>{one}</text></inputExpression></input>" for one in columns)
    given = "".join(
        "<rule>" + "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in cells)
        + "".join(f"<outputEntry><text>{escape(one)}</text></outputEntry>" for one in results) + "</rule>\n"
        for cells, results in rows)  # fmt: skip
    return f"<decisionTable {policy}>{tested}{''.join(outputs)}{given}</decisionTable>"


def decision(name: str, body: str, kind: str = "Any") -> str:
    """A decision with its logic."""
    return f'<decision name="{name}"><variable name="{name}" typeRef="{kind}"/>{body}</decision>\n'


def formula(text: str) -> str:
    """A literal expression."""
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def model_of(body: str) -> Model:
    """The model of some elements."""
    return read_model(definitions(body), "example.dmn")


def in_dmn(model: Model, name: str, given: Mapping[str, Any]) -> Any:
    """What DMN says."""
    return Decisions(model, given)[name]


def in_policy(model: Model, name: str, given: Mapping[str, Any]) -> Any:
    """What the imported policy says, which must load without an error."""
    return Read(model).answer(name, given)


class Read:
    """A model imported and loaded once."""

    def __init__(self, model: Model) -> None:
        self.imported: Imported = import_model(model, "USD")
        loaded = load_policy(self.imported.text.encode(), "example.yaml", VOCABULARY)
        assert not errors(loaded.problems), (self.imported.text, [str(one) for one in errors(loaded.problems)])
        assert loaded.program is not None
        self.program = loaded.program

    def answer(self, name: str, given: Mapping[str, Any]) -> Any:
        """The policy's answer for one decision."""
        def at(path: tuple[str, ...]) -> Any:
            value: Any = given
            for part in path:
                value = value.get(part) if value is not None else None
            return value

        return answer(self.program, self.imported.answers[name], facts_of(self.imported, at))


def codes(imported: Imported) -> list[str]:
    """The codes of the findings of an import."""
    return [finding.code for finding in imported.findings]
