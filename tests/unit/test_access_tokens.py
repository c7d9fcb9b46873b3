"""The verification of Cognito's access tokens: the token attack table and the key cache."""

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
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from service.aws.jwks import INTERVAL, MAX_AGE, RETRY, JwksCache, parse_jwks
from service.aws.tokens import LEEWAY, MAX_ACCESS_TOKEN, VERIFIED, AccessTokens
from service.domain.errors import NotSignedIn, Unavailable
from service.domain.ports import Caller

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "the-client"
USER = "85262b73-ef60-4e2a-8b66-cfd5f3d8239d"
SESSION = "ba2e656f-b3e0-4797-8f6b-e2455c5d4c36"
CALLER = Caller(USER, SESSION)


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    """The pool's signing key."""
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def other_key() -> RSAPrivateKey:
    """A key the pool does not have."""
    return generate_private_key(65537, 2048)


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


@pytest.fixture
def endpoint(key: RSAPrivateKey) -> Endpoint:
    """The endpoint with the pool's key under the id `pool`."""
    return Endpoint(jwks_of(pool=key))


@pytest.fixture
def clock() -> Monotonic:
    """The clock of the key cache."""
    return Monotonic()


@pytest.fixture
def tokens(endpoint: Endpoint, clock: Monotonic) -> AccessTokens:
    """The verifier under test."""
    return AccessTokens(JwksCache(endpoint, clock), ISSUER, CLIENT)


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


def test_a_genuine_token_names_its_caller(tokens: AccessTokens, key: RSAPrivateKey) -> None:
    """User and session come from the token."""
    assert authenticate(tokens, signed(key)) == CALLER


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


@pytest.mark.requirement(23)
@pytest.mark.requirement(24)
@pytest.mark.requirement(25)
@pytest.mark.requirement(26)
@pytest.mark.requirement(27)
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_is_refused(
    tokens: AccessTokens, key: RSAPrivateKey, other_key: RSAPrivateKey, attack: str
) -> None:
    """Each row of the table is refused, again when repeated, and the genuine token still works."""
    token = ATTACKS[attack](key, other_key)

    assert refused(tokens, token)
    assert refused(tokens, token)

    assert authenticate(tokens, signed(key)) == CALLER


def test_clocks_may_differ_by_the_leeway(tokens: AccessTokens, key: RSAPrivateKey) -> None:
    """Ten seconds either way are accepted."""
    now = int(time.time())

    assert authenticate(tokens, signed(key, exp=now - LEEWAY + 3)) == CALLER
    assert authenticate(tokens, signed(key, iat=now + LEEWAY - 3)) == CALLER


