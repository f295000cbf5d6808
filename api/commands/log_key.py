"""Where the key that signs the log lies, and how a command reads it, or the public half of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storage.engine import read_location, server_url

if TYPE_CHECKING:
    from storage.checkpoints import SigningKey, VerifyingKey

log_key_option = click.option(
    "--log-key", metavar="PATH", envvar="AVAL_LOG_KEY", show_envvar=True,
    help="The file with the key that signs the log  [default: beside the database]",
)  # fmt: skip


def key_file(database: str, log_key: str | None) -> Path:
    """Where the signing key lies. Raises: UsageError where a database server would have to keep it."""
    if log_key:
        return Path(log_key)
    if server_url(database) is not None:
        raise click.UsageError("a database server keeps no key; name its file with --log-key")
    return read_location(database).with_suffix(".log-key")


def key_of(database: str, log_key: str | None) -> SigningKey:
    """The signing key. Raises: UsageError where its file cannot be used."""
    from api.log_keys import load_log_key

    path = key_file(database, log_key)
    try:
        return load_log_key(path)
    except OSError as fault:
        raise click.UsageError(
            f"cannot read '{path}' ({fault.strerror}); make a key with: aval log create-key --name NAME"
        ) from None
    except ValueError as fault:
        raise click.UsageError(f"{fault}; name another file with --log-key") from None


def public_key(told: str) -> VerifyingKey:
    """A public key from its line, or from the file that holds the line. Raises: UsageError."""
    from storage.checkpoints import BadCheckpoint, read_verifying_key

    try:
        path = Path(told)
        line = path.read_text("ascii") if len(told) < 4096 and path.is_file() else told
        return read_verifying_key(line)
    except (BadCheckpoint, OSError, UnicodeDecodeError) as fault:
        raise click.UsageError(f"--key: {fault}; print it with: aval log show-key") from None
