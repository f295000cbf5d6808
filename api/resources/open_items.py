"""What is owed: invoices, statements of account and ageing, each as a reader of a day knew it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.bill_charges import bill_charges
from api.operations.show_late_charges import show_late_charges
from api.operations.show_open_items import Days, list_invoices, show_ageing, show_statement
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.open_items import (
    AgeingShown,
    AsOfAsked,
    BillShown,
    BillWish,
    InvoicePage,
    InvoicesAsked,
    LateChargesShown,
    StatementAsked,
    StatementShown,
)
from api.services import services

routes = StrictBlueprint("open_items", __name__, url_prefix="/v1", description="what is owed, and for how long")
REFUSALS = {400: "no usable key or body", 404: "no such customer",
            409: "the first request with this key is still in work",
            422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
NOBODY: Mapping[str, Any] = {"schema": Problem, "description": "no such customer", "content_type": MEDIA_TYPE}


@routes.route("/invoices", methods=["GET"])
@routes.arguments(InvoicesAsked(), location="query")
@routes.response(200, InvoicePage)
@routes.alt_response(404, **NOBODY)
@routes.doc(operationId="list_invoices", summary="List the invoices of a customer, with what is open of each")
@performs("list_invoices")
def get_invoices(asked: Mapping[str, Any]) -> Response:
    """List the invoices of a customer by number, with what is open of each on a day."""
    return _json(list_invoices(services(), asked))


@routes.route("/customers/<customer_id>/statement", methods=["GET"])
@routes.arguments(StatementAsked(), location="query")
@routes.response(200, StatementShown)
@routes.alt_response(404, **NOBODY)
@routes.doc(operationId="show_statement", summary="Show a customer's statement of account")
@performs("show_statement")
def get_statement(asked: Mapping[str, Any], customer_id: str) -> Response:
    """Show what happened on a customer's account, what is open, and what was received for no invoice yet."""
    return _json(show_statement(services(), customer_id, Days(asked["since"], asked["as_of"])))


@routes.route("/customers/<customer_id>/ageing", methods=["GET"])
@routes.arguments(AsOfAsked(), location="query")
@routes.response(200, AgeingShown)
@routes.alt_response(404, **NOBODY)
@routes.doc(operationId="show_ageing", summary="Show what a customer owes by how long it is overdue")
@performs("show_ageing")
def get_ageing(asked: Mapping[str, Any], customer_id: str) -> Response:
    """Show what is open of a customer by how long it is overdue, and the days of sales outstanding."""
    return _json(show_ageing(services(), customer_id, asked["as_of"]))


@routes.route("/customers/<customer_id>/late-charges", methods=["GET"])
@routes.arguments(AsOfAsked(), location="query")
@routes.response(200, LateChargesShown)
@routes.alt_response(404, **NOBODY)
@routes.doc(operationId="show_late_charges", summary="Show the late charges of a customer's invoices")
@performs("show_late_charges")
def get_late_charges(asked: Mapping[str, Any], customer_id: str) -> Response:
    """Show what the late charges of a customer's invoices come to, those of invoices that were paid late too."""
    return _json(show_late_charges(services(), customer_id, asked["as_of"]))


@routes.route("/customers/<customer_id>/late-charges", methods=["POST"])
@routes.arguments(BillWish())
@routes.response(201, BillShown, description="what was billed, one item for an invoice")
@routes.alt_response(200, schema=BillShown, description="nothing was to be billed, or the answer given to this key")
@routes.refusing(REFUSALS)
@routes.doc(operationId="bill_late_charges", summary="Bill the late charges of a customer", parameters=[KEY_PARAMETER])
@performs("bill_late_charges")
def post_late_charges(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Bill what the late charges of a customer's invoices came to and was not billed yet."""
    return answer_response(bill_charges(services(), keyed_request("bill_late_charges", customer_id), wish))


@routes.route("/ageing", methods=["GET"])
@routes.arguments(AsOfAsked(), location="query")
@routes.response(200, AgeingShown)
@routes.doc(operationId="show_book_ageing", summary="Show what all customers owe by how long it is overdue")
@performs("show_book_ageing")
def get_book_ageing(asked: Mapping[str, Any]) -> Response:
    """Show what is open of the whole book by how long it is overdue, and the days of sales outstanding."""
    return _json(show_ageing(services(), None, asked["as_of"]))


def _json(body: bytes) -> Response:
    return Response(body, 200, mimetype="application/json")
