"""What the deciding row says beside what it decides, such as how the goods are paid: carried to the answer, never read.

The engines agree on the row; its words are constants of that row, so they need not be computed by any of them.
"""

from __future__ import annotations

from policy.meaning import SAID_WITH_TERMS
from policy.program import Const, First, Program
from rules.outcome import Outcome


def said_with_terms(program: Program, outcome: Outcome) -> dict[str, str]:
    """How to pay and when goods are shipped, by column, as far as the deciding row of terms says it."""
    row = outcome.rows.get("terms", -1)
    if row < 0:
        return {}
    table = program.nodes[program.tables["terms"]]
    assert isinstance(table, First)
    nodes = {name: program.nodes[node] for name, node in zip(table.outputs, table.rows[row].outputs, strict=True)}
    found = {name: node.value for name in SAID_WITH_TERMS if isinstance(node := nodes.get(name), Const)}
    return {name: word for name, word in found.items() if isinstance(word, str)}
