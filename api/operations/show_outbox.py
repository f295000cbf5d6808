"""Show the outbox: messages with how they stand, and what a sender would do now."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from api.operations.deliver import NO_ADDRESS, PAID, Outcome, Sending, write
from api.operations.letter_today import NotWritten, facts_now, keep_policy_ready
from credit.decision import instant_text
from rules.letter_template import NotFilled
from storage.letters import Letter
from storage.messages import Standing
from storage.outbox import Message
from storage.proofs import Proof
from storage.unit_of_work import Work


def planned(sending: Sending) -> Iterator[Outcome]:
    """What would become of each queued message that is due, if every receiver took it; nothing is written."""
    after = ""
    while True:
        with sending.database.read() as work:
            found = work.messages.due(after)
        for one in found:
            keep_policy_ready(sending.database, one.message.policy_digest)
            with sending.database.read() as work:
                outcome = planned_one(work, sending, one.message)
            yield outcome
        if not found:
            return
        after = found[-1].message.message_id


def planned_one(work: Work, sending: Sending, message: Message) -> Outcome:
    """What would become of one message."""
    contact = work.contacts.get(message.customer_id)
    if contact is None:
        return Outcome(message, "no_address", NO_ADDRESS)
    at = work.now()
    try:
        program, facts, _ = facts_now(work, sending.writer.name, message, at)
        if facts is None:
            return Outcome(message, "withdrawn", PAID)
        written, _ = write(sending, message, contact, (program, facts, at))
    except (NotWritten, NotFilled) as fault:
        return Outcome(message, "not_written", str(fault))
    return Outcome(message, "sent", written.subject)


def message_dict(work: Work, one: Standing) -> dict[str, object]:
    """A message with every attempt, its letter and its proofs."""
    message_id = one.message.message_id
    kept = work.letters.last(message_id)
    return {
        "message": standing_dict(one),
        "deliveries": [{"outcome": done.outcome, "day": done.day.isoformat(), "by": done.by, "proof": done.proof,
                        "edition": done.edition} for done in work.outbox.deliveries(message_id)],
        "letter": None if kept is None else letter_dict(kept),
        "proofs": [proof_dict(proof) for proof in work.proofs.of_message(message_id)],
    }  # fmt: skip


def letter_dict(one: Letter) -> dict[str, object]:
    """A kept letter as it is shown."""
    assert one.at is not None, "what is stored has its time"
    digest = sha256(one.content).hexdigest() if one.content else ""  # erased
    return {"edition": one.edition, "carried_by": one.carried_by, "media_type": one.media_type, "subject": one.subject,
            "template": one.template, "sha256": digest, "at": instant_text(one.at)}  # fmt: skip


def proof_dict(one: Proof) -> dict[str, object]:
    """A proof as it is shown."""
    return {"place": one.place, "receipt": one.receipt, "note": one.note,
            "received_at": None if one.received_at is None else instant_text(one.received_at),
            "file_name": one.file_name, "media_type": one.media_type, "sha256": one.digest, "by": one.by,
            "at": instant_text(one.at)}  # fmt: skip


def standing_dict(one: Standing) -> dict[str, object]:
    """A message as it is shown."""
    message = one.message
    assert message.at is not None, "what is stored has its time"
    return {
        "id": message.message_id, "customer_id": message.customer_id, "kind": message.kind, "what": message.what,
        "who": message.who, "step": message.step, "invoices": list(message.invoices),
        "as_of": message.as_of.isoformat(), "state": one.state, "reason": one.reason, "attempts": one.attempts,
        "next_at": None if one.done_at is not None else instant_text(one.next_at),
        "done_at": None if one.done_at is None else instant_text(one.done_at), "at": instant_text(message.at),
    }  # fmt: skip
