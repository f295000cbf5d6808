"""Settings are checked when they are made, and tell no pepper."""

from __future__ import annotations

import pytest

from api.settings import Settings


def test_settings_with_a_short_pepper_are_refused() -> None:
    for peppers in ({"pepper": b"short"}, {"pepper": b"p" * 32, "previous_pepper": b"short"}):
        with pytest.raises(AssertionError):
            Settings(database="x.db", **peppers)  # type: ignore[arg-type]


def test_the_pepper_does_not_show_in_the_settings() -> None:
    shown = repr(Settings(database="x.db", pepper=b"p" * 32, previous_pepper=b"q" * 32))
    assert "ppp" not in shown and "qqq" not in shown


@pytest.mark.parametrize("wrong", [{"reservation_hours": 0}, {"page_size": 0}, {"page_size": 201}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        Settings(database="x.db", pepper=b"p" * 32, **wrong)  # type: ignore[arg-type]
