"""Grants: a person lets one order go beyond a limit, takes that back, and everybody who may sees all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.give_grant import Granting, give_grant, list_grants, show_grant, withdraw_grant
from api.operations.tell_limit import CUSTOMER, GROUP
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.grants import GrantAnswer, GrantsShown, GrantWish, Withdrawing
from api.services import services

routes = StrictBlueprint("grants", __name__, url_prefix="/v1", description="what one order may go beyond a limit")
FAILURES = {400: "no usable key or body", 403: "not this person", 404: "no such grant, customer or group",
            409: "taken back before, or the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/grants", methods=["POST"])
@routes.arguments(GrantWish())
@routes.response(201, GrantAnswer, description="the order may go beyond the limit by so much")
@routes.alt_response(200, schema=GrantAnswer, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="give_grant", summary="Let one order go beyond a limit", parameters=[KEY_PARAMETER])
@performs("give_grant")
def post_grant(wish: Mapping[str, Any]) -> Response:
    """Let one order go beyond a customer's or a group's limit; it is still decided by the policy."""
    return answer_response(give_grant(services(), _granting("give_grant"), wish))


@routes.route("/grants/<grant_id>:withdraw", methods=["POST"])
@routes.arguments(Withdrawing())
@routes.response(200, GrantAnswer, description="it raises nothing any more; what was held with it stays held")
@refusable
@routes.doc(operationId="withdraw_grant", summary="Take a grant back", parameters=[KEY_PARAMETER])
@performs("withdraw_grant")
def post_withdrawal(wish: Mapping[str, Any], grant_id: str) -> Response:
    """Take a grant back, for good; what was held with it stays held."""
    return answer_response(withdraw_grant(services(), _granting("withdraw_grant", grant_id), wish))


@routes.route("/grants/<grant_id>", methods=["GET"])
@routes.response(200, GrantAnswer)
@routes.alt_response(404, schema=Problem, description="no such grant", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_grant", summary="Show a grant")
@performs("show_grant")
def get_grant(grant_id: str) -> Response:
    """Show a grant as it stands now."""
    return Response(show_grant(services(), grant_id), 200, mimetype="application/json")


@routes.route("/customers/<customer_id>/grants", methods=["GET"])
@routes.response(200, GrantsShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_grants", summary="List every grant to a customer")
@performs("list_grants")
def get_grants(customer_id: str) -> Response:
    """List every grant to a customer's account, also those that are over."""
    return Response(list_grants(services(), CUSTOMER, customer_id), 200, mimetype="application/json")


@routes.route("/groups/<group_id>/grants", methods=["GET"])
@routes.response(200, GrantsShown)
@routes.alt_response(404, schema=Problem, description="no such group", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_group_grants", summary="List every grant to a group")
@performs("list_group_grants")
def get_group_grants(group_id: str) -> Response:
    """List every grant to a group's account, also those that are over."""
    return Response(list_grants(services(), GROUP, group_id), 200, mimetype="application/json")


def _granting(operation: str, grant_id: str = "") -> Granting:
    return Granting(caller(), read_key(request.headers.get(HEADER)), request.get_data(cache=True), operation, grant_id)
