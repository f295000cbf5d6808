"""Bringing bytes to somebody else: by mail, or to a web address; each bounded in time, and what failed told in words.

A server may refuse, hang, close in the middle or answer by drips. Each step has its patience and the whole a longer
one, after which the connection is cut. No text that leaves here names the address that was written to, nor a password.
"""

from __future__ import annotations

import http.client
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

STEP_SECONDS, WHOLE_SECONDS = 10.0, 45.0
SECURITY = ("starttls", "tls", "none")
MOST_ADDRESSES = 3  # of one name that are tried
LONGEST_TOLD = 200  # characters of a server's answer that are kept
CUT_AGAIN_SECONDS = 0.2
GONE = 410  # an address that says so wants nothing any more


class NotTaken(Exception):
    """Nobody took it; the text says why. `for_good`: the receiver refused it, and would again."""

    def __init__(self, why: str, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds one step may take, and the whole."""

    step: float = STEP_SECONDS
    whole: float = WHOLE_SECONDS


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. With "starttls" and "tls" the server must prove its name, else nothing is sent."""

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        assert self.security in SECURITY


def send_mail(server: MailServer, envelope: tuple[str, str], content: bytes, patience: Patience = Patience()) -> str:
    """Hand a mail in, from whom and to whom; what the server answered when it took it.

    Raises: NotTaken.
    """
    sender, recipient = envelope
    post = _smtp(server, patience)
    try:
        with cut_after(patience.whole, lambda: post.sock):
            _open(post, server)
            _wanted(post.mail(sender), "the sender", for_good=False, hidden=envelope)
            _wanted(post.rcpt(recipient), "the receiver", for_good=True, hidden=envelope)
            return _wanted(post.data(content), "the mail", for_good=True, hidden=envelope)
    except NotTaken:
        raise
    except smtplib.SMTPAuthenticationError as fault:
        raise NotTaken(f"the mail server does not know this user or password ({fault.smtp_code})") from None
    except smtplib.SMTPNotSupportedError:
        raise NotTaken("the mail server offers no TLS, or no way to sign in, and so nothing was sent") from None
    except smtplib.SMTPDataError as fault:
        raise NotTaken(_refusal("the mail", fault.smtp_code, envelope, fault.smtp_error), False) from None
    except (OSError, smtplib.SMTPException, ValueError) as fault:
        raise NotTaken(f"the mail server did not answer as one does ({_kind(fault)})") from fault
    finally:
        _leave(post)


def _smtp(server: MailServer, patience: Patience) -> smtplib.SMTP:
    """A client that is not connected yet, so that its connection can be cut from the first step on."""
    post: smtplib.SMTP
    if server.security == "tls":
        post = smtplib.SMTP_SSL(timeout=patience.step, context=ssl.create_default_context())
    else:
        post = smtplib.SMTP(timeout=patience.step)
    post._host = server.host  # type: ignore[attr-defined]  # the name that the certificate must bear
    return post


def _open(post: smtplib.SMTP, server: MailServer) -> None:
    code, told = post.connect(server.host, server.port)
    if code != 220:
        raise NotTaken(_refusal("the connection", code, (), told))
    post.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        post.starttls(context=ssl.create_default_context())
        post.ehlo_or_helo_if_needed()
    if server.user:
        post.login(server.user, server.password)


def _wanted(answer: tuple[int, bytes], what: str, for_good: bool, hidden: tuple[str, ...]) -> str:
    """The answer in words, where it is a yes. Raises: NotTaken, for good where a 5xx concerns the receiver."""
    code, told = answer
    if 200 <= code < 300:
        return f"{code} {_words(told, hidden)}".strip()
    raise NotTaken(_refusal(what, code, hidden, told), for_good and 500 <= code < 600)


def _refusal(what: str, code: int, hidden: tuple[str, ...], told: bytes | str) -> str:
    return f"the mail server refused {what}: {code} {_words(told, hidden)}".strip()


def _words(told: bytes | str, hidden: tuple[str, ...] = ()) -> str:
    """What a server said, in one short line without the addresses."""
    text = told.decode("ascii", "replace") if isinstance(told, bytes) else told
    for address in hidden:
        text = text.replace(address, "(address)")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_TOLD]


def _leave(post: smtplib.SMTP) -> None:
    """Go without waiting for a farewell: what was taken is taken, whatever is said afterwards."""
    if post.sock is not None:
        with suppress(OSError, smtplib.SMTPException, ValueError):
            post.sock.settimeout(1.0)
            post.putcmd("quit")
    post.close()


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A web address to which is posted; `inside` allows one that is not of the open internet."""

    address: str
    inside: bool = False


def post_to(
    where: WebAddress, content: bytes, headers: Mapping[str, str], patience: Patience = Patience()
) -> int:
    """Post bytes to a web address; the status with which it took them, 2xx. No redirect is followed.

    Raises: NotTaken; for good where the address says that it is gone.
    """
    parts = urlsplit(where.address)
    try:
        client = _http(parts.scheme, parts.hostname or "", parts.port, patience)
    except ValueError:
        raise NotTaken("the address is none") from None
    client._create_connection = lambda at, timeout, _=None: _connect(at, timeout, where.inside)  # type: ignore[attr-defined]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with cut_after(patience.whole, lambda: client.sock):
            client.request("POST", path, content, dict(headers))
            status = client.getresponse().status
    except NotTaken:
        raise
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise NotTaken(f"the address cannot be reached ({_kind(fault)})") from fault
    finally:
        client.close()
    if not 200 <= status < 300:
        raise NotTaken(f"the address answered {status}", for_good=status == GONE)
    return status


def _http(scheme: str, host: str, port: int | None, patience: Patience) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=patience.step, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=patience.step)


def _connect(at: tuple[str, int], timeout: float, inside: bool) -> socket.socket:
    """A connection to a name, looked up once: what is checked is what is connected to.

    Raises: NotTaken for a name that lies inside, unless that is allowed; OSError.
    """
    found = socket.getaddrinfo(*at, type=socket.SOCK_STREAM)[:MOST_ADDRESSES]
    good = [one for one in found if inside or is_outside(str(one[4][0]))]
    if not good:
        raise NotTaken("the address lies inside of a network; nothing is sent there without --webhooks-inside")
    fault: OSError = OSError("no address")
    for family, kind, protocol, _, target in good:
        made = socket.socket(family, kind, protocol)
        made.settimeout(timeout)
        try:
            made.connect(target)
            return made
        except OSError as refused:
            made.close()
            fault = refused
    raise fault


def is_outside(text: str) -> bool:
    """Whether an IP address is of the open internet."""
    found = ip_address(text.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_global
    return found.is_global and not found.is_multicast


@contextmanager
def cut_after(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut whatever connection there is once so many seconds have passed: whoever waits on it goes on at once."""
    over = threading.Event()

    def cut() -> None:
        wait = seconds
        while not over.wait(wait):
            wait, held = CUT_AGAIN_SECONDS, connection()
            if held is not None:
                with suppress(OSError):
                    socket.socket.shutdown(held, socket.SHUT_RDWR)  # below TLS, which would wait for an answer

    watching = threading.Thread(target=cut, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _kind(fault: Exception) -> str:
    """A fault in a word that quotes nothing."""
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    return type(fault).__name__
