"""Places outside of the database where checkpoints go, so that somebody else holds what the log was.

A file (on a disk that the database's keeper cannot write), a web address that is sent the note, or a mailbox. What was
published reaches back: nobody can change the log behind it without contradicting it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from api.posting import MailServer, NotTaken, WebAddress, post_to, send_mail

Publish = Callable[[str], None]
KINDS = "give file:PATH, https://ADDRESS or smtp://HOST:PORT?from=A@B&to=C@D"
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")


class NotPublished(Exception):
    """A place did not take a checkpoint; the text says why."""


def read_place(told: str) -> Publish:
    """What publishes to the place that an operator names.

    Raises: ValueError for a place of another kind.
    """
    parts = urlsplit(told)
    if parts.scheme == "file" and parts.path:
        return lambda note: to_file(Path(parts.path), note)
    if parts.scheme in ("http", "https") and parts.hostname:
        return lambda note: to_address(told, note)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if all(ADDRESS.fullmatch(asked.get(name, "")) for name in ("from", "to")):
            port = parts.port or (465 if parts.scheme == "smtps" else 25)
            return lambda note: to_mailbox(parts.scheme, (parts.hostname or "", port), asked, note)
    raise ValueError(f"'{told}' is no place for checkpoints; {KINDS}")


def to_file(path: Path, note: str) -> None:
    """Add the note at the end of a file, which thereby holds all that were published."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(note + "\n")
    except OSError as fault:
        raise NotPublished(f"'{path}' cannot be written ({fault.strerror})") from fault


def to_address(address: str, note: str) -> None:
    """Send the note as the body of a POST; any answer of 2xx is a receipt."""
    try:
        post_to(WebAddress(address, inside=True), note.encode(), {"Content-Type": "text/plain; charset=utf-8"})
    except NotTaken as fault:
        raise NotPublished(str(fault)) from fault


def to_mailbox(scheme: str, server: tuple[str, int], asked: dict[str, str], note: str) -> None:
    """Send the note as a mail."""
    mail = EmailMessage(SMTP)
    mail["Subject"], mail["From"], mail["To"] = "checkpoint of " + note.split("\n", 1)[0], asked["from"], asked["to"]
    mail.set_content(note)
    security = "tls" if scheme == "smtps" else "none"
    try:
        send_mail(MailServer(*server, security), (asked["from"], asked["to"]), mail.as_bytes())
    except NotTaken as fault:
        raise NotPublished(f"the mail server did not take it ({fault})") from fault
