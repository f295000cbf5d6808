"""`aval ladder`: the days of a policy's ladders for one due date, before anybody is written to."""

from __future__ import annotations

from datetime import date, timedelta

import click
from rich.table import Table

from api.commands.files import day_given, program_of
from api.commands.terminal import terminal
from credit.escalation import History, planned_days
from policy.program import Program
from policy.receivables import Ladder
from rules.calendars import BusinessCalendar, business_calendar, is_calendar


@click.command()
@click.argument("name", metavar="FILE")
@click.option("--due", required=True, metavar="DATE", help="The due date of an invoice, as in 2026-11-23.")
@click.option("--invoiced", metavar="DATE", help="The date of the invoice, where a step counts from it.")
@click.option("--delivered", metavar="DATE", help="The day of delivery, where a step counts from it.")
@click.option("--calendar", "code", metavar="CODE", help="Another calendar than the policy's, such as CN.")
@click.pass_context
def ladder(
    context: click.Context, name: str, due: str, invoiced: str | None, delivered: str | None, code: str | None
) -> None:
    """Print the day of each step of a policy's ladders for one due date.

    The last column is the day on which the step would come if "after 15 days" had been meant, not "on day 15".
    """
    program = program_of(context, name)
    if not program.ladders:
        raise click.UsageError(f"the policy '{program.name}' has no ladder; add a section 'escalation'")
    if code is not None and not is_calendar(code):
        raise click.UsageError(f"there is no calendar '{code}'; write a country code, such as CN")
    given = {"due": due, "invoiced": invoiced, "delivered": delivered}
    dates = {anchor: day_given(text, anchor) for anchor, text in given.items() if text is not None}
    calendar = business_calendar(program.calendar if code is None else code)
    for one in program.ladders:
        _show(program, one, History(dates), calendar)
    click.echo(f"calendar: {calendar.version}; * no business day, ? not yet confirmed")



def _show(program: Program, ladder: Ladder, history: History, calendar: BusinessCalendar) -> None:
    tiers = [tier for tier, name in program.ladder_of if name == ladder.name]
    of = f" (tier {', '.join(tiers)})" if tiers else ""
    click.echo(f"{ladder.name}{of}")
    if not ladder.steps:
        click.echo("  no steps\n")
        return
    table = Table("step", "at", "on", "does", "if 'after' was meant", box=None)
    days = dict(planned_days(ladder.steps, history, calendar.is_business_day))
    for step in ladder.steps:
        on = days[step.name]
        does = ", ".join(str(action) for action in step.does) + (" (with a condition)" if step.when else "")
        after = "" if on is None else _shown(on + timedelta(1), calendar)
        table.add_row(step.name, step.text, "-" if on is None else _shown(on, calendar), does, after)
    terminal().print(table)
    click.echo()


def _shown(day: date, calendar: BusinessCalendar) -> str:
    marks = "" if calendar.is_business_day(day) else "*"
    return f"{day.isoformat()} {day:%a}{marks}{'' if calendar.is_confirmed(day) else '?'}"
