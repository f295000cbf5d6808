"""`aval outbox` on a database: what it sends, shows and refuses; no address and no password in what it tells."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from api.letter_writing import webhook_secret
from api.operations.tell_limit import policy_day
from storage.contacts import Contact
from storage.outbox import Message
from tests.api.operations.test_deliver import LADDER, owed
from tests.api.operations.test_escalate import PER_INVOICE, written
from tests.api.service import PEPPER, Service, publish, start_real_service
from tests.receivers import mail_server, web_address

WHO = ("--sender", "Aval Supplies", "--sender-address", "dunning@firm.example")


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """C-1 owes an invoice; one letter is queued as M-1, a task waits for a person as T-1."""
    service = start_real_service(tmp_path)
    (tmp_path / "pepper").write_bytes(PEPPER)
    digest = publish(service, "dunning.yaml", written(LADDER, PER_INVOICE))
    today = policy_day(service.held.database)
    owed(service, "I-100", today - timedelta(4))
    with service.held.database.write() as work:
        for name, kind, what, who in (("M-1", "letter", "formal_demand", "email"), ("T-1", "task", "call", "ann")):
            work.outbox.put(Message(name, "C-1", kind, what, who, "reminder", ("I-100",), today, digest))
        work.contacts.put(Contact("C-1", "email", "credit@customer.example", "en", "person:ann"))
    return service


def aval(service: Service, *args: str, **environment: str) -> Result:
    """One command on the database."""
    name = str(service.held.database.name)
    more = ["--pepper", str(Path(name).with_name("pepper"))] if args[0] in ("deliver", "secret") else []
    return CliRunner().invoke(cli, ["outbox", *args, "--database", name, *more], prog_name="aval", env=environment)


def smtp(port: int) -> tuple[str, ...]:
    """The options of a mail server on this machine."""
    return ("--smtp", f"smtp://127.0.0.1:{port}", "--smtp-without-tls")


def test_a_letter_is_sent_and_told_and_the_list_says_so(real: Service) -> None:
    with mail_server() as box:
        done = aval(real, "deliver", *WHO, *smtp(box.port))
    day = policy_day(real.held.database)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"C-1  {day} formal_demand: sent", "1 message: 1 sent"]
    assert len(box.took) == 1
    assert aval(real, "list", "--state", "sent").stdout.splitlines() == [
        f"M-1  C-1  {day} letter formal_demand by email: sent", "1 message"]  # fmt: skip
    assert json.loads(aval(real, "list", "--json").stdout.splitlines()[1])["state"] == "for_a_person"
    assert aval(real, "deliver", *WHO, *smtp(box.port)).stdout == "nothing is due\n"


def test_a_dry_run_tells_the_same_and_sends_nothing(real: Service) -> None:
    with mail_server() as box:
        dry = aval(real, "deliver", "--dry-run", *WHO, *smtp(box.port))
        assert (dry.exit_code, box.took) == (0, [])
        assert dry.stdout.splitlines()[-1] == "1 message: 1 would be sent"
        assert "formal_demand: would be sent (Formal demand for payment: Example Ltd, CNY 1,000.00)" in dry.stdout
        assert aval(real, "deliver", *WHO, *smtp(box.port)).exit_code == 0
    assert len(box.took) == 1


def test_what_somebody_has_to_see_to_ends_with_1_and_names_no_address(real: Service) -> None:
    with mail_server({"RCPT": "550 <credit@customer.example> unknown"}) as box:
        refused = aval(real, "deliver", *WHO, *smtp(box.port))
    assert (refused.exit_code, "refused for good" in refused.stderr) == (1, True)
    assert "customer.example" not in refused.output
    assert aval(real, "retry", "M-1", "--by", "ann").stdout == "M-1: queued again\n"
    assert aval(real, "deliver", *WHO).exit_code == 1  # no mail server is named
    assert "no mail server is named" in aval(real, "list", "--state", "queued").stdout


def test_machines_get_a_line_for_each_message(real: Service) -> None:
    with mail_server() as box:
        done = aval(real, "deliver", "--json", *WHO, *smtp(box.port))
    assert json.loads(done.stdout) == {"message_id": "M-1", "customer_id": "C-1", "what": "formal_demand",
                                       "outcome": "sent", "reason": "250 queued as 4711"}  # fmt: skip


def test_the_secret_that_is_told_is_the_one_that_signs(real: Service) -> None:
    told = aval(real, "secret", "C-1").stdout.strip()
    assert told == webhook_secret(PEPPER, "C-1") != webhook_secret(PEPPER, "C-2")
    with web_address(told) as box:
        with real.held.database.write() as work:
            work.contacts.put(Contact("C-1", "webhook", box.address, "en", "person:ann"))
        assert aval(real, "deliver", "--webhooks-inside", *WHO).exit_code == 0
    assert (list(box.acted), box.forged) == (["M-1"], 0)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "nobody is named who writes"), (("--sender", "x", "--sender-address", "x"), "is no address of mail"),
        ((*WHO, "--smtp", "mail.firm.example"), "names no mail server"),
        ((*WHO, "--smtp", "http://mail.firm.example"), "names no mail server"),
        ((*WHO, "--smtp", "smtp://mail.firm.example:99999"), "names no mail server"),
        ((*WHO, "--smtp", "smtp://ann:pw@mail.firm.example"), "does not belong into --smtp"),
        ((*WHO, "--smtp", "smtp://ann@mail.firm.example"), "has no password; set AVAL_SMTP_PASSWORD"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused_before_anything_is_sent(
    real: Service, args: tuple[str, ...], told: str
) -> None:
    refused = aval(real, "deliver", *args)
    assert (refused.exit_code, told in str(refused.stderr)) == (2, True), refused.output
    assert ":pw" not in refused.output


@pytest.mark.slow
def test_a_sender_that_watches_sends_what_comes_and_ends_when_told(real: Service) -> None:
    name = str(real.held.database.name)
    with mail_server() as box:
        pepper = str(Path(name).with_name("pepper"))
        command = [sys.executable, "-c", "from api.commands import main; main()", "outbox", "deliver", "--watch",
                   "--database", name, "--pepper", pepper, *WHO, *smtp(box.port)]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            until = time.monotonic() + 30
            while not box.took and time.monotonic() < until:
                time.sleep(0.1)
            time.sleep(0.3)
            watching.send_signal(signal.SIGTERM)
            out, err = watching.communicate(timeout=20)
    assert (len(box.took), watching.returncode) == (1, 0), err
    assert "formal_demand: sent" in out


@pytest.mark.slow
def test_a_process_that_collects_takes_the_day_and_sends_its_letters(real: Service) -> None:
    name = str(real.held.database.name)
    owed(real, "I-200", policy_day(real.held.database) - timedelta(4))
    with mail_server() as box:
        pepper = str(Path(name).with_name("pepper"))
        command = [sys.executable, "-c", "from api.commands import main; main()", "collect", "--at", "00:00",
                   "--database", name, "--pepper", pepper, *WHO, *smtp(box.port)]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as collecting:
            until = time.monotonic() + 40
            while len(box.took) < 3 and time.monotonic() < until:
                time.sleep(0.1)
            time.sleep(0.5)
            collecting.send_signal(signal.SIGTERM)
            out, err = collecting.communicate(timeout=20)
    assert collecting.returncode == 0, err
    assert len(box.took) == 3, (out, err)  # that which waited, and one for each invoice
    assert "reminder of I-200" in out


def test_an_hour_is_one_of_the_day(real: Service) -> None:
    for text, code in (("24:00", 2), ("6", 2), ("06:60", 2), ("-1:00", 2)):
        assert CliRunner().invoke(cli, ["collect", "--at", text], prog_name="aval").exit_code == code, text
