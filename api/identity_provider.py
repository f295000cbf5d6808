"""The door to a provider of OpenID Connect: where people are sent to sign on, and what its answer proves.

The code is fetched with PKCE, and the identity token is believed only when it is signed by a key that the provider
publishes, with an algorithm of two keys, for our client, by this issuer, for this very attempt, and is not over.
INVARIANT: whatever else comes back, or nothing, is a failure and never a person.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from api.sign_on import SignOn, is_private_way

# Those of two keys alone: with a shared secret, or with none, anybody could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
LEEWAY_SECONDS, WAIT_SECONDS, REMEMBERED_SECONDS = 60, 5.0, 600.0
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderDown(Exception):
    """The provider cannot be reached, or says what no provider says; nobody can sign on by it now."""


class NotProven(Exception):
    """The answer does not prove who this is; the reason is for our own log."""


class IdentityProvider:
    """One provider as this process knows it: its addresses and keys are read when they are needed, and kept a while."""

    def __init__(self, settings: SignOn) -> None:
        """Know nothing of it yet."""
        self.settings = settings
        self._metadata: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None
        self._read_at = 0.0

    def where_to_go(self, state: str, nonce: str, verifier: str) -> str:
        """The address at which a person signs on. Raises: ProviderDown."""
        made: tuple[str, str] = self._client().create_authorization_url(
            self._known()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier,
        )  # fmt: skip
        return made[0]

    def claims_of(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """What the provider says of the person who came back with this code. Raises: ProviderDown, NotProven."""
        known = self._known()
        try:
            answer = self._client().fetch_token(known["token_endpoint"], grant_type="authorization_code", code=code,
                                                code_verifier=verifier, timeout=WAIT_SECONDS)  # fmt: skip
        except AuthlibBaseError as fault:
            raise NotProven(f"the code was refused: {fault.error}") from None
        except (requests.RequestException, ValueError) as fault:
            raise ProviderDown(f"no token: {type(fault).__name__}") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotProven("no identity token came")
        return self._believed(token, nonce, answer.get("access_token"))

    def _believed(self, token: str, nonce: str, access_token: object) -> Mapping[str, Any]:
        """The claims of a token that proves them."""
        ours = self.settings
        try:
            read = self._read(token)
            claims = CodeIDToken(
                read.claims, read.header,
                {"iss": {"essential": True, "value": ours.issuer}, "aud": {"essential": True, "value": ours.client_id}},
                {"nonce": nonce, "client_id": ours.client_id, "access_token": access_token},
            )  # fmt: skip
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as fault:
            raise NotProven(f"the identity token: {type(fault).__name__}: {fault}") from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotProven("the identity token names nobody")
        return dict(claims)

    def _read(self, token: str) -> jwt.Token:
        """A token whose signature is by a key of the provider; a key that is not known is looked for once."""
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(token, self._published(), registry=registry)
        except InvalidKeyIdError:
            self._keys = None
            return jwt.decode(token, self._published(), registry=registry)

    def _client(self) -> Any:
        ours = self.settings
        return OAuth2Session(
            ours.client_id, ours.secret, scope="openid profile", redirect_uri=ours.address,
            code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic",
        )  # fmt: skip

    def _known(self) -> Mapping[str, Any]:
        """The provider's own description. Raises: ProviderDown, also for that of another issuer."""
        if self._metadata is None or time.monotonic() - self._read_at > REMEMBERED_SECONDS:
            found = _fetched(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.settings.issuer:
                raise ProviderDown("it says to be another issuer")
            if not all(isinstance(found.get(name), str) and is_private_way(found[name]) for name in ENDPOINTS):
                raise ProviderDown("it names no https:// addresses")
            self._metadata, self._keys, self._read_at = found, None, time.monotonic()
        return self._metadata

    def _published(self) -> KeySet:
        """The keys that the provider publishes. Raises: ProviderDown."""
        if self._keys is None:
            found: Any = _fetched(self._known()["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set(found)
            except (JoseError, ValueError, TypeError, KeyError) as fault:
                raise ProviderDown(f"its keys cannot be read: {type(fault).__name__}") from None
        return self._keys


def _fetched(url: str) -> dict[str, Any]:
    """A JSON object of the provider. Raises: ProviderDown."""
    try:
        answer = requests.get(url, timeout=WAIT_SECONDS, allow_redirects=False)
        found = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError) as fault:
        raise ProviderDown(f"{url}: {type(fault).__name__}") from None
    if not isinstance(found, dict):
        raise ProviderDown(f"{url}: it answered {answer.status_code}")
    return found
