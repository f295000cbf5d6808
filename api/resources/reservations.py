"""Reservations: show what an approval holds, convert it into invoices, void it, confirm its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.change_reservation import Changing, show_reservation
from api.operations.confirm_conditions import confirm_conditions
from api.operations.convert_reservation import convert_reservation
from api.operations.void_reservation import void_reservation
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.reservations import Confirmation, Conversion, ReservationAnswer, Voiding
from api.services import services

routes = StrictBlueprint("reservations", __name__, url_prefix="/v1/reservations", description="what approvals hold")
FAILURES = {
    400: "no usable key or body", 404: "no such reservation",
    409: "nothing is held any more, or the first request is still in work",
    422: "a field, amount or key cannot be used", 503: "nothing changed, or in doubt: retry",
}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/<reservation_id>", methods=["GET"])
@routes.response(200, ReservationAnswer)
@routes.alt_response(404, schema=Problem, description="no such reservation", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_reservation", summary="Show a reservation and every step of its life")
@performs("show_reservation")
def get_reservation(reservation_id: str) -> Response:
    """Show a reservation as it stands now, and every step of its life; an order system sees its own."""
    return Response(show_reservation(services(), caller(), reservation_id), 200, mimetype="application/json")


@routes.route("/<reservation_id>/convert", methods=["POST"])
@routes.arguments(Conversion())
@routes.response(200, ReservationAnswer, description="the part is held no longer; its invoice is owed")
@refusable
@routes.doc(operationId="convert_reservation", summary="Convert a part of a hold, or all", parameters=[KEY_PARAMETER])
@performs("convert_reservation")
def post_conversion(wish: Mapping[str, Any], reservation_id: str) -> Response:
    """Convert a part of what is held, or all of it, into an invoice: one leaves and the other enters at once."""
    return answer_response(convert_reservation(services(), _changing("convert_reservation", reservation_id), wish))


@routes.route("/<reservation_id>/void", methods=["POST"])
@routes.arguments(Voiding())
@routes.response(200, ReservationAnswer, description="nothing is held any more")
@refusable
@routes.doc(operationId="void_reservation", summary="Void what is still held", parameters=[KEY_PARAMETER])
@performs("void_reservation")
def post_voiding(wish: Mapping[str, Any], reservation_id: str) -> Response:
    """Void what is still held, for good: the order was cancelled, or the rest will not be delivered."""
    return answer_response(void_reservation(services(), _changing("void_reservation", reservation_id)))


@routes.route("/<reservation_id>/confirm", methods=["POST"])
@routes.arguments(Confirmation())
@routes.response(200, ReservationAnswer, description="what the securities cover is held no longer")
@refusable
@routes.doc(operationId="confirm_conditions", summary="Confirm the conditions of an approval",
            parameters=[KEY_PARAMETER])  # fmt: skip
@performs("confirm_conditions")
def post_confirmation(wish: Mapping[str, Any], reservation_id: str) -> Response:
    """Confirm which alternative of the conditions is in place, in full; what it covers is held no longer."""
    return answer_response(confirm_conditions(services(), _changing("confirm_conditions", reservation_id), wish))


def _changing(operation: str, reservation_id: str) -> Changing:
    key = read_key(request.headers.get(HEADER))
    return Changing(caller(), key, request.get_data(cache=True), operation, reservation_id)
