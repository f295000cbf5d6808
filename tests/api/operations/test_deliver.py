"""Letters reach a mailbox or a web address under one name, whatever their server does; nothing is lost, all is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from api import build
from api.letter_files import read_letters
from api.letter_writing import Writer, webhook_secret
from api.operations.deliver import Outcome, Sending, deliver_due, deliver_one, wait_seconds
from api.operations.letter_today import facts_now
from api.operations.tell_limit import policy_day
from api.posting import MailServer, Patience
from storage.contacts import Contact
from storage.escalation import StepTaken
from storage.log_entries import commitment
from storage.outbox import Message
from storage.receivables import Invoice
from tests.api.operations.test_escalate import HEAD, LIMITS, PER_INVOICE, ROLES
from tests.api.service import PEPPER, Service, publish, start_real_service
from tests.receivers import CLOSE, DRIP, HANG, MailBox, mail_server, web_address

LADDER = """escalation:
  strict:
    - {step: reminder, at: due + 3 days, do: send formal_demand by email}
    - {step: legal, at: due + 30 days, do: propose legal to credit_manager}
"""
CHARGED = "late_charge: {rate: 0.05% per day, on: open principal, from: due + 1 day}\n"
SECRET = webhook_secret(PEPPER, "C-1")
SHORT = Patience(step=0.5, whole=1.5)


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes 1,000.00 since four days, on each kind of database, and its letter is queued as M-1."""
    service = start_real_service(location)
    digest = publish(service, "dunning.yaml", "".join((HEAD, ROLES, LIMITS, LADDER, CHARGED, PER_INVOICE)).encode())
    today = policy_day(service.held.database)
    owed(service, "I-100", today - timedelta(4))
    with service.held.database.write() as work:
        work.outbox.put(Message("M-1", "C-1", "letter", "formal_demand", "email", "reminder", ("I-100",), today,
                                digest))  # fmt: skip
    return service


def owed(service: Service, invoice_id: str, due_on: date, settled_on: date | None = None) -> None:
    """An invoice over 1,000.00, or its payment."""
    one = Invoice("C-1", invoice_id, 1_000_00, "CNY", due_on - timedelta(30), due_on, settled_on)
    with service.held.database.write() as work:
        work.invoices.add_many([one], policy_day(service.held.database))


def contact(service: Service, kind: str, address: str, language: str | None = "en") -> None:
    """Say where C-1 is written to."""
    with service.held.database.write() as work:
        work.contacts.put(Contact("C-1", kind, address, language, "person:ann"))


def a_sending(service: Service, port: int = 0, attempts: int = 10) -> Sending:
    """A sender to the mail server of a port, in a hurry, that waits not at all between attempts."""
    mail = MailServer("127.0.0.1", port, "none") if port else None
    return Sending(service.held.database, read_letters(), Writer("Aval Supplies", "dunning@firm.example"), mail,
                   lambda customer_id: (webhook_secret(PEPPER, customer_id),), lambda: -1.0, attempts, True,
                   SHORT)  # fmt: skip  (a chance of -1 makes no wait)


def delivered(sending: Sending, most: int = 1) -> list[tuple[str, str]]:
    """What became of the next attempts, each with its reason."""
    found: list[tuple[str, str]] = []
    for one in deliver_due(sending, lambda: len(found) >= most):
        found.append((one.outcome, one.reason))
    return found


def mailed(service: Service, box: MailBox, most: int = 1) -> list[str]:
    """The outcomes of the next attempts to send to a mail server."""
    contact(service, "email", "credit@customer.example")
    return [outcome for outcome, _ in delivered(a_sending(service, box.port), most)]


def state(service: Service) -> str:
    """How the letter stands."""
    with service.held.database.read() as work:
        found = work.messages.get("M-1")
    assert found is not None
    return found.state


def test_a_mail_is_handed_in_with_its_text_and_its_page_under_the_name_of_the_message(real: Service) -> None:
    with mail_server() as box:
        assert mailed(real, box, 5) == ["sent"]
    [mail] = box.mails()
    assert (mail["Message-ID"], mail["To"]) == ("<M-1@firm.example>", "credit@customer.example")
    assert mail["From"] == "Aval Supplies <dunning@firm.example>"
    text, page = (part.get_content() for part in mail.iter_parts())  # type: ignore[attr-defined]
    today = policy_day(real.held.database)
    # 4 days late at 0.05 % of 1,000.00 a day are 2.00; the next step is 30 days after the due date
    assert "late charges up to" in text and "CNY 2.00" in text and "CNY 1,002.00" in text
    last = today - timedelta(4) + timedelta(29)
    assert f"by {last.day} {last:%B} {last.year}" in text
    assert "<table>" in page and "I-100" in page


