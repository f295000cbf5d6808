"""Deliver: take queued letters one by one, write each, keep its bytes, send it, and record what became of it.

A letter is kept before it leaves, in the transaction that found out what to write; it is sent outside of any
transaction; what became of it is a row of its own. Who dies in between leaves the lease to run out: the next attempt
sends the same bytes under the same name. INVARIANT: a message has one name for its receiver, however often it is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from api.letter_writing import Draft, Writer, Written, as_mail, as_webhook, webhook_headers
from api.operations.letter_today import NotWritten, facts_now, keep_policy_ready, template_of
from api.posting import MailServer, NotTaken, Patience, WebAddress, post_to, send_mail
from credit.letter import LetterFacts
from policy.program import Program
from rules.letter_template import NotFilled
from rules.letters import Letters
from storage.contacts import Contact
from storage.database import Database
from storage.failures import StorageFailure
from storage.letters import Letter
from storage.outbox import Delivery, Leased, Message
from storage.unit_of_work import Work

log = logging.getLogger("aval.deliver")
ATTEMPTS = 10
FIRST_WAIT_SECONDS, TIMES, LONGEST_WAIT_SECONDS = 60.0, 4, 12 * 3600.0
NOT_WRITTEN_SECONDS = 900.0  # until a letter that could not be written is looked at again
NO_ADDRESS = "the customer has no contact; set one"
NO_SERVER = "no mail server is named; give --smtp and --sender-address"
PAID = "nothing of it is open any more"
SILENT = "nobody said what became of the attempts before"


@dataclass(frozen=True, slots=True)
class Sending:
    """By which means letters are delivered; `chance` gives a number from 0 to 1 for the waits between attempts.

    `secrets` are those that a customer's webhooks are signed with; `inside` allows web addresses inside of a network.
    """

    database: Database
    letters: Letters
    writer: Writer
    mail: MailServer | None
    secrets: Callable[[str], tuple[str, ...]] = field(repr=False)
    chance: Callable[[], float]
    attempts: int = ATTEMPTS
    inside: bool = False
    patience: Patience = Patience()
    by: str = "sender"

    @property
    def lease_seconds(self) -> float:
        """How long a message is held for one attempt: longer than it can last."""
        return 2 * self.patience.whole + 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: an outcome of `storage/outbox.py`, or "no_address", "not_written", "lost", "fault".

    "lost": another sender holds it by now. `reason` says why it was not sent, or what the receiver answered.
    """

    message: Message
    outcome: str
    reason: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether somebody has to see to it."""
        return self.outcome in ("failed", "dead", "no_address", "not_written", "fault")


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter that may leave now: its bytes, the day by the policy's calendar, and the instant of the attempt."""

    letter: Letter
    day: date
    at: datetime


def wait_seconds(tries: int, chance: float) -> float:
    """How long until the next attempt: a minute, four, sixteen and so on, at most half a day, half of it by chance."""
    longest = min(FIRST_WAIT_SECONDS * float(TIMES ** min(tries - 1, 20)), LONGEST_WAIT_SECONDS)
    return longest * (1 + chance) / 2


def deliver_due(sending: Sending, stopped: Callable[[], bool] = lambda: False) -> Iterator[Outcome]:
    """Deliver what is queued and due, the longest waiting first, until there is no more or somebody says stop.

    Raises: storage's failures; what was sent then stays leased, and is sent again under the same name.
    """
    while not stopped():
        with sending.database.write() as work:
            leased = work.outbox.lease(1, sending.lease_seconds)
        if not leased:
            return
        try:
            yield deliver_one(sending, leased[0])
        except StorageFailure:
            raise
        except Exception:  # one message that cannot be handled keeps none of the others
            log.exception("deliver", extra={"message_id": leased[0].message.message_id})
            yield Outcome(leased[0].message, "fault", "it could not be handled; see the log")


def deliver_one(sending: Sending, leased: Leased) -> Outcome:
    """One attempt at a message that is held."""
    keep_policy_ready(sending.database, leased.message.policy_digest)
    with sending.database.write() as work:
        ready = prepare(work, sending, leased)
    if isinstance(ready, Outcome):
        return ready
    done = attempt(sending, leased, ready)
    with sending.database.write() as work:
        kept = work.outbox.record(leased, done, wait_seconds(leased.tries, sending.chance()))
    return Outcome(leased.message, done.outcome if kept else "lost", done.proof)


