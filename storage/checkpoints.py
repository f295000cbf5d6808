"""Checkpoints: the log's size and root, signed, as one short text that anybody may keep and compare.

Whoever holds a checkpoint can show later that the log was changed behind it. The text is a signed note as other public
logs write it, so that their tools read ours: three lines (the log's name, its size, its root), an empty line, and a
line per signature. A key is given out as one line too, with a name that says whose it is. Source: C2SP, the
specifications `signed-note` and `tlog-checkpoint`; signatures are Ed25519 (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.merkle import HASH_BYTES

LARGEST_NOTE = 16_384  # bytes; three lines and a handful of signatures
MOST_SIGNATURES = 16
ED25519 = b"\x01"
SECRET_MARK = "PRIVATE+KEY+"
KEY_NAME = re.compile(r"[!-*,-~]{1,120}")  # printable ASCII without space and plus
SIGNATURE_LINE = re.compile(r"— ([!-*,-~]{1,120}) ([A-Za-z0-9+/]{1,200}={0,2})")
SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class BadCheckpoint(ValueError):
    """A checkpoint or key that cannot be read, or whose signature is not that of the key; the text says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` as it was with `size` entries: its root covers each of them."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """Whose signature is looked for: the key's name and its 32 public bytes."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before each signature of this key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The line that is given out: name, identity, public bytes."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs checkpoints: its name, and 32 secret bytes that are never shown."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifying(self) -> VerifyingKey:
        """The half that may be given out."""
        return VerifyingKey(self.name, self.private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        """The public half alone, as representations end up in logs."""
        return f"SigningKey({self.verifying})"


def read_verifying_key(line: str) -> VerifyingKey:
    """A key from the line that was given out.

    Raises: BadCheckpoint for another shape, a name that does not fit its identity, or a key of another kind.
    """
    parts = line.strip().split("+", 2)
    if len(parts) != 3 or not KEY_NAME.fullmatch(parts[0]):
        raise BadCheckpoint("a key is one line: NAME+IDENTITY+BYTES")
    decoded = decode(parts[2])
    if decoded is None or decoded[:1] != ED25519 or len(decoded) != 33:
        raise BadCheckpoint("the key is no Ed25519 key")
    key = VerifyingKey(parts[0], decoded[1:])
    if key.key_id.hex() != parts[1]:
        raise BadCheckpoint(f"the key's identity is {key.key_id.hex()}, the line says '{parts[1][:16]}'")
    return key


def body_of(checkpoint: Checkpoint) -> str:
    """The three lines that are signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The checkpoint as a signed note."""
    assert KEY_NAME.fullmatch(key.name) and KEY_NAME.fullmatch(checkpoint.origin), "names are printable, without spaces"
    body = body_of(checkpoint)
    signature = base64.b64encode(key.verifying.key_id + key.private.sign(body.encode())).decode()
    return f"{body}\n— {key.name} {signature}\n"


def read_checkpoint(note: str, key: VerifyingKey) -> Checkpoint:
    """The checkpoint in a note, once this key's signature on it is good; signatures of other keys are passed over.

    Raises: BadCheckpoint where the text is no checkpoint, or this key has not signed exactly this text.
    """
    if len(note) > LARGEST_NOTE:
        raise BadCheckpoint(f"a checkpoint has at most {LARGEST_NOTE} characters")
    body, between, signed = note.rpartition("\n\n")
    lines = signed.split("\n")
    if not between or lines[-1] != "" or not 1 <= len(lines) - 1 <= MOST_SIGNATURES:
        raise BadCheckpoint("a checkpoint ends in an empty line and its signatures")
    check_signatures(body + "\n", lines[:-1], key)
    return read_body(body + "\n")


def check_signatures(body: str, lines: list[str], key: VerifyingKey) -> None:
    """Raise BadCheckpoint unless each line is a signature line and the first by this key is good."""
    found = None
    for line in lines:
        match = SIGNATURE_LINE.fullmatch(line)
        decoded = decode(match[2]) if match else None
        if match is None or decoded is None or len(decoded) < 5:
            raise BadCheckpoint("a line of signatures is no signature")
        if found is None and match[1] == key.name and decoded[:4] == key.key_id:
            found = decoded[4:]
    if found is None:
        raise BadCheckpoint(f"the checkpoint is not signed by '{key.name}' with the key {key.key_id.hex()}")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(found, body.encode())
    except (InvalidSignature, UnicodeEncodeError) as error:
        raise BadCheckpoint("the signature does not belong to this text") from error


def read_body(body: str) -> Checkpoint:
    """The three lines of a checkpoint; further lines, which other logs may add, are passed over."""
    lines = body.split("\n")
    if len(lines) < 4 or not KEY_NAME.fullmatch(lines[0]) or not SIZE.fullmatch(lines[1]):
        raise BadCheckpoint("a checkpoint begins with the log's name, its size and its root")
    root = decode(lines[2])
    if root is None or len(root) != HASH_BYTES:
        raise BadCheckpoint("the root of a checkpoint is 32 bytes in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def decode(text: str) -> bytes | None:
    """Strict base64, or None; one value has one spelling only."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


def write_signing_key(key: SigningKey) -> str:
    """The key with its secret, as the one line of the file that its owner alone may read."""
    public = key.verifying
    secret = base64.b64encode(ED25519 + key.private.private_bytes_raw()).decode()
    return f"{SECRET_MARK}{public.name}+{public.key_id.hex()}+{secret}\n"


def read_signing_key(line: str) -> SigningKey:
    """A key from the line of its file.

    Raises: BadCheckpoint for another shape, without a word of what was found.
    """
    parts = line.strip().removeprefix(SECRET_MARK).split("+", 2)
    decoded = decode(parts[2]) if len(parts) == 3 else None
    if not line.startswith(SECRET_MARK) or decoded is None or decoded[:1] != ED25519 or len(decoded) != 33:
        raise BadCheckpoint("it holds no signing key of a log")
    if not KEY_NAME.fullmatch(parts[0]):
        raise BadCheckpoint("the name in it is no name of a log")
    key = SigningKey(parts[0], Ed25519PrivateKey.from_private_bytes(decoded[1:]))
    if key.verifying.key_id.hex() != parts[1]:
        raise BadCheckpoint("the key in it does not fit its own identity; it was changed")
    return key
