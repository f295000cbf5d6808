"""Single sign-on as an operator sets it: which provider of OpenID Connect, and what its answers mean here.

INVARIANT: a claim that nobody named gives no role, and nobody is the person of a local name unless the setting says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from api.roles import PERSON_ROLES


@dataclass(frozen=True, slots=True)
class SignOn:
    """One provider and what it is trusted with.

    `address` is ours, to which the provider sends people back: it is registered there. `claim` names the claim whose
    words `roles` gives a role each; `name_claim` the one that holds a person's name. `make_people` makes those who are
    not known yet, `same_names` takes a person of the provider for the local one of that name.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    address: str
    roles: Mapping[str, str]
    claim: str = "groups"
    name_claim: str = "preferred_username"
    make_people: bool = False
    same_names: bool = False

    def __post_init__(self) -> None:
        for name, url in (("issuer", self.issuer), ("address", self.address)):
            if not is_private_way(url):
                raise ValueError(f"the {name} '{url}' is no https:// address")
        if not (self.client_id and self.secret and self.claim and self.name_claim):
            raise ValueError("the client, its secret and the names of both claims are needed")
        if not self.roles:
            raise ValueError(f"no word of the claim '{self.claim}' gives a role, so nobody could do anything")
        for word, role in self.roles.items():
            if role not in PERSON_ROLES:
                raise ValueError(f"'{word}' cannot give the role '{role}'; people are {', '.join(PERSON_ROLES)}")

    def roles_of(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """The roles that an answer gives; words that nobody named give none."""
        held = claims.get(self.claim)
        words: Iterable[Any] = held if isinstance(held, list) else [held]
        return frozenset(self.roles[word] for word in words if isinstance(word, str) and word in self.roles)


def is_private_way(url: str) -> bool:
    """Whether nobody between can read or change what is sent there: HTTPS, or this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host) and not parts.fragment
    return parts.scheme == "http" and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_roles(given: Iterable[str]) -> dict[str, str]:
    """Words of the claim with the role of each, from 'WORD=ROLE'. Raises: ValueError."""
    found: dict[str, str] = {}
    for one in given:
        word, equals, role = one.rpartition("=")
        if not (word and equals and role):
            raise ValueError(f"'{one}' names no role; write WORD=ROLE, such as credit-officers=risk_officer")
        if found.get(word, role) != role:
            raise ValueError(f"'{word}' is given two roles; write one")
        found[word] = role
    return found
