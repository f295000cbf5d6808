"""Legal cases: listed, handed over, closed, and the file of one for a lawyer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.legal_cases import close_case, collect_bundle, hand_over_case, list_cases, show_case
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.legal_cases import CaseAnswer, CasePage, CasesAsked, CloseWish, HandOverWish
from api.services import services

routes = StrictBlueprint("legal_cases", __name__, url_prefix="/v1/legal-cases", description="what went to law")
FAILURES = {400: "no usable key or body", 404: "no such case",
            409: "handed over or closed before, or the first request is still in work",
            422: "a field or key cannot be used", 503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)


@routes.route("", methods=["GET"])
@routes.arguments(CasesAsked(), location="query")
@routes.response(200, CasePage)
@routes.doc(operationId="list_legal_cases", summary="List legal cases")
@performs("list_legal_cases")
def get_cases(asked: Mapping[str, Any]) -> Response:
    """List legal cases by id, those that are open or all."""
    return Response(list_cases(services(), asked), 200, mimetype="application/json")


@routes.route("/<case_id>", methods=["GET"])
@routes.response(200, CaseAnswer)
@routes.alt_response(404, schema=Problem, description="no such case", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_legal_case", summary="Show a legal case")
@performs("show_legal_case")
def get_case(case_id: str) -> Response:
    """Show a legal case with its invoices, and what became of it."""
    return Response(show_case(services(), case_id), 200, mimetype="application/json")


@routes.route("/<case_id>/bundle", methods=["GET"])
@routes.response(200, content_type="application/zip", description="the file for a lawyer")
@routes.alt_response(404, schema=Problem, description="no such case", content_type=MEDIA_TYPE)
@routes.doc(operationId="collect_legal_bundle", summary="Collect everything of a legal case for a lawyer")
@performs("collect_legal_bundle")
def get_bundle(case_id: str) -> Response:
    """Collect everything of a legal case in a zip, with a page to print in English and in Chinese."""
    answer = Response(collect_bundle(services().database, case_id), 200, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="legal-case-{case_id}.zip"'
    return answer


@routes.route("/<case_id>:hand-over", methods=["POST"])
@routes.arguments(HandOverWish())
@routes.response(200, CaseAnswer, description="the case is handed over")
@refusable
@routes.doc(operationId="hand_over_legal_case", summary="Hand a legal case over", parameters=[KEY_PARAMETER])
@performs("hand_over_legal_case")
def post_hand_over(wish: Mapping[str, Any], case_id: str) -> Response:
    """Say that a case was handed over, and to whom."""
    return answer_response(hand_over_case(services(), keyed_request("hand_over_legal_case", case_id), wish))


@routes.route("/<case_id>:close", methods=["POST"])
@routes.arguments(CloseWish())
@routes.response(200, CaseAnswer, description="the case is closed, for good")
@refusable
@routes.doc(operationId="close_legal_case", summary="Close a legal case", parameters=[KEY_PARAMETER])
@performs("close_legal_case")
def post_close(wish: Mapping[str, Any], case_id: str) -> Response:
    """Close a case with its result, for good; a later step opens another one."""
    return answer_response(close_case(services(), keyed_request("close_legal_case", case_id), wish))

