"""Who is who at a provider of identities: its issuer and subject, and the person here that this is.

A name may be given to somebody else there; the subject never is. An attempt to sign on is good once.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from storage.clock import database_now, read_clock, write_instant
from storage.events import Event, Events
from storage.new_rows import insert_new
from storage.people import Person, read_person, subject_of
from storage.tables import identity, person, used_sign_on


class Identities:
    """The identities of one transaction; each new one is an event."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def find(self, issuer: str, subject: str) -> Person | None:
        """The person that a provider's subject is, also a disabled one; None where it is nobody's."""
        mine = (identity.c.issuer == issuer) & (identity.c.subject == subject)
        wanted = select(person).join(identity, identity.c.person == person.c.name).where(mine)
        row = self._connection.execute(wanted).first()
        return None if row is None else read_person(row)

    def is_linked(self, issuer: str, name: str) -> bool:
        """Whether a person is somebody at this provider already."""
        mine = (identity.c.issuer == issuer) & (identity.c.person == name)
        return self._connection.execute(select(identity.c.subject).where(mine)).first() is not None

    def link(self, issuer: str, subject: str, name: str, by: str) -> None:
        """Take a provider's subject for this person from now on; a subject is one person, a person one subject."""
        self._connection.execute(insert(identity).values(issuer=issuer, subject=subject, person=name,
                                                         linked_at=database_now()))  # fmt: skip
        self._events.record(Event("person_linked", subject_of(name), by, {"issuer": issuer, "subject": subject}))

    def unlink(self, issuer: str, name: str, by: str) -> str | None:
        """Take a person for nobody at this provider any longer; the subject they were, None where they were nobody."""
        mine = (identity.c.issuer == issuer) & (identity.c.person == name)
        subject = self._connection.execute(delete(identity).where(mine).returning(identity.c.subject)).scalar()
        if subject is None:
            return None
        self._events.record(Event("person_unlinked", subject_of(name), by, {"issuer": issuer, "subject": subject}))
        return str(subject)

    def use_once(self, attempt: bytes, life: timedelta) -> bool:
        """Say whether an attempt to sign on was not used before; it is now. What is older than its life is forgotten,
        as nothing so old is let in.
        """
        oldest = write_instant(read_clock(self._connection) - 2 * life)
        self._connection.execute(delete(used_sign_on).where(used_sign_on.c.used_at < oldest))
        return insert_new(self._connection, used_sign_on, {"attempt": attempt, "used_at": database_now()})
