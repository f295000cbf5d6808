"""Checkpoints are read as other logs' tools read them, and nothing but the very text that was signed passes."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.checkpoints import (
    BadCheckpoint,
    Checkpoint,
    SigningKey,
    VerifyingKey,
    check_signatures,
    read_checkpoint,
    read_verifying_key,
    sign,
)

KEY = SigningKey("aval.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ROOT = bytes(range(32, 64))
NOTE = sign(Checkpoint("aval.example/log", 1234, ROOT), KEY)


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    assert read_checkpoint(NOTE, KEY.verifying) == Checkpoint("aval.example/log", 1234, ROOT)
    assert NOTE.startswith(
        "aval.example/log\n1234\nICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n\n— aval.example/log "
    )


def test_a_key_is_one_line_that_comes_back() -> None:
    assert read_verifying_key(str(KEY.verifying)) == KEY.verifying


def test_the_published_example_of_a_signed_note_is_good() -> None:
    """Source: the example of C2SP's specification `signed-note`."""
    key = read_verifying_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    line = (
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    check_signatures("This is an example message.\n", [line], key)
    with pytest.raises(BadCheckpoint, match="does not belong"):
        check_signatures("This is another message.\n", [line], key)


def test_signatures_of_others_are_passed_over() -> None:
    witness = SigningKey("witness.example", Ed25519PrivateKey.generate())
    body, _, signed = NOTE.rpartition("\n\n")
    other = sign(Checkpoint("aval.example/log", 1234, ROOT), witness).rpartition("\n\n")[2]
    for signatures in (signed + other, other + signed):
        assert read_checkpoint(f"{body}\n\n{signatures}", KEY.verifying).size == 1234


def test_every_changed_character_is_noticed() -> None:
    for place, was in enumerate(NOTE):
        for other in {"A", "7", "\n", " "} - {was}:
            with pytest.raises(BadCheckpoint):
                read_checkpoint(NOTE[:place] + other + NOTE[place + 1 :], KEY.verifying)
        with pytest.raises(BadCheckpoint):
            read_checkpoint(NOTE[:place] + NOTE[place + 1 :], KEY.verifying)


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("", "ends in an empty line"),
        (NOTE.rstrip("\n"), "ends in an empty line"),
        (NOTE + "— somebody A\n", "no signature"),
        (NOTE * 200, "at most 16384 characters"),
        (NOTE.rpartition("\n\n")[0] + "\n\n" + NOTE.rpartition("\n\n")[2] * 17, "ends in an empty line"),
        (sign(Checkpoint("aval.example/log", 1, ROOT[:-1]), KEY), "32 bytes in base64"),
    ],
)
def test_what_is_no_checkpoint_says_why(note: str, told: str) -> None:
    with pytest.raises(BadCheckpoint, match=told):
        read_checkpoint(note, KEY.verifying)


def test_another_key_of_the_same_name_is_not_this_one() -> None:
    other = SigningKey("aval.example/log", Ed25519PrivateKey.generate())
    with pytest.raises(BadCheckpoint, match="is not signed by 'aval.example/log' with the key"):
        read_checkpoint(NOTE, other.verifying)
    # one who writes the true key's identity before another key's signature gets no further
    forged = sign(Checkpoint("aval.example/log", 1234, ROOT), other)
    stolen = VerifyingKey(KEY.name, other.verifying.public)
    assert read_checkpoint(forged, stolen).size == 1234
    with pytest.raises(BadCheckpoint):
        read_checkpoint(forged, KEY.verifying)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "one line"),
        ("name only", "one line"),
        ("a name+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "one line"),
        ("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "identity is 530d903a"),
        ("example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "no Ed25519 key"),
        ("example.com/foo+530d903a+Aeky", "no Ed25519 key"),
        ("example.com/foo+530d903a+~", "no Ed25519 key"),
    ],
)
def test_what_is_no_key_says_why(line: str, told: str) -> None:
    with pytest.raises(BadCheckpoint, match=told):
        read_verifying_key(line)


def test_a_signing_key_never_shows_its_secret() -> None:
    assert repr(KEY) == f"SigningKey({KEY.verifying})"
    assert KEY.private.private_bytes_raw().hex() not in repr(KEY)
