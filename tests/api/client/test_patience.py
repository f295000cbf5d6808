"""A caller waits longer each time, out of step with the others, and as long as it is told."""

from __future__ import annotations

from api.client.patience import Patience, new_key
from api.idempotency import read_key


def test_waits_double_up_to_the_longest() -> None:
    patience = Patience(first_wait=1.0, longest_wait=3.0)
    for tried, most in ((1, 1.0), (2, 2.0), (3, 3.0), (9, 3.0)):
        waits = [patience.wait(tried, None) for _ in range(200)]
        assert most / 2 <= min(waits) < max(waits) <= most


def test_what_the_service_asks_for_is_never_cut_short() -> None:
    waits = [Patience(first_wait=0.5, longest_wait=1.0).wait(1, 7.0) for _ in range(200)]
    assert 7.0 <= min(waits) < max(waits) <= 7.5


def test_a_new_key_is_new_and_one_that_the_service_takes() -> None:
    keys = [new_key() for _ in range(50)]
    assert len(set(keys)) == 50
    assert [read_key(key) for key in keys] == keys
