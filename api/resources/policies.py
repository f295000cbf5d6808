"""Policies: what decides, what decided, what changed between versions, and the evidence for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE, Refused
from api.operations.policy_review import (
    diff_policies,
    effective_policies,
    export_policy,
    list_challengers,
    list_versions,
    policy_history,
    show_version,
)
from api.operations.policy_shown import version_dict
from api.requests import StrictBlueprint
from api.schemas.customers import PageAsked
from api.schemas.fields import Problem
from api.schemas.policies import (
    ChallengersShown,
    DiffAsked,
    DiffShown,
    EffectiveAsked,
    EffectiveShown,
    PolicyEvidence,
    PolicyPage,
    VersionShown,
)
from api.services import Services, services

routes = StrictBlueprint("policies", __name__, url_prefix="/v1/policies", description="versions and their evidence")


@routes.route("/versions", methods=["GET"])
@routes.arguments(PageAsked(), location="query")
@routes.response(200, PolicyPage)
@routes.doc(operationId="list_versions", summary="List policy versions")
@performs("list_versions")
def get_versions(asked: Mapping[str, Any]) -> Response:
    """List the stored versions of policies by name and number; `next` of the page before goes on."""
    return page(list_versions, asked)


@routes.route("/versions/<digest>", methods=["GET"])
@routes.response(200, VersionShown)
@routes.alt_response(404, schema=Problem, description="no such version", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_version", summary="Show a policy version")
@performs("show_version")
def get_version(digest: str) -> Response:
    """Show a version with its text; its exact bytes are at `/source`."""
    found = show_version(services(), digest)
    return shown(version_dict(found) | {"text": found.source.decode("utf-8", "replace")}, tag=f'"{found.digest}"')


@routes.route("/versions/<digest>/source", methods=["GET"])
@routes.response(200, description="the bytes of the file, as they were written", content_type="application/yaml")
@routes.alt_response(404, schema=Problem, description="no such version", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_version_source", summary="The exact bytes of a policy version")
@performs("show_version_source")
def get_version_source(digest: str) -> Response:
    """The exact bytes of a version's file."""
    found = show_version(services(), digest)
    answer = Response(found.source, mimetype="application/yaml")
    answer.headers["ETag"] = f'"{found.digest}"'
    answer.headers["Content-Disposition"] = "attachment"  # nothing of it is shown as a page
    return answer


@routes.route("/versions/<digest>/evidence", methods=["GET"])
@routes.response(200, PolicyEvidence)
@routes.alt_response(404, schema=Problem, description="no such version", content_type=MEDIA_TYPE)
@routes.doc(operationId="export_policy", summary="Export a policy version with its evidence")
@performs("export_policy")
def get_evidence(digest: str) -> Response:
    """One version with all that speaks for it: bytes, revisions, checks, approvals, comments, when it decided."""
    return shown(export_policy(services(), digest))


@routes.route("/diff", methods=["GET"])
@routes.arguments(DiffAsked(), location="query")
@routes.response(200, DiffShown)
@routes.doc(operationId="diff_policies", summary="What changed between two versions, and for whom")
@performs("diff_policies")
def get_diff(asked: Mapping[str, Any]) -> Response:
    """What changed between two versions: sentences with lines, and orders that they decide differently."""
    return shown(diff_policies(services(), asked["old"], asked["new"]))


@routes.route("/history", methods=["GET"])
@routes.arguments(PageAsked(), location="query")
@routes.response(200, PolicyPage)
@routes.doc(operationId="policy_history", summary="What began to decide, when, and who approved it")
@performs("policy_history")
def get_history(asked: Mapping[str, Any]) -> Response:
    """What began to decide, for whom, from when, and who wrote and approved it; newest first."""
    return page(policy_history, asked)


@routes.route("/effective", methods=["GET"])
@routes.arguments(EffectiveAsked(), location="query")
@routes.response(200, EffectiveShown)
@routes.doc(operationId="effective_policies", summary="What decides now, or at an instant")
@performs("effective_policies")
def get_effective(asked: Mapping[str, Any]) -> Response:
    """What decides at an instant, by assignment, and where a customer is named, what decides for it."""
    return shown(effective_policies(services(), asked["on"], asked["customer_id"]))


@routes.route("/challengers", methods=["GET"])
@routes.response(200, ChallengersShown)
@routes.doc(operationId="list_challengers", summary="What challengers would have answered")
@performs("list_challengers")
def get_challengers() -> Response:
    """What challengers would have answered beside live decisions: counts by pairs of verdicts, and examples."""
    return shown(list_challengers(services()))


def page(read: Callable[[Services, str | None, int], Mapping[str, Any]], asked: Mapping[str, Any]) -> Response:
    """One page of a list. Raises: Refused (invalid-cursor)."""
    try:
        return shown(read(services(), asked["cursor"], asked["limit"] or services().settings.page_size))
    except ValueError:
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged") from None


def shown(body: Mapping[str, Any], status: int = 200, tag: str | None = None) -> Response:
    """A record as JSON, with its tag where it has one."""
    answer = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    if tag is not None:
        answer.headers["ETag"] = tag
    return answer
