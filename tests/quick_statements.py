"""Makes databases quicker in tests: a statement is compiled once in each process, not once for each database.

Thousands of tests open a database of their own, and each engine keeps what it compiled to itself: compiling took more
time than running. Engines of one kind of database share it here; what they compile to depends on nothing else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

KEPT: LRUCache[Any, Any] = LRUCache(5_000)


def compile_once() -> None:
    """From now on, in this process, engines share what they compile."""
    Engine._compiled_cache = property(lambda engine: KEPT, lambda engine, own: None)  # type: ignore[assignment]
    setattr(DefaultDialect, "__hash__", lambda dialect: hash(_kind(dialect)))  # noqa: B010
    setattr(DefaultDialect, "__eq__", lambda dialect, other: _kind(dialect) == _kind(other))  # noqa: B010


def _kind(dialect: Any) -> tuple[Any, ...]:
    return type(dialect), getattr(dialect, "paramstyle", ""), getattr(dialect, "server_version_info", None)
