"""The whole way of a file: source, document, check, compile, analysis. One call, every finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from policy.analysis import gaps
from policy.compile_promises import Question, questions_of
from policy.compile_subjects import analyse_subjects, compile_subjects, of_subject
from policy.digest import policy_digest
from policy.document import Policy
from policy.meaning import CheckedTest
from policy.meant import Meant, read_meaning
from policy.nodes import Node
from policy.parts import Part, Shelf, bound_source
from policy.pauses import collection_paused
from policy.problems import Problem, errors, in_order
from policy.program import Program
from policy.sections import read_document
from policy.sound_parts import (
    Parts,
    beside_slips,
    cut_out,
    decides,
    left_out,
    sections_in,
    sections_of,
    without_sections,
)  # fmt: skip
from policy.source import read_source
from policy.subjects import ORDER
from policy.vocabulary import Vocabulary

NO_PARTS = Shelf()
UNREADABLE = ("not-utf8", "empty-file", "too-large", "too-deep", "too-many-nodes")  # nothing of such a file is read
ERRORS_MAX = 50  # more say that the file is no policy yet
SLIPS_ROUNDS_MAX = 2  # in which sections are blanked, for a slip may show only behind another
ROUNDS_MAX = 12  # in which readers of what was cut out are cut out


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file: its Program (None where there are errors), its tests, every finding, and its promises.

    `programs` has one for each subject that the file decides on; `program` is that of orders, which promises are about.
    Of a file with errors, `rest` is what came of the parts that are sound, and `left_out` names those that were not
    looked at.
    """

    program: Program | None
    tests: tuple[CheckedTest, ...]
    problems: tuple[Problem, ...]
    policy: Policy | None = None
    promises: tuple[Question, ...] = ()
    programs: Mapping[str, Program] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    rest: Loaded | None = None
    left_out: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of what the file means, for all that it decides on."""
        return policy_digest(self.programs)


@collection_paused()
def load_policy(source: bytes, file: str, vocabulary: Vocabulary, shelf: Shelf = NO_PARTS) -> Loaded:
    """Check a policy file with the parts that it uses and, where it has no errors, compile it.

    Where it has errors, the parts that are sound are looked at all the same.
    """
    node, problems = read_source(source, file)
    way = _Way(source, file, vocabulary, shelf)
    if node is None:
        return way.beside(problems)
    meant = way.meant(node)
    found = tuple(in_order((*problems, *meant.problems)))
    if not _stopping(found):
        loaded = way.compiled(meant, found)
        if not errors(loaded.problems):
            return loaded
        found = loaded.problems if loaded.program is None else found
    return way.with_errors(node, found, meant)


def _stopping(found: Iterable[Problem]) -> list[Problem]:
    """The errors that leave nothing to run; a table without `otherwise` runs, and gives some orders no answer."""
    return [problem for problem in errors(found) if problem.code != "no-otherwise"]


@dataclass(frozen=True, slots=True)
class _Way:
    """One file on its way."""

    source: bytes
    file: str
    vocabulary: Vocabulary
    shelf: Shelf

    def meant(self, node: Node, broken: frozenset[str] = frozenset()) -> Meant:
        return read_meaning(node, self.file, self.vocabulary, self.shelf, broken)

    def compiled(self, meant: Meant, found: tuple[Problem, ...]) -> Loaded:
        """What comes of a document that can be run, analysed; without a Program where a formula can grow too large."""
        checked, policy = meant.checked, meant.policy
        assert checked is not None
        programs, wide = compile_subjects(checked, bound_source(self.source, meant.parts), meant.built_in)
        if wide:
            return Loaded(None, checked.tests, tuple(in_order((*found, *wide))), policy)
        promises = questions_of(of_subject(checked, ORDER), programs[ORDER], checked.promises)
        told = [*found, *analyse_subjects(programs, checked)]
        ends = {problem.where for problem in meant.problems if problem.code == "no-otherwise"}
        for subject, one in programs.items() if ends else ():
            told += [gap for gap in gaps(one, of_subject(checked, subject)) if gap.where in ends]
        return Loaded(programs[ORDER], checked.tests, tuple(in_order(told)), policy, promises, programs, meant.parts)

    def with_errors(self, node: Node, found: tuple[Problem, ...], meant: Meant, cut: Parts = ()) -> Loaded:
        """A file with errors: no Program, but the findings of all that is sound in it."""
        rest, cut = self.rest(node, found, cut)
        if rest is None:
            return Loaded(None, (), found, meant.policy, left_out=left_out(sections_of(node)))
        whole = not decides(cut)
        rest = replace(rest, promises=rest.promises if whole else ())
        asked = meant.policy is not None and bool(meant.policy.promises)
        told = tuple(in_order(_with_gaps(found, rest.problems)))
        return Loaded(None, (), told, meant.policy, rest=rest, left_out=left_out(cut, asked and not whole))

    def rest(self, node: Node, found: Iterable[Problem], cut: Parts) -> tuple[Loaded | None, Parts]:
        """What comes of the file without the parts that hold errors or read them, and all parts cut out by now."""
        stopping = _stopping(found)
        for _ in range(ROUNDS_MAX):
            if stopping:
                less = cut_out(node, stopping) if len(stopping) <= ERRORS_MAX else None
                if less is None:
                    break
                node, cut = less.node, (*cut, *less.parts)
            meant = self.meant(node)
            if meant.checked is None or meant.policy is None or not meant.policy.currency.text:
                break
            stopping = _stopping(meant.problems)
            if not stopping:
                hints = meant.problems if {section for section, _ in cut} <= {"tests"} else ()
                loaded = self.compiled(meant, tuple(one for one in hints if one.severity == "warning"))
                if loaded.program is not None:
                    return loaded, cut
                stopping = errors(loaded.problems)
        return None, cut

    def beside(self, slips: tuple[Problem, ...]) -> Loaded:
        """A file with slips that stop the reading: what can be told of the sections that hold none of them."""
        text = self.source.decode("utf-8-sig", "replace")
        if any(problem.code in UNREADABLE for problem in slips):
            return Loaded(None, (), slips)
        node, cut = self.legible(text, slips)
        less = None if node is None else beside_slips(node, cut)
        if less is None:
            return Loaded(None, (), slips, left_out=left_out(sections_in(text)))
        if less.names_known:
            meant = self.meant(less.node, less.broken)
        else:
            policy, problems = read_document(less.node, self.file)
            meant = Meant(policy, None, problems)
        found = tuple(errors(meant.problems))
        loaded = self.with_errors(less.node, found, meant, less.parts)
        return replace(loaded, problems=tuple(in_order((*slips, *loaded.problems))))

    def legible(self, text: str, slips: Iterable[Problem]) -> tuple[Node | None, Parts]:
        """The nodes of the file with the sections blank that stop the reading, and these."""
        cut: Parts = ()
        node, found = None, tuple(errors(slips))
        for _ in range(SLIPS_ROUNDS_MAX):
            if node is not None or not 0 < len(found) <= ERRORS_MAX:
                break
            text, more = without_sections(text, [problem.where for problem in found])
            if not more:
                break
            cut = (*cut, *more)
            node, found = read_source(text.encode(), self.file)
        return node, cut


def _with_gaps(found: tuple[Problem, ...], more: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """All findings; of a table without otherwise, an order that fits no row says it better than the rule does."""
    by_place = {problem.where: problem for problem in more if problem.code == "gap"}
    return (*(problem for problem in found if problem.code != "no-otherwise" or problem.where not in by_place), *more)
