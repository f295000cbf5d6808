"""What is wrong with a policy that reads well: rows nobody reaches, customers who slip through, edges a day apart.

Each rule stands in a file of its own, looks at the Program on its threshold grid and claims only what is exactly so:
where a condition cannot be taken apart, or the search would take too long, nothing is said.
"""

from __future__ import annotations

from policy.analysis.dead_rows import dead_rows
from policy.analysis.dead_states import dead_states
from policy.analysis.edges import section_edges
from policy.analysis.gaps import find_gaps
from policy.analysis.redundant_rows import redundant_rows
from policy.analysis.slips import otherwise_slips
from policy.analysis.step_edges import step_edges
from policy.analysis.tables import Tables
from policy.meaning import Checked
from policy.problems import Problem
from policy.program import Program

__all__ = ["analyse", "gaps"]


def analyse(program: Program, checked: Checked) -> tuple[Problem, ...]:
    """Every finding about the rows of a checked and compiled policy."""
    tables = Tables(program, checked)
    dead = tuple(dead_rows(tables))  # marks the rows that decide something, for the rules behind it
    dead = (*dead, *dead_states(tables))
    return (*dead, *redundant_rows(tables), *otherwise_slips(tables), *section_edges(program, checked),
            *step_edges(checked))  # fmt: skip


def gaps(program: Program, checked: Checked) -> tuple[Problem, ...]:
    """An order without an answer for each table that lacks its `otherwise` and leaves one, told at its last row."""
    return tuple(find_gaps(Tables(program, checked)))
