"""The whole way of a file: source, document, check, compile, analysis. One call, every finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from policy.analysis import gaps
from policy.check import check
from policy.compile_promises import Question, questions_of
from policy.compile_subjects import analyse_subjects, compile_subjects, of_subject
from policy.digest import policy_digest
from policy.document import Policy
from policy.meaning import CheckedTest
from policy.mentions import mentions
from policy.parts import Part, Shelf, bound_source, with_parts
from policy.pauses import collection_paused
from policy.problems import Problem, Where, errors, in_order
from policy.program import Program
from policy.sections import read_document
from policy.source import read_source
from policy.subjects import ORDER
from policy.vocabulary import Vocabulary

BUILT_IN = "built-in"
NO_PARTS = Shelf()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file: its Program (None where there are errors), its tests, every finding, and its promises.

    `programs` has one for each subject that the file decides on; `program` is that of orders, which promises are about.
    """

    program: Program | None
    tests: tuple[CheckedTest, ...]
    problems: tuple[Problem, ...]
    policy: Policy | None = None
    promises: tuple[Question, ...] = ()
    programs: Mapping[str, Program] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of what the file means, for all that it decides on."""
        return policy_digest(self.programs)


@collection_paused()
def load_policy(source: bytes, file: str, vocabulary: Vocabulary, shelf: Shelf = NO_PARTS) -> Loaded:
    """Check a policy file with the parts that it uses and, where it has no errors, compile it."""
    node, problems = read_source(source, file)
    if node is None:
        return Loaded(None, (), problems)
    policy, shape_problems = read_document(node, file)
    if policy is None:
        return Loaded(None, (), tuple(in_order((*problems, *shape_problems))))
    together = with_parts(policy, shelf)
    problems, parts = (*problems, *together.problems), together.parts
    if not together.whole:
        return Loaded(None, (), tuple(in_order((*problems, *shape_problems))), policy)
    policy = together.policy
    whole, built_in = _with_built_in(policy, vocabulary)
    checked, meaning_problems = check(whole, vocabulary)
    at_home = (_at_home(problem, policy) for problem in meaning_problems)
    found = tuple(in_order((*problems, *shape_problems, *at_home)))
    stopping = errors(found)
    if any(problem.code != "no-otherwise" for problem in stopping):
        return Loaded(None, (), found, policy, parts=parts)
    programs, wide = compile_subjects(checked, bound_source(source, parts), built_in)
    program = programs[ORDER]
    if stopping:
        left = tuple(gap for subject, one in programs.items() for gap in gaps(one, of_subject(checked, subject)))
        return Loaded(None, (), found if wide else _with_gaps(found, left), policy)
    if wide:
        return Loaded(None, checked.tests, tuple(in_order((*found, *wide))), policy)
    promises = questions_of(of_subject(checked, ORDER), program, checked.promises)
    told = tuple(in_order((*found, *analyse_subjects(programs, checked))))
    return Loaded(program, checked.tests, told, policy, promises, programs, parts)


def _with_gaps(found: tuple[Problem, ...], left: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The findings of tables without otherwise; an order that fits no row says it better than the rule does."""
    by_place = {problem.where: problem for problem in left}
    return tuple(by_place.get(problem.where, problem) if problem.code == "no-otherwise" else problem
                 for problem in found)  # fmt: skip


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
