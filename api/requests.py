"""From a request to checked values: strict JSON, then a schema, then a problem that names every wrong field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

import marshmallow
from flask import Request, request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser

from api.errors import MEDIA_TYPE, FieldError, Refused
from api.schemas.fields import UNKNOWN, Problem
from api.strict_json import quoted, read_object
from credit.money import minor_digits

View = TypeVar("View", bound=Callable[..., Any])

_MOST_ERRORS = 50


class StrictParser(FlaskParser):
    """The reader of bodies and queries: no lenient JSON, nothing unknown anywhere, problems instead of aborts."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": marshmallow.RAISE, "query": marshmallow.RAISE}

    def load_json(self, req: Request, schema: marshmallow.Schema) -> dict[str, Any]:
        """The body as one JSON object. Raises: Refused."""
        if req.mimetype != "application/json":
            raise Refused("unsupported-media-type", f"the body is sent as '{quoted(req.mimetype)}'")
        return read_object(req.get_data(cache=True))

    def handle_error(self, error: marshmallow.ValidationError, req: Request, schema: marshmallow.Schema, *,
                     error_status_code: int | None, error_headers: Mapping[str, str] | None) -> NoReturn:  # fmt: skip
        """Refuse with every wrong field. Raises: Refused."""
        found: Any = error.normalized_messages()  # type: ignore[no-untyped-call]
        inside = found.get("json", found.get("query", found))
        raise refused_fields(list(field_errors(inside))[:_MOST_ERRORS])


def refused_fields(errors: list[FieldError]) -> Refused:
    """The refusal of one or more fields; only unknown ones have a problem type of their own."""
    unknown = all(error.message == UNKNOWN for error in errors)
    told = "; ".join(f"'{error.field}' {error.message}" for error in errors[:3])
    return Refused("unknown-field" if unknown else "invalid-field", told, errors)


def field_errors(messages: Any, path: str = "") -> Iterator[FieldError]:
    """Nested messages as flat paths, one for each field."""
    if isinstance(messages, Mapping):
        for key, inside in messages.items():
            name = "" if key == "_schema" else quoted(str(key))
            yield from field_errors(inside, f"{path}.{name}".strip("."))
    else:
        yield FieldError(path or "body", str(messages[0] if isinstance(messages, list) else messages))


def read_currency(currency: str, field: str = "currency") -> None:
    """Refuse what ISO 4217 does not have. Raises: Refused (unknown-currency)."""
    try:
        minor_digits(currency)
    except ValueError as error:
        raise Refused("unknown-currency", str(error), [FieldError(field, "is not an active ISO 4217 code")]) from None


def with_largest_body(size: int) -> Callable[[View], View]:
    """Mark a view that takes bodies of another size than the rest; it stands above what reads the body."""

    def mark(view: View) -> View:
        @wraps(view)
        def sized(*args: Any, **named: Any) -> Any:
            request.max_content_length = size
            return view(*args, **named)

        return cast(View, sized)

    return mark


class StrictBlueprint(Blueprint):
    """A blueprint whose arguments are read by `StrictParser`."""

    ARGUMENTS_PARSER = StrictParser()

    def refusing(self, failures: Mapping[int, str]) -> Callable[[View], View]:
        """What shows on a route how it refuses: by status, in words."""

        def shown(view: View) -> View:
            for status, told in failures.items():
                view = self.alt_response(status, schema=Problem, description=told, content_type=MEDIA_TYPE)(view)
            return view

        return shown
