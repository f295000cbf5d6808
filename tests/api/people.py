"""People for the tests of the doors: each with a session that was begun without the slow hashing of a password."""

from __future__ import annotations

from api.auth import COOKIE
from api.passwords import NOBODYS
from api.sessions import new_token, token_digest
from storage.people import Person
from tests.api.service import Service

PASSWORD = "four words of mine"
# the hash of PASSWORD: verifying is slow enough
HASH = "$argon2id$v=19$m=19456,t=2,p=1$7KSv7n4dMauGe6/WPF/Riw$1gDjP6cMX5h5To/kwV8XGYLGfMnbBfehxFgOqfwzHTM"


def add_person(service: Service, name: str, *roles: str, password: str = HASH,
               authorities: frozenset[str] = frozenset()) -> None:  # fmt: skip
    """Store a person who may sign in with PASSWORD."""
    with service.held.database.write() as work:
        work.people.add(Person(name, frozenset(roles), password, authorities=authorities), "operator:tests")


def session_of(service: Service, name: str) -> dict[str, str]:
    """The headers with which a person's browser asks from our own pages, in a new session."""
    token = new_token()
    with service.held.database.write() as work:
        work.people.begin_session(name, token_digest(token), service.held.settings.session_lifetime)
    return {"Cookie": f"{COOKIE}={token}", "Sec_Fetch_Site": "same-origin"}


def signed_in(service: Service, role: str) -> dict[str, str]:
    """A new person of one role, named after it, and the headers of their session."""
    name = role.replace("_", "-")
    add_person(service, name, role, password=NOBODYS)
    return session_of(service, name)


def officer(service: Service, role: str, authority: str) -> dict[str, str]:
    """The headers of a session of a person of one role who decides in one role of the policy; made at first use."""
    name = f"{role}-{authority}".replace("_", "-")
    if name not in service.sessions:
        add_person(service, name, role, authorities=frozenset({authority}))
        service.sessions[name] = session_of(service, name)
    return service.sessions[name]
