"""Sixteen clients on one customer: what is held never passes the limit, but for a service that reads first.

The control decides on what it read before the lock and records without a ceiling; it over-commits within the same test
arrangement, which shows that the arrangement can see over-commitment.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from api.idempotency import Answer
from api.operations import decide as decide_module
from api.operations.decide import Asked
from api.operations.evaluate import Asking, evaluate, load_slow
from api.operations.use_policy import use_policy
from api.services import Services
from api.situation import Evaluated
from credit.decision import canonical_json
from storage.decisions import DecidedOrder, Hold, NewDecision
from tests.api.service import GOOD, Service, an_order, start_real_service, start_service

CLIENTS, ORDERS = 16, 4
LIMIT = 100_000  # minor units; sixteen times four orders of 50.00 ask for more than three times of it
pytestmark = pytest.mark.slow


def ask_all(service: Service) -> Counter[str]:
    """Let all clients ask at once, each in its own thread, and count what they were told."""
    gate, told = threading.Barrier(CLIENTS), Counter[str]()
    lock = threading.Lock()

    def ask(client: int) -> None:
        gate.wait()
        for number in range(ORDERS):
            answer = service.decide(an_order("50.00", id=f"SO-{client}-{number}"), f"k-{client}-{number}")
            verdict = json.loads(answer.data)["decision"]["verdict"] if answer.status_code == 201 else answer.status
            with lock:
                told[verdict] += 1

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return told


def held_in_all(service: Service) -> int:
    """The sum of all holds."""
    with service.held.database.looking() as connection:
        return int(connection.exec_driver_sql("SELECT coalesce(sum(amount), 0) FROM reservation").scalar_one())


def test_sixteen_clients_never_take_a_customer_above_the_limit(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.put_customer(granted_limit="1000.00")
    told = ask_all(service)
    assert told == {"approve": LIMIT // 5_000, "refer": CLIENTS * ORDERS - LIMIT // 5_000}
    assert held_in_all(service) == LIMIT
    with service.held.database.read() as work:
        account = work.accounts.look("C-1")
        assert account is not None
        moved = work.accounts.movements(account.account_id)
    assert [one.version for one in moved] == list(range(1, CLIENTS * ORDERS + 1))
    assert account.balance == sum(one.amount for one in moved) == LIMIT


def test_the_real_engines_hold_the_limit_too(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    service.put_customer(granted_limit="1000.00", facts=GOOD)
    told = ask_all(service)
    assert set(told) <= {"approve", "approve_with_conditions", "refer"} and told["refer"] == CLIENTS * ORDERS - 20
    assert held_in_all(service) == LIMIT


def test_every_answer_states_the_exposure_that_held_when_it_was_recorded(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.put_customer(granted_limit="1000.00")
    ask_all(service)
    with service.held.database.read() as work:
        stored = [work.decisions.get(one.decision_id) for one in work.decisions.list(limit=500).items]
        account = work.accounts.look("C-1")
        assert account is not None
        after = {one.decision_id: one.balance_after - one.amount for one in work.accounts.movements(account.account_id)}
    for one in stored:
        assert one is not None
        before = json.loads(one.response)["decision"]["exposure"]["before"]
        assert round(float(before) * 100) == after[one.decision_id]


def read_then_write(held: Services, asked: Asked, *_known: object) -> Answer:
    """The wrong way: evaluate on what was read before the lock, then write it down without looking again."""
    wanted = asked.wanted.order
    assert wanted is not None
    with held.database.read() as work:
        slow = load_slow(work, asked.customer_id, asked.wanted)
    with use_policy(held, slow.account.policy_digest) as loaded:
        found: Evaluated = evaluate(held, loaded, slow, Asking(asked.key, wanted, {}))
        with held.database.write() as work:
            locked = work.accounts.lock(asked.customer_id)
            assert locked is not None
            decision = found.decision
            response = canonical_json({"decision": decision.as_dict(), "receipt": None})
            amount = wanted.unsecured_amount.minor
            hold = Hold(f"r-{asked.key}", amount, None, locked.now) if decision.verdict == "approve" else None
            order = DecidedOrder(wanted.order_id, wanted.amount.minor, amount, decision.as_of)
            work.decisions.record(locked, NewDecision(
                decision.decision_id, asked.caller.client, asked.key, asked.hash, 201, response, decision.verdict,
                decision.policy.digest, decision.policy.program_digest, decision.as_of, order, asked.body, {}, {}, hold,
            ))  # fmt: skip
    return Answer(201, response, False)


def test_control_reading_first_and_writing_later_takes_it_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide_module, "_decide_and_record", read_then_write)
    service = start_service(tmp_path)
    service.put_customer(granted_limit="1000.00")
    told = ask_all(service)
    assert sum(told.values()) == CLIENTS * ORDERS and set(told) <= {"approve", "refer"}
    assert held_in_all(service) > LIMIT


def test_sixteen_retries_at_once_are_decided_once(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.put_customer(granted_limit="1000.00")
    gate, answers = threading.Barrier(CLIENTS), []

    def ask() -> None:
        gate.wait()
        ends = time.monotonic() + 60
        while (answer := service.decide(an_order("50.00"), "one-key")).status_code == 409 and time.monotonic() < ends:
            pass
        answers.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert len({answer.data for answer in answers}) == 1
    assert service.counted()["decision"] == 1
