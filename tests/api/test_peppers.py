"""A pepper is made once and kept from others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from api.peppers import read_pepper, read_previous_pepper


def test_a_pepper_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    first = read_pepper(path)
    assert len(first) == 32 and read_pepper(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_peppers_are_not_the_same(tmp_path: Path) -> None:
    assert read_pepper(tmp_path / "a") != read_pepper(tmp_path / "b")


def test_a_short_pepper_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pepper").write_bytes(b"short")
    with pytest.raises(ValueError, match="holds 5 bytes"):
        read_pepper(tmp_path / "pepper")


def test_the_pepper_before_is_read_and_never_made(tmp_path: Path) -> None:
    first = read_pepper(tmp_path / "pepper")
    assert read_previous_pepper(tmp_path / "pepper") == first
    with pytest.raises(FileNotFoundError):
        read_previous_pepper(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "short").write_bytes(b"short")
    with pytest.raises(ValueError, match="holds 5 bytes"):
        read_previous_pepper(tmp_path / "short")
