"""A letter as it reads today: what it tells, and the template that it is written by; for senders and for people."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.build import load_version
from api.customer_situation import situation_on
from api.letter_facts import Known, letter_facts
from credit.letter import LetterFacts
from policy.program import Program
from rules.letter_template import Template
from rules.letters import Letters, languages_of
from storage.database import Database
from storage.outbox import Message
from storage.unit_of_work import Work


class NotWritten(Exception):
    """A letter that cannot be written now; the text says why."""


def keep_policy_ready(database: Database, digest: str) -> None:
    """Read a policy outside of any transaction, as that can take a while; what follows finds it read."""
    with database.read() as work:
        version = work.policies.get(digest)
    if version is not None:
        load_version(version)


def facts_now(work: Work, sender: str, message: Message, at: datetime) -> tuple[Program, LetterFacts | None, date]:
    """What the letter tells today, by the policy under which its step was taken; None where nothing is open.

    Raises: NotWritten where that policy can no longer be read.
    """
    version = work.policies.get(message.policy_digest)
    account = work.accounts.look(message.customer_id)
    assert version is not None and account is not None, "neither is ever removed"
    program = load_version(version).program
    if program is None:
        raise NotWritten("its policy cannot be read by this version of the language")
    day = at.astimezone(ZoneInfo(program.timezone)).date()
    known = Known(program, situation_on(work, account, version, program, day),
                  work.escalation.pasts(message.customer_id))  # fmt: skip
    return program, letter_facts(message, known, sender), day


def template_of(letters: Letters, message: Message, program: Program, language: str | None) -> Template:
    """The template of a letter in a language, or the policy's first. Raises: NotWritten where it cannot be sent."""
    wanted = language or languages_of(program)[0]
    template = letters.named(message.what, wanted)
    if template is None:
        faults = [one for one in letters.findings if one.where.file.endswith(f"{message.what}.{wanted}.txt")]
        raise NotWritten(str(faults[0]) if faults else f"there is no letter '{message.what}' in '{wanted}'")
    return template
