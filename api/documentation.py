"""What explains the service to people and programs: the OpenAPI document, its page, and a page per kind of problem.

Swagger UI's files come from the package `flask-swagger-ui` and are served from here: the page asks no other host.
Source: docs/decisions/0005-docs-page-assets.md
"""

from __future__ import annotations

import json
from importlib.metadata import version as installed_version
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, send_from_directory

from api.auth import performs
from api.errors import MEDIA_TYPE, ProblemApi
from api.problem_types import PROBLEM_TYPES

_ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_WEEK_SECONDS = 7 * 24 * 3600


def blueprint(api: ProblemApi) -> Blueprint:
    """The routes that need no key: `/openapi.json`, `/docs`, `/docs/assets/<file>`, `/problems`, `/problems/<name>`."""
    routes = Blueprint("documentation", __name__, template_folder="templates")
    swagger = Path(str(files("flask_swagger_ui"))) / "dist"
    own = Path(__file__).parent / "static"
    written: list[bytes] = []

    @routes.get("/openapi.json")
    @performs("show_openapi")
    def openapi() -> Response:
        if not written:
            written.append(json.dumps(openapi_document(api), ensure_ascii=False).encode())
        return Response(written[0], mimetype="application/json")

    @routes.get("/docs")
    @performs("show_docs")
    def docs() -> str:
        return render_template("docs.html", swagger_version=installed_version("flask-swagger-ui"))

    @routes.get("/docs/assets/<name>")
    @performs("show_docs")
    def asset(name: str) -> Response:
        if name not in (*_ASSETS, "docs.js"):
            abort(404)
        response = send_from_directory(swagger if name in _ASSETS else own, name, max_age=_WEEK_SECONDS)
        response.headers["Cache-Control"] = f"public, max-age={_WEEK_SECONDS}"
        return response

    @routes.get("/problems")
    @performs("show_problem_type")
    def problems() -> Response:
        rows = [{"type": f"/problems/{kind.name}", "status": kind.status, "title": kind.title, "advice": kind.advice}
                for kind in PROBLEM_TYPES.values()]  # fmt: skip
        return Response(json.dumps(rows, ensure_ascii=False), mimetype="application/json")

    @routes.get("/problems/<name>")
    @performs("show_problem_type")
    def problem(name: str) -> Response:
        kind = PROBLEM_TYPES.get(name)
        if kind is None:
            abort(404)
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            body = {"type": f"/problems/{name}", "status": kind.status, "title": kind.title, "advice": kind.advice}
            return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
        return Response(render_template("problem.html", kind=kind), mimetype="text/html")

    return routes


def openapi_document(api: ProblemApi) -> dict[str, Any]:
    """The document of all routes, in which every shared failure is a problem and not plain JSON."""
    document = api.document()
    for response in document["components"].get("responses", {}).values():
        content = response.pop("content", {})
        response["content"] = {MEDIA_TYPE: content.get("application/json", PROBLEM)}
    return document
