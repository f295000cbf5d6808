"""Makes applications quicker to wire in tests: how a route builds its address is compiled when somebody asks for it.

Thousands of tests wire an application of their own, and compiling how each route's address is built took two thirds of
that, though hardly any test builds one. How a request finds its route is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing.rules import Rule

COMPILE: Callable[..., Any] = Rule._compile_builder


def compile_when_asked() -> None:
    """From now on, in this process, a route compiles how its address is built at the first time that it is built."""

    def later(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        def build(*given: Any, **named: Any) -> Any:
            if not made:
                made.append(COMPILE(rule, append_unknown))
            return made[0](*given, **named)

        return build

    Rule._compile_builder = later  # type: ignore[method-assign, assignment]
