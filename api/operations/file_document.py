"""File a document of a customer, withdraw it, and show the dossier: what is on file and what the policy still asks for.

Of a kind that the dossier has, the document that counts on the day of a decision gives the policy its facts, such as
`document.registration.dated_on`; master data of the same names count only while the dossier has none of the kind.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.known_facts import Words, effective_facts
from api.operations.set_customer import day_text
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.requests import refused_fields
from api.reviewing import under_policy, watched
from api.services import Services
from credit.decision import DocumentEntry, canonical_json, instant_text
from credit.dossier import Document
from policy.asked_documents import fact_name
from storage.documents import NewDocument, StoredDocument, Withdrawal
from storage.failures import Refused as RefusedByStorage
from storage.unit_of_work import Work

LONGEST_ID = 200
FILED, WITHDRAWN = "a document was filed", "a document was withdrawn"


def file_document(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The document as it is stored, or the stored answer to the same key and body.

    Raises: Refused for a customer that is not there, and a document that cannot be.
    """
    day = policy_day(held.database, CUSTOMER, asked.subject)
    with held.in_work.claim(asked.caller.client, asked.key):
        with held.database.read() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            currency = owner_of(work, CUSTOMER, asked.subject).currency
        refuse_unfit_document(wish, day, Words(effective_facts(held), held.vocabulary, currency))
        with held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            owner = owner_of(work, CUSTOMER, asked.subject)
            with watched(work, owner.name, FILED):
                stored = put_on_file(work, new_document(wish, owner.account_id, asked.caller.by, asked.caller.client))
            return asked.answered(work, stored.document_id, 201, canonical_json({"document": document_dict(stored)}))


def refuse_unfit_document(wish: Mapping[str, Any], day: date, words: Words) -> None:
    """Refuse a document whose days cannot be, or whose quality the policy does not know. Raises: Refused."""
    if wish["issued_on"] > day:
        raise refused_fields([FieldError("issued_on", f"lies after today, {day}; file it when it is there")])
    if wish["valid_until"] is not None and wish["valid_until"] < wish["issued_on"]:
        raise refused_fields([FieldError("valid_until", "lies before 'issued_on'")])
    quality = fact_name(wish["kind"], "quality")
    if wish["quality"] is not None and quality in words.known:
        try:
            words.read({quality: wish["quality"]})
        except Refused as refused:
            raise refused_fields([FieldError("quality", one.message) for one in refused.errors]) from None


def new_document(wish: Mapping[str, Any], account_id: int, by: str, client: str = "") -> NewDocument:
    """A document of a checked body."""
    document = Document(0, wish["kind"], wish["issued_on"], wish["valid_until"], wish["months"], wish["years"],
                        wish["quality"])  # fmt: skip
    return NewDocument(str(uuid.uuid4()), account_id, document, wish["title"], wish["source"], by, client,
                       wish["number"], wish["file_name"], wish["sha256"])  # fmt: skip


def put_on_file(work: Work, new: NewDocument) -> StoredDocument:
    """Store a document. Raises: Refused where this very file is there, or too many are."""
    try:
        return work.documents.file(new)
    except RefusedByStorage as refused:
        raise refused_fields([FieldError("sha256", str(refused))]) from None


def withdraw_document(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The document after it was withdrawn, or the stored answer to the same key and body.

    Raises: Refused for one that is not there, or withdrawn before.
    """
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        known = len(asked.subject) <= LONGEST_ID and asked.subject.isprintable()
        withdrawal = Withdrawal(wish["reason"], asked.caller.by, asked.caller.client)
        try:
            gone = _withdrawn(work, asked.subject, withdrawal) if known else None
        except RefusedByStorage as refused:
            raise Refused("document-withdrawn", str(refused)) from None
        if gone is None:
            raise Refused("not-found", "there is no document with this id")
        return asked.answered(work, gone.document_id, 200, canonical_json({"document": document_dict(gone)}))


def _withdrawn(work: Work, document_id: str, withdrawal: Withdrawal) -> StoredDocument | None:
    found = work.documents.get(document_id)
    if found is None:
        return None
    with watched(work, found.customer_id, WITHDRAWN):
        return work.documents.withdraw(document_id, withdrawal)


def show_dossier(held: Services, customer_id: str) -> bytes:
    """The documents of a customer and those that its policy asks for. Raises: Refused for one that is not there."""
    day = policy_day(held.database, CUSTOMER, customer_id)
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        return canonical_json(dossier_dict(work, customer_id, day))


def dossier_dict(work: Work, customer_id: str, day: date) -> dict[str, object]:
    """The dossier as it is shown."""
    account = work.accounts.look(customer_id, None)
    assert account is not None, "customers are never removed"
    found = under_policy(work, account, day)
    return {
        "customer_id": customer_id, "on": day.isoformat(), "tier": None if found is None else found.tier,
        "documents": [document_dict(one) for one in work.documents.of_customer(customer_id)],
        "asked": None if found is None else asked_list(found.asked()),
    }  # fmt: skip


def asked_list(asked: Iterable[tuple[str, DocumentEntry]]) -> list[dict[str, object]]:
    """The documents that are asked for, each once with all that asks for it alike."""
    found: list[tuple[DocumentEntry, list[str]]] = []
    for subject, entry in asked:
        alike = [subjects for one, subjects in found if one == entry]
        if alike:
            alike[0].append(subject)
        else:
            found.append((entry, [subject]))
    return [{"document": one.document, "status": one.status, "wanted": dict(one.wanted),
             "on_file": None if one.on_file is None else dict(one.on_file), "asked_for": subjects}
            for one, subjects in found]  # fmt: skip


def document_dict(one: StoredDocument) -> dict[str, object]:
    """A document as it is shown."""
    kept, gone = one.document, one.withdrawal
    return {
        "id": one.document_id, "customer_id": one.customer_id, "kind": kept.kind, "title": one.title,
        "number": one.number, "issued_on": kept.issued_on.isoformat(), "valid_until": day_text(kept.valid_until),
        "source": one.source, "file_name": one.file_name, "sha256": one.sha256, "months": kept.months,
        "years": kept.years, "quality": kept.quality, "filed_by": one.by, "filed_at": instant_text(one.at),
        "withdrawn": None if gone is None or gone.at is None else
        {"by": gone.by, "reason": gone.reason, "at": instant_text(gone.at)},
    }  # fmt: skip
