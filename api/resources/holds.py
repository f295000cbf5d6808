"""Holds: a person stops new orders of a customer, ends that, and everybody who may sees all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.place_hold import end_hold, list_holds, place_hold
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.holds import HoldAnswer, HoldEnd, HoldsShown, HoldWish
from api.services import services

routes = StrictBlueprint("holds", __name__, url_prefix="/v1", description="whose new orders are stopped")
FAILURES = {400: "no usable key or body", 404: "no such hold or customer",
            409: "ended before, or the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/customers/<customer_id>/holds", methods=["POST"])
@routes.arguments(HoldWish())
@routes.response(201, HoldAnswer, description="new orders are stopped from today on")
@routes.alt_response(200, schema=HoldAnswer, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="place_hold", summary="Stop new orders of a customer", parameters=[KEY_PARAMETER])
@performs("place_hold")
def post_hold(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Stop new orders of a customer, or the whole account, from today on."""
    return answer_response(place_hold(services(), keyed_request("place_hold", customer_id), wish))


@routes.route("/holds/<hold_id>:end", methods=["POST"])
@routes.arguments(HoldEnd())
@routes.response(200, HoldAnswer, description="from today on it stops nothing")
@refusable
@routes.doc(operationId="end_hold", summary="End a hold", parameters=[KEY_PARAMETER])
@performs("end_hold")
def post_end(wish: Mapping[str, Any], hold_id: str) -> Response:
    """End a hold, for good; a later one may be placed."""
    return answer_response(end_hold(services(), keyed_request("end_hold", hold_id), wish))


@routes.route("/customers/<customer_id>/holds", methods=["GET"])
@routes.response(200, HoldsShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_holds", summary="List every hold of a customer")
@performs("list_holds")
def get_holds(customer_id: str) -> Response:
    """List every hold of a customer, also those that ended."""
    return Response(list_holds(services(), customer_id), 200, mimetype="application/json")

