"""Blocks of invoices: a person stops the steps of a ladder for some days, ends that, and who may sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.block_invoice import block_invoice, end_block, list_blocks
from api.requests import StrictBlueprint
from api.schemas.blocks import BlockAnswer, BlockEndWish, BlocksShown, BlockWish
from api.schemas.fields import Problem
from api.services import services

routes = StrictBlueprint("blocks", __name__, url_prefix="/v1", description="which invoices take no step of a ladder")
FAILURES = {400: "no usable key or body", 404: "no such block or customer",
            409: "over already, or the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/customers/<customer_id>/blocks", methods=["POST"])
@routes.arguments(BlockWish())
@routes.response(201, BlockAnswer, description="the invoice takes no step up to that day")
@routes.alt_response(200, schema=BlockAnswer, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="block_invoice", summary="Stop the steps of an invoice's ladder", parameters=[KEY_PARAMETER])
@performs("block_invoice")
def post_block(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Stop the steps of an invoice's ladder up to a day, for a dispute or a promise to pay."""
    return answer_response(block_invoice(services(), keyed_request("block_invoice", customer_id), wish))


@routes.route("/blocks/<block_id>:end", methods=["POST"])
@routes.arguments(BlockEndWish())
@routes.response(200, BlockAnswer, description="from today on the ladder goes on")
@refusable
@routes.doc(operationId="end_block", summary="End a block", parameters=[KEY_PARAMETER])
@performs("end_block")
def post_end(wish: Mapping[str, Any], block_id: str) -> Response:
    """End a block before its last day; the ladder goes on where it stood."""
    return answer_response(end_block(services(), keyed_request("end_block", block_id), wish))


@routes.route("/customers/<customer_id>/blocks", methods=["GET"])
@routes.response(200, BlocksShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_blocks", summary="List every block of a customer's invoices")
@performs("list_blocks")
def get_blocks(customer_id: str) -> Response:
    """List every block of a customer's invoices, also those that are over."""
    return Response(list_blocks(services(), customer_id), 200, mimetype="application/json")

