"""`aval diff`: what changed between two policy files, in sentences, and for whom."""

from __future__ import annotations

import json
from pathlib import Path

import click

from api.commands.counts import counted
from api.commands.files import broken, language_option, load, read_file, said, tell, tell_example
from api.operations.compare_policies import (
    OF_OTHERS,
    changes_of,
    changes_of_parts,
    decisions_of,
    document_of,
    for_whom,
    other_subjects,
    programs_of,
)
from policy import Loaded
from policy.diff import Change
from policy.program import Program
from policy.subjects import ORDER
from rules.decision_diff import ORDERS, DecisionDiff
from rules.order_text import answer_changes, order_text

MAIN = ("verdict", "tier", "terms", "limit.effective")
SHOWN = 5  # ways in which answers differ, one order each


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--orders", type=click.IntRange(1, 1_000_000), default=ORDERS, show_default=True,
              help="The most orders that are tried.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One document for machines.")
@language_option
@click.pass_context
def diff(context: click.Context, old: str, new: str, orders: int, as_json: bool, language: str) -> None:
    """Tell what changed between two policy files, and for whom.

    Orders are looked for that the two decide differently; where none can exist, that is proved and said. So are limit
    requests, shipments and reviews, where the policies decide on them.
    """
    before, after = (_loaded(context, name, language) for name in (old, new))
    assert before.program is not None and after.program is not None
    found = (*changes_of(*((read_file(Path(name)), name) for name in (old, new))), *changes_of_parts(before, after))
    whose = for_whom(before, after, ORDER, orders)
    programs = before.program, after.program
    others = {subject: for_whom(before, after, subject, min(orders, OF_OTHERS))
              for subject in other_subjects(before, after)}  # fmt: skip
    if as_json:
        document = document_of(found, whose, programs)
        document["other_subjects"] = {subject: decisions_of(one, programs_of(before, after, subject))
                                      for subject, one in others.items()}  # fmt: skip
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    _tell_changes(found, language)
    click.echo()
    _tell_orders(whose, programs, language)
    for subject, one in others.items():
        click.echo()
        _tell_orders(one, programs_of(before, after, subject), language, subject)
    for subject in sorted(before.programs.keys() ^ after.programs.keys()):
        old_only = f"only the old policy decides on '{subject}'"
        told = old_only if subject in before.programs else f"only the new policy decides on '{subject}'"
        click.echo(said(told, language))


def _loaded(context: click.Context, name: str, language: str) -> Loaded:
    if not Path(name).is_file():
        raise click.UsageError(f"there is no file '{name}'; give the path of a policy")
    loaded = load(Path(name))
    if loaded.program is None:
        tell(loaded.problems, language)
        told = f"{name} cannot be compared: it has {counted(broken(loaded.problems), 'error')}"
        click.echo(said(told, language), err=True)
        context.exit(1)
    return loaded


def _tell_changes(found: tuple[Change, ...], language: str) -> None:
    told = [one for one in found if one.about != "tests"]
    places = [f"{one.old_line or '-'} -> {one.new_line or '-'}" for one in told]
    width = max(map(len, places), default=0)
    for one, place in zip(told, places, strict=True):
        only = " (words only)" if one.about == "words" else ""
        click.echo(f"{said('line', language)} {place:<{width}}  {said(one.sentence, language)}{said(only, language)}")
    meant, words = (sum(one.about == about for one in found) for about in ("meaning", "words"))
    tests = len(found) - meant - words
    click.echo(said(f"{counted(meant, 'change')} of meaning, {words} of words only, {tests} of tests", language))


def _tell_orders(
    whose: DecisionDiff, programs: tuple[Program, Program], language: str, subject: str = ORDER
) -> None:
    what, before = ("order", "") if subject == ORDER else ("case", f"{subject}: ")
    click.echo(before + said(_outcome(whose, what), language))
    for one in whose.found[:SHOWN]:
        answer = _answer(answer_changes(one.old, one.new, programs), language)
        click.echo(f"  {said(counted(one.like_it, what), language)}: {answer}")
        tell_example(order_text(programs, one.order), language)
    more = len(whose.found) - SHOWN
    if more > 0:
        told = f"and {counted(more, 'other way')} in which answers differ; --json shows all"
        click.echo(f"  {said(told, language)}")


def _outcome(for_whom: DecisionDiff, what: str) -> str:
    """What came of it: a proof, nothing found, or how many differ."""
    if for_whom.proof and what == "order":
        return f"no order is decided differently (proved: {for_whom.proof})"
    if for_whom.proof:
        return f"no case is decided differently (proved: {for_whom.proof})"
    if not for_whom.found:
        return f"no difference found in {counted(for_whom.tried, what)} tried (not a proof)"
    if what == "order":
        return f"{for_whom.differing():,} of {for_whom.tried:,} orders tried are decided differently"
    return f"{for_whom.differing():,} of {for_whom.tried:,} cases tried are decided differently"


def _answer(parts: tuple[tuple[str, str, str], ...], language: str) -> str:
    """The verdict before and after, with tier, terms and limit; whatever else differs only where these do not."""
    main = [part for part in parts if part[0] in MAIN and (part[1] != part[2] or part[0] == "verdict")]
    rest = [part for part in parts if part[1] != part[2]]
    shown = main if any(was != now for _, was, now in main) else [*main, *rest]
    told = (f"{name} {was} -> {now}" if was != now else f"{name} {was} as before" for name, was, now in shown)
    return ", ".join(said(part, language) for part in told)
