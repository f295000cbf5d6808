"""One JSON line per event, without personal data: no bodies, no names, no messages of exceptions.

An exception is told by its type and places only, because its message may quote a customer's figures.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

_OURS = ("request_id", "client", "role", "operation", "method", "route", "status", "milliseconds", "problem", "detail",
         "decision_id", "verdict", "engines", "policy", "alarm", "difference")  # fmt: skip


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON with the fields we know and nothing else."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "logger": record.name,
                                "event": record.getMessage()}  # fmt: skip
        line |= {name: getattr(record, name) for name in _OURS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["fault"] = places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str)


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
