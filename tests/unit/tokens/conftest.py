"""A pool with one key, the cache of its keys, and the verifier."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from service.aws.jwks import JwksCache
from service.aws.tokens import AccessTokens
from tests.unit.tokens.attacks import CLIENT, ISSUER, Endpoint, Monotonic, jwks_of


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    """The pool's signing key."""
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_key() -> RSAPrivateKey:
    """A key the pool does not have."""
    return generate_private_key(65537, 2048)


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
