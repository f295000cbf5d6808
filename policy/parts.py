"""Shared parts, `use: [shared/countries]`: facts, scales, settings, lists, tables and documents of several policies.

A part is a file of its own beside the policy, named from the policy's folder and without its ending. It adds names, and
rows of documents, which add up wherever they stand; all that chooses stands in the policy. Reading files is the
caller's: here is only what they say. Source: docs/decisions/0008-parts-belong-to-the-policy-that-uses-them.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from policy.document import PART_SECTIONS, Policy, Word
from policy.problems import Problem, Where, errors
from policy.sections import read_document
from policy.source import Mapping as Block
from policy.source import Node, read_source
from policy.suggest import did_you_mean, listed
from policy.uses import ENDING, MOST

BYTES_MAX = 512 * 1024  # of one part: what is larger is no list of countries any more
BOUND = b"aval policy with parts 1\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part that a policy uses: its name as written under `use`, and its bytes."""

    name: str
    source: bytes


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where parts lie: `read` gives the bytes behind a name, None where there are none; `names` tells what is there."""

    read: Callable[[str], bytes | None] = lambda name: None
    names: Callable[[], Iterable[str]] = tuple

    @staticmethod
    def of(parts: Iterable[Part]) -> Shelf:
        """A shelf with these parts, such as those that are stored with a version."""
        known = {part.name: part.source for part in parts}
        return Shelf(known.get, lambda: known)


@dataclass(frozen=True, slots=True)
class Together:
    """A policy with the parts that it uses in it; `whole` is false where a part could not be read at all."""

    policy: Policy
    parts: tuple[Part, ...] = ()
    problems: tuple[Problem, ...] = ()
    whole: bool = True


@dataclass(slots=True)
class _Names:
    """Where each name was first written, by what it names; facts, figures and tables share theirs."""

    first: dict[tuple[str, str], Where] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def is_new(self, what: str, name: Word) -> bool:
        """Take a name; one that was written in another file is a finding that names both places."""
        before = self.first.setdefault((what, name.text), name.at)
        if before.file == name.at.file:
            return True
        self.problems.append(Problem("duplicate-name", name.at, f"'{name.text}' stands in {before} already",
                                     "rename one of them, or take it out"))  # fmt: skip
        return False


def with_parts(policy: Policy, shelf: Shelf) -> Together:
    """The policy and, in it, what its parts add; what is wrong in a part is told with the part's own file and line."""
    names, problems, parts, whole = _Names(), [], [], True
    _take(names, policy)
    for word in policy.use:
        source = shelf.read(word.text)
        if source is None:
            help = did_you_mean(word.text, shelf.names(), _there(shelf.names()))
            problems.append(Problem("unknown-part", word.at, f"there is no part '{word.text}'", help))
            whole = False
            continue
        found, told = read_part(source, file_of(policy.file, word.text))
        problems += told
        whole &= found is not None
        if found is not None:
            parts.append(Part(word.text, source))
            policy = _joined(policy, _take(names, found))
    return Together(policy, tuple(parts), (*problems, *names.problems), whole)


def file_of(policy_file: str, name: str) -> str:
    """How findings call a part: by its path, as the policy's own file is called."""
    return str(PurePosixPath(policy_file.replace("\\", "/")).parent / f"{name}{ENDING}")


def bound_source(source: bytes, parts: Iterable[Part]) -> bytes:
    """The bytes that name a policy with its parts: the file alone where it has none."""
    parts = tuple(parts)
    if not parts:
        return source
    return BOUND + b"".join(_framed(text) for part in parts for text in (part.name.encode(), part.source)) + source


def _framed(text: bytes) -> bytes:
    """A text behind its length, so that no two lists of texts have the same bytes."""
    return f"{len(text)}\n".encode() + text


def read_part(source: bytes, file: str) -> tuple[Policy | None, tuple[Problem, ...]]:
    """A part as written; None where it cannot be read to its end."""
    if len(source) > BYTES_MAX:
        size = f"the part has {len(source):_} bytes, a part at most {BYTES_MAX:_}"
        return None, (Problem("too-large", Where(file, 1, 1), size, "split it, or take data out of it"),)
    node, problems = read_source(source, file)
    if node is None:
        return None, problems
    kept, told = _only_names(node)
    policy, shape_problems = read_document(kept, file, fragment=True)
    found = (*problems, *told, *shape_problems)
    return (None if policy is None else replace(policy, damaged=bool(errors(found)))), found


def _only_names(node: Node) -> tuple[Node, list[Problem]]:
    """The part without what only a policy has, and a finding for each section of that."""
    if not isinstance(node, Block):
        return node, []
    kept = tuple(entry for entry in node.entries if entry[0].text in PART_SECTIONS)
    others = [key for key, _ in node.entries if key.text not in PART_SECTIONS]
    problems = [Problem("part", key.at, f"a part cannot have '{key.text}'", _belongs(key.text)) for key in others]
    return replace(node, entries=kept), problems


def _belongs(key: str) -> str:
    if key == "use":
        return "let the policy use both parts"
    return did_you_mean(key, PART_SECTIONS, f"move it to the policy; a part has {listed(PART_SECTIONS[1:])}")


def _there(names: Iterable[str]) -> str:
    known = sorted(names)
    return f"there are: {listed(known[:MOST])}" if known else "there is no part beside this policy"


def _named(policy: Policy) -> Iterator[tuple[str, Word]]:
    """Every name that a file gives, with what it names."""
    yield from (("name", one.name) for one in policy.facts)
    yield from (("name", one.name) for one in policy.fact_lists)
    yield from (("name", one.name) for one in policy.lets)
    yield from (("name", one.name) for one in policy.tables)
    yield from (("setting", one.name) for one in policy.settings)
    yield from (("list", one.name) for one in policy.lists)
    yield from (("scale", one.name) for one in policy.scales)


def _take(names: _Names, policy: Policy) -> Policy:
    """The file without names that another has given already."""
    taken = {id(word) for what, word in _named(policy) if not names.is_new(what, word)}
    kept: dict[str, Any] = {
        section: tuple(one for one in getattr(policy, section) if id(one.name) not in taken)
        for section in ("facts", "fact_lists", "tables", "settings", "lists", "scales")
    }
    return replace(policy, **kept)


def _joined(policy: Policy, part: Policy) -> Policy:
    return replace(
        policy,
        facts=policy.facts + part.facts, fact_lists=policy.fact_lists + part.fact_lists,
        tables=policy.tables + part.tables, settings=policy.settings + part.settings,
        lists=policy.lists + part.lists, scales=policy.scales + part.scales,
        documents=policy.documents + part.documents,
        broken=policy.broken | part.broken, damaged=policy.damaged or part.damaged,
    )  # fmt: skip
