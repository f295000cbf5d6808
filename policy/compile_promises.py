"""Checked promises to questions for the prover: the conditions of a promise become nodes behind those of the Program.

The Program itself stays as it is, so a promise is no part of what a policy means, nor of its digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policy.lower import Lowering
from policy.meaning import Checked
from policy.problems import Where
from policy.program import Node, Program
from policy.promises import ASPECTS, CheckedPromise


@dataclass(frozen=True, slots=True)
class Question:
    """A promise as the prover reads it.

    `fact` is the fact that moves (empty: one order is asked about) and `better` its good direction; `when` and `then`
    are indices in `nodes` (-1: none), and `answers` the words that parts of the answer may be.
    """

    text: str
    where: Where
    form: str
    fact: str = ""
    better: str = ""
    aspects: tuple[str, ...] = ASPECTS
    nodes: tuple[Node, ...] = ()
    when: int = -1
    then: int = -1
    answers: tuple[tuple[str, tuple[str, ...]], ...] = ()


def questions_of(checked: Checked, program: Program, promises: Sequence[CheckedPromise]) -> tuple[Question, ...]:
    """Every promise of a compiled policy as a question."""
    low = Lowering(checked)
    low.nodes = list(program.nodes)
    low.index = {node: index for index, node in enumerate(low.nodes)}
    low.tables, low.lets, low.figures = dict(program.tables), dict(program.lets), list(program.figures)
    return tuple(_question(low, one) for one in promises)


def _question(low: Lowering, one: CheckedPromise) -> Question:
    written = one.written
    when = -1 if written.when is None else low.condition(written.when)
    then = -1 if written.then is None else low.condition(written.then)
    answers = tuple((key.text, tuple(word.text for word in words)) for key, words in written.answers)
    nodes = tuple(low.nodes) if written.form == "always" else ()
    return Question(
        written.text, written.at, written.form, one.fact, one.better, written.on, nodes, when, then, answers
    )  # fmt: skip
