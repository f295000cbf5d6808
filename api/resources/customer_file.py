"""The customer file: facts told from a day on, documents filed and withdrawn, and the dossier that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.file_document import file_document, show_dossier, withdraw_document
from api.operations.tell_facts import show_facts, tell_facts
from api.requests import StrictBlueprint
from api.schemas.customer_file import (
    DocumentAnswer,
    DocumentWish,
    DocumentWithdrawalWish,
    DossierShown,
    FactsShown,
    FactsWish,
)
from api.schemas.fields import Problem
from api.services import services

routes = StrictBlueprint("customer_file", __name__, url_prefix="/v1", description="what is on file about a customer")
FAILURES = {400: "no usable key or body", 404: "no such customer or document",
            409: "withdrawn before, or the first request is still in work", 422: "a field or key cannot be used",
            503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("/customers/<customer_id>/facts", methods=["POST"])
@routes.arguments(FactsWish())
@routes.response(201, FactsShown, description="the facts are told; all of them are shown")
@routes.alt_response(200, schema=FactsShown, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="tell_facts", summary="Tell facts of a customer from a day on", parameters=[KEY_PARAMETER])
@performs("tell_facts")
def post_facts(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Tell facts of a customer from a day on, such as a rating; orders of before stay decided as they were."""
    return answer_response(tell_facts(services(), keyed_request("tell_facts", customer_id), wish))


@routes.route("/customers/<customer_id>/facts", methods=["GET"])
@routes.response(200, FactsShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="list_facts", summary="List what is so of a customer, and every fact told from a day on")
@performs("list_facts")
def get_facts(customer_id: str) -> Response:
    """List what is so of a customer today, and every fact that was told from a day on, by whom and why."""
    return Response(show_facts(services(), customer_id), 200, mimetype="application/json")


@routes.route("/customers/<customer_id>/documents", methods=["POST"])
@routes.arguments(DocumentWish())
@routes.response(201, DocumentAnswer, description="the document is on file")
@routes.alt_response(200, schema=DocumentAnswer, description="the answer that was given to the same key before")
@refusable
@routes.doc(operationId="file_document", summary="Put a document of a customer on file", parameters=[KEY_PARAMETER])
@performs("file_document")
def post_document(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Put a document of a customer on file, with its dates and where it comes from."""
    return answer_response(file_document(services(), keyed_request("file_document", customer_id), wish))


@routes.route("/documents/<document_id>:withdraw", methods=["POST"])
@routes.arguments(DocumentWithdrawalWish())
@routes.response(200, DocumentAnswer, description="from now on it counts no longer")
@refusable
@routes.doc(operationId="withdraw_document", summary="Withdraw a document", parameters=[KEY_PARAMETER])
@performs("withdraw_document")
def post_withdrawal(wish: Mapping[str, Any], document_id: str) -> Response:
    """Withdraw a document, for good; it stays to be read and counts no longer."""
    return answer_response(withdraw_document(services(), keyed_request("withdraw_document", document_id), wish))


@routes.route("/customers/<customer_id>/dossier", methods=["GET"])
@routes.response(200, DossierShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_dossier", summary="Show the documents of a customer and those still asked for")
@performs("show_dossier")
def get_dossier(customer_id: str) -> Response:
    """Show every document of a customer, and which of those that the policy asks for are on file."""
    return Response(show_dossier(services(), customer_id), 200, mimetype="application/json")