def prepare(work: Work, sending: Sending, leased: Leased) -> Ready | Outcome:
    """The letter as it is to leave, kept; or why there is none, recorded."""
    message, at = leased.message, work.now()
    contact = contact_of(work, message.customer_id)
    if contact is None:
        return put_off(work, leased, Outcome(message, "no_address", NO_ADDRESS))
    try:
        program, facts, day = facts_now(work, sending.writer.name, message, at)
        if facts is None or leased.tries > sending.attempts:
            done = Delivery("withdrawn", day, sending.by, PAID) if facts is None else \
                Delivery("dead", day, sending.by, SILENT)  # fmt: skip
            return Outcome(message, done.outcome if work.outbox.record(leased, done) else "lost", done.proof)
        refuse_without_server(sending, contact)
        kept = work.letters.last(message.message_id)
        if kept is None or (kept.carried_by, kept.address) != (contact.kind, contact.address):
            written, template = write(sending, message, contact, (program, facts, at))
            kept = work.letters.keep(Letter(
                message.message_id, 1 if kept is None else kept.edition + 1, contact.kind, contact.address,
                written.media_type, written.subject, template, written.content))  # fmt: skip
        return Ready(kept, day, at)
    except (NotWritten, NotFilled) as fault:
        return put_off(work, leased, Outcome(message, "not_written", str(fault)))


def contact_of(work: Work, customer_id: str) -> Contact | None:
    """Where a customer is written to; where there is no address, none comes until the transaction ends."""
    found = work.contacts.get(customer_id)
    if found is None:
        work.contacts.hold(customer_id)
        found = work.contacts.get(customer_id)
    return found


def put_off(work: Work, leased: Leased, outcome: Outcome) -> Outcome:
    """Give a message back that was not tried: it waits for an address, or for its letter to be mended."""
    state, again_in = ("no_address", 0.0) if outcome.outcome == "no_address" else ("queued", NOT_WRITTEN_SECONDS)
    held = work.outbox.postpone(leased, outcome.reason, again_in, state)
    return outcome if held else Outcome(outcome.message, "lost")


def write(
    sending: Sending, message: Message, contact: Contact, told: tuple[Program, LetterFacts, datetime]
) -> tuple[Written, str]:
    """The letter in the contact's language, or the policy's, and its template's version.

    Raises: NotWritten where it is not there or cannot be sent, NotFilled for a field without a value.
    """
    program, facts, at = told
    template = template_of(sending.letters, message, program, contact.language)
    draft = Draft(message, template, facts, at)
    if contact.kind == "webhook":
        return as_webhook(draft), template.digest
    refuse_without_server(sending, contact)
    return as_mail(draft, sending.writer, contact.address), template.digest


def refuse_without_server(sending: Sending, contact: Contact) -> None:
    """A mail needs a server that takes it. Raises: NotWritten where none is named."""
    if contact.kind == "email" and (sending.mail is None or not sending.writer.address):
        raise NotWritten(NO_SERVER)


def attempt(sending: Sending, leased: Leased, ready: Ready) -> Delivery:
    """Send a letter once, and say what became of it."""
    letter = ready.letter
    try:
        told = send(sending, leased.message, ready)
    except NotTaken as fault:
        outcome = "failed" if fault.for_good else "dead" if leased.tries >= sending.attempts else "tried"
        return Delivery(outcome, ready.day, sending.by, str(fault), letter.edition)
    return Delivery("sent", ready.day, sending.by, told, letter.edition)


def send(sending: Sending, message: Message, ready: Ready) -> str:
    """Send a letter by its carrier; what the receiver answered. Raises: NotTaken."""
    letter = ready.letter
    if letter.carried_by == "webhook":
        headers = webhook_headers(message.message_id, letter.content, sending.secrets(message.customer_id), ready.at)
        status = post_to(WebAddress(letter.address, sending.inside), letter.content, headers, sending.patience)
        return f"answered {status}"
    assert sending.mail is not None, "no mail is ready without a server"
    return send_mail(sending.mail, (sending.writer.address, letter.address), letter.content, sending.patience)
