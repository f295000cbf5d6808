"""Senders that are killed at any moment: every letter arrives, under one name, and its receiver acts on it once.

The receiver waits between acting and answering, so that kills fall there. A control that names each attempt anew shows
that the count would find letters that were acted on twice.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from api.letter_writing import webhook_secret
from api.operations.tell_limit import policy_day
from storage.contacts import Contact
from storage.outbox import Message
from tests.api.operations.test_deliver import LADDER, owed
from tests.api.operations.test_escalate import PER_INVOICE, written
from tests.api.service import Service, publish, start_real_service
from tests.receivers import WebBox, web_address
from tests.reliability.sender import PEPPER
from tests.storage.records import ROOT

LETTERS = 24
WORKERS, KILLS = 3, 15
SECRET = webhook_secret(PEPPER, "C-1")


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """C-1 owes an invoice, and so many letters about it are queued."""
    service = start_real_service(tmp_path)
    digest = publish(service, "dunning.yaml", written(LADDER, PER_INVOICE))
    today = policy_day(service.held.database)
    owed(service, "I-100", today - timedelta(4))
    with service.held.database.write() as work:
        for number in range(LETTERS):
            work.outbox.put(Message(f"M-{number:02d}", "C-1", "letter", "written_reminder", "email", "reminder",
                                    ("I-100",), today, digest))  # fmt: skip
    return service


def killed_until(done: Callable[[], bool], service: Service, box: WebBox, fresh: bool, seed: int) -> int:
    """Let workers send, kill one every so often and start another, until it is done; how many were killed.

    After so many kills they are left alone, so that slow machines come to an end as well.
    """
    chance, killed = random.Random(seed), 0
    take = box.take

    def slowly(headers: dict[str, str], content: bytes) -> int | str:
        status = take(headers, content)
        time.sleep(0.3)
        return status

    box.take = slowly  # type: ignore[method-assign]
    with service.held.database.write() as work:
        work.contacts.put(Contact("C-1", "webhook", box.address, "en", "person:ann"))
    workers = [start(service, fresh) for _ in range(WORKERS)]
    until = time.monotonic() + 120
    try:
        while not done() and time.monotonic() < until:
            time.sleep(chance.uniform(0.2, 0.6))
            number = chance.randrange(WORKERS)
            if killed < KILLS and len(box.asked) > killed:  # somebody has begun to send since
                workers[number].kill()
                workers[number].wait()
                workers[number], killed = start(service, fresh), killed + 1
    finally:
        for one in workers:
            one.kill()
            one.wait()
    return killed


def start(service: Service, fresh: bool) -> subprocess.Popen[bytes]:
    """One worker."""
    more = ["fresh"] if fresh else []
    command = [sys.executable, "-m", "tests.reliability.sender", str(service.held.database.name), *more]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def still_waiting(service: Service) -> int:
    """How many letters are not sent yet."""
    with service.held.database.read() as work:
        return work.outbox.waiting()


def acted_twice(box: WebBox) -> set[str]:
    """The letters that were acted on more than once, by whatever name."""
    acts = Counter("-".join(name.split("-")[:2]) for name in tuple(box.acted))
    return {name for name, times in acts.items() if times > 1}


@pytest.mark.slow
def test_killed_senders_lose_no_letter_and_their_receiver_acts_once_on_each(real: Service) -> None:
    with web_address(SECRET) as box:
        killed = killed_until(lambda: not still_waiting(real), real, box, fresh=False, seed=7)
        names = Counter(one["webhook-id"] for one in box.asked)
        print(f"{killed} senders killed, {len(box.asked)} attempts on the wire, {len(box.acted)} letters acted on")
        assert still_waiting(real) == 0 and killed >= 3
        assert set(box.acted) == set(names) == {f"M-{number:02d}" for number in range(LETTERS)}
        assert box.forged == 0 and not acted_twice(box)
    with real.held.database.read() as work:
        for name, content in box.acted.items():
            kept = work.letters.last(name)
            assert kept is not None and (kept.edition, kept.content) == (1, content)
            assert [one.outcome for one in work.outbox.deliveries(name)][-1] == "sent"
            assert [one.kind for one in work.events.list(subject=f"message:{name}").items] == ["message_sent"]


@pytest.mark.slow
def test_the_control_that_names_each_attempt_anew_is_acted_on_more_than_once(real: Service) -> None:
    with web_address(SECRET) as box:
        killed = killed_until(lambda: bool(acted_twice(box)), real, box, fresh=True, seed=7)
        print(f"{killed} senders killed, {len(box.acted)} acts")
        assert acted_twice(box)
