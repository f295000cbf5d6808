"""Whether two ways of deciding say the same: over full outcomes, and with the smallest document that still differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Protocol

from policy import load_policy
from policy.check import check
from policy.kinds import NO_LIMIT
from policy.meaning import Checked
from policy.meant import _with_built_in
from policy.problems import errors
from policy.program import Collect, Fold, Program
from policy.sections import read_document
from policy.source import read_source
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.outcome import Outcome
from tests.document_evaluator import NOBODY, Answer, Evaluator, Found
from tests.generated.documents import Document
from tests.generated.facts import Situation, Situations

HEADER = ("aval", "policy", "title", "currency", "roles")


class Engine(Protocol):
    """Anything that decides one Program."""

    def decide(self, facts: Mapping[str, Any], /) -> Outcome:
        """The full outcome."""


def program_of(document: Document) -> Program:
    """The Program of a document that must have no error: of shipments for every second one that knows them."""
    loaded = load_policy(document.text.encode(), f"{document.seed}.yaml", trade_vocabulary(), document.shelf)
    assert not errors(loaded.problems), "\n".join(map(str, loaded.problems)) + f"\n{document.whole}"
    assert loaded.program is not None
    return loaded.programs.get("shipment", loaded.program) if document.seed % 2 else loaded.program


def checked_of(document: Document) -> Checked:
    """The checked document in one file, with the checks that every policy carries."""
    node, _ = read_source(document.whole.encode(), "f")
    assert node is not None
    policy, _ = read_document(node, "f")
    assert policy is not None
    checked, problems = check(_with_built_in(policy, trade_vocabulary())[0], trade_vocabulary())
    assert not errors(problems), problems
    return checked


def facts_of(program: Program, situation: Situation) -> dict[str, Any]:
    """What an engine is given: the facts, those that follow from them, and every figure."""
    return with_figures(program, computed_facts(situation.facts), situation.lists)


def situations(document: Document, program: Program, count: int) -> Iterator[Situation]:
    """So many situations of a document, always the same."""
    made = Situations(program, Random(document.seed))
    return (made.situation() for _ in range(count))


def document_answer(checked: Checked, situation: Situation, subject: str = "order") -> Answer:
    """What the document itself says."""
    return Evaluator(checked, computed_facts(situation.facts), situation.lists, subject).answer()


def answer_of(program: Program, outcome: Outcome) -> Answer:
    """An outcome in the plain values of the document's own answer."""
    fold = program.nodes[program.fold]
    assert isinstance(fold, Fold)
    rows = program.nodes[fold.checks]
    assert isinstance(rows, Collect)
    checks = []
    for row, found in zip(rows.rows, outcome.checks, strict=True):
        shown: tuple[Any, Any] = (None, None)
        if row.measure >= 0 and found.evidence:
            shown = found.evidence[0].value, found.evidence[0].wanted
        checks.append(Found(found.name, found.status, found.missing, *shown, found.lifted_by))
    limits = {name: NOBODY if name == "limit" and value == NO_LIMIT else value
              for name, value in outcome.limits.items()}  # fmt: skip
    brought = ([(one.instrument, one.share, one.amount) for one in rest] for rest in outcome.security)
    security = tuple(tuple(sorted(way)) for way in brought)
    return Answer(
        outcome.verdict, outcome.hard_stop, outcome.tier, limits, outcome.terms, outcome.longest, security,
        outcome.authority, tuple(checks), outcome.missing, outcome.rows,
    )  # fmt: skip


def differing(one: Any, two: Any) -> dict[str, tuple[Any, Any]]:
    """The parts of two answers that differ."""
    pairs = {name: (getattr(one, name), getattr(two, name)) for name in one.__dataclass_fields__}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def smaller(document: Document, differs: Callable[[Document], bool], tries: int = 200) -> Document:
    """The document less every section, check, row and named thing that the difference does not need."""
    shrunk = True
    while shrunk and tries > 0:
        shrunk = False
        for part in list(_parts(document)):
            tries -= 1
            less = document.without(*part)
            if tries > 0 and _loads(less) and differs(less):
                document, shrunk = less, True
                break
    return document


def _parts(document: Document) -> Iterator[tuple[Any, ...]]:
    sections = [section for section in document.parts if section not in HEADER]
    yield from ((section,) for section in sections)
    for section in sections:
        inner = document.parts[section]
        if isinstance(inner, dict):
            yield from ((section, name) for name in inner)
        elif isinstance(inner, list) and len(inner) > 1:
            yield from ((section, number) for number in range(len(inner)))


def _loads(document: Document) -> bool:
    return load_policy(document.text.encode(), "f", trade_vocabulary(), document.shelf).program is not None


def disagreement(
    document: Document, one: Callable[[Program], Engine], two: Callable[[Program], Engine], count: int
) -> str | None:
    """The first difference of two engines on a document, told in full; None where they agree on every situation."""

    def first(document: Document) -> tuple[Situation, Outcome, Outcome] | None:
        program = program_of(document)
        left, right = one(program), two(program)
        for situation in situations(document, program, count):
            facts = facts_of(program, situation)
            outcomes = left.decide(facts), right.decide(facts)
            if outcomes[0] != outcomes[1]:
                return situation, *outcomes
        return None

    if first(document) is None:
        return None
    small = smaller(document, lambda less: first(less) is not None)
    found = first(small)
    assert found is not None
    situation, left, right = found
    return (f"seed {document.seed}\n{small.whole}\nfacts {situation.facts}\nlists {situation.lists}\n"
            f"{left}\n{right}\ndiffering: {differing(left, right)}")  # fmt: skip
