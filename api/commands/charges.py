"""`aval charges`: what an invoice costs that is paid late, period by period, before anybody is charged."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import click
from rich.table import Table

from api.commands.files import day_given, program_of
from api.commands.terminal import terminal
from credit.late_charges import Payment, Period
from credit.money import Money, round_fraction
from credit.percent import percent_text
from policy.program import Program
from rules.ladders import Charged, charges_on

RATE_DIGITS = 8  # of a rate that has no end in decimals, such as 18/365 %


@click.command(short_help="Print the late charges of an invoice under a policy.")
@click.argument("name", metavar="FILE")
@click.option("--amount", required=True, metavar="AMOUNT", help="The amount of the invoice, as in 1000.00.")
@click.option("--due", required=True, metavar="DATE", help="The due date of the invoice, as in 2026-11-23.")
@click.option("--as-of", required=True, metavar="DATE", help="The day up to which, with it, charges are counted.")
@click.option("--invoiced", metavar="DATE", help="The date of the invoice, where a charge counts from it.")
@click.option("--paid", multiple=True, metavar="DATE=AMOUNT", help="A payment, may be given again: 2026-12-01=400.00.")
@click.pass_context
def charges(context: click.Context, name: str, amount: str, due: str, as_of: str, invoiced: str | None,
            paid: tuple[str, ...]) -> None:  # fmt: skip
    """Print the late charges of an invoice up to a day: each period of interest, each fixed charge, and their sum.

    A payment counts from the day after it; interest is exact, and rounded once, half to even.
    """
    program = program_of(context, name)
    if not program.charges:
        raise click.UsageError(f"the policy '{program.name}' has no late charge; add a section 'late_charge'")
    given = {"due": due, "invoiced": invoiced}
    dates = {anchor: day_given(text, anchor) for anchor, text in given.items() if text is not None}
    payments = [_payment(text, program) for text in paid]
    found = charges_on(program, _money(amount, "--amount", program), dates, payments, day_given(as_of, "as-of"))
    _show(program, found)
    if len(found) < len(program.charges):
        click.echo("a charge counts from a date that was not given; see --invoiced", err=True)


def _show(program: Program, found: tuple[Charged, ...]) -> None:
    table = Table("line", "from", "to", "days", "on", "rate a day", "charge", box=None)
    for one in found:
        for row in _rows(program, one):
            table.add_row(str(one.line), *row)
    terminal().print(table)
    for one in found:
        if one.interest is not None and one.interest.unrated is not None:
            click.echo(f"line {one.line}: no rate is named for {one.interest.unrated}, so a person looks at it")
    known = [one.minor for one in found if one.minor is not None]
    if len(known) == len(found):
        click.echo(f"late charges: {Money(sum(known), program.currency).display()}")


def _rows(program: Program, one: Charged) -> Iterator[tuple[str, ...]]:
    """The periods of an interest with what each comes to, or the days of a fixed charge."""
    if one.interest is not None:
        for period in one.interest.periods:
            yield (period.first.isoformat(), period.last.isoformat(), str(period.days),
                   _exact(period.principal, program), _rate(period), _exact(period.interest, program))  # fmt: skip
    for charge in one.fixed:
        yield charge.on.isoformat(), "", "", "", "", Money(charge.minor, program.currency).amount


def _exact(minor: Fraction, program: Program) -> str:
    """An amount with what lies behind its minor units, as far as four digits show it."""
    return _decimal(Fraction(minor) / 10**program.minor_digits, program.minor_digits + 4)


def _rate(period: Period) -> str:
    shown = percent_text(period.rate)
    return shown if shown.endswith("%") else f"{_decimal(period.rate * 100, RATE_DIGITS)}%"


def _decimal(value: Fraction, digits: int) -> str:
    text = str(round_fraction(value * 10**digits)).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}".rstrip("0").rstrip(".")


def _payment(text: str, program: Program) -> Payment:
    day, sign, amount = text.partition("=")
    if not sign:
        raise click.UsageError(f"'{text}' after --paid is no payment; write it like 2026-12-01=400.00")
    return Payment(day_given(day, "paid"), _money(amount, "--paid", program))


def _money(text: str, option: str, program: Program) -> int:
    try:
        found = Money.parse(text.replace("_", ""), program.currency).minor
    except ValueError as error:
        raise click.UsageError(f"'{text}' after {option}: {error}") from None
    if found <= 0:
        raise click.UsageError(f"'{text}' after {option} is not above zero")
    return found

