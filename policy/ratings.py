"""Ratings: which word has which rank on its scale, and the kinds of formulas that move on one.

A rating is never compared with a sign: whether `>= A+` means better or worse depends on the reader, `A+ or better` does
not. In the Program a rating is its rank, 1 the best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from policy.document import FactWritten, Policy, ScaleWritten
from policy.meaning import Sort
from policy.problems import Problem, Where
from policy.suggest import did_you_mean, listed
from policy.syntax import Comparison, Expr, Name
from policy.vocabulary import FactDeclaration

GRADED = {"or_better": "<=", "or_worse": ">=", "better_than": "<", "worse_than": ">"}  # of ranks, 1 the best
WRITE = {">=": "{} or better", "<=": "{} or worse", ">": "better than {}", "<": "worse than {}"}
Note = Callable[[str, Where, str, str], None]


def with_ranks(policy: Policy, facts: dict[str, FactDeclaration], problems: list[Problem]) -> None:
    """Give every fact that is a rating the ranks of its words: those of a scale, or of one agency's words for it."""
    scales = {scale.name.text: scale for scale in policy.scales}
    known = [name for scale in policy.scales for name in (scale.name.text, *_agencies(scale))]
    for written in policy.facts:
        if written.kind.text != "rating" or written.name.text not in facts or not written.choices:
            continue
        of = written.choices[0]
        name, _, agency = of.text.partition(".")
        if of.text not in known:
            if f"scales.{name}" not in policy.broken:
                problems.append(Problem("unknown-word", of.at, f"'{of.text}' is not a scale of this file",
                                        did_you_mean(of.text, known, "add it under 'scales'")))  # fmt: skip
            del facts[written.name.text]
            continue
        facts[written.name.text] = _ranked(facts[written.name.text], written, scales[name], agency)


def _agencies(scale: ScaleWritten) -> list[str]:
    return [f"{scale.name.text}.{agency}" for agency in scale.agencies]


def _ranked(fact: FactDeclaration, written: FactWritten, scale: ScaleWritten, agency: str) -> FactDeclaration:
    ranks = {word.text: rank for rank, word in enumerate(scale.words, 1)}
    if agency:
        ranks = {word.text: ranks[meant.text] for word, meant in scale.agencies[agency]}
    words = tuple(word.text for word in scale.words)
    return replace(fact, choices=words, scale=scale.name.text, ranks=tuple(ranks.items()))


def graded(test: Comparison, left: Sort, label: str, note: Note) -> bool:
    """Whether a comparison is one that its kind allows: ratings have better and worse, numbers have signs."""
    if test.op in GRADED and left.kind != "rating":
        note("kind", test.at, f"{label} is no rating and has no better or worse", "compare it with a sign, such as >=")
        return False
    if left.kind == "rating" and test.op in WRITE:
        word = test.right.text if isinstance(test.right, Name) else "A"
        note("rating", test.at, f"'{test.op} {word}' is unclear for a rating, for better ratings stand first",
             f"write 'is {WRITE[test.op].format(word)}'")  # fmt: skip
        return False
    return True


def one_scale(sorts: Sequence[tuple[Expr, Sort]], note: Note) -> Sort | None:
    """The sort of ratings that one of is taken: all of one scale."""
    for expr, sort in sorts:
        if sort.kind != "rating":
            note("kind", expr.at, "only ratings stand here", "declare the fact with kind: rating and of: SCALE")
            return None
    scales = list(dict.fromkeys(sort.scale for _, sort in sorts))
    if len(scales) > 1:
        note("kind", sorts[0][0].at, f"ratings of different scales stand together: {listed(scales)}",
             "map the words of one scale to those of the other")  # fmt: skip
        return None
    ranks = dict(pair for _, sort in sorts for pair in sort.ranks)
    return replace(sorts[0][1], ranks=tuple(ranks.items()))
