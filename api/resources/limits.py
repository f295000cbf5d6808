"""Granted limits of customers and groups: tell another one, and show all that were told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.tell_limit import CUSTOMER, GROUP, Telling, show_limits, tell_limit
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.limits import LimitsShown, LimitWish
from api.services import services

routes = StrictBlueprint("limits", __name__, url_prefix="/v1", description="how much may be owed, and since when")
FAILURES = {400: "no usable key or body", 404: "no such customer or group",
            409: "the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/customers/<customer_id>/limits", methods=["POST"])
@routes.arguments(LimitWish())
@routes.response(201, LimitsShown, description="the limit is told; all of them are shown")
@routes.alt_response(200, schema=LimitsShown, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="tell_limit", summary="Tell another limit of a customer", parameters=[KEY_PARAMETER])
@performs("tell_limit")
def post_limit(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Tell another limit of a customer: from a day on, or for some days in place of the permanent one."""
    return _told(wish, CUSTOMER, customer_id)


@routes.route("/groups/<group_id>/limits", methods=["POST"])
@routes.arguments(LimitWish())
@routes.response(201, LimitsShown, description="the limit is told; all of them are shown")
@routes.alt_response(200, schema=LimitsShown, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="tell_group_limit", summary="Tell another limit of a group", parameters=[KEY_PARAMETER])
@performs("tell_group_limit")
def post_group_limit(wish: Mapping[str, Any], group_id: str) -> Response:
    """Tell another limit of a group, for all of its members together."""
    return _told(wish, GROUP, group_id)


@routes.route("/customers/<customer_id>/limits", methods=["GET"])
@routes.response(200, LimitsShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_limits", summary="List every limit that a customer was given")
@performs("list_limits")
def get_limits(customer_id: str) -> Response:
    """List every limit that was told of a customer, with its days, by whom and why."""
    return Response(show_limits(services(), CUSTOMER, customer_id), 200, mimetype="application/json")


@routes.route("/groups/<group_id>/limits", methods=["GET"])
@routes.response(200, LimitsShown)
@routes.alt_response(404, schema=Problem, description="no such group", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_group_limits", summary="List every limit that a group was given")
@performs("list_group_limits")
def get_group_limits(group_id: str) -> Response:
    """List every limit that was told of a group, with its days, by whom and why."""
    return Response(show_limits(services(), GROUP, group_id), 200, mimetype="application/json")


def _told(wish: Mapping[str, Any], what: str, name: str) -> Response:
    asked = Telling(caller(), read_key(request.headers.get(HEADER)), request.get_data(cache=True), what, name)
    return answer_response(tell_limit(services(), asked, wish))
