"""Documents proved: what their rows read, qualities that exist, and the facts that each document brings with it."""

from __future__ import annotations

from policy.asked_documents import check_name, fact_name
from policy.check_roles import check_role
from policy.document import Policy, Word
from policy.documents import BUILT_IN_SCALE, SCALE, DocumentWanted, documents_named
from policy.infer import Inference
from policy.meaning import LEVELS
from policy.problems import Problem
from policy.suggest import did_you_mean, listed
from policy.vocabulary import FactDeclaration

MEANINGS = {
    "dated_on": ("date", "the date of the document '{}' on file", "在案文件“{}”的日期"),
    "months": ("months", "the months that the document '{}' covers", "文件“{}”覆盖的月数"),
    "years": ("count", "the years that the document '{}' covers", "文件“{}”覆盖的年数"),
    "quality": ("rating", "who vouches for the document '{}'", "文件“{}”的质量等级"),
}


def quality_words(policy: Policy) -> tuple[str, ...]:
    """The scale of qualities, the best first: the policy's own scale of this name, else the built-in one."""
    own = [scale for scale in policy.scales if scale.name.text == SCALE]
    return tuple(word.text for word in own[0].words) if own else BUILT_IN_SCALE


def declare_documents(policy: Policy, facts: dict[str, FactDeclaration], problems: list[Problem]) -> None:
    """The facts of every document that the file names; they are master data."""
    words = quality_words(policy)
    for name in documents_named(policy):
        for attribute, (kind, english, chinese) in MEANINGS.items():
            fact = fact_name(name, attribute)
            if fact in facts:
                at = next(one.name.at for one in policy.facts if one.name.text == fact)
                problems.append(Problem("duplicate-name", at, f"'{fact}' is a fact of the document '{name}' already",
                                        "take it out"))  # fmt: skip
            meaning = {"en": english.format(name), "zh": chinese.format(name)}
            declared = FactDeclaration(fact, kind, "master", meaning, better="higher" if kind != "rating" else "")
            if kind == "rating":
                ranks = tuple((word, rank) for rank, word in enumerate(words, 1))
                declared = FactDeclaration(fact, kind, "master", meaning, choices=words, scale=SCALE, ranks=ranks)
            facts[fact] = declared


def check_documents(inference: Inference) -> None:
    """The section `documents`."""
    policy, outer = inference.names.policy, (inference.level, inference.reader)
    inference.level, inference.reader = LEVELS["terms"], "a row of documents"
    for row in policy.documents:
        if row.when is not None:
            inference.condition(row.when)
        for wanted in (*row.required, *row.may_require):
            _wanted(inference, wanted)
    inference.level, inference.reader = outer
    names = {check_name(name): name for name in documents_named(policy)}
    for check in policy.checks:
        if check.name.text in names:
            inference.note("duplicate-name", check.name.at, f"'{check.name.text}' is the check of the document "
                           f"'{names[check.name.text]}'", "choose another name")  # fmt: skip


def _wanted(inference: Inference, wanted: DocumentWanted) -> None:
    if wanted.set_by is not None:
        check_role(inference, wanted.set_by)
    if "as_of" not in inference.names.facts:
        inference.note("unknown-fact", wanted.name.at, "a document needs the fact 'as_of'", "name it under 'facts'")
    if wanted.quality is not None:
        _quality(inference, wanted.quality, wanted.or_better)


def _quality(inference: Inference, word: Word, or_better: bool) -> None:
    known = quality_words(inference.names.policy)
    if word.text not in known:
        inference.note("unknown-word", word.at, f"'{word.text}' is not a quality of documents",
                       did_you_mean(word.text, known, f"one of: {listed(known)}"))  # fmt: skip
    elif not or_better and word.text != known[0]:
        inference.note("rating", word.at, f"'{word.text}' does not say whether a better quality is enough too",
                       f"write '{word.text} or better'")  # fmt: skip
