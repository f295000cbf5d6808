"""Files with many faults at once: each fault is its own finding with line and column, all in one run, exit code 1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.commands import cli

ONE_RUN = """\
aval: 1
policy: many-faults
title: {en: Many faults}
currency: CNY
currency: USD
colours: [red]
limits:
  - when: &best customer.scor >= 80
    limit: !!int 5,000
  - when: *best
    limit: 1e3
  - otherwise: true
    limit: 5 days
checks:
  - check: norway
    when: customer.country is NO
    verdict: deny
  - check: late
    when: customer.score ≥ 60
    verdict: deny
  - check: kinds
    when: customer.score > 30 days
    verdict: deny
  - check: deep
    when: order.amount > (((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))
    verdict: deny
"""
WANTED = [
    (5, 1, "duplicate-key"), (6, 1, "unknown-section"), (8, 11, "anchor"), (8, 11, "unknown-fact"),
    (9, 12, "number"), (9, 12, "tag"), (10, 11, "anchor"), (10, 11, "unknown-fact"), (11, 12, "number"),
    (13, 12, "kind"),
    (16, 31, "yaml-word"), (19, 26, "full-width-sign"), (22, 11, "kind"), (25, 11, "too-deep"),
]  # fmt: skip


def check(path: Path, data: bytes) -> tuple[int, list[tuple[int, int, str]]]:
    """The exit code of `aval check` and each finding's line, column and code."""
    path.write_bytes(data)
    done = CliRunner().invoke(cli, ["check", str(path)], catch_exceptions=False)
    found = re.findall(rf"^{re.escape(str(path))}:(\d+):(\d+): ([a-z0-9-]+): ", done.stdout, re.MULTILINE)
    return done.exit_code, [(int(line), int(column), code) for line, column, code in found]


def test_one_file_with_many_faults_tells_each_in_one_run(tmp_path: Path) -> None:
    code, found = check(tmp_path / "many.yaml", ONE_RUN.encode())
    assert code == 1
    assert found == WANTED


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", [(1, 1, "empty-file")]),
        (b"\n# nothing\n", [(1, 1, "empty-file")]),
        (b"a" * 10_000_000, [(1, 1, "too-large")]),
        (b"checks:\n  - [a\n  - b: 'c\n", [(2, 5, "broken-yaml")]),
        (b"a: " + b"[" * 1_000 + b"]" * 1_000, [(1, 24, "too-deep")]),
        (b"\xff\xfe", [(1, 1, "not-utf8")]),
        (b"a: 1\n---\nb: 2\n", [(2, 1, "several-documents")]),
        (b"a: \x00\n", [(1, 4, "control-character")]),
    ],
    ids=["empty", "comment", "ten-megabytes", "broken-yaml", "nested", "utf-16", "two-documents", "nul"],
)
def test_a_file_that_cannot_be_read_is_told_and_ends_with_1(
    tmp_path: Path, data: bytes, wanted: list[tuple[int, int, str]]
) -> None:
    code, found = check(tmp_path / "broken.yaml", data)
    assert code == 1
    assert [one for one in found if one in wanted] == wanted


def test_several_files_are_told_in_one_run(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_bytes(b"")
    (tmp_path / "many.yaml").write_text(ONE_RUN, "utf-8")
    done = CliRunner().invoke(cli, ["check", str(tmp_path / "empty.yaml"), str(tmp_path / "many.yaml")])
    assert done.exit_code == 1
    assert len(re.findall(r"^/.*\.yaml:\d+:\d+: ", done.stdout, re.MULTILINE)) == 1 + len(WANTED)
