"""The life of reservations against a model, and three faults, put in on purpose, that the model must find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from api.operations import change_reservation
from storage import reservations
from storage.reservations import Reservation
from tests.api.operations.reservation_machine import LITTLE, WHOLE_LIFE, ReservationMachine

pytestmark = pytest.mark.slow


def run(examples: int, steps: int, *, shrink: bool = True) -> None:
    """Let the machine run; a mutant need not be made small."""
    phases = (Phase.explicit, Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        ReservationMachine,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, phases=phases, database=None,
                          report_multiple_bugs=shrink, derandomize=not shrink, suppress_health_check=list(HealthCheck)),
    )  # fmt: skip


def test_the_ledger_does_what_the_model_does(soak: bool) -> None:
    run(500 if soak else 10, 50 if soak else 25)


def nothing_is_over(found: Reservation, now: datetime) -> None:
    """The fault: whatever happened, the reservation may be changed."""


def converts_more(found: Reservation) -> int:
    """The fault: as much as was held at first may always be converted."""
    return found.amount


def expires_early(found: Reservation, now: datetime) -> bool:
    """The fault: another clock, ten minutes ahead, decides what has expired."""
    return found.remaining > 0 and found.expires_at <= now + timedelta(minutes=10)


def allow_convert_after_void(patch: pytest.MonkeyPatch) -> None:
    """Nothing is ever over."""
    patch.setattr(change_reservation, "refuse_over", nothing_is_over)


def allow_more_than_remains(patch: pytest.MonkeyPatch) -> None:
    """What remains is taken for what was held."""
    patch.setattr(reservations.Reservation, "remaining", property(converts_more))


def let_another_clock_decide(patch: pytest.MonkeyPatch) -> None:
    """The clock of the machine runs ahead and is believed."""
    patch.setattr(reservations.Reservation, "is_due", expires_early)


@pytest.mark.parametrize("fault", [allow_convert_after_void, allow_more_than_remains])
def test_control_a_fault_is_found(fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):  # the model differs, or the ledger itself refuses first
        run(300, 30, shrink=False)  # it stops at the first one


def test_control_another_clock_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: chance alone hits the last minutes of a hold too seldom, and looked for them for minutes."""
    let_another_clock_decide(monkeypatch)
    machine = ReservationMachine()  # type: ignore[no-untyped-call]
    machine.open()
    try:
        held = machine.reserve(100)
        machine.step_clock(WHOLE_LIFE - LITTLE)
        with pytest.raises(AssertionError):
            machine.void(held)
    finally:
        machine.teardown()


def test_the_same_steps_are_right_by_the_clock_of_the_database() -> None:
    machine = ReservationMachine()  # type: ignore[no-untyped-call]
    machine.open()
    try:
        held, other = machine.reserve(100), machine.reserve(100)
        machine.step_clock(WHOLE_LIFE - LITTLE)
        machine.void(held)
        machine.step_clock(LITTLE)
        machine.sweep()
        machine.void(other)
        machine.ledger_and_model_agree()
    finally:
        machine.teardown()
