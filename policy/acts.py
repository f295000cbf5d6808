"""Recorded acts, `cleared by finance`: a line that holds once a person of the role, or one above it, recorded the act.

An act is a fact of its own, false until somebody records it. In the lines of a state it is another fact, which counts
only what was recorded after the state last changed. The day of the last one is a date, missing until there is one.
Source: docs/decisions/0009-stored-state-is-a-fact.md
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.meaning import Names, Referent, fact_referent
from policy.problems import Problem, Where
from policy.suggest import did_you_mean, listed
from policy.syntax import Comparison, Name
from policy.vocabulary import FactDeclaration

if TYPE_CHECKING:
    from policy.resolve import Resolver

ACTS = "act"
DAY = ".on"
LEAVE = "'leave'"  # the reader of the lines that end a state
_LINE = re.compile(r"\s*([A-Za-z]+(?:\s+[A-Za-z]+)*)\s+by\s+([A-Za-z_]\w*)\s*", re.ASCII)
_FACT = re.compile(r"(act|state\.[a-z][a-z0-9_]*)\.([a-z]+(?:_[a-z]+)*?)_by_([A-Za-z_]\w*)", re.ASCII)
_NOT_ACTS = {"is", "in", "not", "and", "or", "by", "than", "of", "any", "all"}


def read_act(text: str, at: Where) -> Comparison | Problem | None:
    """A line such as `cleared by finance` as a test of its fact, None where the line is something else."""
    found = _LINE.fullmatch(text)
    if found is None or _NOT_ACTS.intersection(words := found[1].split()):
        return None
    loud = next((word for word in words if not word.islower()), None)
    if loud is not None:
        return Problem("bad-name", at, f"'{loud}' is not a word of an act", "write acts in small letters")
    begin = Where(at.file, at.line, at.column + len(text) - len(text.lstrip()))
    return Comparison("is", Name(fact_name(ACTS, text), begin), Name("true", begin), begin)


def fact_name(subject: str, line: str) -> str:
    """The fact of an act: `cleared by finance` of `act` is `act.cleared_by_finance`."""
    return f"{subject}.{'_'.join(line.split())}"


def parts_of_fact(name: str) -> tuple[str, str, str] | None:
    """Subject (`act`, or `state.NAME`), act and role of the fact of an act; None for any other fact."""
    found = _FACT.fullmatch(name)
    return None if found is None else (found[1], found[2].replace("_", " "), found[3])


def day_of_act(line: str) -> str:
    """The fact that says on which day an act was last recorded: of `cleared by finance` `act.cleared_by_finance.on`."""
    return f"{fact_name(ACTS, line)}{DAY}"


def parts_of_day(name: str) -> tuple[str, str] | None:
    """Act and role of the fact that says when an act was last recorded; None for any other fact."""
    parts = parts_of_fact(name.removesuffix(DAY)) if name.endswith(DAY) else None
    return None if parts is None or parts[0] != ACTS else parts[1:]


def is_asked(name: str) -> bool:
    """Whether a fact asks for an act, or for the day of one."""
    return parts_of_fact(name) is not None or parts_of_day(name) is not None


def act_asked(name: str) -> tuple[str, str]:
    """Act and role of a fact that asks for an act, or for the day of one."""
    parts = parts_of_fact(name.removesuffix(DAY))
    assert parts is not None
    return parts[1:]


def line_of(name: str) -> str:
    """The fact of an act, or of its day, as the line that asks for it."""
    return " by ".join(act_asked(name))


def roles_of(names: Names) -> list[str]:
    """Every role that the file declares."""
    return [role.text for role in (*names.policy.roles_rising, *names.policy.roles_beside)]


def declared(names: Names, name: str) -> Referent | None:
    """The act that a line asks for, declared when it is first met; None for any other name or an unknown role."""
    if (day := parts_of_day(name)) is not None and day[1] in roles_of(names):
        meaning = {"en": f"the day of the last {day[0]} by {day[1]}", "zh": f"{day[1]} 最近一次记录 {day[0]} 之日"}
        return _declare(names, FactDeclaration(name, "date", "ledger", meaning))
    parts = parts_of_fact(name)
    if parts is None or parts[2] not in roles_of(names):
        return None
    subject, act, role = parts
    since = "" if subject == ACTS else f" since '{subject.removeprefix('state.')}' last changed"
    zh = "" if subject == ACTS else f"（自“{subject.removeprefix('state.')}”上次变化后）"
    meaning = {"en": f"{act} by {role}, recorded{since}", "zh": f"{role} 已记录 {act}{zh}"}
    return _declare(names, FactDeclaration(name, "flag", "ledger", meaning))


def _declare(names: Names, fact: FactDeclaration) -> Referent:
    names.facts[fact.name] = fact
    names.known[fact.name] = fact_referent(fact)
    return names.known[fact.name]


def told_role(resolver: Resolver, name: Name) -> bool:
    """Whether a name is that of an act by a role that nobody has; then it is told."""
    parts = parts_of_fact(name.text.removesuffix(DAY))
    if parts is None:
        return False
    subject, _, role = parts
    roles = roles_of(resolver.names)
    meant = f"{did_you_mean(role, roles)} roles: {listed(roles)}".strip() if roles else "name it under 'roles'"
    told = f"'{role}' is not a role of this file"
    if subject != ACTS and resolver.reader == LEAVE:
        told = f"'{subject.removeprefix('state.')}' can be entered but never left: {told}"
        resolver.note("never-left", name.at, told, meant)
    else:
        resolver.note("unknown-role", name.at, told, meant)
    return True
