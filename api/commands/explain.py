"""`aval explain`: a row of a policy in a sentence, or one decision with why, why not, and what would change it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from api.commands.counts import counted
from api.commands.files import broken, load, read_file, said, tell
from policy import Loaded
from policy.given import read_given
from policy.program import Program
from policy.subjects import ORDER, SUBJECTS
from rules.explain import find_rows, meanings, places, row_sentence
from rules.explain_documents import document_rows, document_sentence, is_of_documents
from rules.explain_receivables import find_items, item_places
from rules.facts import trade_vocabulary
from rules.nearby import OrderFacts
from rules.why import explain_decision


@click.command()
@click.argument("name", metavar="FILE")
@click.argument("row", metavar="[ROW]", required=False)
@click.option("--facts", "facts_name", metavar="FILE", help="The facts of an order, written as 'given' of a test.")
@click.option("--as-of", "as_of", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]),
              help="The day of the decision  [default: as_of of the facts, else today]")  # fmt: skip
@click.option("--subject", metavar="WHAT", type=click.Choice(SUBJECTS), default=ORDER, show_default=True,
              help="With --facts: an order, limit_request, shipment or customer.")  # fmt: skip
@click.option("--lang", "language", type=click.Choice(["en", "zh"]), default="en", show_default=True,
              help="The language of the sentences.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One document for machines.")
@click.pass_context
def explain(
    context: click.Context, name: str, row: str | None, facts_name: str | None, as_of: datetime | None, subject: str,
    language: str, as_json: bool,
) -> None:  # fmt: skip
    """Say a row of a policy in a sentence, or explain the decision on one order.

    ROW is a section or ladder and number (tiers:2), the name of a check, tier or step, or the number of a line; without
    it every row is said, also those of limit requests, shipments and reviews, steps and late charges. With --facts it
    tells which rows decided, why not those above, and what one other fact alone would change.
    """
    if row is not None and facts_name is not None:
        raise click.UsageError("a row is explained without facts; give either ROW or --facts")
    loaded = _loaded(context, name, language)
    if facts_name is not None:
        program = loaded.programs.get(subject)
        if program is None:
            raise click.UsageError(f"{name} has no rows for the subject '{subject}'")
        order = _order(context, loaded, facts_name, as_of.date() if as_of else None, language)
        _decision(program, order, language, as_json)
        return
    found = tuple(_found(loaded, row, language))
    if not found:
        raise click.UsageError(f"'{row}' is no row of {name}; write a section and number such as tiers:1, the name of "
                               "a check or tier, or a line number")  # fmt: skip
    _rows(found, as_json, with_meanings=row is not None)


@dataclass(frozen=True, slots=True)
class Told:
    """A row, a step or a late charge with its sentence, and what the facts that it reads mean.

    `subjects` are all that it is asked of, `subject` the first of them.
    """

    section: str
    number: int
    name: str
    line: int | None
    subject: str
    subjects: tuple[str, ...]
    sentence: str
    facts: Mapping[str, str]


def _found(loaded: Loaded, row: str | None, language: str) -> Iterator[Told]:
    """What is meant: rows of all subjects, steps of ladders and late charges."""
    assert loaded.program is not None
    items = tuple(item_places(loaded.program, language)) if row is None else find_items(loaded.program, row, language)
    by_line = row is not None and row.isdecimal() and bool(items)
    yield from () if by_line else _rows_found(loaded, row, language)
    for one in items:
        yield Told(one.section, one.number, one.name, one.line, "invoice", ("invoice",), one.sentence, {})


def _rows_found(loaded: Loaded, row: str | None, language: str) -> Iterator[Told]:
    """Each row once, with all that it is asked of; where its sentence is another one for another subject, once more."""
    found: dict[tuple[str, int | None, str, str], Told] = {}
    row = str(_line_of_row(loaded, int(row))) if row is not None and row.isdecimal() else row
    for subject, program in loaded.programs.items():
        for one in _rows_of_subject(program, row, language):
            key = (one.section, one.line, one.name, one.sentence)
            told = found.get(key)
            subjects = (subject,) if told is None else (*told.subjects, subject)
            found[key] = replace(one, subject=subjects[0], subjects=subjects)
    for told in found.values():
        yield told if told.subjects == (ORDER,) else replace(told, sentence=_of_subjects(told, language))


def _line_of_row(loaded: Loaded, line: int) -> int:
    """The line of the row that a line of the file belongs to: the last one that begins by it."""
    every: set[int] = set()
    for program in loaded.programs.values():
        every |= {one.line for one in places(program)} | {one.line for one in document_rows(program)}
    return max((one for one in every if 0 < one <= line), default=line)


def _rows_of_subject(program: Program, row: str | None, language: str) -> Iterator[Told]:
    """The rows that are meant, those of documents as they are written and not as the tables that they come to."""
    for asked in document_rows(program):
        if row is None or row in (str(asked.line), *asked.names()):
            sentence = document_sentence(program, asked, language)
            yield Told("documents", asked.number, f"documents:{asked.number}", asked.line, "", (), sentence, {})
    for one in find_rows(program, row) if row is not None else tuple(places(program)):
        if row is not None and row.isdecimal() and one.line != int(row):
            continue  # another subject's row begins there
        if not is_of_documents(one.section, one.name, program):
            yield Told(one.section, one.number, one.name, one.line or None, "", (),
                       row_sentence(program, one, language), dict(meanings(program, one, language)))  # fmt: skip


def _of_subjects(told: Told, language: str) -> str:
    """The sentence of a row that is not for orders alone, after all that it is for."""
    return f"{'、'.join(told.subjects)}：{told.sentence}" if language == "zh" else (
        f"{', '.join(told.subjects)}: {told.sentence}")  # fmt: skip


def _rows(found: tuple[Told, ...], as_json: bool, with_meanings: bool) -> None:
    if as_json:
        click.echo(json.dumps({"rows": [asdict(one) for one in found]}, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo(one.sentence)
        for fact, meaning in one.facts.items() if with_meanings else ():
            click.echo(f"    {fact}: {meaning}")


def _decision(program: Program, order: OrderFacts, language: str, as_json: bool) -> None:
    try:
        told = explain_decision(program, order, language)
    except (ArithmeticError, ValueError) as fault:  # such as a due date after the last year there is
        raise click.ClickException(f"these facts cannot be decided ({fault}); look for an amount or a day out of all "
                                   "proportion") from fault  # fmt: skip
    if as_json:
        lines = [{"about": one.about, "depth": one.depth, "text": one.text} for one in told]
        click.echo(json.dumps({"explanation": lines}, ensure_ascii=False, indent=2))
        return
    for one in told:
        click.echo(f"{'    ' * one.depth}{one.text}")


def _loaded(context: click.Context, name: str, language: str) -> Loaded:
    loaded = load(_existing(name))
    if loaded.program is None:
        tell(loaded.problems, language)
        told = f"{name} cannot be explained: it has {counted(broken(loaded.problems), 'error')}"
        click.echo(said(told, language), err=True)
        context.exit(1)
    return loaded


def _order(
    context: click.Context, loaded: Loaded, name: str, as_of: date | None, language: str
) -> OrderFacts:
    assert loaded.policy is not None and loaded.program is not None
    given, problems = read_given(read_file(_existing(name)), name, loaded.policy, trade_vocabulary())
    if given is None:
        tell(problems, language)
        told = f"nothing is explained: the facts have {counted(broken(problems), 'error')}"
        click.echo(said(told, language), err=True)
        context.exit(1)
    facts = dict(given.facts)
    if as_of is not None or facts.get("as_of") is None:
        facts["as_of"] = (as_of or datetime.now(ZoneInfo(loaded.program.timezone)).date()).toordinal()
    return OrderFacts(facts, dict(given.lists))


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise click.UsageError(f"there is no file '{name}'; give the path of a file")
    return path
