"""The transparency log: checkpoints, entries, and the proofs that whoever holds them checks alone."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.operations.set_customer import is_identifier
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.log import (
    CheckpointAsked,
    EntriesAsked,
    EntryPage,
    ProofAsked,
    ProofShown,
    ReceiptShown,
    WaitingShown,
)
from api.services import services
from storage.transparency import Receipt

NOTHING = "no checkpoint was signed yet"
routes = StrictBlueprint("log", __name__, url_prefix="/v1", description="what an outsider can check")


@routes.route("/log/checkpoint", methods=["GET"])
@routes.arguments(CheckpointAsked(), location="query")
@routes.response(200, content_type="text/plain", description="the signed note")
@routes.alt_response(404, schema=Problem, description="none was signed", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_checkpoint", summary="Show a signed checkpoint")
@performs("show_checkpoint")
def get_checkpoint(asked: Mapping[str, Any]) -> Response:
    """Show the newest signed checkpoint, or the one of a size; keep it, and nobody can change the log behind it."""
    with services().database.read() as work:
        signed = work.log.checkpoint(asked["size"])
    if signed is None:
        raise Refused("not-found", NOTHING if asked["size"] is None else "no checkpoint of this size was signed")
    return Response(signed[1], 200, content_type="text/plain; charset=utf-8")


@routes.route("/log/entries", methods=["GET"])
@routes.arguments(EntriesAsked(), location="query")
@routes.response(200, EntryPage)
@routes.doc(operationId="list_log_entries", summary="List the log's entries")
@performs("list_log_entries")
def get_entries(asked: Mapping[str, Any]) -> Response:
    """List the entries that have their leaf, in the order of their leaves."""
    start, end = asked["start"], asked["start"] + asked["limit"]
    with services().database.read() as work:
        size = work.log.size()
        found = list(work.log.entries(start, min(end, size)))
    items = [{"seq": one.seq, "entry_id": one.entry_id, "kind": one.kind, "entry": b64encode(one.body).decode()}
             for one in found]  # fmt: skip
    return _json({"items": items, "next": end if end < size else None})


@routes.route("/log/proof", methods=["GET"])
@routes.arguments(ProofAsked(), location="query")
@routes.response(200, ProofShown)
@routes.alt_response(404, schema=Problem, description="no such entry or size", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_proof", summary="Prove an entry, or that a log only grew")
@performs("show_proof")
def get_proof(asked: Mapping[str, Any]) -> Response:
    """Prove that an entry lies under the newest checkpoint, or that a larger log only adds to a smaller one."""
    with services().database.read() as work:
        try:
            if asked["entry"] is None:
                proof = work.log.consistency(asked["earlier"], asked["later"])
                return _json({"proof": [one.hex() for one in proof]})
            receipt = work.log.receipt(asked["entry"])
        except KeyError:
            raise Refused("not-found", "the log has no such entry") from None
        except IndexError as fault:
            raise Refused("not-found", str(fault)) from None
    if receipt is None:
        raise Refused("not-found", "the entry waits for its leaf or for a signature; ask again in a second")
    return _json({"proof": [one.hex() for one in receipt.proof]})


@routes.route("/decisions/<decision_id>/receipt", methods=["GET"])
@routes.response(200, ReceiptShown)
@routes.alt_response(202, schema=WaitingShown, description="not sequenced or signed yet: ask again in a second")
@routes.alt_response(404, schema=Problem, description="no such decision", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_receipt", summary="Show the receipt of a decision")
@performs("show_receipt")
def get_receipt(decision_id: str) -> Response:
    """Show that a decision lies in the log under a signed checkpoint; an order system sees its own."""
    if not is_identifier(decision_id):
        raise Refused("not-found", "there is no decision with this id")
    asking = caller()
    with services().database.read() as work:
        stored = work.decisions.get(decision_id)
        if stored is None or (asking.role == "order_system" and stored.client != asking.client):
            raise Refused("not-found", "there is no decision with this id")
        try:
            receipt = work.log.receipt(decision_id)
        except KeyError:
            raise Refused("not-found", "the decision was made before there was a log, so it has no receipt") from None
    if receipt is None:
        waiting = _json({"entry_id": decision_id, "state": "waiting"}, 202)
        waiting.headers["Retry-After"] = "1"
        return waiting
    return _json(_shown(receipt))


def _shown(one: Receipt) -> dict[str, object]:
    return {"entry_id": one.entry_id, "seq": one.seq, "entry": b64encode(one.body).decode(),
            "proof": [part.hex() for part in one.proof], "checkpoint": one.note}  # fmt: skip


def _json(body: Mapping[str, object], status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
