"""A provider of identities for the tests: a small Flask app on a port of its own that signs with its own key.

It says what a test tells it to: another nonce, another audience, an old token, no signature. What it was
asked stands in `asked`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "aval", "a secret of the tests"


@cache
def published_key() -> RSAKey:
    """The key that a provider publishes, made once in each process."""
    return RSAKey.generate_key(2048, parameters={"kid": "one"})


@dataclass
class Provider:
    """What it says, and what it was asked: `claims` go into each token over the right ones, `alg` signs it."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    key: RSAKey = field(default_factory=published_key)
    signing_key: RSAKey | None = None  # another one than it publishes
    described: dict[str, Any] = field(default_factory=dict)
    fails: dict[str, int] = field(default_factory=dict)  # the status of a path that fails
    header: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def token(self, nonce: str) -> str:
        """An identity token, as it is told to be."""
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "u-1", "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": nonce,
                  "preferred_username": "ann", "groups": ["credit"]} | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.alg in ("none", "HS256"):  # no library signs so: with nothing, or with what everybody knows
            head = {"alg": self.alg, "kid": "one"}
            signed = ".".join(encoded(json.dumps(one).encode()) for one in (head, claims))
            public = self.key.as_pem(private=False)
            mac = b"" if self.alg == "none" else hmac.new(public, signed.encode(), hashlib.sha256).digest()
            return f"{signed}.{encoded(mac)}"
        key = self.signing_key or self.key
        return jwt.encode({"alg": self.alg, "kid": "one"} | self.header, claims, key, algorithms=[self.alg])


def encoded(part: bytes) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def app_of(provider: Provider) -> Flask:
    """The provider as an app."""
    app = Flask("provider")

    @app.before_request
    def note() -> Response | None:
        provider.asked.append(request.path)
        failing = provider.fails.get(request.path)
        return None if failing is None else Response("no", failing)

    @app.get("/.well-known/openid-configuration")
    def describe() -> dict[str, Any]:
        own = {name: f"{provider.issuer}/{path}" for name, path in (
            ("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "keys"))}  # fmt: skip
        return {"issuer": provider.issuer} | own | provider.described

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize() -> Any:
        code = f"code-{len(provider.codes)}"
        provider.codes[code] = request.args.to_dict()
        more = {"session_state": "more", "iss": provider.issuer}
        back = urlencode({"code": code, "state": request.args["state"]} | more)
        return redirect(f"{request.args['redirect_uri']}?{back}")

    @app.post("/token")
    def token() -> Any:
        begun = provider.codes.pop(request.form["code"], None)  # good once
        challenge = base64.urlsafe_b64encode(hashlib.sha256(request.form["code_verifier"].encode()).digest())
        right = begun is not None and begun["code_challenge"] == challenge.rstrip(b"=").decode()
        known = request.authorization is not None and request.authorization.parameters == {
            "username": CLIENT, "password": SECRET}  # fmt: skip
        if begun is None or not right or not known or begun["redirect_uri"] != request.form["redirect_uri"]:
            return {"error": "invalid_grant"}, 400
        return {"access_token": "at", "token_type": "Bearer", "id_token": provider.token(begun["nonce"])}

    return app


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that listens as long as the block lasts."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, app_of(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def parts_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
