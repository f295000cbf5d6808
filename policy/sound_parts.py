"""What of a file with errors is sound: the file without the parts that hold errors, and without all that reads them.

A mistake must not hide others. So the parts with errors are cut out, what read them shows by errors of its own and is
cut out too, and what is left is compiled and looked at like any policy. A first-match table goes as a whole, for
without one of its rows it would decide something else; everything else goes one by one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from policy.document import HEADER, ROW_SECTIONS
from policy.nodes import Mapping, Node, Scalar, Sequence
from policy.problems import Problem, Where

BY_THE_WAY = ("escalation", "letters", "late_charge", "fees", "release", "promises", "tests")  # no order reads these
GIVES = {"tiers": ("tier",), "limits": ("limit.policy", "limit.largest_order", "limit.review_every")}
READ_BY = ("tests", "exceptions")  # what these read of a section that is cut out cannot be told from a mistake
KNOWN = (*BY_THE_WAY[1:], "exceptions", "checks", "tiers", "limits", "security", "authority")  # sections without names
TOP = re.compile(r"([a-z_]+)\s*:")  # a line that begins a section
LOOKED_AT = (*ROW_SECTIONS, "tables", "states", "checks", "escalation", "promises")  # what is analysed or proved
ONE_THING = ("letters", "release")  # their keys say one thing together
NAMED_BY = {"checks": "check", "exceptions": "exception"}  # the key that holds an item's name


Parts = tuple[tuple[str, str], ...]  # a section, and the name of an item in it, "" for all of the section


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a file, and the parts that were cut out.

    `broken` are names that these parts give, `names_known` whether these are all of them.
    """

    node: Mapping
    parts: Parts
    broken: frozenset[str] = frozenset()
    names_known: bool = True


def cut_out(node: Node, problems: Iterable[Problem]) -> Cut | None:
    """The file without the parts that hold findings; None where one lies in no part that can be cut out."""
    if not isinstance(node, Mapping):
        return None
    keys = [key.at for key, _ in node.entries]
    hit: dict[int, list[Where]] = {}
    for problem in problems:
        place = bisect_right(keys, problem.where) - 1
        if place < 0 or problem.where.file != node.at.file or node.entries[place][0].text in HEADER:
            return None
        hit.setdefault(place, []).append(problem.where)
    entries: list[tuple[Scalar, Node]] = []
    parts: list[tuple[str, str]] = []
    for place, (key, value) in enumerate(node.entries):
        if place not in hit:
            entries.append((key, value))
            continue
        together = key.text in ROW_SECTIONS
        left, names = (None, [""]) if together else _without(key.text, value, hit[place])
        parts += [(key.text, name) for name in names]
        entries += [(key, left)] if left is not None else []
    return Cut(replace(node, entries=tuple(entries)), tuple(parts))


def without_sections(text: str, places: Iterable[Where]) -> tuple[str, Parts]:
    """The text of a file with the sections blank that hold these places, and those sections; lines keep their numbers.

    A slip that stops the reading may have changed all of its section, and hides where its parts begin.
    """
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines, 1) if TOP.match(line)]
    hit = {bisect_right(starts, place.line) - 1 for place in places} - {-1}
    parts = []
    for one in sorted(hit):
        end = starts[one + 1] - 1 if one + 1 < len(starts) else len(lines)
        name = TOP.match(lines[starts[one] - 1])
        assert name is not None
        parts.append((name[1], ""))
        lines[starts[one] - 1 : end] = ["\n"] * (end - starts[one] + 1)
    return "".join(lines), tuple(parts)


def beside_slips(node: Node, cut: Parts) -> Cut | None:
    """What is left beside blank sections, without what reads names that may be lost with them.

    None where one of them belongs to the head of the file.
    """
    sections = {section for section, _ in cut}
    if not isinstance(node, Mapping) or sections & {*HEADER}:
        return None
    lost = [key for key in READ_BY if decides(cut)]
    more = tuple((key.text, "") for key, _ in node.entries if key.text in lost)
    kept = replace(node, entries=tuple(one for one in node.entries if one[0].text not in lost))
    broken = frozenset(name for section in sections for name in GIVES.get(section, ()))
    known = {*KNOWN, *(["terms"] if node.get("states") is None else [])}  # a state may say which terms hold meanwhile
    return Cut(kept, (*cut, *more), broken, sections <= known)


def _without(section: str, node: Node, places: list[Where]) -> tuple[Node | None, list[str]]:
    """A section without the items at some places, and their names; None where the whole section goes."""
    if isinstance(node, Scalar) or section in ONE_THING or (isinstance(node, Mapping) and node.damaged):
        return None, [""]
    starts = [key.at for key, _ in node.entries] if isinstance(node, Mapping) else [item.at for item in node.items]
    hit = {bisect_right(starts, place) - 1 for place in places}
    if -1 in hit:
        return None, [""]
    names = [_name(section, node, number) for number in sorted(hit)]
    if len(hit) == len(starts):
        return None, names
    if isinstance(node, Mapping):
        return replace(node, entries=tuple(one for at, one in enumerate(node.entries) if at not in hit)), names
    return replace(node, items=tuple(one for at, one in enumerate(node.items) if at not in hit)), names


def _name(section: str, node: Mapping | Sequence, number: int) -> str:
    if isinstance(node, Mapping):
        return node.entries[number][0].text
    item = node.items[number]
    name = item.get(NAMED_BY.get(section, "")) if isinstance(item, Mapping) else None
    return name.text if isinstance(name, Scalar) else str(number + 1)


def sections_in(text: str) -> Parts:
    """Every section of a file that cannot be read."""
    return tuple((found[1], "") for line in text.splitlines() if (found := TOP.match(line)))


def sections_of(node: Node) -> Parts:
    """Every section of a file."""
    return tuple((key.text, "") for key, _ in node.entries) if isinstance(node, Mapping) else ()


def decides(parts: Parts) -> bool:
    """Whether something was cut out that a decision may read: then nothing is known of the policy as a whole."""
    return any(section not in BY_THE_WAY for section, _ in parts)


def left_out(parts: Parts, promises: bool = False) -> tuple[str, ...]:
    """The names of what was not looked at, as an officer finds them in the file."""
    parts = (*parts, *([("promises", "")] if promises else []))
    whole = {section for section, name in parts if not name}
    named = [section if section in whole else f"{section}.{name}" for section, name in parts if section in LOOKED_AT]
    return tuple(dict.fromkeys(named))
