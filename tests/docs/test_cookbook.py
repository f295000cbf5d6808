"""The cookbook: every recipe is sound, tests each of its rows and thresholds, and answers what its page shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from api.commands.decide import preview
from policy import Loaded, load_policy
from policy.kinds import KINDS
from policy.vocabulary import FactDeclaration
from rules.coverage import cover
from rules.facts import trade_vocabulary
from rules.ladders import release_terms
from rules.selftest import run_tests
from tests.docs.console import blocks_of
from tests.docs.test_policy_language import EXAMPLES

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "cookbook"
INDEX = FOLDER / "README.md"
PAGES = {path.stem: path for path in sorted(FOLDER.glob("*.md")) if path != INDEX}
PARTS = ["Facts", "Answer", "What to vary"]
LEFT_TO_THE_POLICY = {"nobody"}  # who may release is said once, for all recipes that are put together
EDGES = 3  # tests at the least: at the threshold, one unit to each side


@dataclass(frozen=True)
class Recipe:
    """One page: its text, the policy part in it, and what became of that with the head of a policy before it."""

    text: str
    written: str
    loaded: Loaded


@cache
def recipe(name: str) -> Recipe:
    """The recipe of a page."""
    text = PAGES[name].read_text("utf-8")
    [written] = [block.text for block in blocks_of(text) if block.words == ("yaml", "recipe")]
    loaded = load_policy((EXAMPLES["header"] + written).encode(), f"{name}.yaml", trade_vocabulary())
    return Recipe(text, written, loaded)


def differences(shown: object, found: object, at: str = "answer") -> Iterator[str]:
    """Where an extract says otherwise than the whole: keys and items that it leaves out are not compared."""
    if isinstance(shown, Mapping) and isinstance(found, Mapping):
        for key, value in shown.items():
            yield from differences(value, found[key], f"{at}.{key}") if key in found else [f"{at}.{key} is not there"]
    elif isinstance(shown, list) and isinstance(found, list):
        rest = iter(found)
        for place, value in enumerate(shown):
            if not any(not list(differences(value, one)) for one in rest):
                yield f"{at}[{place}] is not there: {value}"
    elif shown != found:
        yield f"{at}: shown {shown}, found {found}"


def facts_named(text: str) -> list[tuple[str, str, str]]:
    """The rows of a page's table of facts: name, kind, source."""
    rows = re.findall(r"^\| `([a-z_.0-9]+)` \| (\w+) \| (\w+) \| .+ \|$", text, re.M)
    return [(name, kind, source) for name, kind, source in rows]


def declared(loaded: Loaded) -> dict[str, FactDeclaration]:
    """Every fact and every field of a list that the page may name, its own ones too."""
    assert loaded.policy is not None
    vocabulary = trade_vocabulary()
    known = dict(vocabulary.facts)
    for name, listing in vocabulary.lists.items():
        known |= {f"{name}.{field}": fact for field, fact in listing.fields.items()}
    for fact in loaded.policy.facts:
        known[fact.name.text] = FactDeclaration(fact.name.text, fact.kind.text, fact.source.text)
    for own in loaded.policy.fact_lists:
        for field in own.fields:
            full = f"{own.name.text}.{field.name.text}"
            known[full] = FactDeclaration(full, field.kind.text, "request")
    return known


def read_in(written: str, known: Mapping[str, FactDeclaration]) -> set[str]:
    """The facts that the rules of a recipe name, its tests and messages aside."""
    rules = re.sub(r'"[^"]*"', "", written.split("\ntests:")[0]).split("\nfacts:")[-1]
    rules = re.sub(r"#.*", "", rules)
    named = set(re.findall(r"[a-z_]+(?:\.[a-z_0-9]+)+|\bas_of\b", rules))
    return {name for name in named if name in known}


@pytest.mark.parametrize("name", PAGES)
def test_a_recipe_is_a_sound_part_of_a_policy(name: str) -> None:
    found = [str(problem) for problem in recipe(name).loaded.problems if problem.code not in LEFT_TO_THE_POLICY]
    assert found == []


