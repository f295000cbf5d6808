"""A ladder counts from days that somebody tells, and from acts that it alone names: both come over HTTP."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from werkzeug.test import TestResponse

from tests.api.operations.test_escalate import PER_INVOICE, owe, run, steps, written
from tests.api.operations.test_tell_limit import today
from tests.api.service import Service, publish, start_real_service

WAITING = """escalation:
  strict:
    - {step: reminder, at: delivered + 3 days, do: send written_reminder by letter}
    - {step: call, at: entered + 5 days, do: task phone_call for collector}
    - {step: agency, at: agency chosen by credit_manager, do: propose agency to credit_manager}
"""


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes one invoice, under a ladder that counts from told days and an act, on each kind of database."""
    service = start_real_service(location)
    publish(service, "collecting.yaml", written(WAITING, PER_INVOICE))
    owe(service, "I-1", today(service) - timedelta(10))
    return service


def tell(service: Service, what: str, day: date, key: str = "d-1", invoice_id: str = "I-1") -> TestResponse:
    """Tell a day of an invoice of C-1."""
    path = f"/v1/customers/C-1/invoices/{invoice_id}/days"
    return service.send("POST", path, "order_system", {"what": what, "day": str(day)}, Idempotency_Key=key)


def taken(service: Service) -> set[str]:
    """The steps that were taken."""
    return {step for _, step, _ in steps(service)}


def test_a_step_waits_for_the_day_until_it_is_told_and_is_taken_from_it_on(real: Service) -> None:
    day = today(real)
    [waits] = run(real, day)
    assert waits.told == "steps that count from delivered or entered wait: no such day was told of an invoice"
    assert taken(real) == set()
    assert tell(real, "delivered", day).status_code == 201
    run(real, day + timedelta(2))
    assert taken(real) == set(), "on day two it is not due yet"
    run(real, day + timedelta(3))
    assert taken(real) == {"reminder"}
    assert tell(real, "entered", day, "d-2").status_code == 201
    [one] = run(real, day + timedelta(5))
    assert taken(real) == {"reminder", "call"} and one.told == ""


def test_a_corrected_day_counts(real: Service) -> None:
    day = today(real)
    tell(real, "delivered", day - timedelta(9))
    answer = tell(real, "delivered", day, "d-2")
    shown = json.loads(answer.data)["items"]
    assert [(one["day"], one["counts"]) for one in shown] == [(str(day - timedelta(9)), False), (str(day), True)]
    run(real, day + timedelta(2))
    assert taken(real) == set()


def test_a_key_stands_for_one_invoice(real: Service) -> None:
    day = today(real)
    owe(real, "I-2", day - timedelta(10))
    first = tell(real, "delivered", day)
    assert tell(real, "delivered", day).data == first.data, "the same again"
    assert tell(real, "delivered", day, invoice_id="I-2").status_code == 422


def test_an_act_that_only_a_ladder_names_is_recorded_and_takes_its_step(real: Service) -> None:
    body = {"act": "agency chosen", "role": "credit_manager", "person": "A. Example", "reason": "no answer"}
    wrong = real.send("POST", "/v1/customers/C-1/acts", "collector", body | {"act": "agency picked"},
                      Idempotency_Key="a-0")  # fmt: skip
    assert wrong.status_code == 422
    assert "agency chosen by credit_manager" in json.loads(wrong.data)["errors"][0]["message"]
    low = real.send("POST", "/v1/customers/C-1/acts", "collector", body | {"role": "credit_analyst"},
                    Idempotency_Key="a-1")  # fmt: skip
    assert low.status_code == 422, "a lower role may not"
    day = today(real)
    assert run(real, day - timedelta(1)) is not None and taken(real) == set()
    assert real.send("POST", "/v1/customers/C-1/acts", "collector", body, Idempotency_Key="a-2").status_code == 201
    run(real, day)
    assert taken(real) == {"agency"}


def test_what_cannot_be_told_is_refused(real: Service) -> None:
    day = today(real)
    assert tell(real, "delivered", day + timedelta(1)).status_code == 422
    assert tell(real, "paid", day).status_code == 422
    assert tell(real, "delivered", day, invoice_id="I-99").status_code == 404
    once, again = tell(real, "delivered", day, "k"), tell(real, "delivered", day, "k")
    assert (once.status_code, again.status_code, once.data) == (201, 200, again.data)
