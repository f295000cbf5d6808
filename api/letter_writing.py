"""A filled letter as the bytes that leave: a mail with its printable page, or the body of a webhook.

Every attempt sends these bytes under the message's own name: a mail as its Message-ID, a webhook as its `webhook-id`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hmac import digest

from standardwebhooks.webhooks import Webhook

from credit.decision import instant_text
from credit.letter import LetterFacts, LetterItem, plain
from rules.letter_page import page
from rules.letter_template import Template, fill
from storage.outbox import Message

MAIL = SMTP.clone(cte_type="7bit", max_line_length=78)  # for servers that take no more
MAIL_TYPE, WEBHOOK_TYPE = "message/rfc822", "application/json"
EVENT = "letter"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the name at the end of letters, and the address that mails come from."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One letter before it is written: its message, template and facts, and the instant at which it is written."""

    message: Message
    template: Template
    facts: LetterFacts
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """The bytes of a letter and what they are."""

    media_type: str
    subject: str
    content: bytes


def as_mail(draft: Draft, writer: Writer, to: str) -> Written:
    """The letter as a mail: text, and the page for programs that show it.

    Raises: NotFilled for a field without a value.
    """
    filled = fill(draft.template, draft.facts)
    mail = EmailMessage(MAIL)
    mail["Message-ID"] = mail_name(draft.message.message_id, writer.address)
    mail["Date"] = format_datetime(draft.at)
    mail["From"] = Address(plain(writer.name), addr_spec=writer.address)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = filled.subject
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(filled.body + "\n")
    mail.add_alternative(page(draft.template, draft.facts), subtype="html")
    return Written(MAIL_TYPE, filled.subject, mail.as_bytes())


def mail_name(message_id: str, address: str) -> str:
    """The name of a mail, the same on each attempt."""
    return f"<{message_id}@{address.rpartition('@')[2]}>"


def as_webhook(draft: Draft) -> Written:
    """The letter as the body of a webhook: its text, and what it tells as fields.

    Raises: NotFilled for a field without a value.
    """
    filled, facts, message = fill(draft.template, draft.facts), draft.facts, draft.message
    data = {
        "message_id": message.message_id, "customer_id": message.customer_id, "letter": message.what,
        "step": message.step, "language": filled.language, "reference": facts.reference,
        "written_on": facts.written_on.isoformat(),
        "pay_by": None if facts.pay_by is None else facts.pay_by.isoformat(),
        "subject": filled.subject, "text": filled.body, "invoices": [item_dict(item) for item in facts.items],
    }  # fmt: skip
    body = {"type": EVENT, "timestamp": instant_text(draft.at), "data": data}
    return Written(WEBHOOK_TYPE, filled.subject, json.dumps(body, ensure_ascii=False, sort_keys=True).encode())


def item_dict(item: LetterItem) -> dict[str, object]:
    """One invoice of a letter as fields."""
    return {"invoice_id": item.invoice_id, "due_on": item.due_on.isoformat(), "currency": item.amount.currency,
            "amount": item.amount.amount, "open": item.open.amount,
            "late_charges": None if item.charges is None else item.charges.amount}  # fmt: skip


def webhook_secret(pepper: bytes, customer_id: str) -> str:
    """The secret that a customer's webhooks are signed with: its own, made from the pepper and stored nowhere."""
    made = digest(pepper, f"aval webhook secret\n{customer_id}".encode(), "sha256")
    return "whsec_" + b64encode(made).decode()


def webhook_headers(message_id: str, content: bytes, secrets: tuple[str, ...], at: datetime) -> dict[str, str]:
    """The headers of one attempt by Standard Webhooks; one signature for each secret, the present one first.

    `at` is in UTC, as the library reads its clock face and no zone.
    """
    assert at.utcoffset() is not None and not at.utcoffset(), "an instant in UTC"
    signed = " ".join(Webhook(secret).sign(message_id, at, content.decode()) for secret in secrets)
    return {"Content-Type": f"{WEBHOOK_TYPE}; charset=utf-8", "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed,
            "User-Agent": "aval"}  # fmt: skip
