"""Receivers on this machine for what is sent: a mail server and a web address, each with the faults that they have.

A web address checks the signature with the library that receivers use, and acts once on each `webhook-id`.
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

# answers to one step of a mail server that are no answers
HANG, CLOSE, DRIP = "hang", "close", "drip"
HANG_SECONDS = 5.0


@dataclass
class MailBox:
    """What a mail server took; `faults` names what it does at a step ("EHLO", "MAIL", "RCPT", "DATA", "END", "QUIT").

    A fault is an answer such as "550 no", or HANG, CLOSE, DRIP. `times` says how often; then the server is well again.
    """

    faults: dict[str, str] = field(default_factory=dict)
    times: int = 1_000
    took: list[bytes] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    port: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def mails(self) -> list[EmailMessage]:
        """The mails that it took."""
        return [message_from_bytes(one, policy=SMTP) for one in self.took]  # type: ignore[misc]

    def fault_at(self, step: str) -> str:
        """What goes wrong at a step, "" for nothing."""
        if step not in self.faults or self.done[step] >= self.times:
            return ""
        self.done[step] += 1
        return self.faults[step]


@contextmanager
def mail_server(faults: dict[str, str] | None = None, times: int = 1_000) -> Iterator[MailBox]:
    """A mail server on a port of its own."""
    box = MailBox(faults or {}, times)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.talk()

        def talk(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline().decode():
                if not self.answer(line[:4].upper().strip()):
                    return

        def answer(self, word: str) -> bool:
            said = self.say(word, {"QUIT": "221 bye", "DATA": "354 go on"}.get(word, "250 yes"))
            if not said.startswith("354"):
                return bool(said) and word != "QUIT"
            mail = b"".join(iter(self.rfile.readline, b".\r\n"))
            said = self.say("END", "250 queued as 4711")
            if not said.startswith(("4", "5")):  # who hangs or closes now has taken it
                box.took.append(mail.replace(b"\r\n..", b"\r\n."))
            return bool(said)

        def say(self, step: str, well: str) -> str:
            fault = box.fault_at(step)
            if fault == HANG:
                time.sleep(HANG_SECONDS)
            if fault == DRIP:
                for _ in range(int(HANG_SECONDS / 0.1)):
                    self.wfile.write(b"250-and\r\n")
                    time.sleep(0.1)
            if fault in (CLOSE, HANG, DRIP):
                return ""
            self.wfile.write(f"{fault or well}\r\n".encode())
            return fault or well

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as box.port:
        yield box


@dataclass
class WebBox:
    """What a web address was sent: every request, and the bodies that it acted on, each `webhook-id` once."""

    secret: str
    statuses: list[int | str] = field(default_factory=list)  # of the first requests; afterwards 204
    asked: list[dict[str, str]] = field(default_factory=list)
    acted: dict[str, bytes] = field(default_factory=dict)
    forged: int = 0
    port: int = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/letters"

    def take(self, headers: dict[str, str], content: bytes) -> int | str:
        """Check a request and act on it; the status to answer with, or what goes wrong instead."""
        self.asked.append(headers)
        try:
            Webhook(self.secret).verify(content, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        number = len(self.asked) - 1
        status = self.statuses[number] if number < len(self.statuses) else 204
        if status == 204 or status == CLOSE:  # who closes in the middle has acted
            self.acted.setdefault(headers["webhook-id"], content)
        return status


@contextmanager
def web_address(secret: str, statuses: tuple[int | str, ...] = ()) -> Iterator[WebBox]:
    """A web address on a port of its own that knows the secret of its webhooks."""
    box = WebBox(secret, list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status = box.take({name.lower(): value for name, value in self.headers.items()}, content)
            with suppress(OSError):
                self.answer(status)

        def answer(self, status: int | str) -> None:
            if isinstance(status, int):
                self.send_response(status)
                self.send_header("Location", box.address)
                self.end_headers()
            elif status == HANG:
                time.sleep(HANG_SECONDS)
            elif status == DRIP:
                for _ in range(int(HANG_SECONDS / 0.1)):
                    self.wfile.write(b"H")
                    time.sleep(0.1)
            self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as box.port:
        yield box


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """The port of a server that answers in threads of its own."""
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
