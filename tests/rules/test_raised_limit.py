"""With nothing granted on top every shipped policy answers as before; else its limit alone is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.kinds import MONEY_MAX, NO_LIMIT, UNLIMITED
from policy.load import Loaded, load_policy
from policy.program import Program
from rules.agreement import Agreement
from rules.facts import trade_vocabulary
from rules.raised_limit import RAISED, raised_limit, with_raised_limit
from rules.reference import decide
from rules.selftest import facts_of

LIBRARY = Path(__file__).parents[2] / "policy" / "library"
FILES = sorted(path.name for path in LIBRARY.glob("*.yaml"))


def programs(name: str) -> tuple[Program, Program, Loaded]:
    """A shipped policy as it is and with its limit said from outside."""
    loaded = load_policy((LIBRARY / name).read_bytes(), name, trade_vocabulary())
    assert loaded.program is not None
    raised = with_raised_limit(loaded.program)
    assert raised is not None
    return loaded.program, raised, loaded


@pytest.mark.parametrize("name", FILES)
def test_nothing_on_top_changes_nothing_on_any_engine(name: str) -> None:
    program, raised, loaded = programs(name)
    engines = Agreement(raised, allow_single=True)
    for test in loaded.tests:
        if test.subject != "order":
            continue
        facts = facts_of(program, test)
        plain = decide(program, facts)
        limit = raised_limit(plain.limits["effective"], 0)
        if limit is None:
            continue  # then nothing is raised, and the first answer stands
        found = engines.decide({**facts, RAISED: limit})
        assert found.engines in ("agreed", "single"), found.difference
        assert found.outcome == plain
    engines.close()


def test_only_the_limit_that_counts_is_another_one() -> None:
    program, raised, loaded = programs("standard.yaml")
    test = next(test for test in loaded.tests if "exactly the limit" in test.name)
    facts = facts_of(program, test)
    facts["order.unsecured_amount"] += 1
    before = decide(program, facts)
    assert before.verdict == "refer"
    limit = before.limits["effective"]
    after = decide(raised, {**facts, RAISED: raised_limit(limit, 1)})
    assert after.verdict != "refer" and after.limits["effective"] == limit + 1
    assert {check.name for check in before.checks if check.status == "refer"} == {"over_limit"}
    assert decide(raised, {**facts, RAISED: raised_limit(limit, 0)}).verdict == "refer"


def test_unlimited_stays_unlimited_and_missing_stays_missing() -> None:
    assert raised_limit(UNLIMITED, 5) == UNLIMITED
    assert raised_limit(None, 5) is None
    assert raised_limit(MONEY_MAX, 5) == MONEY_MAX
    assert raised_limit(0, 5) == 5


def test_a_grant_counts_in_full_where_nobody_granted_a_limit() -> None:
    assert [raised_limit(NO_LIMIT, granted) for granted in (0, 1, 100)] == [NO_LIMIT, 1, 100]
