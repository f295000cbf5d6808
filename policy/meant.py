"""A file's nodes to what they mean: the document with its parts and built-in checks, every name resolved.

The findings of the way are all told; whether what comes of it may be compiled is for the caller to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from policy.check import check
from policy.document import Policy
from policy.ladders import holds_orders
from policy.meaning import Checked
from policy.mentions import mentions
from policy.nodes import Node
from policy.parts import Part, Shelf, with_parts
from policy.problems import Problem, Where
from policy.sections import read_document
from policy.source import read_source
from policy.vocabulary import Vocabulary

BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True)
class Meant:
    """What nodes mean: the document with its parts, what came of checking it (None where it could not be), findings."""

    policy: Policy | None
    checked: Checked | None
    problems: tuple[Problem, ...]
    parts: tuple[Part, ...] = ()
    built_in: frozenset[str] = frozenset()


def read_meaning(
    node: Node, file: str, vocabulary: Vocabulary, shelf: Shelf, broken: frozenset[str] = frozenset()
) -> Meant:
    """The document, checked. `broken` are names that the file gives in parts which are left out of the nodes."""
    policy, problems = read_document(node, file)
    if policy is None:
        return Meant(None, None, problems)
    together = with_parts(replace(policy, broken=policy.broken | broken), shelf)
    problems = (*together.problems, *problems)
    if not together.whole:
        return Meant(policy, None, problems)
    policy = together.policy
    whole, built_in = _with_built_in(policy, vocabulary)
    checked, found = check(whole, vocabulary)
    at_home = (_at_home(problem, policy) for problem in found)
    return Meant(policy, checked, (*problems, *at_home), together.parts, built_in)


def _at_home(problem: Problem, policy: Policy) -> Problem:
    """What a built-in check cannot read, told at the file's own setting that it reads."""
    if problem.where.file != BUILT_IN:
        return problem
    at = policy.settings[0].name.at if policy.settings else Where(policy.file, 1, 1)
    own = [setting.name for setting in policy.settings if f"settings.{setting.name.text}'" in problem.message]
    return replace(problem, where=own[0].at if own else at,
                   message=f"a built-in check cannot read this: {problem.message}")  # fmt: skip


@lru_cache(maxsize=8)
def _fragment(text: str) -> Policy:
    """What a vocabulary brings into every policy, read once: a document never changes."""
    node, problems = read_source(text.encode(), BUILT_IN)
    assert node is not None and not problems, problems
    fragment, shape_problems = read_document(node, BUILT_IN, fragment=True)
    assert fragment is not None and not shape_problems, shape_problems
    return fragment


def _over(fragment: Policy, more: Policy) -> Policy:
    """A fragment with the checks of another, which take the place of those of the same name."""
    by_name = {check.name.text: check for check in (*fragment.checks, *more.checks)}
    return replace(fragment, lets=fragment.lets + more.lets, checks=tuple(by_name.values()))


def _with_built_in(policy: Policy, vocabulary: Vocabulary) -> tuple[Policy, frozenset[str]]:
    """The policy with the checks and settings that every policy of the trade carries; the policy's own come first."""
    if not vocabulary.built_in:
        return policy, frozenset()
    fragment = _fragment(vocabulary.built_in)
    for names, text in vocabulary.built_in_of:
        if mentions(policy, names):
            fragment = _over(fragment, _fragment(text))
    if vocabulary.built_in_of_holds and holds_orders(policy.ladders):
        fragment = _over(fragment, _fragment(vocabulary.built_in_of_holds))
    own = {setting.name.text for setting in policy.settings}
    checks = {check.name.text for check in policy.checks if check.scope is None}
    added = tuple(one for one in fragment.checks if one.name.text not in checks)
    whole = replace(
        policy,
        settings=policy.settings + tuple(one for one in fragment.settings if one.name.text not in own),
        lets=policy.lets + fragment.lets,
        checks=policy.checks + added,
    )
    return whole, frozenset(one.name.text for one in added)