def test_what_was_sent_is_kept_byte_for_byte_and_the_log_commits_to_it(real: Service) -> None:
    with mail_server() as box:
        mailed(real, box)
    with real.held.database.read() as work:
        kept = work.letters.last("M-1")
        [done] = work.outbox.deliveries("M-1")
        rows = dict(work._connection.exec_driver_sql("SELECT entry_id, body FROM log_entry").fetchall())
        salts = dict(work._connection.exec_driver_sql("SELECT entry_id, salt FROM log_entry").fetchall())
    assert kept is not None and box.took == [kept.content]
    assert (done.outcome, done.edition, done.proof) == ("sent", 1, "250 queued as 4711")
    told = json.loads(bytes(rows["letter-M-1-1"]))
    assert told["commitments"]["content"] == commitment(bytes(salts["letter-M-1-1"]), "content", kept.content)
    everything = b"".join(bytes(body) for body in rows.values())
    assert b"customer.example" not in everything and sha256(kept.content).hexdigest().encode() not in everything
    assert b"message_sent" in everything


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        ({"RCPT": "450 busy"}, "tried"), ({"RCPT": "550 no such user"}, "failed"), ({"MAIL": "550 not you"}, "tried"),
        ({"DATA": "451 later"}, "tried"), ({"END": "451 later"}, "tried"), ({"END": "550 no"}, "failed"),
        ({"EHLO": HANG}, "tried"), ({"RCPT": HANG}, "tried"), ({"END": HANG}, "tried"), ({"RCPT": CLOSE}, "tried"),
        ({"DATA": CLOSE}, "tried"), ({"END": CLOSE}, "tried"), ({"RCPT": DRIP}, "tried"),
    ],
)  # fmt: skip
def test_a_mail_server_that_fails_once_gets_the_same_mail_later(
    real: Service, faults: dict[str, str], outcome: str
) -> None:
    with mail_server(faults, times=1) as box:
        first, *_ = mailed(real, box)
        assert (first, state(real)) == (outcome, "queued" if outcome == "tried" else "failed")
        if outcome == "failed":
            with real.held.database.write() as work:
                assert work.outbox.queue_again("M-1", "operator:ann")
        assert mailed(real, box, 5) == ["sent"]
    assert {mail["Message-ID"] for mail in box.mails()} == {"<M-1@firm.example>"}
    assert len(set(box.took)) == 1  # whoever got it twice got the same bytes under the same name


def test_a_farewell_that_fails_takes_nothing_back(real: Service) -> None:
    with mail_server({"QUIT": "421 no more"}) as box:
        assert mailed(real, box, 5) == ["sent"]
    assert len(box.took) == 1


def test_a_server_that_offers_no_tls_gets_nothing_where_tls_is_wanted(real: Service) -> None:
    contact(real, "email", "credit@customer.example")
    with mail_server() as box:
        careful = replace(a_sending(real), mail=MailServer("127.0.0.1", box.port, "starttls"))
        [(outcome, reason)] = delivered(careful)
    assert (outcome, reason.partition(",")[0]) == ("tried", "the mail server offers no TLS")
    assert box.took == []


def test_after_so_many_attempts_a_letter_is_given_up_and_may_be_queued_again(real: Service) -> None:
    with mail_server({"RCPT": "450 busy"}, times=3) as box:
        contact(real, "email", "credit@customer.example")
        three = a_sending(real, box.port, attempts=3)
        assert [outcome for outcome, _ in delivered(three, 5)] == ["tried", "tried", "dead"]
        assert state(real) == "dead"
        with real.held.database.write() as work:
            assert work.outbox.queue_again("M-1", "operator:ann")
        assert [outcome for outcome, _ in delivered(three, 5)] == ["sent"]
    with real.held.database.read() as work:
        assert [one.outcome for one in work.outbox.deliveries("M-1")] == ["tried", "tried", "dead", "sent"]
        kinds = [one.kind for one in work.events.list(subject="message:M-1").items]
    assert kinds == ["message_sent", "message_queued_again", "message_dead"]


