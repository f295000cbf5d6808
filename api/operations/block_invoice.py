"""Block an invoice: a person stops the steps of its ladder for some days, for a dispute or a promise to pay.

The policy's day counts. A block has a last day; a person may end it before, with a reason. The hold that a step placed
before stays, and what was sent stays sent. The number of an invoice in instalments blocks each of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.requests import refused_fields
from api.services import Services
from credit.blocks import Block
from credit.decision import canonical_json, instant_text
from storage.blocks import BlockEnd, NewBlock, StoredBlock
from storage.failures import NotAllowed
from storage.failures import Refused as RefusedByStorage
from storage.unit_of_work import Work

LONGEST_ID = 200


def block_invoice(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The block as it is stored, or the stored answer to the same key and body; of a whole one for each instalment.

    Raises: Refused for no such customer or invoice, and a last day that has passed.
    """
    day = policy_day(held.database, CUSTOMER, asked.subject)
    if wish["until"] < day:
        raise refused_fields([FieldError("until", f"has passed; today is {day}")])
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        owner_of(work, CUSTOMER, asked.subject)
        named = work.invoices.named(asked.subject, wish["invoice_id"])
        placed = [_place(work, asked, wish, name, day) for name in named or (wish["invoice_id"],)]
        return _answered(work, asked, placed, 201)


def _place(work: Work, asked: KeyedRequest, wish: Mapping[str, Any], invoice_id: str, day: date) -> StoredBlock:
    """The block of one item, as it is stored. Raises: Refused for no such invoice."""
    new = NewBlock(str(uuid.uuid4()), asked.subject, invoice_id, Block(wish["kind"], day, wish["until"]),
                   wish["reason"], asked.caller.by, asked.caller.client)  # fmt: skip
    try:
        work.blocks.place(new)
    except RefusedByStorage as refused:
        raise refused_fields([FieldError("invoice_id", f"is not known: {refused}")]) from None
    return _block_of(work, new.block_id)


def end_block(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """The block after it was ended, or the stored answer to the same key and body.

    Raises: Refused for one that is not there, or is over.
    """
    with held.database.read() as work:
        customer_id = _block_of(work, asked.subject).customer_id
    day = policy_day(held.database, CUSTOMER, customer_id)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        try:
            ended = work.blocks.end(asked.subject, BlockEnd(day, wish["reason"], asked.caller.by, asked.caller.client))
        except NotAllowed as refused:
            raise Refused(refused.name, str(refused)) from None
        assert ended is not None, "blocks are never removed"
        return _answered(work, asked, [ended], 200)


def list_blocks(held: Services, customer_id: str) -> bytes:
    """Every block of a customer's invoices. Raises: Refused for one that is not there."""
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        return canonical_json({"items": [block_dict(one) for one in work.blocks.of_customer(customer_id)]})


def block_dict(one: StoredBlock) -> dict[str, object]:
    """A block as it is shown."""
    end = one.end
    return {
        "id": one.block_id, "customer_id": one.customer_id, "invoice_id": one.invoice_id, "kind": one.block.kind,
        "begins_on": one.block.begins_on.isoformat(), "until": one.block.until.isoformat(), "by": one.by,
        "reason": one.reason, "at": instant_text(one.at),
        "end": None if end is None or end.at is None else
        {"ended_on": end.ended_on.isoformat(), "by": end.by, "reason": end.reason, "at": instant_text(end.at)},
    }  # fmt: skip


def _block_of(work: Work, block_id: str) -> StoredBlock:
    found = work.blocks.get(block_id) if len(block_id) <= LONGEST_ID and block_id.isprintable() else None
    if found is None:
        raise Refused("not-found", "there is no block with this id")
    return found


def _answered(work: Work, asked: KeyedRequest, found: Sequence[StoredBlock], status: int) -> Answer:
    """The answer, kept for the same key: a block, and those of the further instalments of a whole."""
    shown = [block_dict(one) for one in found]
    return asked.answered(work, found[0].block_id, status, canonical_json({"block": shown[0], "further": shown[1:]}))
