"""`aval test`: the tests that stand inside policies, on the reference or on both engines, and what they miss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from api.commands.counts import counted
from api.commands.files import broken, language_option, load, policy_files, said, tell
from policy import Loaded
from policy.program import Program
from rules import selftest
from rules.coverage import Coverage, Point, cover, percent
from rules.outcome import Outcome
from rules.selftest import Engine, Result


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one file; without results it has errors and was not run."""

    path: Path
    loaded: Loaded
    results: tuple[Result, ...] = ()
    coverage: Coverage | None = None

    @property
    def failed(self) -> int:
        """How many tests do not pass."""
        return sum(not result.passed for result in self.results)


@click.command("test")
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--engine", type=click.Choice(["reference", "agreement"]), default="reference", show_default=True,
              help="The definition of a policy, or the two engines that decide orders.")  # fmt: skip
@click.option("--coverage/--no-coverage", default=True, show_default=True,
              help="Tell which rows and thresholds no test touches.")  # fmt: skip
@click.option("--require-coverage", is_flag=True, help="Fail where a row or a threshold is not touched.")
@click.option("--json", "as_json", is_flag=True, help="One document for machines.")
@language_option
@click.pass_context
def run_tests(context: click.Context, names: tuple[str, ...], engine: str, coverage: bool, require_coverage: bool,
              as_json: bool, language: str) -> None:  # fmt: skip
    """Run the tests that stand inside policy files; a folder stands for all policies in it.

    Ends with 1 where a test fails or a policy has errors.
    """
    reports = [run(path, engine, coverage or require_coverage) for path in policy_files(names)]
    failed = any(report.failed or report.loaded.program is None for report in reports)
    thin = require_coverage and any(report.coverage and not report.coverage.complete for report in reports)
    if as_json:
        told = {"passed": not failed and not thin, "engine": engine, "files": [as_document(one) for one in reports]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for report in reports:
            show(report, language)
    context.exit(1 if failed or thin else 0)


def run(path: Path, engine: str, coverage: bool) -> Report:
    """One file's tests on an engine, and their coverage where it is wanted."""
    loaded = load(path)
    if loaded.program is None:
        return Report(path, loaded)
    with ExitStack() as open_engines:
        made = {subject: open_engines.enter_context(engine_of(engine, one)) for subject, one in loaded.programs.items()}
        engines = {subject: decide for subject, decide in made.items() if decide is not None}
        results = selftest.run_all(loaded.programs, loaded.tests, engines)
    return Report(path, loaded, results, cover(loaded) if coverage else None)


@contextmanager
def engine_of(name: str, program: Program) -> Iterator[Engine | None]:
    """The engine of a name, closed when the block ends; None is the reference."""
    if name == "reference":
        yield None
        return
    from rules.agreement import Agreement
    from rules.durable import EngineFault

    agreement = Agreement(program, allow_single=True)

    def decide(facts: Mapping[str, Any]) -> Outcome:
        try:
            agreed = agreement.decide(facts)
        except EngineFault as fault:
            raise ValueError(str(fault)) from fault
        if agreed.difference:
            raise ValueError(f"the engines differ in {', '.join(one.where for one in agreed.difference)}")
        return agreed.outcome

    try:
        yield decide
    finally:
        agreement.close()


def as_document(report: Report) -> dict[str, Any]:
    """One file's report for machines."""
    tests = [{**asdict(result), "passed": result.passed} for result in report.results]
    found: dict[str, Any] = {"file": str(report.path), "tests": tests,
                             "problems": [problem.as_dict() for problem in report.loaded.problems]}  # fmt: skip
    if report.coverage is not None:
        rows, edges = report.coverage.rows, report.coverage.boundaries
        uncovered = [{"line": point.line, "words": point.words} for point in report.coverage.uncovered()]
        found["coverage"] = {"rows": _share(rows), "boundaries": _share(edges), "uncovered": uncovered}
    return found


def show(report: Report, language: str = "en") -> None:
    """One file's report for people: a table of its tests, then what no test touches."""
    from rich.table import Table

    from api.commands.terminal import terminal

    if report.loaded.program is None:
        tell(report.loaded.problems, language)
        told = f"{report.path}: not run, {counted(broken(report.loaded.problems), 'error')}"
        click.echo(said(told, language))
        return
    heads = [said(head, language) for head in ("line", "test", "difference")]
    table = Table("", *heads, title=str(report.path), title_justify="left", box=None)
    for result in report.results:
        mark = said("passed" if result.passed else "FAILED", language)
        differences = "\n".join(said(str(one), language) for one in result.differences)
        table.add_row(mark, str(result.line), result.name, differences)
    if report.results:
        terminal().print(table)
    passed = len(report.results) - report.failed
    click.echo(said(f"{report.path}: {counted(passed, 'test')} passed, {report.failed} failed", language))
    if report.coverage is not None:
        _show_coverage(report.path, report.coverage, language)


def _show_coverage(path: Path, coverage: Coverage, language: str) -> None:
    for name, points in (("rows", coverage.rows), ("thresholds", coverage.boundaries)):
        share = _share(points)
        click.echo(said(f"{path}: {name} {share['percent']} % ({share['covered']} of {share['of']})", language))
    for point in coverage.uncovered():
        told = f"no test shows: {point.words}"
        click.echo(f"{path}:{point.line}: {said(told, language)}")


def _share(points: Sequence[Point]) -> dict[str, int]:
    return {"percent": percent(points), "covered": sum(point.covered for point in points), "of": len(points)}
