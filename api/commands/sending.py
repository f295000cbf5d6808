"""The options of whatever sends letters: who writes, where mail is handed in, and which web addresses may be posted to.

A password comes from the environment alone, as others can read a command's arguments.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from api.commands.letters import templates_option

if TYPE_CHECKING:
    from api.operations.deliver import Sending
    from api.posting import MailServer
    from storage.database import Database

Command = TypeVar("Command", bound=Callable[..., Any])
PASSWORD = "AVAL_SMTP_PASSWORD"
PORTS = {"smtp": 587, "smtps": 465}

OPTIONS = (
    click.option("--sender", metavar="NAME", envvar="AVAL_SENDER", show_envvar=True, default="",
                 help="Who writes: the name that stands below letters."),
    click.option("--sender-address", metavar="ADDRESS", envvar="AVAL_SENDER_ADDRESS", show_envvar=True, default="",
                 help="The address that mails come from."),
    click.option("--smtp", metavar="URL", envvar="AVAL_SMTP", show_envvar=True, default="",
                 help="The mail server: smtp://USER@HOST:587 with STARTTLS, or smtps://USER@HOST:465; "
                 f"its password is {PASSWORD}."),
    click.option("--smtp-without-tls", is_flag=True, envvar="AVAL_SMTP_WITHOUT_TLS", show_envvar=True,
                 help="Let smtp:// send in the open: for a server on this machine."),
    click.option("--webhooks-inside", is_flag=True, envvar="AVAL_WEBHOOKS_INSIDE", show_envvar=True,
                 help="Post to web addresses inside of the firm's own network as well."),
    click.option("--attempts", type=click.IntRange(1, 100), envvar="AVAL_ATTEMPTS", show_envvar=True, default=10,
                 show_default=True, help="How often a letter is tried before it is given up."),
    templates_option,
)  # fmt: skip
NAMES = ("sender", "sender_address", "smtp", "smtp_without_tls", "webhooks_inside", "attempts", "folder")


def sending_options(command: Command) -> Command:
    """The options of sending, each handed to the command by its name."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def read_sending(database: Database, peppers: tuple[bytes, ...], told: dict[str, Any]) -> Sending:
    """By which means letters are delivered. Raises: UsageError for a setting that cannot be."""
    from api.contact_address import is_mail_address
    from api.letter_files import read_letters
    from api.letter_writing import Writer, webhook_secret
    from api.operations.deliver import Sending

    if not told["sender"].strip():
        raise click.UsageError("nobody is named who writes; give --sender, the name that stands below letters")
    address = told["sender_address"]
    if address and not is_mail_address(address):
        raise click.UsageError(f"'{address}' is no address of mail; give one like dunning@firm.example")
    return Sending(
        database, read_letters(told["folder"]), Writer(told["sender"].strip(), address),
        read_mail_server(told["smtp"], told["smtp_without_tls"]),
        lambda customer_id: tuple(webhook_secret(pepper, customer_id) for pepper in peppers),
        random.random, told["attempts"], told["webhooks_inside"],
    )  # fmt: skip


def read_mail_server(url: str, without_tls: bool) -> MailServer | None:
    """The mail server that an operator names, None for none. Raises: UsageError for another text."""
    from api.posting import MailServer

    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (KeyError, ValueError):
        port, parts = 0, urlsplit("")
    if not port or not parts.hostname or parts.path.strip("/") or parts.query:
        raise click.UsageError("--smtp names no mail server; give smtp://USER@HOST:PORT or smtps://USER@HOST:PORT")
    if parts.password is not None:
        raise click.UsageError(f"a password does not belong into --smtp, where others can read it; set {PASSWORD}")
    security = "tls" if parts.scheme == "smtps" else "none" if without_tls else "starttls"
    password = os.environ.get(PASSWORD, "")
    if parts.username and not password:
        raise click.UsageError(f"the mail server's user '{parts.username}' has no password; set {PASSWORD}")
    return MailServer(parts.hostname, port, security, parts.username or "", password)


def peppers_of(database: str, pepper: str | None, previous: bytes | None) -> tuple[bytes, ...]:
    """The pepper and the one before it, as webhooks are signed with both while it is changed."""
    from api.commands.database import pepper_of

    first = pepper_of(database, pepper)
    return (first,) if previous is None else (first, previous)