@pytest.mark.parametrize("name", PAGES)
def test_the_tests_of_a_recipe_pass(name: str) -> None:
    loaded = recipe(name).loaded
    assert loaded.program is not None
    results = run_tests(loaded.program, loaded.tests)
    assert len(results) > EDGES and all(result.passed for result in results), [
        f"{result.name}: {difference}" for result in results for difference in result.differences
    ]


@pytest.mark.parametrize("name", PAGES)
def test_every_row_and_threshold_is_tested_at_its_value_and_one_unit_to_each_side(name: str) -> None:
    assert [f"line {point.line}: {point.words}" for point in cover(recipe(name).loaded).uncovered()] == []


@pytest.mark.parametrize("name", PAGES)
def test_what_is_missing_never_passes_and_a_test_shows_it(name: str) -> None:
    tests = recipe(name).loaded.tests
    shown = [test for test in tests if "not_evaluated" in test.expect.values() or test.expect.get("missing")]
    assert shown and all(test.expect.get("verdict", "refer") in ("refer", "deny") for test in shown)


@pytest.mark.parametrize("name", PAGES)
def test_the_answer_shown_is_the_answer_given(name: str) -> None:
    page = recipe(name)
    assert page.loaded.program is not None
    tests = {test.name: test for test in page.loaded.tests}
    answers = [block for block in blocks_of(page.text) if block.words[0] == "json"]
    assert answers
    for block in answers:
        decision = preview(page.loaded.program, tests[" ".join(block.words[1:])], None)
        shown: Any = json.loads(block.text)
        assert list(differences(shown, decision.as_dict())) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_facts_are_told_with_their_kind_and_where_they_come_from(name: str) -> None:
    page = recipe(name)
    known = declared(page.loaded)
    told = facts_named(page.text)
    assert told == [(fact, known[fact].kind, known[fact].source) for fact, _, _ in told]
    named = {fact for fact, _, _ in told}
    read = {"limit.granted" if fact == "limit.effective" else fact for fact in read_in(page.written, known)}
    assert read - named == set()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_question_and_its_parts_in_order(name: str) -> None:
    text = recipe(name).text
    assert re.match(r'# \S+ .+\n\n\*"[^"]+\?[^"]*"\*\n', text)
    assert re.findall(r"^## (.+)$", text, re.M) == PARTS
    assert re.search(r"## What to vary\n\n(- .+\n(  .+\n)*)+\Z", text)


def test_the_index_has_one_line_for_each_page() -> None:
    rows = re.findall(r"^\| \[[^\]]+\]\(([^)]+)\) \| .+ \|$", INDEX.read_text("utf-8"), re.M)
    assert rows == [path.name for path in PAGES.values()]


def test_all_fifteen_checks_and_five_rules_are_there() -> None:
    wanted = [f"{number:02}" for number in range(1, 16)] + [f"r{number}" for number in range(1, 6)]
    assert [name.split("-")[0] for name in PAGES] == wanted


def test_the_release_of_the_recipe_ends_where_its_check_does() -> None:
    program = recipe("r1-release-validity").loaded.program
    assert program is not None and (terms := release_terms(program)) is not None
    released = (5_000_000, date(2026, 11, 23))
    assert terms.covers(*released, 5_500_000, date(2026, 12, 23))
    assert not terms.covers(*released, 5_500_001, date(2026, 12, 23))
    assert not terms.covers(*released, 5_500_000, date(2026, 12, 24))


def test_an_extract_that_says_otherwise_is_found() -> None:
    whole = {"a": 1, "b": [{"c": 2}, {"c": 3, "d": 4}]}
    assert list(differences({"b": [{"c": 3}]}, whole)) == []
    assert list(differences({"b": [{"c": 3}, {"c": 2}]}, whole)) == ["answer.b[1] is not there: {'c': 2}"]
    assert list(differences({"a": 2, "e": 1}, whole)) == ["answer.a: shown 2, found 1", "answer.e is not there"]


def test_facts_are_read_off_the_rules_alone() -> None:
    known = {name: FactDeclaration(name, kind) for name, kind in (("a.b", KINDS[0]), ("c.d", KINDS[0]))}
    assert read_in('let:\n  x: a.b + 1  # c.d\nsay: "{c.d}"\ntests:\n  - c.d\n', known) == {"a.b"}
