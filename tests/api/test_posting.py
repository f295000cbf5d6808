"""What is posted reaches who proves its name, or nobody; and no receiver can hold us longer than our patience."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.posting import MailServer, NotTaken, Patience, WebAddress, is_outside, post_to, send_mail
from tests.receivers import DRIP, HANG, mail_server, serving, web_address

FROM_TO = ("dunning@firm.example", "credit@customer.example")
SHORT = Patience(step=0.4, whole=1.0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file; whoever trusts it trusts the server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())  # fmt: skip
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def secure_server(certificate: Path, at_once: bool) -> Iterator[tuple[int, list[str]]]:
    """A mail server with TLS, at once or by STARTTLS, and the lines that it was sent under it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    lines: list[str] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.talk(at_once)
            except (OSError, ssl.SSLError):
                return

        def talk(self, secure: bool) -> None:
            if secure:
                self.request = context.wrap_socket(self.request, server_side=True)
            if not lines:
                self.request.sendall(b"220 here\r\n")
            file = self.request.makefile("rb")
            while line := file.readline().decode().strip():
                word = line[:4].upper()
                lines.append(("tls " if secure else "open ") + line)
                if word == "STAR":
                    self.request.sendall(b"220 go on\r\n")
                    return self.talk(True)
                if word == "DATA":
                    self.request.sendall(b"354 go on\r\n")
                    while file.readline() != b".\r\n":
                        pass
                more = b"250-here\r\n250-STARTTLS\r\n" if word == "EHLO" and not secure else b""
                auth = b"250-here\r\n250-AUTH PLAIN\r\n" if word == "EHLO" and secure else b""
                self.request.sendall(more + auth + (b"235 known\r\n" if word == "AUTH" else b"250 yes\r\n"))
            return None

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, lines


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_that_proves_its_name_gets_the_password_and_the_mail_under_tls(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secure_server(certificate, security == "tls") as (port, lines):
        told = send_mail(MailServer("127.0.0.1", port, security, "ann", "secret"), FROM_TO, b"Subject: x\r\n\r\ny\r\n")
    assert told == "250 yes"
    words = [line.split(" ")[1].upper().partition(":")[0] for line in lines if line.startswith("tls ")]
    assert words == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert not any(line.startswith("open ") and line[5:9].upper() in ("AUTH", "MAIL", "RCPT") for line in lines)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_that_proves_nothing_gets_no_mail(certificate: Path, security: str) -> None:
    with secure_server(certificate, security == "tls") as (port, lines), pytest.raises(NotTaken, match="SSLCert"):
        send_mail(MailServer("127.0.0.1", port, security, "ann", "secret"), FROM_TO, b"x")
    assert not any(line[4:].strip().upper().startswith(("AUTH", "MAIL", "RCPT")) for line in lines)


@pytest.mark.parametrize("fault", [HANG, DRIP])
@pytest.mark.parametrize("step", ["EHLO", "RCPT", "END"])
def test_no_mail_server_holds_us_longer_than_our_patience(step: str, fault: str) -> None:
    began = time.monotonic()
    with mail_server({step: fault}) as box:
        with pytest.raises(NotTaken) as told:
            send_mail(MailServer("127.0.0.1", box.port, "none"), FROM_TO, b"x\r\n", SHORT)
        assert time.monotonic() - began < 3.0  # it would go on for five
    assert not told.value.for_good


@pytest.mark.parametrize("fault", [HANG, DRIP])
def test_no_web_address_holds_us_longer_than_our_patience(fault: str) -> None:
    began = time.monotonic()
    with web_address("whsec_AAAA", (fault,)) as box:
        box.take = lambda headers, content: fault  # type: ignore[method-assign]
        with pytest.raises(NotTaken):
            post_to(WebAddress(box.address, inside=True), b"x", {}, SHORT)
        assert time.monotonic() - began < 3.0


def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotTaken, match="ConnectionRefusedError"):
        send_mail(MailServer("127.0.0.1", port, "none"), FROM_TO, b"x")
    with pytest.raises(NotTaken, match="ConnectionRefusedError"):
        post_to(WebAddress(f"http://127.0.0.1:{port}/", inside=True), b"x", {})


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.0.0.1", False),
        ("172.16.0.1", False), ("172.32.0.1", True), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True),
    ],
)  # fmt: skip
def test_what_lies_inside_of_a_network_is_known(address: str, outside: bool) -> None:
    assert is_outside(address) is outside


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(MailServer("h", 25, "none", "ann", "secret"))
