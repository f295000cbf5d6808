"""Recommendations: the payment terms that a policy allows an order, ranked by what they are expected to earn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE
from api.operations.recommend_terms import recommend_terms
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.recommendations import RecommendationAnswer, TermsWish
from api.services import services
from policy.subjects import ORDER

routes = StrictBlueprint("recommendations", __name__, url_prefix="/v1", description="which terms earn the most")


@routes.route("/recommendations", methods=["POST"])
@routes.arguments(TermsWish())
@routes.response(200, RecommendationAnswer, description="nothing is held or stored")
@routes.alt_response(422, schema=Problem, description="a field or fact cannot be used", content_type=MEDIA_TYPE)
@routes.doc(operationId="recommend_terms", summary="Recommend payment terms")
@performs("recommend_terms")
def post_recommendations(wish: Mapping[str, Any]) -> Response:
    """Recommend payment terms for an order: those that the policy allows, ranked, each with its arithmetic."""
    return Response(recommend_terms(services(), {**wish, "subject": ORDER}), 200, mimetype="application/json")
