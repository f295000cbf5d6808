"""Decisions: ask for one, preview one, show what was answered, list what was decided."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.collect_evidence import collect_evidence
from api.operations.decide import decide
from api.operations.decide_batch import decide_batch
from api.operations.preview_decision import preview_decision
from api.operations.replay_decision import replay_decision
from api.operations.set_customer import is_identifier
from api.replaying import as_dict
from api.requests import StrictBlueprint, with_largest_body
from api.schemas.batches import BatchAnswer, OrdersToDecide
from api.schemas.decisions import (
    DecisionAnswer,
    DecisionPage,
    DecisionsAsked,
    OrderToDecide,
    OrderToPreview,
    ReplayShown,
)
from api.schemas.fields import Problem
from api.services import services
from credit.decision import instant_text
from storage.decisions import StoredDecision

LARGEST_BATCH = 2 * 1024 * 1024

routes = StrictBlueprint("decisions", __name__, url_prefix="/v1", description="what was decided, and why")

@routes.route("/decisions", methods=["POST"])
@routes.arguments(OrderToDecide())
@routes.response(201, DecisionAnswer, description="decided and recorded; an approval holds its exposure")
@routes.alt_response(200, schema=DecisionAnswer, description="the stored answer to this key, byte for byte")
@routes.alt_response(400, schema=Problem, description="no usable key or body", content_type=MEDIA_TYPE)
@routes.alt_response(409, schema=Problem, description="the first request is still in work", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="a field, fact or key cannot be used", content_type=MEDIA_TYPE)
@routes.alt_response(503, schema=Problem, description="nothing decided, or in doubt: retry", content_type=MEDIA_TYPE)
@routes.doc(operationId="decide", summary="Decide an order", parameters=[KEY_PARAMETER])
@performs("decide")
def post_decision(wish: Mapping[str, Any]) -> Response:
    """Decide an order. The same key with the same body gives the same bytes; an approval holds its exposure.

    `amends` swaps the hold of an approved order for that of its changed form, if the changed order is approved.
    """
    key = read_key(request.headers.get(HEADER))
    answer = decide(services(), caller(), key, request.get_data(cache=True), wish)
    return answer_response(answer)


@routes.route("/decisions:batch", methods=["POST"])
@with_largest_body(LARGEST_BATCH)
@routes.arguments(OrdersToDecide())
@routes.response(200, BatchAnswer, description="one answer for each item, in the order of the request")
@routes.alt_response(400, schema=Problem, description="no usable body; nothing decided", content_type=MEDIA_TYPE)
@routes.alt_response(413, schema=Problem, description="more than 2 MiB; nothing decided", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="not 1 to 1,000 items; nothing decided", content_type=MEDIA_TYPE)
@routes.doc(operationId="decide_batch", summary="Decide many orders")
@performs("decide_batch")
def post_batch(sent: Mapping[str, Any]) -> Response:
    """Decide up to 1,000 orders, each with a key of its own, as if it had come alone; send it again whole to retry."""
    items = sent["items"]
    if len(items) > 1:
        services().limits.requests.take_more(caller().client, len(items) - 1)
    return Response(decide_batch(services(), caller(), items, time.monotonic), 200, mimetype="application/json")


@routes.route("/decisions:preview", methods=["POST"])
@routes.arguments(OrderToPreview())
@routes.response(200, DecisionAnswer, description="what would be decided; nothing is held or stored")
@routes.alt_response(422, schema=Problem, description="a field or fact cannot be used", content_type=MEDIA_TYPE)
@routes.doc(operationId="preview_decision", summary="Preview the decision on an order")
@performs("preview_decision")
def post_preview(wish: Mapping[str, Any]) -> Response:
    """Preview the decision on an order, on any day and under any stored policy; nothing is held or stored."""
    return Response(preview_decision(services(), wish, caller()), 200, mimetype="application/json")


@routes.route("/decisions", methods=["GET"])
@routes.arguments(DecisionsAsked(), location="query")
@routes.response(200, DecisionPage)
@routes.doc(operationId="list_decisions", summary="List decisions, newest first")
@performs("list_decisions")
def get_decisions(asked: Mapping[str, Any]) -> Response:
    """List decisions, newest first; an order system sees its own."""
    size = asked["limit"] or services().settings.page_size
    own = caller().client if caller().role == "order_system" else None
    only = {"customer_id": asked["customer_id"], "verdict": asked["verdict"], "client": own}
    try:
        with services().database.read() as work:
            page = work.decisions.list(asked["cursor"], size, **only)
    except ValueError:
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged") from None
    body = {"items": [_listed(one) for one in page.items], "next": page.next_cursor}
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


@routes.route("/decisions/<decision_id>", methods=["GET"])
@routes.response(200, DecisionAnswer, description="the bytes that were answered")
@routes.alt_response(404, schema=Problem, description="no such decision", content_type=MEDIA_TYPE)
@routes.alt_response(410, schema=Problem, description="its bytes were erased on request", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_decision", summary="Show a decision as it was answered")
@performs("show_decision")
def get_decision(decision_id: str) -> Response:
    """Show a decision as it was answered, byte for byte; an order system sees its own."""
    stored: StoredDecision | None = None
    if is_identifier(decision_id):
        with services().database.read() as work:
            stored = work.decisions.get(decision_id)
    asking = caller()
    if stored is None or (asking.role == "order_system" and stored.client != asking.client):
        raise Refused("not-found", "there is no decision with this id")
    if not stored.response:
        raise Refused("record-erased", f"what was answered was erased; the verdict was {stored.verdict}")
    return Response(stored.response, 200, mimetype="application/json")


@routes.route("/decisions/<decision_id>/replay", methods=["GET"])
@routes.response(200, ReplayShown)
@routes.alt_response(404, schema=Problem, description="no such decision", content_type=MEDIA_TYPE)
@routes.doc(operationId="replay_decision", summary="Decide a stored decision again")
@performs("replay_decision")
def get_replay(decision_id: str) -> Response:
    """Decide again on the snapshot of facts, by the policy of then; nothing is changed or held."""
    found = replay_decision(services().database, decision_id) if is_identifier(decision_id) else None
    if found is None:
        raise Refused("not-found", "there is no decision with this id")
    return Response(json.dumps(as_dict(found), ensure_ascii=False), 200, mimetype="application/json")


@routes.route("/decisions/<decision_id>/evidence", methods=["GET"])
@routes.response(200, content_type="application/zip", description="the file for an auditor")
@routes.alt_response(404, schema=Problem, description="no such decision", content_type=MEDIA_TYPE)
@routes.doc(operationId="collect_evidence", summary="Collect the evidence of a decision")
@performs("collect_evidence")
def get_evidence(decision_id: str) -> Response:
    """Collect what was asked, known, decided and signed of one decision, in a zip that says how to check it."""
    found = collect_evidence(services().database, decision_id) if is_identifier(decision_id) else None
    if found is None:
        raise Refused("not-found", "there is no decision with this id")
    headers = {"Content-Disposition": f'attachment; filename="evidence-{decision_id}.zip"'}
    return Response(found, 200, headers, mimetype="application/zip")


def _listed(one: StoredDecision) -> dict[str, str | None]:
    subject = one.outcome.get("subject")  # said only of what is no order
    return {
        "decision_id": one.decision_id, "customer_id": one.customer_id, "order_id": one.order.order_id or None,
        "verdict": one.verdict, "decided_at": instant_text(one.decided_at), "as_of": one.as_of.isoformat(),
        "policy_digest": one.policy_digest,
    } | ({} if subject is None else {"subject": subject})  # fmt: skip
