"""Real policies, transcribed: each loads without a finding, and its tests touch every row and threshold and pass."""

from __future__ import annotations

import re

import pytest

from rules.coverage import cover
from rules.proving import all_findings
from rules.selftest import run_all
from tests.examples.written import FOLDER, NAMES, loaded, program


def test_the_examples_are_all_there() -> None:
    published = {"leisure-pool", "princeton-chemco", "triple-r-marketing", "virginia-receivables"}
    assert published | {"dynamics-effective-limit", "oca-credit-control"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_in_an_example(name: str) -> None:
    assert [str(problem) for problem in all_findings(loaded(name))] == []  # promises too


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_of_an_example_pass_and_leave_nothing_out(name: str) -> None:
    results = run_all(loaded(name).programs, loaded(name).tests)
    assert [f"{one.name}: {told}" for one in results for told in one.differences] == []
    assert [f"line {point.line}: {point.words}" for point in cover(loaded(name)).uncovered()] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_example_decides_or_has_a_ladder(name: str) -> None:
    assert loaded(name).tests or program(name).ladders


@pytest.mark.parametrize("name", NAMES)
def test_an_example_says_where_its_facts_are_from_and_the_index_names_it(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    [source] = re.findall(r"^# Source: (.+)$", text, re.M)
    assert f"[{name}.yaml]({name}.yaml)" in (FOLDER / "README.md").read_text("utf-8")
    assert source.split()[0] in (FOLDER / "README.md").read_text("utf-8")
