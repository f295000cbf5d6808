"""One Program for each subject that a checked document decides on, and what its rows do together for each of them.

A row that decides nothing for one subject may decide for another, so such a row is told only where it is idle for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policy.analysis import analyse
from policy.compile import compile_policy
from policy.meaning import Checked, Referent
from policy.problems import Problem, Where, in_order
from policy.program import Program
from policy.subjects import OUTPUTS, for_subject, subjects_used

IDLE = ("dead-row", "redundant-row", "unreachable-outcome")  # told where a row is idle for all its subjects


def compile_subjects(
    checked: Checked, source: bytes, built_in: frozenset[str]
) -> tuple[dict[str, Program], tuple[Problem, ...]]:
    """The Programs of a document without errors, by subject, orders first; and formulas that can grow too large."""
    programs: dict[str, Program] = {}
    wide: list[Problem] = []
    for subject in subjects_used(checked.policy):
        programs[subject], found = compile_policy(of_subject(checked, subject), source, built_in, subject)
        wide.extend(found)
    return programs, tuple(in_order(wide))


def of_subject(checked: Checked, subject: str) -> Checked:
    """A checked document as it is for one subject."""
    policy = for_subject(checked.policy, subject)
    if policy == checked.policy:
        return checked
    names = replace(checked.names, policy=policy, known=_known(checked, "limits" in policy.rows))
    return replace(checked, policy=policy, names=names, whole=checked.policy)


def _known(checked: Checked, with_limits: bool) -> dict[str, Referent]:
    """What names stand for; without rows of limits there is no limit of the policy."""
    known = checked.names.known
    if with_limits or "limits" not in checked.policy.rows:
        return known
    granted = "limit.granted" in checked.names.facts
    left = {name: one for name, one in known.items() if name not in OUTPUTS}
    return left if granted else {name: one for name, one in left.items() if name != "limit.effective"}


def analyse_subjects(programs: Mapping[str, Program], checked: Checked) -> tuple[Problem, ...]:
    """What the rows do together, each finding once."""
    told: dict[str, tuple[Problem, ...]] = {}
    holders: dict[str, set[Where]] = {}
    for subject, program in programs.items():
        mine = of_subject(checked, subject)
        told[subject] = analyse(program, mine)
        rows = [row.at for written in mine.policy.rows.values() for row in written]
        holders[subject] = {*rows, *(check.name.at for check in mine.policy.checks)}
    found: list[Problem] = []
    for subject in programs:
        before = {(problem.code, problem.where) for problem in found}
        found += [one for one in told[subject] if (one.code, one.where) not in before and _holds(one, told, holders)]
    return tuple(found)


def _holds(problem: Problem, told: Mapping[str, tuple[Problem, ...]], holders: Mapping[str, set[Where]]) -> bool:
    """Whether a finding is one of the file: a row is idle only where it is so for every subject that it is for."""
    if problem.code not in IDLE:
        return True
    mine = [subject for subject, places in holders.items() if problem.where in places]
    return all(any(one.code in IDLE and one.where == problem.where for one in told[subject]) for subject in mine)
