"""The cache of the pool's keys: fetched once, never hammered, and an outage signs nobody out."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from service.aws.jwks import INTERVAL, MAX_AGE, RETRY, JwksCache, parse_jwks
from service.aws.tokens import AccessTokens
from service.domain.errors import Unavailable
from service.domain.ports import Caller
from tests.unit.tokens.attacks import (
    ATTACKS,
    CALLER,
    CLIENT,
    ISSUER,
    Endpoint,
    Monotonic,
    authenticate,
    jwks_of,
    refused,
    signed,
)


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
