"""`aval decide`: one order under one policy file, on the facts of a file; nothing is stored and nothing is held."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from api.commands.counts import counted
from api.commands.files import broken, load, read_file, tell
from credit.decision import Decision
from policy import Loaded
from policy.given import read_given
from policy.meaning import CheckedTest
from policy.program import Program
from policy.subjects import ORDER, SUBJECTS
from rules.agreement import Agreement
from rules.durable import EngineFault
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.present import Circumstances, present


@click.command()
@click.option("--policy", "policy_name", metavar="FILE", required=True, help="The policy that decides.")
@click.option("--facts", "facts_name", metavar="FILE", required=True,
              help="The facts, in YAML or JSON, written as 'given' of a test.")  # fmt: skip
@click.option("--as-of", "as_of", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]),
              help="The day of the decision  [default: as_of of the facts, else today]")  # fmt: skip
@click.option("--subject", metavar="WHAT", type=click.Choice(SUBJECTS), default=ORDER, show_default=True,
              help="An order, limit_request, shipment or customer.")  # fmt: skip
@click.option("--lang", "language", type=click.Choice(["en", "zh"]), default="en", show_default=True,
              help="The language of the table.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The decision as order systems get it.")
@click.pass_context
def decide(context: click.Context, policy_name: str, facts_name: str, as_of: datetime | None, language: str,
           as_json: bool, subject: str) -> None:  # fmt: skip
    """Decide one order under a policy, on the facts of a file: a preview, nothing is stored."""
    loaded = load(_existing(policy_name))
    if loaded.program is None:
        tell(loaded.problems)
        click.echo(f"{policy_name} decides nothing: it has {counted(broken(loaded.problems), 'error')}", err=True)
        context.exit(1)
    program = loaded.programs.get(subject)
    if program is None:
        raise click.UsageError(f"{policy_name} has no rows for the subject '{subject}'")
    given = _given(context, loaded, facts_name)
    _refuse_too_much_paid(given, facts_name)
    try:
        decision = preview(program, given, as_of.date() if as_of else None)
    except (ArithmeticError, ValueError, EngineFault) as fault:  # such as a due date after the last year there is
        raise click.ClickException(f"these facts cannot be decided ({fault}); look for an amount or a day out of all "
                                   "proportion") from fault  # fmt: skip
    if as_json:
        click.echo(json.dumps({"decision": decision.as_dict(), "receipt": None}, ensure_ascii=False, indent=2))
    else:
        from api.commands.decision_table import show

        show(decision, program, language)


def preview(program: Program, given: CheckedTest, as_of: date | None) -> Decision:
    """The decision of both engines on given facts and lists, marked as a preview."""
    now = datetime.now(UTC)
    facts = dict(given.facts)
    if as_of is None and isinstance(told := facts.get("as_of"), int):
        as_of = date.fromordinal(told)
    day = as_of or now.astimezone(ZoneInfo(program.timezone)).date()
    facts["as_of"] = day.toordinal()
    whole = with_figures(program, computed_facts(facts), given.lists)
    agreement = Agreement(program, allow_single=True)
    try:
        agreed = agreement.decide(whole)
    finally:
        agreement.close()
    around = Circumstances(str(uuid.uuid4()), now, day, agreed.engines, deliver_by=_day(facts), preview=True,
                           lists=given.lists)  # fmt: skip
    return present(program, agreed.outcome, whole, around)


def _day(facts: dict[str, Any]) -> date | None:
    deliver_by = facts.get("order.deliver_by")
    return date.fromordinal(deliver_by) if isinstance(deliver_by, int) else None


def _given(context: click.Context, loaded: Loaded, name: str) -> CheckedTest:
    assert loaded.policy is not None
    given, problems = read_given(read_file(_existing(name)), name, loaded.policy, trade_vocabulary())
    if given is None:
        tell(problems)
        click.echo(f"nothing is decided: the facts have {counted(broken(problems), 'error')}", err=True)
        context.exit(1)
    return given


def _refuse_too_much_paid(given: CheckedTest, name: str) -> None:
    """Refuse what the service refuses too: no order is paid in advance with more than it is worth."""
    amount, prepaid = given.facts.get("order.amount"), given.facts.get("order.prepaid")
    if isinstance(amount, int) and isinstance(prepaid, int) and prepaid > amount:
        raise click.ClickException(f"{name}: order.prepaid is more than order.amount; give at most the order's amount")


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.exists() or path.is_dir():
        raise click.UsageError(f"there is no file '{name}'; give the path of a file")
    return path
