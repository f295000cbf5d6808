"""Referrals: the orders that wait for a person, and the person's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.decide_referral import Deciding, approve_referral, reject_referral
from api.operations.referrals import life_of, list_referrals, referral_dict, show_referral
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.referrals import (
    ReferralAnswer,
    ReferralApproved,
    ReferralApprovedWithTerms,
    ReferralDecidedAnswer,
    ReferralPage,
    ReferralRejected,
    ReferralsAsked,
)
from api.services import services

routes = StrictBlueprint("referrals", __name__, url_prefix="/v1/referrals", description="what waits for a person")
FAILURES = {
    400: "no usable key or body", 403: "another person has to decide this", 404: "no such referral",
    409: "it is decided or over, or the first request is still in work",
    422: "a field, terms or key cannot be used", 503: "nothing changed, or in doubt: retry",
}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("", methods=["GET"])
@routes.arguments(ReferralsAsked(), location="query")
@routes.response(200, ReferralPage)
@routes.doc(operationId="list_referrals", summary="List referrals, the longest waiting first")
@performs("list_referrals")
def get_referrals(asked: Mapping[str, Any]) -> Response:
    """List the orders that wait for a person, the longest waiting first; an order system sees its own."""
    page, now = list_referrals(services(), caller(), asked)
    items = [referral_dict(one, now, life_of(services())) for one in page.items]
    body = json.dumps({"items": items, "next": page.next_cursor}, ensure_ascii=False)
    return Response(body, mimetype="application/json")


@routes.route("/<referral_id>", methods=["GET"])
@routes.response(200, ReferralAnswer)
@routes.alt_response(404, schema=Problem, description="no such referral", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_referral", summary="Show a referral and what became of it")
@performs("show_referral")
def get_referral(referral_id: str) -> Response:
    """Show a referral: how long it waits, whom it needs, and what became of it; an order system sees its own."""
    return Response(show_referral(services(), caller(), referral_id), 200, mimetype="application/json")


@routes.route("/<referral_id>:approve", methods=["POST"])
@routes.arguments(ReferralApproved())
@routes.response(200, ReferralDecidedAnswer, description="the order is decided anew, released as far as it may be")
@refusable
@routes.doc(operationId="approve_referral", summary="Approve a referral", parameters=[KEY_PARAMETER])
@performs("approve_referral")
def post_approval(wish: Mapping[str, Any], referral_id: str) -> Response:
    """Approve a referral: the order is decided anew under the lock, bound to its amount and to days."""
    return answer_response(approve_referral(services(), _deciding("approve_referral", referral_id, wish)))


@routes.route("/<referral_id>:approve-with-terms", methods=["POST"])
@routes.arguments(ReferralApprovedWithTerms())
@routes.response(200, ReferralDecidedAnswer, description="the order is decided anew on these terms")
@refusable
@routes.doc(operationId="approve_referral_with_terms", summary="Approve a referral on other terms",
            parameters=[KEY_PARAMETER])  # fmt: skip
@performs("approve_referral_with_terms")
def post_approval_with_terms(wish: Mapping[str, Any], referral_id: str) -> Response:
    """Approve a referral on payment terms that the person names, and that the policy allows."""
    return answer_response(approve_referral(services(), _deciding("approve_referral_with_terms", referral_id, wish)))


@routes.route("/<referral_id>:reject", methods=["POST"])
@routes.arguments(ReferralRejected())
@routes.response(200, ReferralDecidedAnswer, description="the referral is rejected; nothing is held")
@refusable
@routes.doc(operationId="reject_referral", summary="Reject a referral", parameters=[KEY_PARAMETER])
@performs("reject_referral")
def post_rejection(wish: Mapping[str, Any], referral_id: str) -> Response:
    """Reject a referral, for good."""
    return answer_response(reject_referral(services(), _deciding("reject_referral", referral_id, wish)))


def _deciding(operation: str, referral_id: str, wish: Mapping[str, Any]) -> Deciding:
    key = read_key(request.headers.get(HEADER))
    return Deciding(caller(), key, request.get_data(cache=True), operation, referral_id, wish)
