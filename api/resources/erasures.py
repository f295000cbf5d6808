"""Erasures: a person has the record of a decision or of a customer erased, for good; every proof still verifies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.erase_records import erase_customer, erase_decision
from api.requests import StrictBlueprint
from api.schemas.erasures import CustomerErasedAnswer, DecisionErasedAnswer, ErasureWish
from api.services import services

routes = StrictBlueprint("erasures", __name__, url_prefix="/v1", description="what is erased on request")
FAILURES = {400: "no usable key or body", 404: "no such decision or customer",
            409: "still needed, or the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing erased, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/decisions/<decision_id>:erase", methods=["POST"])
@routes.arguments(ErasureWish())
@routes.response(200, DecisionErasedAnswer, description="erased, now or before")
@refusable
@routes.doc(operationId="erase_decision", summary="Erase the record of a decision", parameters=[KEY_PARAMETER])
@performs("erase_decision")
def post_decision_erasure(wish: Mapping[str, Any], decision_id: str) -> Response:
    """Erase what a decision was made from and answered with, for good; its verdict and its proofs stay."""
    return answer_response(erase_decision(services(), keyed_request("erase_decision", decision_id), wish))


@routes.route("/customers/<customer_id>:erase", methods=["POST"])
@routes.arguments(ErasureWish())
@routes.response(200, CustomerErasedAnswer, description="erased, now or before")
@refusable
@routes.doc(operationId="erase_customer", summary="Erase a customer's record", parameters=[KEY_PARAMETER])
@performs("erase_customer")
def post_customer_erasure(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Erase a customer's name, country and facts, and the records of all of its decisions, for good."""
    return answer_response(erase_customer(services(), keyed_request("erase_customer", customer_id), wish))

