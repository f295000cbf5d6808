"""One broken policy per finding of the text and of its lines, each with the exact wording that an officer sees.

A file says in its first lines what is wanted: `# wanted: line:column: code: message; help`, one line per finding. Only
the codes of `TEXT_CODES` are compared, so that a file keeps its meaning when more of the checker runs over it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.load import load_policy
from policy.node_builder import NODES_MAX
from policy.problems import Problem
from policy.source import BYTES_MAX
from rules.facts import trade_vocabulary

BROKEN = Path(__file__).parent / "broken"
SOURCE_CODES = {
    "broken-yaml", "not-utf8", "empty-file", "too-large", "too-deep", "too-many-nodes", "several-documents",
    "duplicate-key", "anchor", "tag", "merge-key", "not-a-text-key", "full-width-sign", "control-character", "comma",
    "quoting",
}  # fmt: skip
LINE_CODES = {
    "number", "date", "percent", "unit", "expression", "chained-comparison", "one-test-per-line", "not-yet-supported",
    "unknown-function", "bad-name",
}  # fmt: skip
TEXT_CODES = SOURCE_CODES | LINE_CODES
MADE_HERE = {"not-utf8", "empty-file", "too-large", "too-many-nodes"}  # files that could not hold a comment


def find(data: bytes, file: str) -> list[Problem]:
    """Every finding of a policy file, as publishing sees it."""
    return list(load_policy(data, file, trade_vocabulary()).problems)


def _wanted(text: str) -> list[str]:
    return [line.removeprefix("# wanted: ") for line in text.splitlines() if line.startswith("# wanted: ")]


def _told(problems: list[Problem]) -> list[str]:
    return [str(problem).removeprefix("f:") for problem in problems if problem.code in TEXT_CODES]


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_policy_gets_exactly_the_findings_it_asks_for(path: Path) -> None:
    wanted = _wanted(path.read_text(encoding="utf-8"))
    if wanted and not any(line.split(": ")[1] in TEXT_CODES for line in wanted):
        pytest.skip("this file is about what its lines mean, not about its text")
    assert wanted, f"{path.name} does not say what is wanted"
    assert _told(find(path.read_bytes(), "f")) == wanted


def test_every_code_of_text_and_lines_has_a_broken_policy() -> None:
    told = {line.split(": ")[1] for path in BROKEN.glob("*.yaml") for line in _wanted(path.read_text("utf-8"))}
    assert told | MADE_HERE >= TEXT_CODES


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
