"""One JSON line per event, without personal data: no bodies, no names, no messages of exceptions.

An exception is told by its type and places only, because its message may quote a customer's figures.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from flask import g, has_request_context
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

_OURS = ("request_id", "client", "role", "operation", "method", "route", "status", "milliseconds", "problem", "detail",
         "count", "decision_id", "verdict", "engines", "policy", "alarm", "difference")  # fmt: skip


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON with the fields we know and nothing else."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "logger": record.name,
                                "event": event_of(record)}  # fmt: skip
        if has_request_context():
            line["request_id"] = g.get("request_id")
        line |= {name: getattr(record, name) for name in _OURS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["fault"] = places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str)


def event_of(record: logging.LogRecord) -> str:
    """What happened; of the server's own messages, which may quote a client, only numbers and signals are told."""
    if not str(record.name).startswith("gunicorn"):
        return record.getMessage()
    given = record.args if isinstance(record.args, tuple) else (record.args,)
    if given and all(isinstance(one, int) or re.fullmatch("SIG[A-Z]+", str(one)) for one in given):
        return record.getMessage()
    return re.split(r"[:='\"%]", str(record.msg))[0].strip()  # where a quote would begin


def places(fault: BaseException) -> list[str]:
    """The chain of an exception as types and code places, innermost last, without messages."""
    told, seen = [], fault
    while seen is not None:
        frames = traceback.extract_tb(seen.__traceback__)[-12:]
        told.append(" < ".join([type(seen).__name__, *(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))]))
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
        if len(told) == 5:
            break
    return told


def configure(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Send everything under the logger "aval" to a stream as JSON lines; called by `serve`, not by `create_app`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    ours = logging.getLogger("aval")
    ours.handlers[:] = [handler]
    ours.setLevel(level)
    ours.propagate = False


class ServerLog(Logger):
    """The server's own log in the same lines: its plain ones would quote the requests that it cannot read."""

    def setup(self, cfg: Any) -> None:
        """Write what goes wrong, and no line per request, as that is ours to write."""
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        self.error_log.handlers[:] = [handler]
