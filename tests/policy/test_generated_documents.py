"""The generator itself: its documents have no error, hold every construct that runs, and are decided in every way."""

from __future__ import annotations

from collections import Counter
from functools import cache

from policy.program import OPERATIONS, Calc, Collect, Compare, First, In, Logic, Program
from policy.sections import MEASURES, VERDICTS
from rules import reference
from rules.outcome import STATUS_RANK
from rules.outcome import VERDICTS as DECISIONS
from tests.generated.comparison import facts_of, program_of, situations
from tests.generated.documents import document

WRITTEN = (
    " at most ", " at least ", "first known of [", "stricter of [", "min(", "max(", "abs(", "round(", "days_between(",
    " not in ",
    "any:", "all:", "not:", "is missing", "is known", "is none", "is zero", "is unlimited", "in lists.", "from: 2026",
    "until: ", "rows:", "grid:", "count of ", "sum of ", " where ", "group:", "only_when:", "release_by:", "say:",
    "require_one_of:", "require: none", "longest:", "missing: deny", " USD", " JPY", " months)", " days)", " years)",
    "not(", "..", '": ', "like: ", " in a row with any ", " in a row with every ", " break", " since order.placed_on",
    " since cleared by finance", "count of entries of ", "any of entries of ", "use:", "may_require:",
    "as_of: shipment",
)  # fmt: skip
SEEDS = range(300)  # written
COMPILED = range(120)  # that so few hold every operation is the sterner demand on the generator


@cache
def program(seed: int) -> Program:
    """The Program of a document."""
    return program_of(document(seed))


def test_every_construct_is_written() -> None:
    texts = "\n".join(document(seed).text for seed in SEEDS)
    assert [words for words in WRITTEN if words not in texts] == []


def test_every_operation_and_comparison_is_compiled() -> None:
    nodes = [node for seed in COMPILED for node in program(seed).nodes]
    assert {node.op for node in nodes if isinstance(node, Calc)} == set(OPERATIONS)
    assert {node.op for node in nodes if isinstance(node, Compare)} == {"=", "!=", "<", "<=", ">", ">="}
    assert {node.op for node in nodes if isinstance(node, Logic)} == {"and", "or", "not"}
    found = [node for node in nodes if isinstance(node, In)]
    assert {(node.negated, node.missing, bool(node.points), bool(node.spans)) for node in found} > {
        (False, True, False, False), (True, True, False, False), (True, False, True, True), (False, False, True, True),
    }  # fmt: skip
    checks = [row for node in nodes if isinstance(node, Collect) for row in node.rows]
    assert {row.op for row in checks} == {"", *MEASURES}
    assert {row.verdict for row in checks} == set(VERDICTS)
    assert {"tiers", "limits", "terms", "security", "authority"} < {n.name for n in nodes if isinstance(n, First)}


def test_situations_are_decided_in_every_way() -> None:
    found: Counter[str] = Counter()
    for seed in COMPILED[:60]:
        for situation in situations(document(seed), program(seed), 30):
            outcome = reference.decide(program(seed), facts_of(program(seed), situation))
            found[outcome.verdict] += 1
            found.update({check.status for check in outcome.checks} | set(outcome.missing) & {"zero_divisor"})
    assert min(found[name] for name in DECISIONS) > 60
    assert min(found[name] for name in [*STATUS_RANK, "zero_divisor"]) > 20
