"""The glossary has every word that people meet in the product, once, and names only sources that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.roles import ROLES
from credit.security import INSTRUMENTS
from policy.vocabulary import SOURCES
from rules.outcome import STATUS_RANK, VERDICTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "glossary.md").read_text("utf-8")
ROWS = [row for row in re.findall(r"^\| ([^|]+) \| [^|]+ \|.*\|$", PAGE, re.M) if row not in ("word", "---")]
WORDS = """
    policy, Program, node, fact, figure, setting, check, measure, threshold, evidence, verdict, status,
    condition, finding, authority, tier, group, exposure, limit, granted limit, policy limit, effective limit,
    headroom, largest order, credit amount, unsecured amount, reservation, movement, account, payment terms,
    due date, security, alternative, invoice, open amount, overdue, days overdue, average days late, minor
    unit, percent, missing, as of, preview, engine, reference, compiled, durable, agreement, section,
    first-match table, row, base, test, coverage, vocabulary, kind, effective policy, version, publish, source
    digest, program digest, key, client, role, idempotency key, replay, problem, mapping, rejected row,
    counter-offer, receipt, permission, pepper, event, person, session
"""


@pytest.mark.parametrize("word", [" ".join(word.split()) for word in WORDS.split(",")])
def test_the_words_of_the_product_are_explained(word: str) -> None:
    assert word in ROWS


@pytest.mark.parametrize("word", [*VERDICTS, *STATUS_RANK, *SOURCES, *INSTRUMENTS])
def test_verdicts_statuses_sources_and_securities_are_explained(word: str) -> None:
    assert word.replace("_", " ") in ROWS


def test_every_role_is_named() -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("| role |")]
    assert [role for role in ROLES if role.replace("_", " ") not in line] == []


def test_no_word_is_explained_twice() -> None:
    assert sorted(ROWS) == sorted(set(ROWS))


def test_files_that_are_named_as_sources_exist() -> None:
    named = re.findall(r"`([a-z]+/[a-z_/]*(?:\.py)?)`", PAGE)
    assert named and [name for name in named if not (ROOT / name).exists()] == []
