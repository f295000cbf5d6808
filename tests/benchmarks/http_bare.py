"""The bare view of `tests/benchmarks/http.py`: the same server, key check, lock and engine; one INSERT, no policy."""

from __future__ import annotations

import json
import os
import sys
import uuid
from pathlib import Path

from flask import Flask, Response, request
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, insert

from api.app import create_app
from api.auth import performs
from api.serve import Listening, serve
from api.settings import Settings

metadata = MetaData()
recorded = Table(
    "bare_record", metadata,
    Column("decision_id", Text, primary_key=True), Column("idempotency_key", Text, unique=True),
    Column("request", LargeBinary), Column("response", LargeBinary), Column("facts", Text), Column("outcome", Text),
)  # fmt: skip


def bare_app(settings: Settings, stored: dict[str, str]) -> Flask:
    """The app with one view that writes one row, and of what goes before and after it only the check of the key."""
    app = create_app(settings)
    database = app.extensions["aval"].database
    response = stored["response"].encode()

    @performs("decide")
    def record() -> Response:
        values = {"decision_id": str(uuid.uuid4()), "idempotency_key": request.headers["Idempotency-Key"],
                  "request": request.get_data(), "response": response, "facts": stored["facts"],
                  "outcome": stored["outcome"]}  # fmt: skip
        with database.alone() as connection:
            connection.execute(insert(recorded), values)
        return Response(response, 201, mimetype="application/json")

    app.view_functions["decisions.post_decision"] = record
    app.before_request_funcs[None] = [one for one in app.before_request_funcs[None] if one.__name__ == "admit"]
    app.after_request_funcs.clear()
    with database.alone() as connection:
        metadata.create_all(connection)
    return app


def main() -> None:
    """Serve on the database and port of the command line."""
    stored = json.loads(Path(os.environ["AVAL_BENCH_BYTES"]).read_text())
    serve(bare_app(Settings(database=sys.argv[1], pepper=b"p" * 32), stored), Listening(port=int(sys.argv[2])))