def test_a_webhook_is_signed_and_its_receiver_acts_once(real: Service) -> None:
    with web_address(SECRET, (500, CLOSE, 204)) as box:
        contact(real, "webhook", box.address)
        assert [outcome for outcome, _ in delivered(a_sending(real), 5)] == ["tried", "tried", "sent"]
    assert [one["webhook-id"] for one in box.asked] == ["M-1"] * 3
    assert (list(box.acted), box.forged) == (["M-1"], 0)
    told = json.loads(box.acted["M-1"])["data"]
    assert (told["letter"], told["customer_id"], told["invoices"][0]["open"]) == ("formal_demand", "C-1", "1000.00")
    with real.held.database.read() as work:
        kept = work.letters.last("M-1")
    assert kept is not None and kept.content == box.acted["M-1"]


def test_a_receiver_with_another_secret_takes_nothing(real: Service) -> None:
    with web_address(webhook_secret(PEPPER, "C-2")) as box:
        contact(real, "webhook", box.address)
        assert delivered(a_sending(real)) == [("tried", "the address answered 401")]
    assert (box.acted, box.forged) == ({}, 1)


def test_while_the_pepper_changes_both_secrets_are_good(real: Service) -> None:
    with web_address(webhook_secret(b"q" * 32, "C-1")) as box:
        contact(real, "webhook", box.address)
        both = replace(a_sending(real), secrets=lambda one: tuple(webhook_secret(p, one) for p in (PEPPER, b"q" * 32)))
        assert [outcome for outcome, _ in delivered(both)] == ["sent"]


@pytest.mark.parametrize(("status", "outcome"), [(302, "tried"), (404, "tried"), (410, "failed"), (503, "tried"),
                                                 (HANG, "tried"), (DRIP, "tried")])  # fmt: skip
def test_only_an_answer_of_2xx_is_a_receipt(real: Service, status: int | str, outcome: str) -> None:
    with web_address(SECRET, (status,)) as box:
        contact(real, "webhook", box.address)
        assert [found for found, _ in delivered(a_sending(real))] == [outcome]
    assert (len(box.asked), box.acted) == (1, {})


def test_nothing_is_posted_inside_of_a_network_unless_that_is_allowed(real: Service) -> None:
    with web_address(SECRET) as box:
        contact(real, "webhook", box.address)
        outside = replace(a_sending(real), inside=False)
        [(outcome, reason)] = delivered(outside)
        assert (outcome, "without --webhooks-inside" in reason, box.asked) == ("tried", True, [])
        assert [outcome for outcome, _ in delivered(a_sending(real))] == ["sent"]


def test_without_an_address_a_letter_waits_and_leaves_once_there_is_one(real: Service) -> None:
    with mail_server() as box:
        assert [outcome for outcome, _ in delivered(a_sending(real, box.port), 5)] == ["no_address"]
        assert state(real) == "no_address"
        assert delivered(a_sending(real, box.port), 5) == []
        assert mailed(real, box, 5) == ["sent"]


def test_an_address_that_was_corrected_gets_an_edition_of_its_own(real: Service) -> None:
    with mail_server({"RCPT": "450 unknown"}, times=1) as box:
        contact(real, "email", "wrong@customer.example")
        assert [outcome for outcome, _ in delivered(a_sending(real, box.port))] == ["tried"]
        assert mailed(real, box) == ["sent"]
    assert [mail["To"] for mail in box.mails()] == ["credit@customer.example"]
    with real.held.database.read() as work:
        assert [one.edition for one in work.outbox.deliveries("M-1")] == [1, 2]


def test_what_was_paid_meanwhile_is_not_demanded(real: Service) -> None:
    owed(real, "I-100", policy_day(real.held.database) - timedelta(4), policy_day(real.held.database))
    with mail_server() as box:
        assert mailed(real, box, 5) == ["withdrawn"]
    assert (box.took, state(real)) == ([], "withdrawn")


