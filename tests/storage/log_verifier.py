"""A second verifier of exports, written from the format alone: it shares no line with storage.

It works another way round: it builds the tree from the top, by the definition, instead of growing it, and it says only
whether all is well. The tests ask both verifiers about the same files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

sys.setrecursionlimit(10_000)


def bytes_of(text: str) -> bytes:
    """Bytes from base64 in its one spelling."""
    decoded = base64.b64decode(text, validate=True)
    if base64.b64encode(decoded).decode() != text:
        raise ValueError("another spelling")
    return decoded


def tree(leaves: list[bytes]) -> bytes:
    """The root by the definition of RFC 9162, section 2.1.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + tree(leaves[:half]) + tree(leaves[half:])).digest()


def accepts(text: str, key_line: str) -> bool:
    """Whether an export is as it was signed."""
    try:
        return whole(text, key_line)
    except (KeyError, ValueError, TypeError, IndexError, InvalidSignature, AttributeError):
        return False


def whole(text: str, key_line: str) -> bool:
    head, *rest = [json.loads(line) for line in text.splitlines()]
    origin, size, root = signed(head["checkpoint"], key_line)
    entries = [one for one in rest if "seq" in one]
    policies = {one["policy"] for one in rest if "seq" not in one and policy_fits(one)}
    bodies = [bytes_of(one["entry"]) for one in entries]
    leaves = [hashlib.sha256(b"\x00" + body).digest() for body in bodies]
    told = [json.loads(body) for body in bodies]
    erased = {one["subject"] for one in told if one["kind"] == "record_erased"}
    return (
        len(entries) == size
        and [one["seq"] for one in entries] == list(range(size))
        and [bytes_of(one["leaf"]) for one in entries] == leaves
        and tree(leaves) == root
        and all(fits(one, entry, erased) for one, entry in zip(entries, told, strict=True))
        and {entry["policy"] for entry in told if entry["kind"] == "decision"} <= policies
        and len(policies) == len(rest) - len(entries)
        and (head["format"], head["origin"], head["size"]) == ("aval-log-1", origin, size)
    )


def signed(note: str, key_line: str) -> tuple[str, int, bytes]:
    """What the note says, once its only signature is good."""
    name, identity, encoded = key_line.split("+", 2)
    body, told = note.split("\n\n— " + name + " ")
    signature = bytes_of(told.removesuffix("\n"))
    if signature[:4].hex() != identity:
        raise ValueError("another key")
    Ed25519PublicKey.from_public_bytes(bytes_of(encoded)[1:]).verify(signature[4:], (body + "\n").encode())
    origin, size, root = body.split("\n")
    return origin, int(size), bytes_of(root)


def fits(one: dict, entry: dict, erased: set[str]) -> bool:  # type: ignore[type-arg]
    """Whether a record is what its entry says."""
    row = one["row"]
    if row is None:  # messages and letters tell themselves
        return one["id"] == entry["id"] and one["id"].startswith(("message-", "letter-"))
    if one["id"] != entry["id"] or any(entry[name] != value for name, value in row.items()):
        return False
    if entry["kind"] != "decision":
        return True
    if "erased" in one:
        return f"decision:{one['id']}" in erased
    salt = bytes_of(one["salt"])
    hidden = {name: bytes_of(held) for name, held in one["hidden"].items()}
    return entry["commitments"] == {
        name: hashlib.sha256(salt + name.encode() + b"\0" + held).hexdigest() for name, held in hidden.items()
    }


def policy_fits(one: dict) -> bool:  # type: ignore[type-arg]
    """Whether a policy's bytes have the digest that names it; policies with parts are left to the first verifier."""
    digest = hashlib.sha256(bytes_of(one["source"])).hexdigest()
    return bool(one["parts"]) or one["policy"] == f"sha256:{digest}"
