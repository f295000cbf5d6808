"""The Idempotency-Key: what it may be, and what it stands for."""

from __future__ import annotations

import threading

import pytest

from api.errors import Refused
from api.idempotency import InWork, body_hash, read_key


@pytest.mark.parametrize("value", ["a", "~" * 255, "SO-1/2026!", '"quoted"'])
def test_a_key_of_visible_characters_is_taken_as_it_is(value: str) -> None:
    assert read_key(value) == value


@pytest.mark.parametrize("value", ["", " ", "a b", "x" * 256, "é", "a\n", "a\x7f", "\x00", "键"])
def test_another_key_is_malformed(value: str) -> None:
    with pytest.raises(Refused) as refused:
        read_key(value)
    assert refused.value.type.name == "idempotency-key-malformed"


def test_no_key_is_missing() -> None:
    with pytest.raises(Refused) as refused:
        read_key(None)
    assert refused.value.type.name == "idempotency-key-missing"


def test_a_key_stands_for_an_operation_and_the_exact_bytes() -> None:
    hashes = {body_hash("decide", b"{}"), body_hash("decide", b"{ }"), body_hash("other", b"{}")}
    assert len(hashes) == 3


def test_a_key_in_work_is_refused_until_its_request_ends() -> None:
    in_work = InWork()
    with in_work.claim("erp", "k"):
        with pytest.raises(Refused) as refused, in_work.claim("erp", "k"):
            pass
        assert refused.value.type.status == 409
        with in_work.claim("other", "k"), in_work.claim("erp", "l"):
            pass
    with in_work.claim("erp", "k"):
        pass


def test_a_request_that_fails_gives_its_key_back() -> None:
    in_work = InWork()
    with pytest.raises(RuntimeError), in_work.claim("erp", "k"):
        raise RuntimeError
    with in_work.claim("erp", "k"):
        pass


def test_of_many_at_once_one_holds_the_key() -> None:
    in_work, held, gate = InWork(), [], threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        try:
            with in_work.claim("erp", "k"):
                held.append(1)
                assert done.wait(60)
        except Refused:
            refused.release()

    done, refused = threading.Event(), threading.Semaphore(0)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert all(refused.acquire(timeout=60) for _ in range(7))
    done.set()
    for thread in threads:
        thread.join()
    assert held == [1]
