"""Signed tokens, genuine and hostile, and the endpoint their keys come from."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

from service.aws.tokens import LEEWAY, MAX_ACCESS_TOKEN, AccessTokens
from service.domain.errors import NotSignedIn
from service.domain.ports import Caller

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "the-client"
USER = "85262b73-ef60-4e2a-8b66-cfd5f3d8239d"
SESSION = "ba2e656f-b3e0-4797-8f6b-e2455c5d4c36"
CALLER = Caller(USER, SESSION)


def jwks_of(**keys: RSAPrivateKey) -> bytes:
    entries = [
        {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
        for kid, key in keys.items()
    ]
    return json.dumps({"keys": entries}).encode()


class Endpoint:
    """A JWKS endpoint: counts fetches, can be down, has what `document` says."""

    def __init__(self, document: bytes) -> None:
        self.document = document
        self.fetches = 0
        self.failure: Exception | None = None

    def __call__(self) -> bytes:
        self.fetches += 1
        if self.failure:
            raise self.failure
        return self.document


class Monotonic:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "sub": USER, "iss": ISSUER, "client_id": CLIENT, "token_use": "access", "iat": now,
        "exp": now + 900, "origin_jti": SESSION, "jti": "x",
    }  # fmt: skip
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def signed(key: RSAPrivateKey, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, "RS256", {"kid": "pool", **(headers or {})})


def authenticate(tokens: AccessTokens, token: str) -> Caller:
    return asyncio.run(tokens.authenticate(token))


def refused(tokens: AccessTokens, token: str) -> bool:
    with pytest.raises(NotSignedIn) as reason:
        authenticate(tokens, token)
    assert type(reason.value) is NotSignedIn
    assert token not in str(reason.value) or not token
    return True


ATTACKS: dict[str, Callable[[RSAPrivateKey, RSAPrivateKey], str]] = {
    "another key": lambda key, other: signed(other),
    "expired": lambda key, _: signed(key, exp=int(time.time()) - LEEWAY - 1),
    "not valid yet": lambda key, _: signed(key, nbf=int(time.time()) + LEEWAY + 5),
    "issued in the future": lambda key, _: signed(key, iat=int(time.time()) + LEEWAY + 5),
    "another pool": lambda key, _: signed(key, iss=ISSUER + "x"),
    "issuer as a list": lambda key, _: signed_raw(key, claims(iss=[ISSUER])),
    "payload is a list": lambda key, _: signed_raw(key, [claims()]),
    "another client": lambda key, _: signed(key, client_id="other"),
    "an ID token": lambda key, _: signed(key, token_use="id", aud=CLIENT, client_id=None),
    "an ID token with client": lambda key, _: signed(key, token_use="id"),
    "no exp": lambda key, _: signed(key, exp=None),
    "no iss": lambda key, _: jwt_without(key, "iss"),
    "no sub": lambda key, _: signed(key, sub=None),
    "no session": lambda key, _: signed(key, origin_jti=None),
    "no use": lambda key, _: signed(key, token_use=None),
    "no client": lambda key, _: signed(key, client_id=None),
    "sub with a key's separator": lambda key, _: signed(key, sub="1#SESSION"),
    "empty sub": lambda key, _: signed(key, sub=""),
    "session with a key's separator": lambda key, _: signed(key, origin_jti="a#b"),
    "session as a number": lambda key, _: signed(key, origin_jti=7),
    "session with a line feed": lambda key, _: signed(key, origin_jti=SESSION + "\n"),
    "empty": lambda *_: "",
    "dots": lambda *_: "..",
    "two parts": lambda key, _: ".".join(signed(key).split(".")[:2]),
    "four parts": lambda key, _: signed(key) + ".x",
    "truncated": lambda key, _: signed(key)[:-4],
    "no signature": lambda key, _: signed(key).rpartition(".")[0] + ".",
    "changed payload": lambda key, _: changed_payload(signed(key)),
    "alg none": lambda *_: unsigned("none"),
    "alg None": lambda *_: unsigned("NoNe"),
    "alg RS512": lambda key, _: jwt.encode(claims(), key, "RS512", {"kid": "pool"}),
    "alg PS256": lambda key, _: jwt.encode(claims(), key, "PS256", {"kid": "pool"}),
    "alg HS256 with the public key": lambda key, _: hmac_signed(key),
    "no kid": lambda key, _: jwt.encode(claims(), key, "RS256"),
    "unknown kid": lambda key, _: signed(key, {"kid": "elsewhere"}),
    "kid is a path": lambda key, _: signed(key, {"kid": "../../dev/null"}),
    "kid is SQL": lambda key, _: signed(key, {"kid": "x' UNION SELECT 'k"}),
    "jwk of the attacker": lambda _, other: signed(
        other, {"jwk": RSAAlgorithm.to_jwk(other.public_key(), as_dict=True)}
    ),
    "jku of the attacker": lambda _, other: signed(other, {"jku": "http://127.0.0.1:1/jwks"}),
    "x5u of the attacker": lambda _, other: signed(other, {"x5u": "http://127.0.0.1:1/x5u"}),
    "critical header": lambda key, _: signed(key, {"crit": ["exp"], "exp": 1}),
    "too long": lambda key, _: signed(key, padding="x" * MAX_ACCESS_TOKEN),
    "surrogates": lambda *_: "\ud800.\udfff.x",
    "not ASCII": lambda key, _: signed(key) + "\xe9",
    "binary": lambda *_: "\x00\x01.\x02.\x03",
    "deeply nested": lambda *_: part(b"[" * 2900) + "." + part(b"{}") + ".x",
    "header is a list": lambda *_: part(b"[]") + "." + part(b"{}") + ".x",
}


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed_raw(key: RSAPrivateKey, payload: Any) -> str:
    return jwt.api_jws.encode(json.dumps(payload).encode(), key, "RS256", {"kid": "pool"})


def unsigned(algorithm: str) -> str:
    header = json.dumps({"alg": algorithm, "kid": "pool", "typ": "JWT"}).encode()
    return f"{part(header)}.{part(json.dumps(claims()).encode())}."


def jwt_without(key: RSAPrivateKey, name: str) -> str:
    return signed(key, **{name: None})


def hmac_signed(key: RSAPrivateKey) -> str:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = json.dumps({"alg": "HS256", "kid": "pool"}).encode()
    body = f"{part(header)}.{part(json.dumps(claims()).encode())}"
    return f"{body}.{part(hmac.new(pem, body.encode(), hashlib.sha256).digest())}"


def changed_payload(token: str) -> str:
    header, _, signature = token.split(".")
    other = json.dumps(claims(sub="00000000-0000-4000-8000-000000000000")).encode()
    return f"{header}.{part(other)}.{signature}"
