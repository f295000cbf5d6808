"""Settings are checked when they are made, and a pepper is made once and kept from others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from api.settings import Settings, read_pepper, read_previous_pepper


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
    with pytest.raises(AssertionError):
        Settings(database="x.db", pepper=b"short")


def test_the_pepper_before_is_read_and_never_made(tmp_path: Path) -> None:
    first = read_pepper(tmp_path / "pepper")
    assert read_previous_pepper(tmp_path / "pepper") == first
    with pytest.raises(FileNotFoundError):
        read_previous_pepper(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "short").write_bytes(b"short")
    with pytest.raises(ValueError, match="holds 5 bytes"):
        read_previous_pepper(tmp_path / "short")
    with pytest.raises(AssertionError):
        Settings(database="x.db", pepper=first, previous_pepper=b"short")


def test_the_pepper_does_not_show_in_the_settings() -> None:
    shown = repr(Settings(database="x.db", pepper=b"p" * 32, previous_pepper=b"q" * 32))
    assert "ppp" not in shown and "qqq" not in shown


@pytest.mark.parametrize("wrong", [{"reservation_hours": 0}, {"page_size": 0}, {"page_size": 201}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        Settings(database="x.db", pepper=b"p" * 32, **wrong)  # type: ignore[arg-type]
