"""The sealed tokens of this service and the verification of Cognito's access tokens.

A sealed token is `<key id>.<base64url of nonce, ciphertext, tag>`, AES-256-GCM (RFC 5116). Key id
and purpose are associated data: a token made for one purpose never opens as another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.aws.jwks import JwksCache
from service.domain.errors import InvalidMfaSession, InvalidRefreshToken, NotSignedIn
from service.domain.ports import Caller, MfaClaims, RefreshClaims

# Characters. Around a Cognito refresh token of 1 800 a sealed one has 2 553; 4 096 leave room for
# one of 2 940.
MAX_SEALED = 4096
# 96 random bits: at most 2^32 tokens per key (NIST SP 800-38D, 8.3); rotate long before.
NONCE = 12


class Unsealable(Exception):
    """Raised when a text is not a token of ours for the purpose it is presented for."""


class AeadSealer:
    """The `Sealer`; the first key seals, every key opens. Keys are 32 bytes by key id."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._key_id = next(iter(self._ciphers))

    def seal_refresh(self, claims: RefreshClaims) -> str:
        """Return the refresh token a client holds."""
        return self._seal(
            "refresh",
            [claims.user_id, claims.session_id, claims.generation, claims.refresh_token],
        )

    def open_refresh(self, token: str) -> RefreshClaims:
        """Return what a refresh token says. Raises `InvalidRefreshToken`."""
        try:
            return RefreshClaims(*self._open("refresh", token))
        except Unsealable as fault:
            raise InvalidRefreshToken(str(fault)) from fault

    def seal_mfa(self, claims: MfaClaims, expires_at: datetime) -> str:
        """Return the `sessionToken` of an MFA sign-in."""
        return self._seal(
            "mfa", [claims.user_id, claims.email, claims.session, int(expires_at.timestamp())]
        )

    def open_mfa(self, token: str, now: datetime) -> MfaClaims:
        """Return what an MFA `sessionToken` says. Raises `InvalidMfaSession`."""
        try:
            user_id, email, session, expires = self._open("mfa", token)
        except Unsealable as fault:
            raise InvalidMfaSession(str(fault)) from fault
        if now >= datetime.fromtimestamp(expires, UTC):
            raise InvalidMfaSession("the MFA session has expired")
        return MfaClaims(user_id, email, session)

    def seal_for_row(self, secret: str, pk: str, sk: str) -> str:
        """Return a secret as it may lie in one row of the table."""
        return self._seal(f"row:{pk}:{sk}", secret)

    def open_for_row(self, sealed: str, pk: str, sk: str) -> str:
        """Return a row's secret. Raises `Unsealable`: tampered with, or its key is retired."""
        return str(self._open(f"row:{pk}:{sk}", sealed))

    def _seal(self, purpose: str, content: Any) -> str:
        nonce = os.urandom(NONCE)
        plain = json.dumps(content, separators=(",", ":")).encode()
        sealed = self._ciphers[self._key_id].encrypt(
            nonce, plain, _associated(purpose, self._key_id)
        )
        token = f"{self._key_id}.{_encode(nonce + sealed)}"
        if len(token) > MAX_SEALED:
            raise ValueError(f"A sealed token of {len(token)} characters is over {MAX_SEALED}")
        return token

    def _open(self, purpose: str, token: str) -> Any:
        if len(token) > MAX_SEALED:
            raise Unsealable("the token is too long")
        key_id, _, body = token.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Unsealable("the token names no key of ours")
        try:
            data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
            if _encode(data) != body:
                raise Unsealable("the token is not written the one way there is")
            plain = cipher.decrypt(data[:NONCE], data[NONCE:], _associated(purpose, key_id))
        except (InvalidTag, binascii.Error, ValueError):
            raise Unsealable("the token is not ours, or not for this") from None
        return json.loads(plain)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _associated(purpose: str, key_id: str) -> bytes:
    return f"{key_id}|{purpose}".encode()


# Characters; Cognito's are about 1 100. Longer ones are refused before anything is decoded.
MAX_ACCESS_TOKEN = 4096
# Seconds by which the clock of this machine and Cognito's may differ.
LEEWAY = 10
# Tokens whose signature was checked already, by SHA-256; about 0.5 KiB each.
VERIFIED = 2048
ALGORITHMS = ("RS256",)
_REQUIRED = ("exp", "iat", "iss", "sub", "origin_jti", "token_use", "client_id")
_IDENTIFIER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


class AccessTokens:
    """Verifies Cognito's access tokens (RFC 8725; ASVS 9.1, 9.2)."""

    def __init__(self, keys: JwksCache, issuer: str, client_id: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._client_id = client_id
        self._verified: dict[bytes, tuple[Caller, float]] = {}

    async def authenticate(self, token: str) -> Caller:
        """Return who a token speaks for. Raises `NotSignedIn`, `Unavailable`."""
        if len(token) > MAX_ACCESS_TOKEN or not token.isascii():
            raise NotSignedIn("the access token is too long or not ASCII")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known and time.time() < known[1]:
            return replace(known[0], access_token=token)
        key = await self._keys.get(_key_id(token))
        claims = self._claims(token, key)
        caller = Caller(claims["sub"], claims["origin_jti"])
        self._remember(digest, caller, int(claims["exp"]) + LEEWAY)
        return replace(caller, access_token=token)

    def _claims(self, token: str, key: Any) -> dict[str, Any]:
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                leeway=LEEWAY,
                # Cognito's access tokens have no `aud`; `client_id` below stands for it.
                options={"require": list(_REQUIRED), "verify_aud": False},
            )
        except jwt.PyJWTError as fault:
            raise NotSignedIn(f"the access token fails: {type(fault).__name__}") from None
        if claims["token_use"] != "access":  # noqa: S105  # A claim.
            raise NotSignedIn("the token is not an access token")
        if claims["client_id"] != self._client_id:
            raise NotSignedIn("the access token was made for another client")
        for name in ("sub", "origin_jti"):
            if not (isinstance(claims[name], str) and _IDENTIFIER.fullmatch(claims[name])):
                raise NotSignedIn(f"the access token has no usable {name}")
        return claims

    def _remember(self, digest: bytes, caller: Caller, until: float) -> None:
        while len(self._verified) >= VERIFIED:
            # The oldest goes; another thread may have taken it.
            self._verified.pop(next(iter(self._verified)), None)
        self._verified[digest] = caller, until


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError) as fault:
        raise NotSignedIn(f"the access token fails: {type(fault).__name__}") from None
    if header.get("alg") not in ALGORITHMS:
        raise NotSignedIn("the access token names an algorithm that is not allowed")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise NotSignedIn("the access token names no key")
    return key_id
