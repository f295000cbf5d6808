"""The key that signs the transparency log's checkpoints, and what its owner remembers of them, as files.

Both lie where the database does not: whoever can write the database can neither sign another log nor make the signer
forget the last one it signed. Only the process that runs the sequencer reads the key.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.checkpoints import (
    KEY_NAME,
    BadCheckpoint,
    Checkpoint,
    SigningKey,
    VerifyingKey,
    read_checkpoint,
    read_signing_key,
    write_signing_key,
)


def make_log_key(path: Path, name: str) -> SigningKey:
    """A fresh key in a new file that only its owner may read.

    Raises: ValueError for a name that is none, FileExistsError where the file is there, OSError where it fails.
    """
    if not KEY_NAME.fullmatch(name):
        raise ValueError(f"'{name}' is no name of a log; write letters without spaces, such as firm.example/log")
    key = SigningKey(name, Ed25519PrivateKey.generate())
    with open(path, "x", encoding="ascii", opener=_private) as new:
        new.write(write_signing_key(key))
    return key


def load_log_key(path: Path) -> SigningKey:
    """The key in a file.

    Raises: ValueError where the file is no key, OSError where it cannot be read.
    """
    try:
        return read_signing_key(path.read_text("ascii"))
    except (BadCheckpoint, UnicodeDecodeError) as fault:
        raise ValueError(f"'{path}' cannot be used: {fault}") from None


class Remembered:
    """The last checkpoint that was signed with a key, in a file beside it."""

    def __init__(self, path: Path, key: VerifyingKey) -> None:
        """Remember in this file what this key signed."""
        self._path, self._key = path, key

    def last(self) -> Checkpoint | None:
        """The last one, or None where none was signed.

        Raises: BadCheckpoint where the file holds something else: then nobody knows what was signed.
        """
        try:
            note = self._path.read_text("utf-8")
        except FileNotFoundError:
            return None
        return read_checkpoint(note, self._key)

    def keep(self, note: str) -> None:
        """Remember this one, on the disk before anything else happens."""
        beside = self._path.with_name(self._path.name + ".new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as new:
            new.write(note)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(self._path)


def memory_of(key_file: Path) -> Path:
    """Where the owner of a key remembers what it signed."""
    return key_file.with_name(key_file.name + ".last")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
