"""The page on the Program names every node, operation and status, and shows the nodes that the compiler makes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from policy import program
from policy.bounds import LARGEST
from policy.kinds import COUNT_MAX, KINDS, MONEY_MAX, NO_LIMIT, UNLIMITED
from policy.load import load_policy
from rules.facts import trade_vocabulary
from rules.outcome import STATUS_RANK
from tests.docs.console import blocks_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "program.md").read_text("utf-8")
BLOCKS = {block.words[1]: block.text for block in blocks_of(PAGE) if len(block.words) > 1}


def test_every_kind_of_node_has_its_section() -> None:
    section = PAGE.split("## The ten nodes")[1].split("\n## ")[0]
    names = [one.__name__ for one in get_args(program.Node)]
    assert re.findall(r"^### (\w+)$", section, re.M) == names and len(names) == 10


@pytest.mark.parametrize("word", [*program.OPERATIONS, *program.ROUNDINGS, *program.COMPARISONS, *STATUS_RANK])
def test_every_operation_rounding_comparison_and_status_is_told(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_every_kind_of_value_is_told() -> None:
    table = PAGE.split("## Values")[1].split("## Missing")[0]
    assert {word for row in re.findall(r"^\| ([a-z, ]+) \|", table, re.M) for word in row.split(", ")} >= set(KINDS)


def test_the_bounds_are_those_of_the_code() -> None:
    assert (MONEY_MAX, COUNT_MAX, UNLIMITED, NO_LIMIT, LARGEST) == (10**15, 10**9, 10**18, -1, 2**126)
    for bound in ("10^15", "10^9", "(10^18)", "(-1)", "2^126"):
        assert bound in PAGE


def test_the_nodes_shown_are_those_that_the_compiler_makes() -> None:
    made = load_policy(BLOCKS["smallest"].encode(), "smallest.yaml", trade_vocabulary()).program
    assert made is not None
    shown = BLOCKS["nodes"].splitlines()
    assert [f"{number} {node}" for number, node in enumerate(made.nodes)][: len(shown)] == shown
