"""How often one may ask: counted for each client apart, in shares of the workers, and never against a good key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.errors import Refused
from api.limits import Limit, Limits, LimitSettings
from tests.api.service import Service, an_order, start_service


def limited(folder: Path, **settings: int) -> tuple[Service, list[float]]:
    """A service with limits, and the clock that it counts by."""
    service = start_service(folder)
    clock = [0.0]
    limits = Limits(LimitSettings(**settings), lambda: clock[0])
    service.app.extensions["aval"] = replace(service.held, limits=limits)
    return service, clock


def ask(service: Service, key: str = "collector", **headers: str) -> int:
    """Ask for a list, and give the status."""
    return service.send("GET", "/v1/customers", key, **headers).status_code


@pytest.mark.parametrize(("limit", "workers", "share"), [(10, 1, 10), (10, 3, 4), (1, 8, 1), (0, 4, 0), (12, 4, 3)])
def test_each_worker_lets_its_share_through(limit: int, workers: int, share: int) -> None:
    assert LimitSettings(workers=workers).share(limit) == share


@pytest.mark.parametrize("wrong", [{"requests_per_minute": -1}, {"failures_per_minute": -1}, {"workers": 0}])
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        LimitSettings(**wrong)


def test_the_last_of_a_limit_passes_and_the_next_waits() -> None:
    clock = [0.0]
    limit = Limit(3, lambda: clock[0])
    for _ in range(3):
        limit.refuse_used_up("a")
        limit.take("a")
    for asked in (limit.take, limit.refuse_used_up):
        with pytest.raises(Refused) as refused:
            asked("a")
        assert (refused.value.type.status, refused.value.headers["Retry-After"]) == (429, "20")
    limit.take("b")
    clock[0] = 19.9
    with pytest.raises(Refused):
        limit.take("a")
    clock[0] = 20.0
    limit.refuse_used_up("a")
    limit.take("a")


def test_looking_counts_nothing() -> None:
    limit = Limit(1, lambda: 0.0)
    for _ in range(5):
        limit.refuse_used_up("a")
    limit.take("a")
    with pytest.raises(Refused):
        limit.refuse_used_up("a")


def test_no_limit_lets_everything_through() -> None:
    limit = Limit(0)
    for _ in range(1000):
        limit.take("a")
        limit.refuse_used_up("a")


def test_a_client_that_asks_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    service, clock = limited(tmp_path, requests_per_minute=2)
    assert [ask(service), ask(service), ask(service), ask(service, "approver")] == [200, 200, 429, 200]
    clock[0] = 30.0
    assert ask(service) == 200


def test_what_is_refused_for_its_number_is_told_and_decides_nothing(tmp_path: Path) -> None:
    service, _ = limited(tmp_path, requests_per_minute=1)
    service.put_customer()
    assert ask(service, "order_system") == 200
    answer = service.decide(an_order())
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (429, "/problems/too-many-requests")
    assert answer.headers["Retry-After"] == "60"
    assert service.counted()["decision"] == 0


def test_wrong_keys_are_counted_and_good_ones_pass_all_the_same(tmp_path: Path) -> None:
    service, _ = limited(tmp_path, failures_per_minute=2)
    wrong = f"Bearer {service.keys['admin'][:-4]}AAAA"
    assert [ask(service, "", Authorization=wrong) for _ in range(3)] == [401, 401, 429]
    assert [ask(service, "") for _ in range(2)] == [429, 429]
    assert ask(service) == 200


def test_a_forbidden_request_is_no_failure_of_the_key(tmp_path: Path) -> None:
    service, _ = limited(tmp_path, failures_per_minute=1)
    assert [service.send("GET", "/v1/events", "collector").status_code for _ in range(3)] == [403, 403, 403]
