"""`aval diff`: what changed, with both lines, and for whom; a proof or a plain word that there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli

STANDARD = Path(__file__).resolve().parents[3] / "policy" / "library" / "standard.yaml"


def aval(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="aval")


def line_of(text: str) -> int:
    return STANDARD.read_text("utf-8").splitlines().index(text) + 1


def changed(folder: Path, before: str, after: str) -> str:
    text = STANDARD.read_text("utf-8")
    assert before in text
    path = folder / "new.yaml"
    path.write_text(text.replace(before, after, 1), "utf-8")
    return str(path)


def test_a_changed_threshold_is_told_with_an_order(tmp_path: Path) -> None:
    told = aval("diff", str(STANDARD), changed(tmp_path, "customer.score >= 80\n", "customer.score >= 85\n"))
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    line = line_of("      - customer.score >= 80")
    threshold = "the threshold of customer.score moved from 80 to 85 ('>=')"
    assert lines[0] == f"line {line} -> {line}  tiers 'prime': {threshold}"
    assert lines[1] == "1 change of meaning, 0 of words only, 0 of tests"
    assert "orders tried are decided differently" in lines[3]
    assert "verdict approve -> approve_with_conditions, tier prime -> standard, terms net 60 -> net 30" in lines[4]
    assert lines[5].startswith("    for example ") and "customer.score 8" in lines[5]


def test_equal_decisions_are_proved(tmp_path: Path) -> None:
    told = aval("diff", str(STANDARD), changed(tmp_path, "customer.score >= 80\n", "customer.score > 79\n"))
    assert told.stdout.splitlines()[-1] == (
        "no order is decided differently (proved: all 448 combinations of the thresholds that differ were compared)"
    )


def test_what_is_not_proved_is_not_called_proved(tmp_path: Path) -> None:
    new = changed(tmp_path, "months_trading < 6", "months_trading < 7")
    assert aval("diff", str(STANDARD), new, "--orders", "1").stdout.splitlines()[-1] == (
        "no difference found in 1 order tried (not a proof)"
    )


def test_machines_get_both_answers(tmp_path: Path) -> None:
    told = aval("diff", str(STANDARD), changed(tmp_path, "verdict: deny", "verdict: refer"), "--json")
    found, line = json.loads(told.stdout), line_of("    verdict: deny")
    assert found["changes"] == [
        {"section": "checks", "about": "meaning", "sentence": "checks 'old_invoices': verdict was deny, is now refer",
             "sentence_zh": "checks 'old_invoices': verdict 由 deny 改为 refer",
         "old_line": line, "new_line": line},
    ]  # fmt: skip
    first = found["decisions"]["differences"][0]
    assert (first["old"]["verdict"], found["decisions"]["proved_equal"]) == ("deny", False)
    assert first["new"]["verdict"] != "deny"


@pytest.mark.parametrize("place", [0, 1])
def test_a_file_that_is_not_there_is_wrong_use(place: int) -> None:
    files = [str(STANDARD)] * 2
    files[place] = "nothing.yaml"
    told = aval("diff", *files)
    assert told.exit_code == 2
    assert "there is no file 'nothing.yaml'" in told.stderr


def test_a_file_with_errors_is_told_and_not_compared(tmp_path: Path) -> None:
    told = aval("diff", str(STANDARD), changed(tmp_path, "customer.score >= 80", "customer.scor >= 80"))
    assert told.exit_code == 1
    assert "unknown-fact" in told.stdout and "cannot be compared: it has 1 error" in told.stderr


REQUESTS = """aval: 1
policy: small
title: {en: Small}
currency: CNY
roles: {rising: [cfo]}
checks:
  - {check: large, measure: order.amount, at_most: 5_000, verdict: deny}
  - {check: asked_for, for: limit_request, measure: limit_request.amount, at_most: 9_000, verdict: deny}
"""


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def test_limit_requests_are_compared_beside_orders(tmp_path: Path) -> None:
    old = written(tmp_path, "old.yaml", REQUESTS)
    new = written(tmp_path, "new.yaml", REQUESTS.replace("9_000", "9_000.01"))
    lines = aval("diff", old, new).stdout.splitlines()
    assert any(line.startswith("no order is decided differently (proved") for line in lines)
    told = "cases tried are decided differently"
    assert any(line.startswith("limit_request: ") and line.endswith(told) for line in lines)
    assert any("limit_request.amount CNY 9,000.01" in line for line in lines)
    found = json.loads(aval("diff", old, new, "--json").stdout)
    assert found["decisions"]["proved_equal"] and found["other_subjects"]["limit_request"]["orders_differing"] > 0
    same = written(tmp_path, "same.yaml", REQUESTS.replace("at_most: 9_000,", "below: 9_000.01,"))
    assert "limit_request: no case is decided differently (proved" in aval("diff", old, same).stdout


def test_what_only_one_of_two_policies_decides_on_is_told(tmp_path: Path) -> None:
    old = written(tmp_path, "old.yaml", REQUESTS)
    new = written(tmp_path, "new.yaml", "\n".join(REQUESTS.splitlines()[:-1]))
    assert "only the old policy decides on 'limit_request'" in aval("diff", old, new).stdout
    assert "只有新政策决定 'limit_request'" in aval("diff", new, old, "--lang", "zh").stdout
