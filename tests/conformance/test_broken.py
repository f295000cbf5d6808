"""One broken policy for each finding, with the exact wording that an officer sees.

A file says in its first lines what is wanted: `# wanted: line:column: code: message; help`, one line per finding, in
the order of the file. All findings are compared, so that a mistake is told once and with nothing beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.load import load_policy
from policy.node_builder import NODES_MAX
from policy.parts import Part, Shelf
from policy.problems import CODES, Problem
from policy.source import BYTES_MAX
from rules.facts import trade_vocabulary
from rules.proving import all_findings

BROKEN = Path(__file__).parent / "broken"
MADE_HERE = {"not-utf8", "empty-file", "too-large", "too-many-nodes"}  # files that could not hold a comment
SHELF = Shelf.of(Part(f"shared/{path.stem}", path.read_bytes()) for path in sorted(BROKEN.glob("shared/*.yaml")))
FROM_ROWS = {"dead-row", "redundant-row", "unreachable-outcome", "otherwise-slip", "off-by-one"}
HINTS = FROM_ROWS | {"unused-fact", "unread-limit", "nobody", "dates-gap", "step-order", "interest", "date-formula",
                     "not-proven", "zero-divisor", "never-left", "no-bound", "short-longest", "prepaid-order"}


def find(data: bytes, file: str) -> list[Problem]:
    """Every finding of a policy file, as publishing sees it."""
    return list(all_findings(load_policy(data, file, trade_vocabulary(), SHELF)))


def _wanted(text: str) -> list[str]:
    return [line.removeprefix("# wanted: ") for line in text.splitlines() if line.startswith("# wanted: ")]


def _told(problems: list[Problem]) -> list[str]:
    return [str(problem).removeprefix("f:") for problem in problems]


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_policy_gets_exactly_the_findings_it_asks_for(path: Path) -> None:
    wanted = _wanted(path.read_text(encoding="utf-8"))
    assert wanted, f"{path.name} does not say what is wanted"
    assert _told(find(path.read_bytes(), "f")) == wanted


@pytest.mark.parametrize("code", sorted(CODES.keys() - MADE_HERE))
def test_every_code_has_a_broken_policy_of_its_name_that_tells_it(code: str) -> None:
    wanted = _wanted((BROKEN / f"{code}.yaml").read_text(encoding="utf-8"))
    assert code in [line.split(": ")[1] for line in wanted]


def test_a_broken_policy_is_named_after_a_code_or_tells_a_mistake_once() -> None:
    names = {path.stem.rstrip("0123456789").rstrip("-") for path in BROKEN.glob("*.yaml")}
    assert names <= CODES.keys() | {"told-once"}


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_errors_stop_a_policy_and_hints_do_not(path: Path) -> None:
    loaded = load_policy(path.read_bytes(), "f", trade_vocabulary(), SHELF)
    stopped = any(problem.severity == "error" for problem in loaded.problems)
    assert (loaded.program is None) is stopped
    told = {problem.code for problem in loaded.problems if problem.severity == "warning"}
    assert told <= HINTS | {"yaml-word", "unknown-word"}


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_finding_points_into_its_line(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in find(path.read_bytes(), "f"):
        assert 1 <= problem.where.line <= len(lines)
        assert 1 <= problem.where.column <= len(lines[problem.where.line - 1]) + 1


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "1:1: empty-file: there is no policy in the file; begin with 'aval: 1'"),
        (b"# only a comment\n", "1:1: empty-file: there is no policy in the file; begin with 'aval: 1'"),
        (
            "aval: 1\npolicy: 标准\n".encode("gbk"),
            "2:9: not-utf8: the byte 0xb1 is not UTF-8 text; save the file as UTF-8",
        ),
        (b"\xff\xfea\x00", "1:1: not-utf8: the byte 0xff is not UTF-8 text; save the file as UTF-8"),
        (
            b"a" * 10_000_000,
            f"1:1: too-large: the file has 10_000_000 bytes, a policy at most {BYTES_MAX:_}; "
            "split the policy, or take data out of it",
        ),
        (
            b"- x\n" * NODES_MAX,
            f"{NODES_MAX}:3: too-many-nodes: the file has more than {NODES_MAX:_} values; split the policy",
        ),
    ],
    ids=["empty", "comment", "gbk", "utf16", "ten-megabytes", "too-many-values"],
)
def test_a_file_that_cannot_be_read_gets_its_own_finding(data: bytes, wanted: str) -> None:
    assert _told(find(data, "f")) == [wanted]
