"""Makes applications quicker in tests: the routes are wired once in each process, and how a route builds its address is
compiled when somebody asks for it.

Thousands of tests make an application of their own, and wiring its routes took most of that. Each gets a copy that
shares the routes and has its own services, settings and views. A test that adds a route wires its own: `WIRED`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
from typing import Any

from flask import Flask
from werkzeug.routing.rules import Rule

from api import app as applications

COMPILE: Callable[..., Any] = Rule._compile_builder
WIRED = applications.wired


def wire_once() -> None:
    """From now on, in this process, applications are copies of one that is wired."""
    Rule._compile_builder = _later  # type: ignore[method-assign, assignment]
    once = cache(WIRED)
    applications.wired = lambda: _copied(once())  # type: ignore[assignment]


def _copied(app: Flask) -> Flask:
    own = copy(app)
    own.config, own.extensions, own.view_functions = copy(app.config), dict(app.extensions), dict(app.view_functions)
    own.add_url_rule = _refuse  # type: ignore[method-assign]
    return own


def _refuse(*_: Any, **__: Any) -> None:
    raise AssertionError("this application shares its routes; let `api.app.wired` be `tests.quick_routes.WIRED` first")


def _later(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    made: list[Callable[..., Any]] = []

    def build(*given: Any, **named: Any) -> Any:
        if not made:
            made.append(COMPILE(rule, append_unknown))
        return made[0](*given, **named)

    return build
