"""Show the outbox: messages with how they stand, and what a sender would do now."""

from __future__ import annotations

from collections.abc import Iterator

from api.operations.deliver import NO_ADDRESS, PAID, NotWritten, Outcome, Sending, facts_now, write
from credit.decision import instant_text
from rules.letter_template import NotFilled
from storage.messages import Standing
from storage.outbox import Message
from storage.unit_of_work import Work


def planned(sending: Sending) -> Iterator[Outcome]:
    """What would become of each queued message that is due, if every receiver took it; nothing is written."""
    after = ""
    while True:
        with sending.database.read() as work:
            found = work.messages.due(after)
            for one in found:
                yield planned_one(work, sending, one.message)
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
        program, facts, _ = facts_now(work, sending, message, at)
        if facts is None:
            return Outcome(message, "withdrawn", PAID)
        written, _ = write(sending, message, contact, (program, facts, at))
    except (NotWritten, NotFilled) as fault:
        return Outcome(message, "not_written", str(fault))
    return Outcome(message, "sent", written.subject)


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
