"""Payments, credit notes and write-offs: how they are entered, allocated and taken back, and how each is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.settle import (
    Settling,
    allocate_payment,
    enter_settlement,
    list_settlements,
    reverse_settlement,
    show_settlement,
    take_back_allocation,
)
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.settlements import (
    AllocateWish,
    CreditNoteWish,
    PaymentWish,
    ReversalWish,
    SettlementAnswer,
    SettlementsShown,
    TakeBackWish,
    WriteOffWish,
)
from api.services import services

routes = StrictBlueprint("settlements", __name__, url_prefix="/v1", description="what was paid, credited, written off")
FAILURES = {400: "no usable key or body", 404: "no such settlement or customer",
            409: "known with another content, reversed before, or the first request is still in work",
            422: "the ledger cannot take it, or a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)
KNOWN = "it is known already, or the answer that was given to the same key before"
AGAIN = "its invoices are open again"


@routes.route("/payments", methods=["POST"])
@routes.arguments(PaymentWish())
@routes.response(201, SettlementAnswer, description="what went to which invoice, and what is left")
@routes.alt_response(200, schema=SettlementAnswer, description=KNOWN)
@refusable
@routes.doc(operationId="enter_payment", summary="Enter a payment", parameters=[KEY_PARAMETER])
@performs("enter_payment")
def post_payment(wish: Mapping[str, Any]) -> Response:
    """Enter money that was received: it goes where its remitter says, the rest to the oldest invoices."""
    return answer_response(enter_settlement(services(), _settling("enter_payment", "payment"), wish))


@routes.route("/payments/<payment_id>", methods=["GET"])
@routes.response(200, SettlementAnswer)
@routes.alt_response(404, schema=Problem, description="no such payment", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_payment", summary="Show a payment")
@performs("show_payment")
def get_payment(payment_id: str) -> Response:
    """Show a payment as it stands now."""
    return Response(show_settlement(services(), "payment", payment_id), 200, mimetype="application/json")


@routes.route("/payments/<payment_id>:allocate", methods=["POST"])
@routes.arguments(AllocateWish())
@routes.response(200, SettlementAnswer, description="it went to these invoices, or to the oldest ones")
@refusable
@routes.doc(operationId="allocate_payment", summary="Allocate what is left of a payment", parameters=[KEY_PARAMETER])
@performs("allocate_payment")
def post_allocation(wish: Mapping[str, Any], payment_id: str) -> Response:
    """Say which invoices the money that is left of a payment goes to."""
    return answer_response(allocate_payment(services(), _settling("allocate_payment", "payment", payment_id), wish))


@routes.route("/payments/<payment_id>:take-back", methods=["POST"])
@routes.arguments(TakeBackWish())
@routes.response(200, SettlementAnswer, description="the invoice is open again, and the money is left")
@refusable
@routes.doc(operationId="take_back_allocation", summary="Take money back from an invoice", parameters=[KEY_PARAMETER])
@performs("take_back_allocation")
def post_taking_back(wish: Mapping[str, Any], payment_id: str) -> Response:
    """Take back what a payment gave one invoice, so that it can go to another."""
    asked = _settling("take_back_allocation", "payment", payment_id)
    return answer_response(take_back_allocation(services(), asked, wish))


@routes.route("/payments/<payment_id>:reverse", methods=["POST"])
@routes.arguments(ReversalWish())
@routes.response(200, SettlementAnswer, description=AGAIN)
@refusable
@routes.doc(operationId="reverse_payment", summary="Reverse a payment", parameters=[KEY_PARAMETER])
@performs("reverse_payment")
def post_payment_reversal(wish: Mapping[str, Any], payment_id: str) -> Response:
    """Take a payment back for good, such as one that bounced."""
    return answer_response(reverse_settlement(services(), _settling("reverse_payment", "payment", payment_id), wish))


@routes.route("/credit-notes", methods=["POST"])
@routes.arguments(CreditNoteWish())
@routes.response(201, SettlementAnswer, description="what went to which invoice, and what is left")
@routes.alt_response(200, schema=SettlementAnswer, description=KNOWN)
@refusable
@routes.doc(operationId="enter_credit_note", summary="Enter a credit note", parameters=[KEY_PARAMETER])
@performs("enter_credit_note")
def post_credit_note(wish: Mapping[str, Any]) -> Response:
    """Enter what a customer need not pay: it goes to the invoices that it names, the rest to the oldest."""
    return answer_response(enter_settlement(services(), _settling("enter_credit_note", "credit_note"), wish))


@routes.route("/credit-notes/<credit_note_id>:reverse", methods=["POST"])
@routes.arguments(ReversalWish())
@routes.response(200, SettlementAnswer, description=AGAIN)
@refusable
@routes.doc(operationId="reverse_credit_note", summary="Reverse a credit note", parameters=[KEY_PARAMETER])
@performs("reverse_credit_note")
def post_credit_note_reversal(wish: Mapping[str, Any], credit_note_id: str) -> Response:
    """Take a credit note back for good."""
    asked = _settling("reverse_credit_note", "credit_note", credit_note_id)
    return answer_response(reverse_settlement(services(), asked, wish))


@routes.route("/write-offs", methods=["POST"])
@routes.arguments(WriteOffWish())
@routes.response(201, SettlementAnswer, description="so much less of the invoice is open")
@routes.alt_response(200, schema=SettlementAnswer, description=KNOWN)
@refusable
@routes.doc(operationId="write_off_invoice", summary="Write off an invoice", parameters=[KEY_PARAMETER])
@performs("write_off_invoice")
def post_write_off(wish: Mapping[str, Any]) -> Response:
    """Write off what nobody expects to be paid any more of one invoice."""
    return answer_response(enter_settlement(services(), _settling("write_off_invoice", "write_off"), wish))


@routes.route("/write-offs/<write_off_id>:reverse", methods=["POST"])
@routes.arguments(ReversalWish())
@routes.response(200, SettlementAnswer, description=AGAIN)
@refusable
@routes.doc(operationId="reverse_write_off", summary="Reverse a write-off", parameters=[KEY_PARAMETER])
@performs("reverse_write_off")
def post_write_off_reversal(wish: Mapping[str, Any], write_off_id: str) -> Response:
    """Take a write-off back for good: the invoice is open again."""
    asked = _settling("reverse_write_off", "write_off", write_off_id)
    return answer_response(reverse_settlement(services(), asked, wish))


@routes.route("/customers/<customer_id>/settlements", methods=["GET"])
@routes.response(200, SettlementsShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_settlements", summary="List every payment, credit note and write-off of a customer")
@performs("list_settlements")
def get_settlements(customer_id: str) -> Response:
    """List every payment, credit note and write-off of a customer, also those that were reversed."""
    return Response(list_settlements(services(), customer_id), 200, mimetype="application/json")


def _settling(operation: str, kind: str, settlement_id: str = "") -> Settling:
    key, body = read_key(request.headers.get(HEADER)), request.get_data(cache=True)
    return Settling(caller(), key, body, operation, settlement_id, kind=kind)
