"""The cache of loaded policies: built once, outside of the lock, closed after the last user and never before."""

from __future__ import annotations

import threading

import pytest

from api.policies import LoadedPolicy, PolicyCache, UnknownPolicy
from storage.policies import PolicyVersion
from tests.fakes import OnlyTheLimit, a_program, a_version


class Workshop:
    """Builds policies and keeps what it built, by digest."""

    def __init__(self) -> None:
        self.built: dict[str, list[OnlyTheLimit]] = {}
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.began = threading.Semaphore(0)
        self.fault: Exception | None = None

    def read(self, digest: str) -> PolicyVersion | None:
        """Every digest is stored but one."""
        return None if digest == "unknown" else a_version(digest)

    def build(self, version: PolicyVersion) -> LoadedPolicy:
        """Build when allowed to."""
        self.began.release()
        assert self.may_go_on.wait(60)
        if self.fault is not None:
            raise self.fault
        evaluator = OnlyTheLimit()
        self.built.setdefault(version.digest, []).append(evaluator)
        return LoadedPolicy(version, a_program(), evaluator)

    def closed(self, digest: str) -> list[bool]:
        """Which of the built ones are closed."""
        return [evaluator.closed for evaluator in self.built[digest]]


def test_a_policy_is_built_once() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build)
    for _ in range(3):
        with cache.use("a") as loaded:
            assert loaded.version.digest == "a"
    assert len(shop.built["a"]) == 1


def test_threads_that_want_the_same_policy_wait_for_one_build() -> None:
    shop = Workshop()
    shop.may_go_on.clear()
    cache = PolicyCache(shop.read, shop.build)
    found: list[LoadedPolicy] = []

    def want() -> None:
        with cache.use("a") as loaded:
            found.append(loaded)

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert shop.began.acquire(timeout=60)
    shop.may_go_on.set()
    for thread in threads:
        thread.join(60)
    assert len(shop.built["a"]) == 1 and len(found) == 8


def test_a_build_does_not_hold_up_another_policy() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build)
    with cache.use("a"):
        pass
    shop.began.acquire(timeout=60)
    shop.may_go_on.clear()
    slow = threading.Thread(target=lambda: cache.use("b").__enter__())
    slow.start()
    assert shop.began.acquire(timeout=60)
    with cache.use("a") as loaded:  # would hang if the build held the lock
        assert loaded.version.digest == "a"
    shop.may_go_on.set()
    slow.join(60)


def test_a_policy_left_behind_is_closed_after_its_last_user() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build, keep=1)
    with cache.use("a"):
        with cache.use("b"):
            assert shop.closed("a") == [False]
        assert shop.closed("a") == [False]
    assert (shop.closed("a"), shop.closed("b"), cache.loaded()) == ([True], [False], ("b",))


def test_the_least_recently_used_goes_first() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build, keep=2)
    for digest in ("a", "b", "a", "c"):
        with cache.use(digest):
            pass
    assert cache.loaded() == ("a", "c")
    assert (shop.closed("a"), shop.closed("b")) == ([False], [True])


def test_closing_the_cache_closes_all_but_what_is_in_use() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build)
    with cache.use("a"):
        pass
    with cache.use("b"):
        cache.close()
        assert (shop.closed("a"), shop.closed("b")) == ([True], [False])
    assert shop.closed("b") == [True]


def test_an_unknown_digest_is_not_kept() -> None:
    cache = PolicyCache(Workshop().read, Workshop().build)
    for _ in range(2):
        with pytest.raises(UnknownPolicy), cache.use("unknown"):
            pass
    assert cache.loaded() == ()


def test_a_build_that_failed_is_tried_again() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build)
    shop.fault = ValueError("broken")
    with pytest.raises(ValueError, match="broken"), cache.use("a"):
        pass
    shop.fault = None
    with cache.use("a") as loaded:
        assert loaded.version.digest == "a"


def test_a_fault_of_the_user_leaves_the_policy_usable() -> None:
    shop = Workshop()
    cache = PolicyCache(shop.read, shop.build)
    with pytest.raises(RuntimeError), cache.use("a"):
        raise RuntimeError
    with cache.use("a"):
        assert len(shop.built["a"]) == 1
