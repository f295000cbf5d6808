"""The house layout: what is rewritten, what stays, and that no file ever means anything else afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policy.layout import laid_out
from policy.load import load_policy
from policy.problems import errors
from rules.facts import trade_vocabulary
from tests.conformance.test_engines import policy_text
from tests.generated.documents import document

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = sorted((ROOT / "policy" / "library").glob("*.yaml"))
CASES = sorted((ROOT / "tests" / "conformance" / "cases").glob("*.yaml"))
BROKEN = sorted((ROOT / "tests" / "conformance" / "broken").glob("*.yaml"))
HEAD = "aval: 1\npolicy: small\ntitle: {en: Small}\ncurrency: CNY\n"
TAIL = "  - tier: rest\n    otherwise: true\n"


def fmt(text: str) -> str:
    """A whole file laid out; no finding may stop it."""
    found, problems = laid_out(text.encode(), "policy.yaml", trade_vocabulary())
    assert problems == (), problems
    return found.decode()


def tiers(rows: str) -> str:
    """The tiers of a small policy, laid out."""
    text = fmt(f"{HEAD}tiers:\n{rows}{TAIL}")
    assert text.startswith(f"{HEAD}tiers:\n")
    assert text.endswith(TAIL)
    return text[len(f"{HEAD}tiers:\n") : -len(TAIL)]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        # one test, two tests, a comment behind
        ('  - tier: a\n    when: {customer.score: ">= 80"}\n', "  - tier: a\n    when: customer.score >= 80\n"),
        ('  - tier: a\n    when: {customer.score: ">= 80", customer.type: school}  # both\n',
         "  - tier: a\n    when:  # both\n      - customer.score >= 80\n      - customer.type is school\n"),
        # every form of a test, each with the comment beside it
        ('  - tier: a\n    when:\n      customer.score: "[60..80)"  # middle\n      customer.type: "school, hospital"\n'
         '      customer.country: "not(US)"\n      customer.insolvent: false\n',
         "  - tier: a\n    when:\n      - customer.score in [60..80)  # middle\n"
         "      - customer.type in [school, hospital]\n"
         "      - customer.country is not US\n      - customer.insolvent is false\n"),
        ('  - tier: a\n    when: {customer.type: "not(school, hospital)"}\n',
         "  - tier: a\n    when: customer.type not in [school, hospital]\n"),
        # braces with brackets or braces of their own
        ('  - {tier: a, when: {customer.score: "< 5"}}  # odd\n', "  - tier: a  # odd\n    when: customer.score < 5\n"),
        # lines stay as they are, spacing too
        ("  -   tier:  a   # x\n      when:\n        - customer.score >= 80\n",) * 2,
        ("  - {tier: a, when: customer.score < 5}\n",) * 2,
    ],
)  # fmt: skip
def test_tiers_are_laid_out(rows: str, wanted: str) -> None:
    assert tiers(rows) == wanted


def test_only_rows_get_lines() -> None:
    text = (f"{HEAD}roles: {{rising: [analyst, cfo], also: [clerk]}}  # low to high\n"
            "facts:\n  customer.x: {kind: flag, from: master, meaning: {en: x, zh: x}}\n"
            "lists: {embargo: [KP, IR]}\n"
            "tests:\n  - base: x\n    given: {customer.score: 5, invoices: [{open_amount: 1}]}\n"
            "  - name: y\n    given: {like: x}\n    expect: {verdict: refer, missing: [customer.score]}\n")  # fmt: skip
    assert fmt(text) == text


def test_a_value_in_a_row_gets_lines() -> None:
    rows = '  - tier: a\n    when: {any: [customer.score < 5, customer.insolvent is true]}\n'
    assert tiers(rows) == ("  - tier: a\n    when:\n"
                           "      any: [customer.score < 5, customer.insolvent is true]\n")  # fmt: skip


def test_a_comment_inside_braces_keeps_them() -> None:
    rows = "  - {tier: a, when: [customer.score < 5,  # low\n     customer.insolvent is true]}\n"
    assert tiers(rows) == rows


def test_a_file_with_errors_stays_and_they_are_told() -> None:
    data = b"aval: 1\npolicy: x\ntitle: {en: X}\ncurrency: CNY\ntiers:\n  - {tier: a, when: {customer.scor: '> 5'}}\n"
    found, problems = laid_out(data, "policy.yaml", trade_vocabulary())
    assert found == data
    assert {problem.code for problem in problems} >= {"unknown-fact"}


def meaning(data: bytes) -> object:
    """The digest of a file, and what its tests give and expect."""
    loaded = load_policy(data, "policy.yaml", trade_vocabulary())
    return loaded.digest, [(test.name, test.facts, test.lists, test.expect) for test in loaded.tests]


def comments(data: bytes) -> list[str]:
    """Everything behind a sign for comments, in order; texts that hold the sign count too."""
    return [line.partition("#")[2].strip() for line in data.decode().splitlines() if "#" in line]


def held(data: bytes) -> None:
    """One file, laid out: the same meaning, the same comments, and nothing more to do."""
    if errors(load_policy(data, "policy.yaml", trade_vocabulary()).problems):
        return
    found, _ = laid_out(data, "policy.yaml", trade_vocabulary())
    assert meaning(found) == meaning(data)
    assert comments(found) == comments(data)
    assert laid_out(found, "policy.yaml", trade_vocabulary()) == (found, ())


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_a_shipped_policy_keeps_its_meaning(path: Path) -> None:
    held(path.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("path", [*CASES, *BROKEN], ids=lambda path: path.stem)
def test_a_conformance_policy_keeps_its_meaning(path: Path) -> None:
    data = path.read_bytes()
    held(policy_text(yaml.load(data, yaml.BaseLoader)).encode() if path in CASES else data)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_generated_document_keeps_its_meaning(seed: int) -> None:
    held(document(seed).text.encode())
