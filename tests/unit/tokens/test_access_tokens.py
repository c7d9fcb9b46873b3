"""The verification of Cognito's access tokens: the token attack table."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from service.aws.tokens import LEEWAY, VERIFIED, AccessTokens
from tests.unit.tokens.attacks import ATTACKS, CALLER, authenticate, refused, signed


def test_a_genuine_token_names_its_caller(tokens: AccessTokens, key: RSAPrivateKey) -> None:
    """User and session come from the token."""
    assert authenticate(tokens, signed(key)) == CALLER


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
