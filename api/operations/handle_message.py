"""Handle a message: a person says what became of it, adds what proves it, prints its letter, or lets it be tried again.

A letter by a channel that has a proof counts as sent with one: registered mail with its postal receipt. What a person
did is one event, the proof another; neither says in the open what was written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from api.build import load_version
from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.letter_files import read_letters
from api.operations.letter_today import NotWritten, facts_now, keep_policy_ready, template_of
from api.operations.show_outbox import standing_dict
from api.requests import refused_fields
from api.services import Services
from credit.decision import canonical_json
from credit.escalation import PROOFS
from rules.letter_page import page
from rules.letter_template import NotFilled
from storage.failures import Refused as RefusedByStorage
from storage.letters import Letter
from storage.messages import Standing
from storage.outbox import Delivery, Message
from storage.proofs import NewProof
from storage.unit_of_work import Work

LONGEST_ID = 200
Told = Mapping[str, object]
Change = Callable[[Work, Standing], tuple[int, Told]]


def change_message(held: Services, asked: KeyedRequest, change: Change) -> Answer:
    """What a change answers, or the stored answer to the same key and body. Raises: Refused for no such message."""
    with held.database.read() as work:
        digest = standing_of(work, asked.subject).message.policy_digest
    keep_policy_ready(held.database, digest)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        status, told = change(work, standing_of(work, asked.subject))
        return asked.answered(work, asked.subject, status, canonical_json(told))


def standing_of(work: Work, message_id: str) -> Standing:
    """A message and how it stands. Raises: Refused for one that is not there."""
    found = work.messages.get(message_id) if len(message_id) <= LONGEST_ID and message_id.isprintable() else None
    if found is None:
        raise Refused("not-found", "there is no message with this id")
    return found


def finish_message(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The message after a person said what became of it.

    Raises: Refused for one that ended before, lacks words or a proof, and a day that cannot be.
    """

    def finish(work: Work, found: Standing) -> tuple[int, Told]:
        message = found.message
        day = day_of(work, message, wish["day"])
        refuse_unproven(message, wish)
        kept = work.letters.last(message.message_id)
        done = Delivery(wish["outcome"], day, asked.caller.by, wish["result"] or "",
                        None if kept is None else kept.edition)  # fmt: skip
        try:
            work.outbox.deliver(message.message_id, done)
        except RefusedByStorage as refused:
            raise Refused("message-ended", str(refused)) from None
        if wish["proof"] is not None:
            put_proof(work, message.message_id, wish["proof"], asked.caller.by, "proof.")
        return 200, {"message": standing_dict(standing_of(work, message.message_id))}

    return change_message(held, asked, finish)


def day_of(work: Work, message: Message, wanted: date | None) -> date:
    """The day that a person names, today for none, by the policy's calendar. Raises: Refused for one that cannot be."""
    version = work.policies.get(message.policy_digest)
    program = None if version is None else load_version(version).program
    zone = UTC if program is None else ZoneInfo(program.timezone)
    today = work.now().astimezone(zone).date()
    if wanted is None:
        return today
    if wanted > today:
        raise refused_fields([FieldError("day", f"lies after today, {today}; say it when it is done")])
    if wanted < message.as_of:
        raise refused_fields([FieldError("day", f"lies before {message.as_of}, the day of the step")])
    return wanted


def refuse_unproven(message: Message, wish: Mapping[str, Any]) -> None:
    """Refuse what lacks the words or the proof that it needs. Raises: Refused."""
    if message.kind != "letter" and not wish["result"]:
        raise refused_fields([FieldError("result", "is missing; say what came of it")])
    if wish["outcome"] == "failed" and not wish["result"]:
        raise refused_fields([FieldError("result", "is missing; say why it could not be")])
    needed = PROOFS.get(message.who, "none") if message.kind == "letter" else "none"
    if wish["outcome"] != "sent" or needed == "none":
        return
    if needed == "call note" and not wish["result"]:
        raise refused_fields([FieldError("result", "is missing; a call is shown by a note of it")])
    if needed != "call note" and wish["proof"] is None:
        raise refused_fields([FieldError("proof", f"is missing; '{message.who}' is shown by its {needed}")])


def add_proof(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The proof's place among those of the message. Raises: Refused for a proof of nothing, or too many."""

    def add(work: Work, found: Standing) -> tuple[int, Told]:
        return 201, put_proof(work, found.message.message_id, wish, asked.caller.by)

    return change_message(held, asked, add)


def put_proof(work: Work, message_id: str, wish: Mapping[str, Any], by: str, path: str = "") -> dict[str, object]:
    """Store a proof. Raises: Refused for one that shows nothing, lies in the future, or is one too many."""
    if wish["receipt"] is None and wish["file"] is None:
        raise refused_fields([FieldError(f"{path}receipt", "is missing; give the number of a receipt, or a file")])
    if wish["received_at"] is not None and wish["received_at"] > work.now():
        raise refused_fields([FieldError(f"{path}received_at", "lies in the future")])
    file = wish["file"] or {"name": "", "media_type": "", "content": b""}
    new = NewProof(message_id, by, wish["receipt"] or "", wish["note"] or "", wish["received_at"], file["name"],
                   file["media_type"], file["content"])  # fmt: skip
    try:
        stored = work.proofs.add(new)
    except RefusedByStorage as refused:
        raise refused_fields([FieldError(f"{path}receipt", str(refused))]) from None
    return {"message_id": message_id, "place": stored.place, "sha256": stored.digest}


def retry_message(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The message after it was queued again. Raises: Refused for one that the sender need not try again."""

    def retry(work: Work, found: Standing) -> tuple[int, Told]:
        if not work.outbox.queue_again(found.message.message_id, asked.caller.by, wish["reason"] or ""):
            raise Refused("message-ended", "it is no message that waits for another attempt; see its state")
        return 200, {"message": standing_dict(standing_of(work, asked.subject))}

    return change_message(held, asked, retry)


def write_letter(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The message whose letter was written as a page to print, and kept; its bytes are at `/letter`.

    Raises: Refused for one that is no letter for a person, and for a letter that cannot be written.
    """

    def write(work: Work, found: Standing) -> tuple[int, Told]:
        message = found.message
        if message.kind != "letter" or found.state != "for_a_person":
            raise Refused("message-ended", "it is no letter that waits for a person; see its state")
        try:
            keep_page(held, work, message, wish["language"])
        except (NotWritten, NotFilled) as fault:
            raise Refused("letter-not-written", str(fault)) from None
        return 201, {"message": standing_dict(found)}

    return change_message(held, asked, write)


def keep_page(held: Services, work: Work, message: Message, language: str | None) -> None:
    """Write a letter as it reads today and keep it; the same page again is no other edition. Raises: NotWritten."""
    if not held.settings.sender:
        raise NotWritten("nobody is named who writes; start the service with --sender")
    program, facts, _ = facts_now(work, held.settings.sender, message, work.now())
    if facts is None:
        raise NotWritten("nothing of it is open any more")
    template = template_of(read_letters(held.settings.letters), message, program, language)
    content = page(template, facts).encode()
    kept = work.letters.last(message.message_id)
    if kept is None or kept.content != content:
        subject = f"{message.what} {template.language}"
        work.letters.keep(Letter(message.message_id, 1 if kept is None else kept.edition + 1, "paper", "", "text/html",
                                 subject, template.digest, content))  # fmt: skip
