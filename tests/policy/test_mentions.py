"""A group's ceiling comes into a policy that speaks of groups, and into no other."""

from __future__ import annotations

import pytest

from policy.mentions import mentions
from tests.policy.written import HEAD, load, program

PLAIN = """\
limits:
  - otherwise: true
    limit: 500
checks:
  - check: over_limit
    measure: account.exposure
    at_most: limit.effective
    verdict: refer
    say: {en: "too much"}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("measure: account.exposure", "measure: group.exposure"),
        ("limit: 500", "limit: stricter of [500 CNY, group.limit]"),
        ("too much", "{group.exposure} is too much"),
        ("    say:", "    only_when: group.limit is known\n    say:"),
        ("limits:", "let:\n  of_all: 2 * group.exposure\nlimits:"),
        ("limits:", "tests:\n  - {name: one, given: {group.limit: 5}, expect: {verdict: refer}}\nlimits:"),
    ],
)  # fmt: skip
def test_whatever_reads_a_group_brings_its_check(old: str, new: str) -> None:
    assert old in PLAIN
    found = load(PLAIN.replace(old, new))
    assert found.program is not None, found.problems
    assert "limit.group" in found.program.tables
    assert "group_over_limit" in found.program.wording.built_in


@pytest.mark.parametrize("text", ["too much", "see group.limits", "a group.limit_of mine"])
def test_other_files_keep_their_program(text: str) -> None:
    found = load(PLAIN.replace("too much", text))
    assert found.policy is not None and not mentions(found.policy, ("group.limit", "group.exposure"))
    assert found.program is not None
    assert "limit.group" not in found.program.tables
    assert found.program.digest == program(PLAIN).digest
    assert {fact for fact in found.program.facts if fact.startswith("group")} == set()


def test_a_check_of_the_same_name_takes_the_place_of_the_built_in_one() -> None:
    own = "  - {check: group_over_limit, when: group.exposure > 5, verdict: deny}\n"
    assert "group_over_limit" not in program(PLAIN + own, HEAD).wording.built_in