def test_a_verified_token_is_not_verified_again(
    tokens: AccessTokens, key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it expires it is recognised by its digest, and only the very same one."""
    token = signed(key)
    authenticate(tokens, token)
    monkeypatch.setattr(jwt, "decode", None)

    assert authenticate(tokens, token) == CALLER
    with pytest.raises(TypeError):
        authenticate(tokens, signed(key, jti="another"))


def test_a_recognised_token_expires_too(
    tokens: AccessTokens, key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory of a verification ends with the token."""
    token = signed(key)
    authenticate(tokens, token)
    later = time.time() + 900 + LEEWAY
    monkeypatch.setattr("service.aws.tokens.time.time", lambda: later)
    monkeypatch.setattr(jwt, "decode", _expired)

    assert refused(tokens, token)


def _expired(*_: object, **__: object) -> dict[str, Any]:
    raise jwt.ExpiredSignatureError


def test_the_memory_of_verified_tokens_is_bounded(tokens: AccessTokens) -> None:
    """However many tokens come, it keeps no more than its size, the newest among them."""
    for number in range(VERIFIED + 50):
        tokens._remember(number.to_bytes(32), CALLER, 0.0)

    assert len(tokens._verified) == VERIFIED
    assert (VERIFIED + 49).to_bytes(32) in tokens._verified


def test_the_keys_are_fetched_once_for_many(
    tokens: AccessTokens, key: RSAPrivateKey, endpoint: Endpoint
) -> None:
    """Fifty requests on a cold start wait for one fetch."""

    async def fifty() -> set[Caller]:
        made = [signed(key, jti=str(number)) for number in range(50)]
        return set(await asyncio.gather(*map(tokens.authenticate, made)))

    assert asyncio.run(fifty()) == {CALLER}
    assert endpoint.fetches == 1


@pytest.mark.parametrize("attack", ["alg none", "alg RS512", "alg HS256 with the public key"])
def test_a_forbidden_algorithm_is_refused_before_any_key_is_sought(
    tokens: AccessTokens, key: RSAPrivateKey, endpoint: Endpoint, attack: str
) -> None:
    """Such a token costs no fetch."""
    refused(tokens, ATTACKS[attack](key, key))

    assert endpoint.fetches == 0


@pytest.mark.requirement(24)
def test_unknown_keys_do_not_hammer_the_endpoint(
    tokens: AccessTokens, key: RSAPrivateKey, endpoint: Endpoint, clock: Monotonic
) -> None:
    """A stream of made-up key ids costs one fetch per interval."""
    authenticate(tokens, signed(key))

    for number in range(200):
        refused(tokens, signed(key, {"kid": f"made-up-{number}"}))
    assert endpoint.fetches == 1

    clock.now += INTERVAL
    for number in range(200):
        refused(tokens, signed(key, {"kid": f"made-up-{number}"}))
    assert endpoint.fetches == 2


def test_a_new_key_of_the_pool_is_found(
    tokens: AccessTokens,
    key: RSAPrivateKey,
    other_key: RSAPrivateKey,
    endpoint: Endpoint,
    clock: Monotonic,
) -> None:
    """After a rotation at Cognito both keys work."""
    authenticate(tokens, signed(key))
    endpoint.document = jwks_of(pool=key, rotated=other_key)
    clock.now += INTERVAL

    assert authenticate(tokens, signed(other_key, {"kid": "rotated"})) == CALLER
    assert authenticate(tokens, signed(key, jti="again")) == CALLER


def test_a_withdrawn_key_ends_within_a_day(
    tokens: AccessTokens,
    key: RSAPrivateKey,
    other_key: RSAPrivateKey,
    endpoint: Endpoint,
    clock: Monotonic,
) -> None:
    """A key that the document no longer has is forgotten when the keys have grown old."""
    authenticate(tokens, signed(key))
    endpoint.document = jwks_of(rotated=other_key)
    clock.now += MAX_AGE + 1

    assert refused(tokens, signed(key, jti="withdrawn"))


def test_an_outage_without_keys_is_an_outage(
    tokens: AccessTokens, key: RSAPrivateKey, endpoint: Endpoint, clock: Monotonic
) -> None:
    """Nobody is called signed out because the JWKS is down; a second later it is tried again."""
    endpoint.failure = OSError("down")
    for _ in range(5):
        with pytest.raises(Unavailable):
            authenticate(tokens, signed(key))
    assert endpoint.fetches == 1

    endpoint.failure = None
    clock.now += RETRY
    assert authenticate(tokens, signed(key)) == CALLER


def test_an_outage_with_old_keys_goes_unnoticed(
    tokens: AccessTokens, key: RSAPrivateKey, endpoint: Endpoint, clock: Monotonic
) -> None:
    """Keys at hand stay in use while the document cannot be fetched."""
    authenticate(tokens, signed(key))
    endpoint.failure = OSError("down")
    clock.now += MAX_AGE + 1

    assert authenticate(tokens, signed(key, jti="again")) == CALLER


def test_the_fetch_does_not_block_the_event_loop(key: RSAPrivateKey) -> None:
    """While a slow endpoint is asked, other requests go on."""

    def slow() -> bytes:
        time.sleep(0.2)
        return jwks_of(pool=key)

    tokens = AccessTokens(JwksCache(slow), ISSUER, CLIENT)

    async def both() -> int:
        waiting = asyncio.create_task(tokens.authenticate(signed(key)))
        turns = 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert await waiting == CALLER
        return turns

    assert asyncio.run(both()) >= 5


def test_a_caller_who_leaves_does_not_end_the_fetch(key: RSAPrivateKey) -> None:
    """A cancelled request leaves the others their keys."""

    def slow() -> bytes:
        time.sleep(0.1)
        return jwks_of(pool=key)

    tokens = AccessTokens(JwksCache(slow), ISSUER, CLIENT)

    async def run() -> Caller:
        leaves = asyncio.create_task(tokens.authenticate(signed(key)))
        stays = asyncio.create_task(tokens.authenticate(signed(key)))
        await asyncio.sleep(0.02)
        leaves.cancel()
        return await stays

    assert asyncio.run(run()) == CALLER


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "EC", "kid": "a"}]}',
     b'{"keys": [{"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"}]}',
     b'{"keys": [{"kty": "RSA", "kid": "a"}]}', b'{"keys": [7]}', b"<html>"],
)  # fmt: skip
def test_a_document_without_a_usable_key_counts_as_an_outage(
    tokens: AccessTokens, key: RSAPrivateKey, endpoint: Endpoint, document: bytes
) -> None:
    """A captive portal's page or a weak key is no reason to sign anybody out."""
    endpoint.document = document

    with pytest.raises(Unavailable):
        authenticate(tokens, signed(key))


def test_keys_for_other_uses_are_left_out(key: RSAPrivateKey, other_key: RSAPrivateKey) -> None:
    """Encryption keys and keys of other algorithms verify nothing."""
    entries = json.loads(jwks_of(sig=key, enc=other_key, ps=other_key))["keys"]
    entries[1]["use"] = "enc"
    entries[2]["alg"] = "PS256"

    assert set(parse_jwks(json.dumps({"keys": entries}).encode())) == {"sig"}
