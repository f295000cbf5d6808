"""The sweep beside the service and the command: both end what is past its expiry, and a failing look is tried again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from api import expiring
from api.commands.reservations import expire
from api.expiring import Sweeping
from storage.failures import Busy
from tests.api.resources.test_reservations import exposure, held
from tests.api.service import Service, start_service


@pytest.fixture
def short(tmp_path: Path) -> Service:
    """A service whose approvals hold for a moment only."""
    service = start_service(tmp_path)
    service.put_customer()
    object.__setattr__(service.held.settings, "reservation_hours", 0.2 / 3600)
    return service


def wait_for(service: Service, reserved: str) -> bool:
    """Whether so much is reserved within a minute."""
    for _ in range(1200):
        if exposure(service)[2] == reserved:
            return True
        time.sleep(0.05)
    return False


def test_the_sweep_frees_what_expired_after_a_look_that_failed(short: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    original, failed = expiring.expire_reservations, []

    def fail_once(*given: object) -> object:
        if not failed:
            failed.append(True)
            raise Busy("busy")
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(expiring, "expire_reservations", fail_once)
    held(short)
    sweeping = Sweeping(short.held.database, 0.05)
    sweeping.start()
    try:
        assert wait_for(short, "0.00") and failed
    finally:
        sweeping.stop()
        sweeping.join(60)
    assert not sweeping.is_alive()


def test_the_command_tells_what_it_freed(short: Service) -> None:
    reservation = held(short, "400.00")
    time.sleep(0.3)
    database = short.held.settings.database
    told = CliRunner().invoke(expire, ["--database", database])
    assert told.output == f"{reservation}: 400.00 CNY of order 'SO-1' is free again\n1 reservation expired\n"
    assert CliRunner().invoke(expire, ["--database", database]).output == "0 reservations expired\n"
    assert exposure(short) == ("0.00", "0.00", "0.00")
    shown = short.send("GET", f"/v1/reservations/{reservation}", "order_system").json
    assert shown is not None and shown["reservation"]["state"] == "expired"
