"""Set a contact: where a customer is written to about what is open; letters that waited for an address leave then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.contact_address import is_mail_address, wrong_web_address
from api.errors import FieldError
from api.operations.tell_limit import CUSTOMER, owner_of
from api.requests import refused_fields
from api.services import Services
from credit.decision import instant_text
from storage.contacts import Contact


def set_contact(held: Services, customer_id: str, wish: Mapping[str, Any], by: str) -> dict[str, object]:
    """The contact as it is stored. Raises: Refused for no such customer, and an address that cannot be one."""
    wanted = read_contact(customer_id, wish, held.settings.webhooks_inside, by)
    with held.database.write() as work:
        owner_of(work, CUSTOMER, customer_id)
        if wanted is None:
            work.contacts.remove(customer_id, by)
        else:
            work.contacts.put(wanted)
        return contact_dict(customer_id, work.contacts.get(customer_id))


def show_contact(held: Services, customer_id: str) -> dict[str, object]:
    """Where a customer is written to. Raises: Refused for no such customer."""
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        return contact_dict(customer_id, work.contacts.get(customer_id))


def read_contact(customer_id: str, wish: Mapping[str, Any], inside: bool, by: str) -> Contact | None:
    """What is to be stored; None for no address. Raises: Refused for an address that cannot be one."""
    email, webhook = wish["email"], wish["webhook"]
    if email is not None and webhook is not None:
        raise refused_fields([FieldError("webhook", "is a second address; a customer has one, so leave out the other")])
    if email is not None and not is_mail_address(email):
        raise refused_fields([FieldError("email", "is no address of a mailbox; give one like credit@customer.example")])
    wrong = "" if webhook is None else wrong_web_address(webhook, inside)
    if wrong:
        raise refused_fields([FieldError("webhook", wrong)])
    if email is None and webhook is None:
        if wish["language"] is not None:
            raise refused_fields([FieldError("language", "needs an address; give one, or leave it out")])
        return None
    kind, address = ("email", email) if email is not None else ("webhook", webhook)
    return Contact(customer_id, kind, address, wish["language"], by)


def contact_dict(customer_id: str, one: Contact | None) -> dict[str, object]:
    """A contact as it is shown."""
    shown: dict[str, object] = {"customer_id": customer_id, "email": None, "webhook": None, "language": None,
                                "by": None, "at": None}  # fmt: skip
    if one is not None:
        assert one.at is not None, "what is stored has its time"
        shown |= {one.kind: one.address, "language": one.language, "by": one.by, "at": instant_text(one.at)}
    return shown
