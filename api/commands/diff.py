"""`aval diff`: what changed between two policy files, in sentences, and for whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from api.commands.counts import counted
from api.commands.files import broken, language_option, load, read_file, said, tell, tell_example
from policy import Loaded
from policy.diff import Change, changes
from policy.program import Program
from policy.source import read_source
from policy.subjects import ORDER
from rules.decision_diff import ORDERS, DecidedOtherwise, DecisionDiff, decision_diff
from rules.order_text import answer_changes, order_text

MAIN = ("verdict", "tier", "terms", "limit.effective")
OF_OTHERS = 1_500  # cases of each other subject that are tried
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
    found = (*_changes(old, new), *_changes_of_parts(before, after))
    for_whom = _for_whom(before, after, ORDER, orders)
    programs = before.program, after.program
    others = {subject: _for_whom(before, after, subject, min(orders, OF_OTHERS)) for subject in _others(before, after)}
    if as_json:
        document = _document(found, for_whom, programs)
        document["other_subjects"] = {subject: _decisions(one, _programs(before, after, subject))
                                      for subject, one in others.items()}  # fmt: skip
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    _tell_changes(found, language)
    click.echo()
    _tell_orders(for_whom, programs, language)
    for subject, one in others.items():
        click.echo()
        _tell_orders(one, _programs(before, after, subject), language, subject)
    for subject in sorted(before.programs.keys() ^ after.programs.keys()):
        old_only = f"only the old policy decides on '{subject}'"
        told = old_only if subject in before.programs else f"only the new policy decides on '{subject}'"
        click.echo(said(told, language))


def _others(before: Loaded, after: Loaded) -> list[str]:
    """What else both policies decide on, and not alike to the letter."""
    return [subject for subject, program in after.programs.items() if subject != ORDER and subject in before.programs
            and program.digest != before.programs[subject].digest]  # fmt: skip


def _programs(before: Loaded, after: Loaded, subject: str) -> tuple[Program, Program]:
    return before.programs[subject], after.programs[subject]


def _for_whom(before: Loaded, after: Loaded, subject: str, orders: int) -> DecisionDiff:
    tests = [test for test in (*before.tests, *after.tests) if test.subject == subject]
    return decision_diff(*_programs(before, after, subject), tests, orders)


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


def _changes(old: str, new: str) -> tuple[Change, ...]:
    nodes = [read_source(read_file(Path(name)), name)[0] for name in (old, new)]
    assert nodes[0] is not None and nodes[1] is not None
    return changes(nodes[0], nodes[1])


def _changes_of_parts(before: Loaded, after: Loaded) -> Iterator[Change]:
    """The changes of the parts that both policies use, each with the part's name and lines."""
    old = {part.name: part for part in before.parts}
    for part in after.parts:
        if part.name in old:
            nodes = [read_source(one.source, one.name)[0] for one in (old[part.name], part)]
            assert nodes[0] is not None and nodes[1] is not None
            yield from (replace(one, sentence=f"{part.name}: {one.sentence}") for one in changes(nodes[0], nodes[1]))


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
    for_whom: DecisionDiff, programs: tuple[Program, Program], language: str, subject: str = ORDER
) -> None:
    what, before = ("order", "") if subject == ORDER else ("case", f"{subject}: ")
    click.echo(before + said(_outcome(for_whom, what), language))
    for one in for_whom.found[:SHOWN]:
        answer = _answer(answer_changes(one.old, one.new, programs), language)
        click.echo(f"  {said(counted(one.like_it, what), language)}: {answer}")
        tell_example(order_text(programs, one.order), language)
    more = len(for_whom.found) - SHOWN
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


def _document(
    found: tuple[Change, ...], for_whom: DecisionDiff, programs: tuple[Program, Program]
) -> dict[str, Any]:
    return {"changes": [one.as_dict() for one in found], "decisions": _decisions(for_whom, programs)}


def _decisions(for_whom: DecisionDiff, programs: tuple[Program, Program]) -> dict[str, Any]:
    return {
        "proved_equal": bool(for_whom.proof), "proof": for_whom.proof, "orders_tried": for_whom.tried,
        "orders_differing": for_whom.differing(),
        "differences": [_difference(one, programs) for one in for_whom.found],
    }  # fmt: skip


def _difference(one: DecidedOtherwise, programs: tuple[Program, Program]) -> dict[str, Any]:
    parts = answer_changes(one.old, one.new, programs)
    return {
        "orders": one.like_it, "facts": dict(order_text(programs, one.order)),
        "old": {name: was for name, was, _ in parts}, "new": {name: now for name, _, now in parts},
    }  # fmt: skip
