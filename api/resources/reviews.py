"""Reviews of customers, whose review is due, and the alerts of those that fell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.review_customer import list_alerts, list_due, list_reviews, review_customer, see_alert
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.reviews import (
    AlertAnswer,
    AlertPage,
    AlertsAsked,
    DueAsked,
    DuePage,
    ReviewsShown,
    ReviewWish,
    SeenWish,
)
from api.services import services

routes = StrictBlueprint("reviews", __name__, url_prefix="/v1", description="who is to be looked at again, and why")
FAILURES = {400: "no usable key or body", 404: "no such customer or alert",
            409: "seen before, or the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/customers/<customer_id>/reviews", methods=["POST"])
@routes.arguments(ReviewWish())
@routes.response(201, ReviewsShown, description="the review is kept; all of them are shown")
@routes.alt_response(200, schema=ReviewsShown, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="review_customer", summary="Record the review of a customer", parameters=[KEY_PARAMETER])
@performs("review_customer")
def post_review(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Record what a review of today found, and when the next one is due."""
    return answer_response(review_customer(services(), keyed_request("review_customer", customer_id), wish))


@routes.route("/customers/<customer_id>/reviews", methods=["GET"])
@routes.response(200, ReviewsShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_reviews", summary="List every review of a customer")
@performs("list_reviews")
def get_reviews(customer_id: str) -> Response:
    """List every review of a customer, and when the next one is due."""
    return Response(list_reviews(services(), customer_id), 200, mimetype="application/json")


@routes.route("/reviews/due", methods=["GET"])
@routes.arguments(DueAsked(), location="query")
@routes.response(200, DuePage)
@routes.doc(operationId="list_due_reviews", summary="List the customers whose review is due")
@performs("list_due_reviews")
def get_due(asked: Mapping[str, Any]) -> Response:
    """List the customers whose review is due on a day, or that were never reviewed, by id."""
    return Response(list_due(services(), asked), 200, mimetype="application/json")


@routes.route("/alerts", methods=["GET"])
@routes.arguments(AlertsAsked(), location="query")
@routes.response(200, AlertPage)
@routes.doc(operationId="list_alerts", summary="List the customers that fell, until a person saw it")
@performs("list_alerts")
def get_alerts(asked: Mapping[str, Any]) -> Response:
    """List the alerts of customers whose tier or rating fell that no person saw yet, or all of them."""
    return Response(list_alerts(services(), asked), 200, mimetype="application/json")


@routes.route("/alerts/<alert_id>:see", methods=["POST"])
@routes.arguments(SeenWish())
@routes.response(200, AlertAnswer, description="a person saw it, and the list has it no longer")
@refusable
@routes.doc(operationId="see_alert", summary="Say that a person saw an alert", parameters=[KEY_PARAMETER])
@performs("see_alert")
def post_seen(wish: Mapping[str, Any], alert_id: str) -> Response:
    """Say that a person saw an alert, and what is done about it; only a person may."""
    return answer_response(see_alert(services(), keyed_request("see_alert", alert_id), wish))

