"""`aval charges`: what an invoice costs that is paid late, period by period, and with `--bill` what is billed of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import click
from rich.table import Table

from api.commands.bill_charges import Told, bill_all
from api.commands.database import database_option
from api.commands.files import day_given, program_of
from api.commands.operator import by_option
from api.commands.terminal import terminal
from credit.late_charges import Payment, Period
from credit.money import Money, round_fraction
from credit.percent import percent_text
from policy.program import Program
from rules.ladders import Charged, charges_on

NEEDED = ("amount", "due", "as_of")
NEVER_BILLED, ONLY_BILLED = ("amount", "invoiced", "paid"), ("customer", "dry_run")
RATE_DIGITS = 8  # of a rate that has no end in decimals, such as 18/365 %


@click.command(short_help="Print the late charges of an invoice under a policy, or bill them.")
@click.argument("name", metavar="[FILE]", required=False)
@click.option("--amount", metavar="AMOUNT", help="The amount of the invoice, as in 1000.00.")
@click.option("--due", metavar="DATE", help="The due date of the invoice, as in 2026-11-23; with --bill that of the "
              "charges, in 14 days where it is left out.")
@click.option("--as-of", metavar="DATE", help="The day up to which, with it, charges are counted; with --bill today "
              "where it is left out.")
@click.option("--invoiced", metavar="DATE", help="The date of the invoice, where a charge counts from it.")
@click.option("--paid", multiple=True, metavar="DATE=AMOUNT", help="A payment, may be given again: 2026-12-01=400.00.")
@click.option("--bill", is_flag=True, help="Bill what the invoices of the database bore and was not billed yet.")
@click.option("--customer", metavar="ID", help="With --bill: this customer alone.")
@click.option("--dry-run", is_flag=True, help="With --bill: show what would be billed, and bill nothing.")
@by_option
@database_option
@click.pass_context
def charges(context: click.Context, /, name: str | None, bill: bool, **told: Any) -> None:
    """Print the late charges of an invoice up to a day: each period of interest, each fixed charge, and their sum.

    A payment counts from the day after it; interest is exact, and rounded once, half to even. With --bill no FILE is
    given: each customer's policy in effect says what its invoices bore, and one item for each is entered.
    """
    wrong = [name for name in (NEVER_BILLED if bill else ONLY_BILLED) if told[name]]
    if wrong:
        raise click.UsageError(f"--{wrong[0].replace('_', '-')} {'does not go' if bill else 'goes only'} with --bill")
    if bill:
        _bill(name, told)
        return
    missing = [f"--{one.replace('_', '-')}" for one in NEEDED if told[one] is None]
    if name is None or missing:
        raise click.UsageError(f"{missing[0] if name else 'a FILE'} is missing; give it, or --bill")
    _print(context, name, told)


def _bill(name: str | None, told: Mapping[str, Any]) -> None:
    if name is not None:
        raise click.UsageError("no FILE goes with --bill: the policies in effect say what is charged")
    until, due_on = (None if told[one] is None else day_given(told[one], one.replace("_", "-")) for one in
                     ("as_of", "due"))  # fmt: skip
    bill_all(told["database"], Told(told["customer"], until, due_on, told["dry_run"], told["by"]))


def _print(context: click.Context, name: str, told: Mapping[str, Any]) -> None:
    amount, due, as_of, invoiced, paid = (told[one] for one in ("amount", "due", "as_of", "invoiced", "paid"))
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

