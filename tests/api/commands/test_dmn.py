"""`aval dmn`: what it prints, what it writes and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli

MODEL = (
    '<definitions name="m"><inputData name="A"><variable name="A" typeRef="number"/></inputData><decision name="Got">'
    '<variable name="Got" typeRef="number"/><literalExpression><text>{}</text></literalExpression></decision>'
    "</definitions>"
)
CASES = (
    '<testCases xmlns:xsi="x"><testCase id="1"><inputNode name="A"><value xsi:type="xsd:decimal">2</value></inputNode>'
    '<resultNode name="Got"><expected><value xsi:type="xsd:decimal">{}</value></expected></resultNode></testCase>'
    "</testCases>"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, ["dmn", *words])

    return call


def test_an_import_is_written_and_ends_with_0(run) -> None:  # type: ignore[no-untyped-def]
    Path("m.dmn").write_text(MODEL.format("A * 2"), "utf-8")
    done = run("import", "m.dmn", "--output", "m.yaml", "--currency", "CNY")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "1 decision kept, 0 parts refused\n"
    assert "currency: CNY\n" in Path("m.yaml").read_text("utf-8")
    assert "  got: input.a * 2\n" in Path("m.yaml").read_text("utf-8")


def test_what_is_refused_is_told_with_its_line_and_ends_with_1(run) -> None:  # type: ignore[no-untyped-def]
    Path("m.dmn").write_text(MODEL.format("A ** A"), "utf-8")
    done = run("import", "m.dmn")
    assert done.exit_code == 1
    assert done.stderr.startswith("m.dmn:1:")
    assert "dmn-not-kept: in 'Got', a power ** has no exact counterpart" in done.stderr


@pytest.mark.parametrize(("expected", "code", "word"), [("4", 0, "pass"), ("5", 1, "FAIL")])
def test_a_test_file_ends_by_its_results(run, expected: str, code: int, word: str) -> None:  # type: ignore[no-untyped-def]
    Path("m.dmn").write_text(MODEL.format("A * 2"), "utf-8")
    Path("m.xml").write_text(CASES.format(expected), "utf-8")
    done = run("test", "m.dmn", "m.xml")
    assert done.exit_code == code
    assert f"the same     {word}" in done.stdout


@pytest.mark.parametrize("text", ["", "<a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_file_that_is_no_dmn_is_a_finding(run, text: str) -> None:  # type: ignore[no-untyped-def]
    Path("m.dmn").write_text(text, "utf-8")
    done = run("import", "m.dmn")
    assert done.exit_code == 1
    assert done.stderr.startswith("m.dmn:1:")


def test_a_file_that_is_not_there_is_wrong_use(run) -> None:  # type: ignore[no-untyped-def]
    assert run("import", "none.dmn").exit_code == 2
