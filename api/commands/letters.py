"""`aval letters`: what is wrong with the letters of a policy, and how one reads, before anybody is written to."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.files import broken, language_option, load, said, tell
from api.letter_files import read_letters
from credit.letter import LANGUAGES, LetterFacts, LetterItem
from credit.money import Money
from policy.suggest import did_you_mean, listed
from rules.letter_page import page
from rules.letter_template import fill
from rules.letters import Letters, languages_of, letters_sent, missing_letters, unfilled_letters

templates_option = click.option(
    "--templates", "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="AVAL_LETTERS", show_envvar=True, help="Your own letters, LETTER.LANGUAGE.txt; they stand before ours.",
)  # fmt: skip
MOST_INVOICES = 10_000
EXAMPLE = {"en": ("Example Trading Ltd", "Aval Supplies"), "zh": ("示例贸易有限公司", "甲方供应有限公司")}


@click.group()
def letters() -> None:
    """Check the letters that a policy sends, and look at them."""


@letters.command()
@click.argument("name", metavar="POLICY")
@templates_option
@click.option("--language", "languages", metavar="LANGUAGE", type=click.Choice(LANGUAGES), multiple=True,
              help="A language that letters must be there in; may be given again  [default: the policy's]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One document for machines.")
@language_option
@click.pass_context
def check(
    context: click.Context, name: str, folder: Path | None, languages: tuple[str, ...], as_json: bool, language: str
) -> None:
    """Tell everything that is wrong with the letters of a policy, before one is sent.

    Each letter that a step sends must be there in every language of the policy's title. Ends with 1 where anything is
    wrong.
    """
    if not Path(name).is_file():
        raise click.UsageError(f"there is no file '{name}'; give the path of a policy")
    loaded = load(Path(name))
    if loaded.program is None:
        tell(loaded.problems, language)
        context.exit(1 if broken(loaded.problems) else 0)
    program, found = loaded.program, read_letters(folder)
    wanted = languages or languages_of(program)
    findings = (*found.findings, *missing_letters(program, name, found, wanted),
                *unfilled_letters(program, name, found, wanted))  # fmt: skip
    names = tuple(dict.fromkeys(letter for letter, _ in letters_sent(program)))
    if as_json:
        told = {"letters": names, "languages": wanted, "errors": len(findings),
                "problems": [finding.as_dict() for finding in findings]}  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            click.echo(finding.told(language))
        line = f"{counted(len(names), 'letter')} in {', '.join(wanted)}: {counted(len(findings), 'error')}"
        click.echo(said(line, language))
    context.exit(1 if findings else 0)


@letters.command()
@click.argument("letter")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the letter.")
@click.option("--html", "file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the page that is printed or mailed to FILE.")  # fmt: skip
@click.option("--invoices", "count", type=click.IntRange(1, MOST_INVOICES), default=3, show_default=True,
              help="How many invoices the example has.")  # fmt: skip
@templates_option
def preview(letter: str, language: str, file: Path | None, count: int, folder: Path | None) -> None:
    """Show a letter, filled in for a customer who is made up."""
    found = read_letters(folder)
    template = found.named(letter, language)
    if template is None:
        faults = [finding for finding in found.findings if (letter, language) in found.broken]
        for finding in faults:
            click.echo(finding.told("en"), err=True)
        others = _others(found, letter)
        raise click.UsageError(f"there is no letter '{letter}' in '{language}' that could be sent; {others}")
    facts = example(language, count)
    if file is None:
        filled = fill(template, facts)
        click.echo(f"Subject: {filled.subject}\n\n{filled.body}")
        return
    try:
        file.write_text(page(template, facts), "utf-8")
    except OSError as fault:
        raise click.UsageError(f"cannot write '{file}' ({fault.strerror}); name another file") from None
    click.echo(f"{file}: {letter} in {language}, version {template.digest}")


def example(language: str, count: int) -> LetterFacts:
    """A customer who is made up, with so many invoices of which the first ones are overdue longest."""
    written = date(2026, 11, 23)
    customer, sender = EXAMPLE[language]
    items = tuple(_item(number, written - timedelta(19) + timedelta(number % 12)) for number in range(count))
    return LetterFacts(customer, "C-1001", sender, "C-1001/2026-11-23", written, items, written + timedelta(15))


def _item(number: int, due: date) -> LetterItem:
    amount = Money(1_250_000 + 137_550 * number, "CNY")
    left = Money(amount.minor - 250_000 * (number % 2), "CNY")
    charges = Money(left.minor // 250, "CNY")
    return LetterItem(f"INV-2026-{number + 1:04d}", due, amount, left, due - timedelta(30), charges)


def _others(found: Letters, letter: str) -> str:
    names = sorted({name for name, _ in found.templates})
    return did_you_mean(letter, names, f"there are {listed(names)}")
