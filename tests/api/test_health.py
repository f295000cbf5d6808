"""Alive is not ready: what is missing for a decision is said, and is a 503."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.app import create_app
from api.health import readiness
from api.settings import Settings
from rules import durable
from storage.failures import Unavailable
from tests.api.service import PEPPER, Service, start_service


def wrong(service: Service) -> dict[str, str]:
    """What is not ready, by its check."""
    answer = service.send("GET", "/readyz")
    body = json.loads(answer.data)
    assert (answer.status_code == 200) == body["ready"]
    return {one["check"]: one["wrong"] for one in body["checks"] if not one["ok"]}


def test_a_process_that_answers_is_alive(tmp_path: Path) -> None:
    app = create_app(Settings(database=str(tmp_path / "none.db"), pepper=PEPPER))
    assert app.test_client().get("/healthz").json == {"status": "ok"}


def test_a_whole_service_is_ready(service: Service) -> None:
    assert wrong(service) == {}


def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    app = create_app(Settings(database=str(tmp_path / "empty.db"), pepper=PEPPER))
    assert "aval db upgrade" in wrong(Service(app))["database"]


def test_a_service_without_a_policy_is_not_ready(tmp_path: Path) -> None:
    told = wrong(start_service(tmp_path, policy=False))
    assert told == {"policy": "no policy is in effect; run: aval policy publish FILE"}


def test_a_database_that_cannot_be_read_is_not_ready(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def looking() -> None:
        raise Unavailable("disk gone, and a secret")

    monkeypatch.setattr(service.held.database, "looking", looking)
    found = wrong(service)
    assert list(found) == ["database"] and "secret" not in found["database"]


def test_a_missing_second_engine_is_told_unless_one_is_allowed(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(durable, "AVAILABLE", False)
    assert "second engine" in wrong(service)["engines"]
    single = create_app(Settings(database=service.held.settings.database, pepper=PEPPER, allow_single=True))
    assert [one.check for one in readiness(single.extensions["aval"]) if one.check == "engines" and one.wrong] == []
