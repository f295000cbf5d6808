"""What may be an address for letters: of a mailbox, or on the web; told in words where it may not."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST_MAIL, LONGEST_WEB = 254, 2000
MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
                  r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")  # fmt: skip


def is_mail_address(text: str) -> bool:
    """Whether mail can be sent there: one address without a name, in ASCII."""
    local = text.partition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return len(text) <= LONGEST_MAIL and MAIL.fullmatch(text) is not None and not dots


def wrong_web_address(text: str, inside: bool) -> str:
    """What is wrong with an address of the web that letters are to be posted to; empty where nothing is."""
    if len(text) > LONGEST_WEB or not text.isascii() or not text.isprintable() or " " in text:
        return f"is no web address; give one of at most {LONGEST_WEB} characters, without blanks"
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.scheme not in ("https", "http"):
        return "is no web address; give one like https://customer.example/letters"
    if parts.username is not None or parts.fragment:
        return "holds a user or a fragment; leave it out"
    if parts.scheme == "http" and not inside:
        return "is not secret on its way; give an address that begins with https://"
    return ""
