"""`aval dmn`: tables of other tools become a policy, and their own test files show that the meaning was kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from api.commands.counts import counted
from api.commands.files import language_option, read_file, said
from api.dmn_answers import answer, facts_of
from policy import load_policy
from policy.dmn.cases import Case, Result, read_cases, run_cases, same, shown
from policy.dmn.decide import Decisions
from policy.dmn.evaluate import Inexact
from policy.dmn.findings import Finding, Refused
from policy.dmn.importing import Imported, import_model
from policy.dmn.model import Model
from policy.dmn.read_model import read_model
from policy.problems import Problem, errors
from policy.program import Program
from rules.facts import trade_vocabulary

SHOWN_LENGTH = 60
CELLS = ("case", "decision", "expected", "found", "as a policy", "")


@click.group()
def dmn() -> None:
    """Bring in decision tables written in DMN 1.1 to 1.5."""


@dmn.command("import")
@click.argument("name", metavar="FILE")
@click.option("--output", metavar="FILE", help="Where the policy goes  [default: the terminal]")
@click.option("--currency", default="USD", show_default=True, help="The currency of the policy; DMN knows none.")
@language_option
@click.pass_context
def import_(context: click.Context, name: str, output: str | None, currency: str, language: str) -> None:
    """Make a policy of a DMN file; what cannot be kept exactly is refused by name, with its line.

    Ends with 1 where something was refused. The rest is written all the same, and asks for what was refused as a fact.
    """
    model = _read(context, name, language)
    imported, program, problems = _imported(model, currency)
    for finding in (*imported.findings, *problems):
        click.echo(finding.told(language), err=True)
    if output is None:
        click.echo(imported.text, nl=False)
    else:
        _write(Path(output), imported.text)
    refused = [finding for finding in imported.findings if finding.severity == "error"]
    kept = f"{counted(len(imported.answers), 'decision')} kept"
    click.echo(said(f"{kept}, {counted(len(refused), 'part')} refused", language), err=True)
    context.exit(1 if refused or program is None else 0)


@dmn.command("test")
@click.argument("name", metavar="FILE.dmn")
@click.argument("tests", metavar="FILE.xml")
@language_option
@click.pass_context
def test(context: click.Context, name: str, tests: str, language: str) -> None:
    """Run a test file of the DMN compatibility kit on a DMN file, and on the policy made from it.

    Ends with 1 where a result differs, or the policy answers otherwise than DMN.
    """
    model = _read(context, name, language)
    cases = _cases(context, tests, language)
    imported, program, _ = _imported(model, "USD")
    rows, failed = [], 0
    for result in run_cases(model, cases):
        second, agrees = _second(model, imported, program, result, cases, language)
        good = result.agrees and agrees
        failed += not good
        wanted, found = shown(result.expected.value), _found(result, language)
        rows.append((result.case, result.expected.decision, wanted, found, second, mark(good, language)))
    _table(rows, language)
    click.echo(said(f"{counted(len(rows), 'result')}: {len(rows) - failed} pass, {failed} fail", language))
    context.exit(1 if failed or not rows else 0)


def mark(good: bool, language: str) -> str:
    """How a result ends; Chinese has the words of `aval test`."""
    if language == "zh":
        return said("passed" if good else "FAILED", language)
    return "pass" if good else "FAIL"


def _found(result: Result, language: str) -> str:
    if result.refused is not None:
        return result.refused.told(language)
    return said(result.told, language) or shown(result.found)


def _second(model: Model, imported: Imported, program: Program | None, result: Result,
            cases: tuple[Case, ...], language: str) -> tuple[str, bool]:  # fmt: skip
    """What the imported policy answers, and whether that is what DMN does; a refused decision has no answer there."""
    term = imported.answers.get(result.expected.decision)
    if term is None or program is None:
        return said("refused", language), True
    decisions = Decisions(model, next(case.given for case in cases if case.name == result.case))
    try:
        facts = facts_of(imported, _reader(decisions))
        found = answer(program, term, facts)
    except Refused as refused:
        return refused.finding.told(language), True
    except Inexact as told:
        return said(str(told), language), True
    if same(result.found, found):
        return said("the same", language), True
    if found is None and None in facts.values():
        return said("refers: a fact is missing", language), True  # as the language does on purpose, see docs/dmn.md
    return shown(found), False


def _reader(decisions: Decisions) -> Callable[[tuple[str, ...]], Any]:
    def read(path: tuple[str, ...]) -> Any:
        value: Any = decisions
        for part in path:
            value = value.get(part) if value is not None else None
        return value

    return read


def _imported(model: Model, currency: str) -> tuple[Imported, Program | None, tuple[Problem | Finding, ...]]:
    """The policy as text and as a Program, with what the language itself has against it."""
    vocabulary = trade_vocabulary()
    imported = import_model(model, currency, {name for name in vocabulary.facts if "." not in name})
    loaded = load_policy(imported.text.encode(), f"{Path(model.file).stem}.yaml", vocabulary)
    return imported, loaded.program, tuple(errors(loaded.problems))


def _read(context: click.Context, name: str, language: str) -> Model:
    try:
        return read_model(read_file(Path(name)), name)
    except Refused as refused:
        click.echo(refused.finding.told(language), err=True)
        context.exit(1)


def _cases(context: click.Context, name: str, language: str) -> tuple[Case, ...]:
    try:
        return read_cases(read_file(Path(name)), name)
    except Refused as refused:
        click.echo(refused.finding.told(language), err=True)
        context.exit(1)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write '{path}' ({error.strerror}); name a file in a folder of yours") from None


def _table(rows: Sequence[tuple[str, ...]], language: str) -> None:
    from rich.table import Table

    from api.commands.terminal import terminal

    table = Table(*(said(cell, language) for cell in CELLS), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(cell if len(cell) <= SHOWN_LENGTH else cell[: SHOWN_LENGTH - 3] + "..." for cell in row))
    terminal().print(table)
