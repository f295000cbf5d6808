"""Legal cases: list them, hand one over to a lawyer, close it with its result, and put its file together.

A step of a ladder that says `propose legal to ROLE` opens the case of its customer; a further invoice joins it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from api.errors import Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.known import read_invoice
from api.legal_bundle import Bundle, Granted, NamedPolicy, SentLetter, case_dict, pack_bundle
from api.operations.collect_evidence import approvals_of, collect_evidence
from api.operations.tell_limit import CUSTOMER, policy_day
from api.services import Services
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, canonical_json
from storage.database import Database
from storage.decisions import StoredDecision
from storage.failures import Refused as RefusedByStorage
from storage.legal_cases import CLOSED, HANDED_OVER, CaseChange, LegalCase
from storage.outbox import Message
from storage.unit_of_work import Work

LONGEST_ID = 200
MOST_DECISIONS = 50  # in one file, beside those of its invoices: the newest that granted credit before the last one
PAGE = 200


def list_cases(held: Services, asked: Mapping[str, Any]) -> bytes:
    """Cases by id, those that are closed too or not."""
    size = asked["limit"] or held.settings.page_size
    with held.database.read() as work:
        page = work.legal_cases.list(asked["closed"] == "yes", asked["cursor"] or "", size, asked["customer_id"])
    return canonical_json({"items": [case_dict(one) for one in page.items], "next": page.next_cursor})


def show_case(held: Services, case_id: str) -> bytes:
    """One case. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        return canonical_json({"case": case_dict(case_of(work, case_id))})


def case_of(work: Work, case_id: str) -> LegalCase:
    """A case by its id. Raises: Refused for one that is not there."""
    found = work.legal_cases.get(case_id) if len(case_id) <= LONGEST_ID and case_id.isprintable() else None
    if found is None:
        raise Refused("not-found", "there is no legal case with this id")
    return found


def hand_over_case(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The case after it was handed over, or the stored answer to the same key and body. Raises: Refused."""
    return _changed(held, asked, HANDED_OVER, wish)


def close_case(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The case after it was closed, or the stored answer to the same key and body. Raises: Refused."""
    return _changed(held, asked, CLOSED, wish)


def _changed(held: Services, asked: KeyedRequest, state: str, wish: Mapping[str, Any]) -> Answer:
    with held.database.read() as work:
        customer_id = case_of(work, asked.subject).customer_id
    day = policy_day(held.database, CUSTOMER, customer_id)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        account = work.accounts.look(customer_id, None)
        assert account is not None, "customers are never removed"
        work.accounts.lock_in_order([account.account_id])  # a ladder that runs now joins before or after
        change = CaseChange(state, day, wish["note"], asked.caller.by, asked.caller.client, wish.get("result"))
        try:
            found = work.legal_cases.change(asked.subject, change)
        except RefusedByStorage as refused:
            raise Refused("case-ended", str(refused)) from None
        assert found is not None, "cases are never removed"
        return asked.answered(work, found.case_id, 200, canonical_json({"case": case_dict(found)}))


def collect_bundle(database: Database, case_id: str) -> bytes:
    """The file for a lawyer, as of today in the policy's timezone. Raises: Refused for a case that is not there."""
    with database.read() as work:
        customer_id = case_of(work, case_id).customer_id
    day = policy_day(database, CUSTOMER, customer_id)
    with database.read() as work:
        case, customer = case_of(work, case_id), work.customers.get(customer_id)
        assert customer is not None, "customers are never removed"
        invoices = [read_invoice(one, customer.currency) for one in work.invoices.for_customer(customer_id)]
        letters = [_letter(work, one) for one in work.outbox.of_customer(customer_id)]
        named = {one.invoice_id for one in case.invoices}
        last = max((one.invoiced_on for one in invoices if one.invoice_id in named), default=day)
        origins = work.origins.of_customer(customer_id)
        named_by = [one.decision_id for name in sorted(named) for one in origins.get(name, ())]
        granting = list(_granting(work, customer_id, last, named_by))
        digests = [*(one.policy_digest for one in case.invoices), *(one.policy_digest for one in granting)]
        policies = _policies(work, digests)
        holds, settlements = work.holds.of_customer(customer_id), work.settlements.of_customer(customer_id)
    granted = [Granted(one, collect_evidence(database, one.decision_id) or b"") for one in granting]
    name, currency = customer.name, customer.currency
    return pack_bundle(Bundle(case, name, currency, day, invoices, letters, holds, settlements, granted, policies,
                              origins))  # fmt: skip


def _letter(work: Work, one: Message) -> SentLetter:
    """A message with the letter as it left, what became of it, and what proves that it came."""
    proofs = work.proofs.of_message(one.message_id)
    found = {proof.place: work.proofs.file(one.message_id, proof.place) for proof in proofs}
    files = {place: kept[1] for place, kept in found.items() if kept is not None and kept[1]}
    deliveries = work.outbox.deliveries(one.message_id)
    return SentLetter(one, deliveries, work.letters.last(one.message_id), proofs, files)


def _granting(work: Work, customer_id: str, last: date, named: Sequence[str]) -> Iterator[StoredDecision]:
    """The newest decisions that granted the customer credit by the day of the last invoice, behind those it names."""
    own = dict.fromkeys(named)
    yield from filter(None, map(work.decisions.get, own))
    cursor: str | None = None
    found = 0
    while True:
        page = work.decisions.list(cursor, PAGE, customer_id=customer_id)
        for one in page.items:
            approved = one.verdict in (APPROVE, APPROVE_WITH_CONDITIONS) and one.order.unsecured_amount > 0
            if approved and one.as_of <= last and found < MOST_DECISIONS and one.decision_id not in own:
                found += 1
                yield one
        cursor = page.next_cursor
        if cursor is None or found == MOST_DECISIONS:
            return


def _policies(work: Work, digests: Sequence[str]) -> list[NamedPolicy]:
    """The policy versions of these digests, each once, with who approved them."""
    found = []
    for digest in dict.fromkeys(digests):
        version = work.policies.get(digest)
        assert version is not None, "what decided is stored"
        found.append(NamedPolicy(version, approvals_of(work, digest)))
    return found
