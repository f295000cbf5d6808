"""Headers that tell a browser to trust nothing but our own files; the API's JSON may not even be framed or sniffed.

Whoever came over HTTPS once is told to come so again. An operator's proxy that ends HTTPS says that it did.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

_DATA_ONLY = "default-src 'none'; frame-ancestors 'none'"
# Swagger UI sets style attributes and shows data: images; its scripts are files of ours, none are inline.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Origin-Agent-Cluster": "?1",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), display-capture=()",
}
_OVER_HTTPS = "max-age=31536000"


def register(app: Flask) -> None:
    """Put the headers on every answer; what is not an asset is never cached."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(_ALWAYS)
        page = response.mimetype == "text/html"
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY if page else _DATA_ONLY)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _OVER_HTTPS
        if "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
        return response
