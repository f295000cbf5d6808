"""`aval policy draft`, `check`, `submit`, `approve` and what follows: thin doors over the operations that HTTP uses.

Whoever takes a step proves to be a person, by name and password. Answers are printed as JSON.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.commands.database import database_option
from api.commands.files import read_file, shelf_beside

if TYPE_CHECKING:
    from api.idempotency import Answer
    from api.operations.policy_step import Step
    from api.services import Services

DAY = click.DateTime(["%Y-%m-%d"])
Command = TypeVar("Command", bound=Callable[..., Any])
by_person = click.option("--by", metavar="PERSON", required=True, help="Who does it; the password is asked for.")
for_whom = click.option("--for", "assignment", metavar="WHOM", help="default, customer:ID, group:ID, country:CN or "
                        "challenger  [default: default]")  # fmt: skip


@click.command("draft", short_help="Write FILE down as a draft, or as the next revision of one.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "draft_id", metavar="DRAFT", help="The draft whose next revision it is.")
@click.option("--if-match", "seen", metavar="TAG", help="Only if the draft is still at this tag.")
@click.option("--comment", metavar="TEXT", help="Why it was changed.")
@by_person
@database_option
def draft(file: Path, draft_id: str | None, seen: str | None, comment: str | None, by: str, database: str) -> None:
    """Write FILE down as a draft, with the parts beside it, or as the next revision of a draft.

    A revision voids whatever was submitted or approved of the draft before.
    """
    from api.operations.policy_drafts import create_draft, edit_draft, show_draft

    wish = {"source": _text(file, read_file(file)), "parts": _parts(file), "comment": comment}
    if draft_id is None:
        _take(database, by, create_draft, ("create_draft", "drafts"), wish)
        return

    def edit(held: Services, asked: Step) -> None:
        tag = show_draft(held, draft_id)[0] if seen is None else seen
        new, found = edit_draft(held, asked, tag)
        _print(dict(found) | {"tag": new})

    _ask(database, by, edit, ("edit_draft", f"draft:{draft_id}"), wish)


@click.command("check", short_help="Check a draft, and keep what was found.")
@click.argument("draft_id", metavar="DRAFT")
@click.option("--compare", is_flag=True, help="Look for orders that the policy in effect decides otherwise.")
@by_person
@database_option
@click.pass_context
def check(context: click.Context, draft_id: str, compare: bool, by: str, database: str) -> None:
    """Check the last revision of DRAFT and keep everything that was found for whoever approves.

    Ends with 1 where it could not be published.
    """
    from api.operations.policy_drafts import check_draft

    told = _take(database, by, check_draft, ("check_draft", f"draft:{draft_id}"), {"compare": compare})
    if not told["publishable"]:
        context.exit(1)


@click.command("simulate", short_help="Simulate a draft on the stored decisions, and keep what was found.")
@click.argument("draft_id", metavar="DRAFT")
@click.option("--from", "first", type=DAY, metavar="DAY", help="Decisions since this day  [default: the first one]")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Until this day  [default: the last one]")
@click.option("--against", metavar="WHAT", help="A digest, or 'effective'  [default: what was recorded]")
@by_person
@database_option
def simulate(draft_id: str, first: datetime | None, last: datetime | None, against: str | None, by: str,
             database: str) -> None:  # fmt: skip
    """Decide the stored decisions again by the last revision of DRAFT, and keep what was found for whoever approves.

    `aval simulate` shows the same of a file, and keeps nothing.
    """
    from functools import partial

    from api.operations.simulate_policy import simulate_kept

    days = {name: None if day is None else day.date() for name, day in (("first", first), ("last", last))}
    _take(database, by, partial(simulate_kept, most=None), ("simulate_draft", f"draft:{draft_id}"),
          days | {"against": against})  # fmt: skip


@click.command("submit", short_help="Ask another person to approve a draft.")
@click.argument("draft_id", metavar="DRAFT")
@click.option("--reason", metavar="TEXT", help="What the other person should know.")
@for_whom
@by_person
@database_option
def submit(draft_id: str, reason: str | None, assignment: str | None, by: str, database: str) -> None:
    """Ask another person to approve the last revision of DRAFT, which has to be checked."""
    from api.operations.policy_drafts import submit_draft

    wish = {"reason": reason, "assignment": assignment}
    _take(database, by, submit_draft, ("submit_draft", f"draft:{draft_id}"), wish)


@click.command("approve", short_help="Approve what another person submitted.")
@click.argument("submission_id", metavar="SUBMISSION")
@click.option("--comment", metavar="TEXT", help="What was looked at.")
@by_person
@database_option
def approve(submission_id: str, comment: str | None, by: str, database: str) -> None:
    """Approve exactly the bytes of SUBMISSION; an emergency takes effect with it."""
    from api.operations.policy_submissions import approve_policy

    _take(database, by, approve_policy, ("approve_policy", f"submission:{submission_id}"), {"comment": comment})


@click.command("comment", short_help="Say something to a submission.")
@click.argument("submission_id", metavar="SUBMISSION")
@click.option("--comment", metavar="TEXT", required=True, help="What is to be said.")
@by_person
@database_option
def comment(submission_id: str, comment: str, by: str, database: str) -> None:
    """Say something to SUBMISSION; it stays with it, whatever becomes of it."""
    from api.operations.policy_submissions import comment_policy

    _take(database, by, comment_policy, ("comment_policy", f"submission:{submission_id}"), {"comment": comment})


@click.command("withdraw", short_help="Take a submission back.")
@click.argument("submission_id", metavar="SUBMISSION")
@click.option("--reason", metavar="TEXT", required=True, help="Why.")
@by_person
@database_option
def withdraw(submission_id: str, reason: str, by: str, database: str) -> None:
    """Take SUBMISSION back, also an approved one, and one that was to begin later."""
    from api.operations.policy_submissions import withdraw_policy

    _take(database, by, withdraw_policy, ("withdraw_policy", f"submission:{submission_id}"), {"reason": reason})


@click.command("release", short_help="Let an approved submission decide.")
@click.argument("submission_id", metavar="SUBMISSION")
@click.option("--from", "start", metavar="INSTANT", help="From when, such as 2026-12-01T00:00:00+08:00  [default: now]")
@by_person
@database_option
def release(submission_id: str, start: str | None, by: str, database: str) -> None:
    """Let an approved SUBMISSION decide, from an instant on or now."""
    from api.operations.policy_submissions import publish_policy

    wish = {"effective_from": None if start is None else _instant(start)}
    _take(database, by, publish_policy, ("publish_policy", f"submission:{submission_id}"), wish)


@click.command("rollback", short_help="Ask for a stored version to decide (again).")
@click.argument("digest", metavar="DIGEST")
@click.option("--reason", metavar="TEXT", required=True, help="Why.")
@click.option("--emergency", is_flag=True, help="Without a new check, in effect with the approval; raises an alarm.")
@for_whom
@by_person
@database_option
def rollback(digest: str, reason: str, emergency: bool, assignment: str | None, by: str, database: str) -> None:
    """Ask another person to let the stored version DIGEST decide again, through the same gate."""
    from api.operations.policy_submissions import submit_version

    wish = {"kind": "emergency" if emergency else "version", "digest": digest, "reason": reason,
            "assignment": assignment}  # fmt: skip
    _take(database, by, submit_version, ("submit_version", "submissions"), wish)


@click.command("end", short_help="Ask for an assignment to end.")
@click.argument("assignment", metavar="WHOM")
@click.option("--reason", metavar="TEXT", required=True, help="Why.")
@by_person
@database_option
def end(assignment: str, reason: str, by: str, database: str) -> None:
    """Ask another person to let the policy of WHOM end, so that the next wider one decides."""
    from api.operations.policy_submissions import submit_version

    wish = {"kind": "end", "digest": None, "reason": reason, "assignment": assignment}
    _take(database, by, submit_version, ("submit_version", "submissions"), wish)


@click.command("history", short_help="Tell what began to decide, when, and who approved it.")
@database_option
def history(database: str) -> None:
    """Tell what began to decide, for whom, from when, and who wrote and approved it; newest first, as JSON."""
    from api.commands.proven import services_on
    from api.operations.policy_review import policy_history

    with services_on(database) as held:
        _print(policy_history(held, None, 200))


@click.command("effective", short_help="Tell what decides now, or at an instant.")
@click.option("--on", metavar="INSTANT", help="At this instant, such as 2026-12-01T00:00:00+08:00  [default: now]")
@click.option("--customer", metavar="ID", help="And what decides for this customer.")
@database_option
def effective(on: str | None, customer: str | None, database: str) -> None:
    """Tell what decides at an instant, by assignment, as JSON."""
    from api.commands.proven import services_on
    from api.operations.policy_review import effective_policies

    with services_on(database) as held:
        _print(effective_policies(held, None if on is None else _instant(on), customer))


@click.command("export", short_help="Print a version with its evidence.")
@click.argument("digest", metavar="DIGEST")
@database_option
def export(digest: str, database: str) -> None:
    """Print the version DIGEST with everything that speaks for it: bytes, checks, approvals, as JSON."""
    from api.commands.proven import services_on
    from api.operations.policy_review import export_policy

    with services_on(database) as held:
        _print(export_policy(held, digest))


LIFE = (draft, check, simulate, submit, approve, comment, withdraw, release, rollback, end, history, effective, export)


def _take(database: str, by: str, take: Callable[[Services, Step], Answer], what: tuple[str, str],
          wish: Mapping[str, Any]) -> dict[str, Any]:  # fmt: skip
    """One step by a person; what it came to is printed."""
    told: dict[str, Any] = {}

    def step(held: Services, asked: Step) -> None:
        told.update(json.loads(take(held, asked).body))
        _print(told)

    _ask(database, by, step, what, wish)
    return told


def _ask(database: str, by: str, step: Callable[[Services, Step], None], what: tuple[str, str],
         wish: Mapping[str, Any]) -> None:  # fmt: skip
    from api.commands.proven import proven_person, services_on
    from api.operations.policy_step import Step
    from api.roles import ROLES_BY_OPERATION

    operation, about = what
    body = json.dumps(wish, sort_keys=True, default=str).encode()
    with services_on(database) as held:
        caller = proven_person(held, by, ROLES_BY_OPERATION[operation])
        step(held, Step(caller, str(uuid.uuid4()), body, operation, about, wish))


def _print(told: Mapping[str, Any]) -> None:
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _text(file: Path, source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"'{file}' is not UTF-8 text; save it as such") from None


def _parts(file: Path) -> dict[str, str]:
    """The parts that the file uses, from beside it."""
    from policy.load import load_policy
    from rules.facts import trade_vocabulary

    loaded = load_policy(read_file(file), str(file), trade_vocabulary(), shelf_beside(file))
    return {part.name: _text(file, part.source) for part in loaded.parts}


def _instant(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise click.UsageError(f"'{written}' is no instant with a timezone; write 2026-12-01T00:00:00+08:00")
    return found
