"""Emptying what was told and filed of a customer whose erasure is an event, and the answers that quote it.

The days stay, who did it, and why money was credited or written off: accounts and the log could not be checked without
them. An answer that was emptied says so to whoever sends its request again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, or_, select, update

from storage.customer_file_tables import (
    customer_document,
    customer_review,
    downgrade_alert,
    seen_alert,
    told_fact,
    withdrawn_document,
)
from storage.escalation_tables import outbox
from storage.settlement_tables import settlement
from storage.tables import account, answered_request, event

ERASED_NAME = "erased"
OF_CUSTOMER = ("tell_facts", "review_customer")
OF_DOCUMENT = ("file_document", "withdraw_document")
OF_ALERT = ("see_alert",)
OF_PAYMENT = ("enter_payment", "allocate_payment", "take_back_allocation", "reverse_payment")
OF_MESSAGE = ("finish_message", "add_proof", "retry_message", "write_letter")


def empty_file(connection: Connection, customer_id: str) -> None:
    """Empty the file of a customer, the references of its payments, and the answers that quote them or its letters."""
    done = and_(event.c.kind == "customer_erased", event.c.subject == f"customer:{customer_id}")
    mine = select(account.c.account_id).where(
        account.c.customer_id == customer_id, select(event.c.seq).where(done).exists()
    )
    for table, wanted, values in _emptied(mine):
        changing = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
        connection.execute(update(table).where(wanted, changing).values(**values))


def _emptied(mine: Select[Any]) -> tuple[tuple[Table, Any, Mapping[str, Any]], ...]:
    """The tables, which of their rows tell of these accounts, and what becomes of them."""
    file, alert, paid = customer_document.c, downgrade_alert.c, settlement.c
    documents = select(file.document_id).where(file.account_id.in_(mine))
    alerts = select(alert.alert_id).where(alert.account_id.in_(mine))
    payments = and_(paid.kind == "payment", paid.account_id.in_(mine))
    return (
        (told_fact, told_fact.c.account_id.in_(mine), {"value": "null", "reason": ERASED_NAME, "source": None}),
        (customer_document, file.account_id.in_(mine),
         {"title": ERASED_NAME, "source": ERASED_NAME, "number": None, "file_name": None, "sha256": None}),
        (withdrawn_document, withdrawn_document.c.document_id.in_(documents), {"reason": ERASED_NAME}),
        (customer_review, customer_review.c.account_id.in_(mine), {"finding": ERASED_NAME}),
        (seen_alert, seen_alert.c.alert_id.in_(alerts), {"note": ERASED_NAME}),
        (settlement, payments, {"told": ""}),
        (answered_request, _quoting(mine, documents, alerts, select(paid.settlement_id).where(payments)),
         {"response": b""}),
    )  # fmt: skip


def _quoting(mine: Select[Any], documents: Select[Any], alerts: Select[Any], payments: Select[Any]) -> Any:
    """The answers that quote what is emptied."""
    did, about = answered_request.c.operation, answered_request.c.subject_id
    customers = select(account.c.customer_id).where(account.c.account_id.in_(mine))
    messages = select(outbox.c.message_id).where(outbox.c.customer_id.in_(customers))
    subjects = ((OF_CUSTOMER, customers), (OF_DOCUMENT, documents), (OF_ALERT, alerts), (OF_PAYMENT, payments),
                (OF_MESSAGE, messages))  # fmt: skip
    return or_(*(and_(did.in_(names), about.in_(subject)) for names, subject in subjects))