def test_a_letter_that_is_not_there_waits_and_says_why(real: Service, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.mktemp("letters")
    (own / "formal_demand.en.txt").write_text("Subject: Pay\n\n{invoices}\n\n{total_opne}\n")
    with mail_server() as box:
        contact(real, "email", "credit@customer.example")
        broken = replace(a_sending(real, box.port), letters=read_letters(own))
        [(outcome, reason)] = delivered(broken, 5)
        assert outcome == "not_written" and "there is no field 'total_opne'; did you mean 'total_open'?" in reason
    with real.held.database.read() as work:
        [waiting] = work.messages.reasons()
        assert (waiting.state, waiting.attempts, waiting.reason) == ("queued", 0, reason)
    assert box.took == []


def test_who_dies_between_sending_and_saying_so_sends_the_same_again(real: Service) -> None:
    contact(real, "email", "credit@customer.example")
    with mail_server() as box:
        sending = a_sending(real, box.port)
        with real.held.database.write() as work:
            [leased] = work.outbox.lease(1, 0.0)
        first = deliver_one(sending, replace(leased, fence=0))  # whose word counts no longer
        assert first == Outcome(leased.message, "lost", "250 queued as 4711")
        assert [outcome for outcome, _ in delivered(sending, 5)] == ["sent"]
    assert len(box.took) == 2 and len(set(box.took)) == 1


def test_the_waits_grow_and_end_at_half_a_day() -> None:
    assert [wait_seconds(tries, 1.0) for tries in (1, 2, 3, 6, 7, 99)] == [60, 240, 960, 43_200, 43_200, 43_200]
    assert [wait_seconds(1, chance) for chance in (0.0, 0.5)] == [30, 45]


def test_no_address_stands_in_what_is_told_of_a_refusal(real: Service) -> None:
    with mail_server({"RCPT": "550 <credit@customer.example> is unknown"}) as box:
        contact(real, "email", "credit@customer.example")
        [(_, reason)] = delivered(a_sending(real, box.port))
    assert reason == "the mail server refused the receiver: 550 <(address)> is unknown"


def last_day(service: Service, steps: str, done: str = "") -> str | None:
    """The `pay_by` of a letter about an invoice that is four days late, under a ladder of these steps."""
    digest = publish(service, "other.yaml", "".join((HEAD, ROLES, LIMITS, "escalation:\n  l:\n" + steps)).encode())
    today = policy_day(service.held.database)
    message = Message("M-2", "C-1", "letter", "reminder", "email", "reminder", ("I-100",), today, digest)
    if done:
        with service.held.database.write() as work:
            work.escalation.take([StepTaken("C-1", "I-100", done, "l", today, today, "x", digest)])
    with service.held.database.read() as work:
        _, facts, _ = facts_now(work, "Aval Supplies", message, work.now())
    assert facts is not None
    return None if facts.pay_by is None else str((facts.pay_by - today).days)


@pytest.mark.parametrize(
    ("following", "days"),
    [("due + 5 days", "0"), ("due + 6 days", "1"), ("due + 30 days", "25"), ("due + 4 days", None),
     ("reminder failed + 3 days", None)],
)  # fmt: skip
def test_the_last_day_to_pay_is_the_day_before_the_next_step(real: Service, following: str, days: str | None) -> None:
    steps = "    - {step: reminder, at: due + 3 days, do: send written_reminder by email}\n" \
            f"    - {{step: demand, at: {following}, do: send formal_demand by letter}}\n"  # fmt: skip
    assert last_day(real, steps) == days


def test_a_step_that_was_taken_early_is_no_next_step(real: Service) -> None:
    steps = "    - {step: demand, at: due + 9 days, do: send formal_demand by letter}\n" \
            "    - {step: legal, at: due + 30 days, do: propose legal to credit_manager}\n"  # fmt: skip
    assert (last_day(real, steps), last_day(real, steps, "demand")) == ("4", "25")


def test_a_policy_is_read_outside_of_any_transaction(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    build._load.cache_clear()
    inside, read_anew = [0], []
    load, write, read = build.load_policy, type(real.held.database).write, type(real.held.database).read

    def counting(transaction: Any) -> Any:
        @contextmanager
        def counted(self: Any) -> Iterator[Any]:
            inside[0] += 1
            try:
                with transaction(self) as work:
                    yield work
            finally:
                inside[0] -= 1

        return counted

    def loading(*args: Any) -> Any:
        read_anew.append(inside[0])
        return load(*args)

    monkeypatch.setattr(build, "load_policy", loading)
    monkeypatch.setattr(type(real.held.database), "write", counting(write))
    monkeypatch.setattr(type(real.held.database), "read", counting(read))
    with mail_server() as box:
        assert mailed(real, box) == ["sent"]
    assert read_anew == [0]
