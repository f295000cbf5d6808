"""Checkpoints reach a file, a web address and a mailbox as they are; a place that does not take one says why."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from api.log_places import NotPublished, read_place

NOTE = "firm.example/credit\n1\nAAAA\n\n— firm.example/credit AAAA\n"


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[bytes]]]:
    """A web address that answers so, and what it was sent."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, got


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def posting(refuse: bool = False) -> Iterator[tuple[int, list[str]]]:
    """A mail server, and the mails that it took."""
    took: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline().decode().strip():
                word = line[:4].upper()
                if word == "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                if word == "DATA":
                    self.wfile.write(b"354 go on\r\n")
                    mail = []
                    while (part := self.rfile.readline().decode()) != ".\r\n":
                        mail.append(part)
                    took.append("".join(mail))
                self.wfile.write(b"550 no\r\n" if refuse and word == "RCPT" else b"250 yes\r\n")

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, took


def test_a_file_keeps_all_that_were_published(tmp_path: Path) -> None:
    publish = read_place(f"file:{tmp_path}/outside/checkpoints.txt")
    publish(NOTE)
    publish(NOTE.replace("\n1\n", "\n2\n"))
    assert (tmp_path / "outside" / "checkpoints.txt").read_text().count("firm.example/credit\n") == 2


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPublished, match="cannot be written"):
        read_place(f"file:{tmp_path}/file/below")(NOTE)


def test_a_web_address_is_sent_the_note() -> None:
    with answering(204) as (port, got):
        read_place(f"http://127.0.0.1:{port}/checkpoints")(NOTE)
    assert got == [NOTE.encode()]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_only_an_answer_of_2xx_is_a_receipt(status: int) -> None:
    with answering(status) as (port, got), pytest.raises(NotPublished, match=f"answered {status}"):
        read_place(f"http://127.0.0.1:{port}/")(NOTE)
    assert len(got) == 1


def test_an_address_where_nobody_listens_is_told() -> None:
    with answering(204) as (port, _):
        pass
    with pytest.raises(NotPublished, match="cannot be reached"):
        read_place(f"http://127.0.0.1:{port}/")(NOTE)


def test_a_mailbox_gets_a_mail_with_the_note() -> None:
    with posting() as (port, took):
        read_place(f"smtp://127.0.0.1:{port}?from=aval@firm.example&to=audit@firm.example")(NOTE)
    assert "Subject: checkpoint of firm.example/credit" in took[0]


def test_a_mail_server_that_refuses_is_told() -> None:
    with posting(refuse=True) as (port, took), pytest.raises(NotPublished, match="did not take it"):
        read_place(f"smtp://127.0.0.1:{port}?from=aval@firm.example&to=audit@firm.example")(NOTE)
    assert took == []


@pytest.mark.parametrize(
    "told", ["", "nonsense", "file:", "ftp://host/x", "https://", "smtp://host", "smtp://host?from=a@b&to=c d@e"]
)
def test_another_place_is_refused_with_what_could_be_given(told: str) -> None:
    with pytest.raises(ValueError, match="is no place for checkpoints; give file:PATH"):
        read_place(told)
