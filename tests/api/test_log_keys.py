"""The signing key and what it signed lie in files for their owner alone, and what is wrong with them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.log_keys import Remembered, load_log_key, make_log_key, memory_of
from storage.checkpoints import BadCheckpoint, Checkpoint, sign

NAME = "firm.example/credit"


def test_a_key_comes_back_from_its_file_which_others_cannot_read(tmp_path: Path) -> None:
    made = make_log_key(tmp_path / "key", NAME)
    assert load_log_key(tmp_path / "key").verifying == made.verifying
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_made_over_another(tmp_path: Path) -> None:
    first = make_log_key(tmp_path / "key", NAME)
    with pytest.raises(FileExistsError):
        make_log_key(tmp_path / "key", NAME)
    assert load_log_key(tmp_path / "key").verifying == first.verifying


@pytest.mark.parametrize("name", ["", "two words", "with+plus", "x" * 121, "名"])
def test_a_log_has_a_printable_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a log"):
        make_log_key(tmp_path / "key", name)
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize(
    "change", [lambda s: "", lambda s: s[12:], lambda s: s.replace("firm", "farm"), lambda s: "名"]
)
def test_a_file_that_is_no_key_is_told_without_what_stands_in_it(tmp_path: Path, change: object) -> None:
    made = make_log_key(tmp_path / "key", NAME)
    secret = made.private.private_bytes_raw()
    (tmp_path / "key").write_text(change((tmp_path / "key").read_text()))  # type: ignore[operator]
    with pytest.raises(ValueError, match="cannot be used") as fault:
        load_log_key(tmp_path / "key")
    assert secret.hex() not in str(fault.value)


def test_what_was_signed_is_remembered_and_nothing_else_is_believed(tmp_path: Path) -> None:
    key = make_log_key(tmp_path / "key", NAME)
    held = Remembered(memory_of(tmp_path / "key"), key.verifying)
    assert held.last() is None
    for size in (1, 2):
        held.keep(sign(Checkpoint(NAME, size, bytes(32)), key))
    assert held.last() == Checkpoint(NAME, 2, bytes(32))
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["key", "key.last"]
    memory_of(tmp_path / "key").write_text("something")
    with pytest.raises(BadCheckpoint):
        held.last()
