"""The people who may come in, and their sessions: never a password or a token, only what proves them.

A person is never deleted, as events and decisions name them; they are disabled. A session ends by itself when it is
not used for a while, and some hours after it began whatever happens; both are told by the database's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, select, update

from storage.clock import database_now, read_clock, read_instant, write_instant
from storage.events import Event, Events
from storage.tables import person, session

USE_NOTED = timedelta(minutes=1)  # a session's use is written down at most this often


@dataclass(frozen=True, slots=True)
class Person:
    """One person: `password` is what proves it, in the form of the library that made it; `roles` are never empty."""

    name: str
    roles: frozenset[str]
    password: str
    created_at: datetime | None = None
    disabled_at: datetime | None = None
    authorities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives without being used, and at the very most."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is alive, whose it is, and whether its use is to be noted."""

    person: Person
    created_at: datetime
    expires_at: datetime
    stale: bool


class People:
    """The people and sessions of one transaction; each change of a person writes its event."""

    def __init__(self, connection: Connection, events: Events) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection
        self._events = events

    def add(self, new: Person, by: str) -> None:
        """Store a person; `created_at` is the database's clock, whatever the record says."""
        values = {"name": new.name, "roles": " ".join(sorted(new.roles)), "password": new.password,
                  "authorities": " ".join(sorted(new.authorities))}  # fmt: skip
        self._connection.execute(insert(person).values(created_at=database_now(), **values))
        details = {"roles": sorted(new.roles)}
        if new.authorities:
            details["authorities"] = sorted(new.authorities)
        self._events.record(Event("person_added", subject_of(new.name), by, details))

    def find(self, name: str) -> Person | None:
        """The person of this name, also a disabled one, or None."""
        row = self._connection.execute(select(person).where(person.c.name == name)).first()
        return None if row is None else read_person(row)

    def list(self) -> tuple[Person, ...]:
        """All people by name."""
        return tuple(read_person(row) for row in self._connection.execute(select(person).order_by(person.c.name)))

    def set_password(self, name: str, password: str, by: str) -> bool:
        """Give a person another password, which ends their sessions; says whether there is such a person."""
        changed = update(person).where(person.c.name == name).values(password=password)
        if self._connection.execute(changed).rowcount != 1:
            return False
        self.end_sessions(name)
        self._events.record(Event("password_changed", subject_of(name), by))
        return True

    def set_authorities(self, name: str, authorities: frozenset[str], by: str) -> bool:
        """Give a person these roles of the policy in place of those before; says whether that changed anything.

        What they were before stays in the events, which are only added to.
        """
        found = self.find(name)
        if found is None or found.authorities == authorities:
            return False
        changed = update(person).where(person.c.name == name).values(authorities=" ".join(sorted(authorities)))
        self._connection.execute(changed)
        told = {"before": sorted(found.authorities), "after": sorted(authorities)}
        self._events.record(Event("authority_changed", subject_of(name), by, told))
        return True

    def set_roles(self, name: str, roles: frozenset[str], by: str) -> bool:
        """Give a person these roles in place of those before; says whether that changed anything."""
        found = self.find(name)
        if found is None or found.roles == roles:
            return False
        self._connection.execute(update(person).where(person.c.name == name).values(roles=" ".join(sorted(roles))))
        told = {"before": sorted(found.roles), "after": sorted(roles)}
        self._events.record(Event("roles_changed", subject_of(name), by, told))
        return True

    def disable(self, name: str, by: str) -> bool:
        """Shut a person out, which ends their sessions; says whether they could come in before."""
        shut = (person.c.name == name) & person.c.disabled_at.is_(None)
        if self._connection.execute(update(person).where(shut).values(disabled_at=database_now())).rowcount != 1:
            return False
        self.end_sessions(name)
        self._events.record(Event("person_disabled", subject_of(name), by))
        return True

    def enable(self, name: str, by: str) -> bool:
        """Let a disabled person in again, who has to sign in anew; says whether they were disabled."""
        shut = (person.c.name == name) & person.c.disabled_at.is_not(None)
        if self._connection.execute(update(person).where(shut).values(disabled_at=None)).rowcount != 1:
            return False
        self._events.record(Event("person_enabled", subject_of(name), by))
        return True

    def begin_session(self, name: str, digest: bytes, lifetime: Lifetime, issuer: str = "") -> datetime:
        """Begin a session of a person, known by the digest of its token; when it ends at the very latest.

        `issuer` is the provider that proved who it is, where that was no password.
        """
        now = read_clock(self._connection)
        ends = now + lifetime.longest
        values = {"created_at": write_instant(now), "used_at": write_instant(now), "expires_at": write_instant(ends)}
        self._connection.execute(insert(session).values(digest=digest, person=name, **values))
        told = {"issuer": issuer} if issuer else {}
        self._events.record(Event("signed_in", subject_of(name), subject_of(name), told))
        return ends

    def session(self, digest: bytes, idle: timedelta) -> Session | None:
        """The living session of a token's digest, or None where it ended, was unused too long, or never was."""
        columns = (session.c.created_at.label("began"), session.c.used_at, session.c.expires_at, session.c.ended_at)
        wanted = select(person, *columns, database_now().label("now")).join(session, session.c.person == person.c.name)
        row = self._connection.execute(wanted.where(session.c.digest == digest)).first()
        if row is None or row.ended_at is not None or row.disabled_at is not None:
            return None
        now, used, ends = read_instant(row.now), read_instant(row.used_at), read_instant(row.expires_at)
        if now >= ends or now >= used + idle:
            return None
        return Session(read_person(row), read_instant(row.began), ends, now >= used + USE_NOTED)

    def note_use(self, digest: bytes) -> None:
        """Write down that a session is in use now, so that it does not end as unused."""
        used = (session.c.digest == digest) & session.c.ended_at.is_(None)
        self._connection.execute(update(session).where(used).values(used_at=database_now()))

    def end_session(self, digest: bytes) -> bool:
        """End a session for good, and say whether it had not ended before."""
        alive = (session.c.digest == digest) & session.c.ended_at.is_(None)
        ending = update(session).where(alive).values(ended_at=database_now()).returning(session.c.person)
        name = self._connection.execute(ending).scalar()
        if name is not None:
            self._events.record(Event("signed_out", subject_of(name), subject_of(name)))
        return name is not None

    def end_sessions(self, name: str) -> None:
        """End what a person began, so that they have to sign in anew."""
        alive = (session.c.person == name) & session.c.ended_at.is_(None)
        self._connection.execute(update(session).where(alive).values(ended_at=database_now()))


def subject_of(name: str) -> str:
    """A person as the subject or the author of events."""
    return f"person:{name}"


def read_person(row: Row[tuple[object, ...]]) -> Person:
    """A person from its row."""
    disabled = None if row.disabled_at is None else read_instant(row.disabled_at)
    return Person(row.name, frozenset(row.roles.split()), row.password, read_instant(row.created_at), disabled,
                  frozenset(row.authorities.split()))  # fmt: skip
