"""`aval diff`: what changed between two policy files, in sentences, and for whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from api.commands.files import broken, counted, load, read_file, tell
from policy import Loaded
from policy.diff import Change, changes
from policy.program import Program
from policy.source import read_source
from rules.decision_diff import ORDERS, DecidedOtherwise, DecisionDiff, decision_diff
from rules.order_text import answer_changes, order_text

MAIN = ("verdict", "tier", "terms", "limit.effective")
SHOWN = 5  # ways in which answers differ, one order each


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--orders", type=click.IntRange(1, 1_000_000), default=ORDERS, show_default=True,
              help="The most orders that are tried.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One document for machines.")
@click.pass_context
def diff(context: click.Context, old: str, new: str, orders: int, as_json: bool) -> None:
    """Tell what changed between two policy files, and for whom.

    Orders are looked for that the two decide differently; where none can exist, that is proved and said.
    """
    before, after = (_loaded(context, name) for name in (old, new))
    assert before.program is not None and after.program is not None
    found = _changes(old, new)
    for_whom = decision_diff(before.program, after.program, (*before.tests, *after.tests), orders)
    programs = before.program, after.program
    if as_json:
        click.echo(json.dumps(_document(found, for_whom, programs), ensure_ascii=False, indent=2))
        return
    _tell_changes(found)
    click.echo()
    _tell_orders(for_whom, programs)


def _loaded(context: click.Context, name: str) -> Loaded:
    if not Path(name).is_file():
        raise click.UsageError(f"there is no file '{name}'; give the path of a policy")
    loaded = load(Path(name))
    if loaded.program is None:
        tell(loaded.problems)
        click.echo(f"{name} cannot be compared: it has {counted(broken(loaded.problems), 'error')}", err=True)
        context.exit(1)
    return loaded


def _changes(old: str, new: str) -> tuple[Change, ...]:
    nodes = [read_source(read_file(Path(name)), name)[0] for name in (old, new)]
    assert nodes[0] is not None and nodes[1] is not None
    return changes(nodes[0], nodes[1])


def _tell_changes(found: tuple[Change, ...]) -> None:
    told = [one for one in found if one.about != "tests"]
    places = [f"{one.old_line or '-'} -> {one.new_line or '-'}" for one in told]
    width = max(map(len, places), default=0)
    for one, place in zip(told, places, strict=True):
        click.echo(f"line {place:<{width}}  {one.sentence}{' (words only)' if one.about == 'words' else ''}")
    meant, words = (sum(one.about == about for one in found) for about in ("meaning", "words"))
    tests = len(found) - meant - words
    click.echo(f"{counted(meant, 'change')} of meaning, {words} of words only, {tests} of tests")


def _tell_orders(for_whom: DecisionDiff, programs: tuple[Program, Program]) -> None:
    if for_whom.proof:
        click.echo(f"no order is decided differently (proved: {for_whom.proof})")
        return
    if not for_whom.found:
        click.echo(f"no difference found in {counted(for_whom.tried, 'order')} tried (not a proof)")
        return
    click.echo(f"{for_whom.differing():,} of {for_whom.tried:,} orders tried are decided differently")
    for one in for_whom.found[:SHOWN]:
        click.echo(f"  {counted(one.like_it, 'order')}: {_answer(answer_changes(one.old, one.new, programs))}")
        click.echo(f"    for example {', '.join(f'{name} {text}' for name, text in order_text(programs, one.order))}")
    more = len(for_whom.found) - SHOWN
    if more > 0:
        click.echo(f"  and {counted(more, 'other way')} in which answers differ; --json shows all")


def _answer(parts: tuple[tuple[str, str, str], ...]) -> str:
    """The verdict before and after, with tier, terms and limit; whatever else differs only where these do not."""
    main = [part for part in parts if part[0] in MAIN and (part[1] != part[2] or part[0] == "verdict")]
    rest = [part for part in parts if part[1] != part[2]]
    shown = main if any(was != now for _, was, now in main) else [*main, *rest]
    return ", ".join(f"{name} {was} -> {now}" if was != now else f"{name} {was} as before" for name, was, now in shown)


def _document(
    found: tuple[Change, ...], for_whom: DecisionDiff, programs: tuple[Program, Program]
) -> dict[str, Any]:
    return {
        "changes": [one.as_dict() for one in found],
        "decisions": {
            "proved_equal": bool(for_whom.proof), "proof": for_whom.proof, "orders_tried": for_whom.tried,
            "orders_differing": for_whom.differing(),
            "differences": [_difference(one, programs) for one in for_whom.found],
        },
    }  # fmt: skip


def _difference(one: DecidedOtherwise, programs: tuple[Program, Program]) -> dict[str, Any]:
    parts = answer_changes(one.old, one.new, programs)
    return {
        "orders": one.like_it, "facts": dict(order_text(programs, one.order)),
        "old": {name: was for name, was, _ in parts}, "new": {name: now for name, _, now in parts},
    }  # fmt: skip
