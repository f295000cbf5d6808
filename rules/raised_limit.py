"""A policy for an order that a person granted more than the limit: the limit that counts is said from outside.

The limit that counts is computed by the policy as for any order; then grants for this one order are added, and the
policy decides by that. Only one node differs from the Program of all other orders, so every check that reads
`limit.effective` sees the raised limit, and no other order ever does. See docs/decisions, "a grant raises one order's
limit".
"""

from __future__ import annotations

from dataclasses import replace

from policy.kinds import MONEY_MAX, UNLIMITED, Value
from policy.program import Fact, Fold, Program
from policy.vocabulary import FactDeclaration

RAISED = "limit.raised"
DECLARED = FactDeclaration(RAISED, "limit", "ledger", {
    "en": "the limit that counts, with what was granted for this order", "zh": "含本单特批的有效额度",
})  # fmt: skip


def with_raised_limit(program: Program) -> Program | None:
    """The Program in which the limit that counts is the fact `limit.raised`; None where the policy reads no limit.

    Its digest stays that of the policy's Program: the answer names the policy, and the facts name the raised limit.
    """
    fold = program.nodes[program.fold]
    assert isinstance(fold, Fold)
    place = fold.limit_effective
    if place < 0:
        return None
    nodes = (*program.nodes[:place], Fact(RAISED, "limit"), *program.nodes[place + 1 :])
    return replace(program, nodes=nodes, facts={**program.facts, RAISED: DECLARED})


def raised_limit(found: Value | None, granted: int) -> int | None:
    """The limit that counts with what was granted on top; None where the limit itself is missing."""
    if not isinstance(found, int):
        return None
    if found == UNLIMITED or not granted:
        return found
    return min(max(found, 0) + granted, MONEY_MAX)  # where nobody granted a limit, a grant counts in full
