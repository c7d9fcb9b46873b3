"""Calls to one user pool: who we are to it, what is repeated, what its errors mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from service.aws.cognito_errors import explain
from service.aws.errors import NO_ANSWER, CodedFault, unavailable
from service.domain.errors import TooManyRequests, Unavailable
from service.domain.ports import Grant, normalise_email

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

logger = logging.getLogger(__name__)


class CognitoPool:
    """One user pool and one app client that has a secret; each port on it is a subclass."""

    def __init__(
        self,
        client: CognitoIdentityProviderClient,
        *,
        pool_id: str,
        client_id: str,
        client_secret: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._pool_id = pool_id
        self._client_id = client_id
        self._client_secret = client_secret
        self._pause = pause

    def _as_client(self, username: str) -> dict[str, Any]:
        return {
            "ClientId": self._client_id,
            "SecretHash": self._secret_hash(username),
            "Username": username,
        }

    def _secret_hash(self, username: str) -> str:
        message = (username + self._client_id).encode()
        digest = hmac.new(self._client_secret.encode(), message, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def _repeat(self, tries: int, method: str, **parameters: Any) -> Any:
        """Do an idempotent call again after an outage or throttling, with full jitter."""
        for attempt in range(1, tries + 1):
            try:
                return self._call(method, **parameters)
            except (Unavailable, TooManyRequests):
                if attempt == tries:
                    raise
                self._pause(random.uniform(0, longest_pause(attempt)))  # noqa: S311  # No secret.
        raise AssertionError("the loop returns or raises")

    def _call(self, method: str, flow: str | None = None, **parameters: Any) -> Any:
        try:
            return getattr(self._client, method)(**parameters)
        except NO_ANSWER as error:
            raise unavailable(error, method) from error
        except ClientError as error:
            fault = CodedFault(error)
            answer = explain(fault, flow)
            if answer is None:
                logger.info("taken as done: %s", fault)
                return None
            raise answer from error


def longest_pause(attempt: int) -> float:
    """Return the most seconds to wait after an attempt, counted from 1: 0.2, 0.4."""
    return 0.1 * float(2**attempt)


def granted(tokens: Mapping[str, Any], refresh_token: str = "") -> Grant:
    """Return Cognito's AuthenticationResult; a refresh repeats no refresh token."""
    # Both came over TLS from Cognito a moment ago, so no signature is checked (OpenID Connect
    # Core 3.1.3.7, 6).
    who = _claims(tokens["IdToken"])
    return Grant(
        user_id=who["sub"],
        session_id=_claims(tokens["AccessToken"])["origin_jti"],
        access_token=tokens["AccessToken"],
        refresh_token=tokens.get("RefreshToken") or refresh_token,
        expires_in=int(tokens["ExpiresIn"]),
        email=normalise_email(who["email"]),
        first_name=who.get("given_name", ""),
        last_name=who.get("family_name", ""),
    )


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims
