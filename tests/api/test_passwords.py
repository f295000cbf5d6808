"""Passwords: long, not the name, hashed within bounds, and checked in the same time for nobody."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher, extract_parameters

from api import passwords
from api.passwords import LANES, LONGEST, MEMORY_KIB, NOBODYS, PASSES, TooManyAtOnce, hashed, proves, weakness


@pytest.mark.parametrize(("password", "wrong"), [
    ("x" * 3 + "abcdefgh", "11 characters"), ("x" * 3 + "abcdefghi", None), ("abcdef" * 21 + "gh", None),
    ("abcdef" * 21 + "ghi", "129 characters"), ("four words of mine", None), ("ann-schmidt1", "is the name"),
    ("Ann-SchmidtAnn-Schmidt", "is the name"), ("ann-schmidt likes tea", None), ("password1234", "everybody tries"),
    ("Password!Password", "everybody tries"), ("aaaaaaaaaaaaaa", "fewer than five"),
    ("abcdabcdabcd", "fewer than five"), ("abcdeabcdeab", None), ("a\nb c d e f g h", "cannot be typed"),
    ("密码是四个词我自己想出来的", None),
])  # fmt: skip
def test_a_password_is_long_and_neither_the_name_nor_tried_first(password: str, wrong: str | None) -> None:
    found = weakness(password, "ann-schmidt")
    assert found is None if wrong is None else found is not None and wrong in found


def test_a_password_proves_itself_and_no_other_does() -> None:
    stored = hashed("four words of mine")
    assert "four words" not in stored
    assert proves("four words of mine", stored)
    assert not proves("four words of mind", stored)
    assert not proves("four words of mine", None)
    assert not proves("four words of mine" + "x" * LONGEST, stored)


def test_one_password_is_typed_in_two_ways() -> None:
    assert proves("cafe\u0301 au lait noir", hashed("caf\u00e9 au lait noir"))


def test_the_hash_of_nobody_costs_what_ours_costs_and_proves_nobody() -> None:
    asked = extract_parameters(NOBODYS)
    assert (asked.memory_cost, asked.time_cost, asked.parallelism) == (MEMORY_KIB, PASSES, LANES)
    assert asked == extract_parameters(hashed("four words of mine"))
    PasswordHasher().verify(NOBODYS, "x" * 12)
    assert not proves("x" * 12, NOBODYS[:-4] + "AAAA") and not proves("x" * 12, None)


@pytest.mark.parametrize("more", [{"memory_cost": MEMORY_KIB + 8}, {"time_cost": PASSES + 1}, {"parallelism": 2}])
def test_a_stored_hash_that_asks_for_more_is_not_computed(more: dict[str, int]) -> None:
    ours = {"memory_cost": MEMORY_KIB, "time_cost": PASSES, "parallelism": LANES}
    stored = PasswordHasher(**ours | more).hash("four words of mine")
    assert not proves("four words of mine", stored)
    assert not proves("four words of mine", "no hash at all")


def test_only_so_many_are_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.01)
    for _ in range(passwords.MOST_AT_ONCE):
        assert passwords._ROOM.acquire(blocking=False)
    try:
        with pytest.raises(TooManyAtOnce):
            proves("four words of mine", None)
    finally:
        for _ in range(passwords.MOST_AT_ONCE):
            passwords._ROOM.release()
    assert not proves("four words of mine", None)


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    stored = hashed("four words of mine")

    def fastest(one: str | None) -> float:
        times = []
        for _ in range(5):
            began = time.process_time()
            proves("another four words", one)
            times.append(time.process_time() - began)
        return min(times)

    assert 0.5 < fastest(None) / fastest(stored) < 2
