"""Alive is not ready: what is missing for a decision is said, and is a 503."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from api.app import create_app
from api.health import readiness
from api.settings import Settings
from rules import durable
from storage.failures import Busy, Unavailable
from storage.outbox import Delivery, Message
from storage.schema import downgrade, newest_revision, upgrade
from storage.sqlite_database import LEAST_FREE
from tests.api.service import PEPPER, Service, an_order, start_service
from tests.fakes import OnlyTheLimit
from tests.postgres import Server, name_of


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


def test_letters_that_were_given_up_are_told_and_orders_are_decided_all_the_same(service: Service) -> None:
    service.put_customer("C-9")
    with service.held.database.write() as work:
        version = work.policies.effective()
        assert version is not None
        day = date(2026, 1, 4)
        work.outbox.put(Message("M-1", "C-9", "letter", "demand", "email", "demand", ("I-1",), day, version.digest))
        [leased] = work.outbox.lease(1, 60.0)
    assert wrong(service) == {}
    with service.held.database.write() as work:
        work.outbox.record(leased, Delivery("dead", date(2026, 1, 4), "sender", "no answer"))
    told = "1 were given up and wait for a person; see: aval outbox list --state dead"
    assert (wrong(service), service.send("GET", "/readyz").status_code) == ({"letters": told}, 200)


@pytest.mark.parametrize("waits", [True, False])
def test_entries_that_nobody_signs_make_a_service_unready_after_their_delay(service: Service, waits: bool) -> None:
    """Orders are decided all the same, and their entries wait; without a key nobody signs one."""
    service.put_customer("C-9")
    delay = 0.0 if waits else 3600.0
    object.__setattr__(service.held, "settings", replace(service.held.settings, log_delay_seconds=delay))
    found = wrong(service)
    assert set(found) == ({"log"} if waits else set())
    assert not waits or found["log"].endswith("see that 'aval log run' runs, and its alarms")
    assert service.send("GET", "/readyz").status_code == (503 if waits else 200)
    assert service.decide(an_order("1.00"), "waits").status_code == 201


def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    app = create_app(Settings(database=str(tmp_path / "empty.db"), pepper=PEPPER))
    assert wrong(Service(app)) == {"tables": "there are none yet; run: aval db upgrade"}


def test_tables_of_another_version_are_told_with_what_to_do(service: Service) -> None:
    database = service.held.database
    downgrade(database, "0003")
    newest = newest_revision()
    assert wrong(service) == {"tables": f"they are at 0003, this program wants {newest}; run: aval db upgrade"}
    upgrade(database)
    with database.alone() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert wrong(service) == {"tables": "they are at 9999, which this program does not know; install the newer aval"}


def test_a_server_that_is_away_is_told_as_one() -> None:
    app = create_app(Settings(database="postgresql://me:secret@127.0.0.1:1/aval", pepper=PEPPER))
    found = wrong(Service(app))
    assert list(found) == ["database"] and "address" in found["database"] and "secret" not in found["database"]
    assert Service(app).send("GET", "/healthz").status_code == 200


def test_a_file_that_takes_no_writes_is_told(service: Service) -> None:
    service.held.database.dispose()
    lock = Path(f"{service.held.settings.database}-lock")
    lock.unlink()
    lock.mkdir()  # even root cannot open a folder for writing
    assert "mounted read-only" in wrong(service)["writes"]


def test_a_disk_without_room_is_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    left = SimpleNamespace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: left)
    assert wrong(service) == {"writes": "its disk has 5 MB left; make room"}
    left.free = LEAST_FREE
    assert wrong(service) == {}


def test_others_that_write_are_no_fault(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.held.database, "alone", Mock(side_effect=Busy("told")))
    assert wrong(service) == {}


def test_engines_that_differ_on_most_orders_are_told_and_on_one_are_not(tmp_path: Path) -> None:
    evaluator = OnlyTheLimit()
    service = start_service(tmp_path, evaluator)
    service.put_customer(granted_limit="1.00")
    for number in range(6):
        evaluator.engines = "disagreed" if number == 0 else "agreed"
        service.decide(an_order("2.00"), f"k-{number}")
    assert wrong(service) == {}
    for number in range(6, 16):
        evaluator.engines = "second_faulted"
        service.decide(an_order("2.00"), f"k-{number}")
    assert "they differ on most orders" in wrong(service)["engines"]


@pytest.mark.postgres
def test_a_server_that_is_closed_for_writes_is_told(server: Server) -> None:
    location = server.fresh()
    service = start_service(location)
    assert wrong(service) == {}
    server.tell(f"ALTER DATABASE {name_of(location)} SET default_transaction_read_only = on")
    service.held.database.dispose()
    assert "closed for writes" in wrong(service)["writes"]
    service.held.database.dispose()
    server.drop(location)


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
