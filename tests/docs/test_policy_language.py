"""The language's reference: every example is checked and its tests are run; every fact and keyword is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy import load_policy
from policy.document import SECTIONS
from policy.kinds import KINDS
from policy.parts import Part, Shelf
from policy.problems import errors
from rules.facts import trade_vocabulary
from rules.selftest import run_all
from tests.docs.words_page import anchor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy-language.md"
EXAMPLES = dict(re.findall(r"```yaml (\w+)\n(.*?)```", PAGE.read_text("utf-8"), re.S))


PARTS = {name.removeprefix("part_"): EXAMPLES.pop(name) for name in tuple(EXAMPLES) if name.startswith("part_")}
SHELF = Shelf.of(Part(f"shared/{name}", text.encode()) for name, text in PARTS.items())


def policy_text(name: str) -> bytes:
    return (EXAMPLES["header"] + (EXAMPLES[name] if name != "header" else "")).encode()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_sound_part_of_a_policy(name: str) -> None:
    loaded = load_policy(policy_text(name), f"{name}.yaml", trade_vocabulary(), SHELF)
    assert [str(problem) for problem in errors(loaded.problems)] == []


@pytest.mark.parametrize("name", [name for name, text in EXAMPLES.items() if "tests:" in text])
def test_the_tests_of_every_example_pass(name: str) -> None:
    loaded = load_policy(policy_text(name), f"{name}.yaml", trade_vocabulary(), SHELF)
    results = run_all(loaded.programs, loaded.tests)
    assert results and all(result.passed for result in results), [str(result) for result in results]


def test_every_section_and_kind_is_explained() -> None:
    text = PAGE.read_text("utf-8")
    for word in (*SECTIONS, *(kind for kind in KINDS if kind not in ("rate", "number"))):
        assert word in text, word


def test_the_contents_lead_to_every_heading() -> None:
    top, _, rest = PAGE.read_text("utf-8").partition("\n## ")
    linked = re.findall(r"\[[^\]]+\]\(#([^)]+)\)", top)
    assert sorted(linked) == sorted(anchor(heading) for heading in re.findall(r"^#{2,3} (.+)$", f"## {rest}", re.M))


def test_the_table_of_built_in_facts_is_complete_and_right() -> None:
    text = PAGE.read_text("utf-8")
    for fact in trade_vocabulary().facts.values():
        assert f"| `{fact.name}` | {fact.kind} | {fact.source} | {fact.meaning['en']} |" in text
