"""The directory of users on Amazon Cognito."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from service.aws.cognito_errors import explain
from service.aws.errors import NO_ANSWER, CodedFault, unavailable
from service.domain.errors import (
    InvalidCredentials,
    InvalidRefreshToken,
    TooManyRequests,
    Unavailable,
)
from service.domain.ports import Challenge, DirectoryUser, Grant, normalise_email

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

logger = logging.getLogger(__name__)

PAGE = 60
DELETE_TRIES = 3
READ_TRIES = 2


class CognitoDirectory:
    """The `Directory` on one user pool and one app client that has a secret.

    AdminInitiateAuth: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/
    """

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

    def sign_up(self, email: str, password: str, first_name: str, last_name: str) -> str:
        """Create an unconfirmed user. Raises `UserExists`, `PasswordRejected`."""
        address = normalise_email(email)
        attributes = {"email": address, "given_name": first_name, "family_name": last_name}
        answer = self._call(
            "sign_up",
            **self._as_client(address),
            Password=password,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )
        return str(answer["UserSub"])

    def confirm_sign_up(self, email: str, code: str) -> None:
        """Prove the address. Raises `InvalidCode`."""
        identity = self._as_client(normalise_email(email))
        self._call("confirm_sign_up", **identity, ConfirmationCode=code)

    def resend_code(self, email: str) -> None:
        """Mail a new code, silent about users that are unknown, confirmed or over a limit."""
        self._call("resend_confirmation_code", **self._as_client(normalise_email(email)))

    def authenticate(self, email: str, password: str) -> Grant | Challenge:
        """Check a password. Raises `InvalidCredentials`, `EmailNotVerified`."""
        address = normalise_email(email)
        answer = self._sign_in(
            "ADMIN_USER_PASSWORD_AUTH",
            USERNAME=address,
            PASSWORD=password,
            SECRET_HASH=self._secret_hash(address),
        )
        challenge = answer.get("ChallengeName")
        if challenge == "SOFTWARE_TOKEN_MFA":
            return Challenge(answer["ChallengeParameters"]["USER_ID_FOR_SRP"], answer["Session"])
        if challenge:
            # NEW_PASSWORD_REQUIRED, say: a user made in the console, who has no password of ours.
            raise InvalidCredentials(f"Cognito asks for {challenge}, which this service never sets")
        return _grant(answer["AuthenticationResult"])

    def renew(self, user_id: str, refresh_token: str) -> Grant:
        """Make new tokens of the same family. Raises `InvalidRefreshToken`."""
        # In a pool that signs in by address the hash of a refresh is over the user's own name, the
        # sub (Cognito developer guide, "Computing secret hash values").
        answer = self._sign_in(
            "REFRESH_TOKEN_AUTH",
            REFRESH_TOKEN=refresh_token,
            SECRET_HASH=self._secret_hash(user_id),
        )
        if "AuthenticationResult" not in answer:
            raise InvalidRefreshToken(f"Cognito asks for {answer.get('ChallengeName')} instead")
        return _grant(answer["AuthenticationResult"], refresh_token)

    def revoke(self, refresh_token: str) -> None:
        """End a token family; one that is over already is fine, and so is none."""
        if refresh_token:
            self._call(
                "revoke_token",
                Token=refresh_token,
                ClientId=self._client_id,
                ClientSecret=self._client_secret,
            )

    def sign_out_everywhere(self, user_id: str) -> None:
        """End all token families of a user; one that is gone is fine. Tries three times."""
        self._repeat(
            DELETE_TRIES,
            "admin_user_global_sign_out",
            UserPoolId=self._pool_id,
            Username=user_id,
        )

    def find(self, username: str) -> DirectoryUser | None:
        """Return the user with this id or address. Tries twice."""
        name = normalise_email(username)
        answer = self._repeat(READ_TRIES, "admin_get_user", UserPoolId=self._pool_id, Username=name)
        return _user(answer, answer["UserAttributes"]) if answer else None

    def delete(self, user_id: str) -> None:
        """Delete a user by id; one that is gone is fine. Tries three times."""
        self._repeat(DELETE_TRIES, "admin_delete_user", UserPoolId=self._pool_id, Username=user_id)

    def page(self, cursor: str | None) -> tuple[Sequence[DirectoryUser], str | None]:
        """Return up to 60 users and the cursor of the next page. Tries twice."""
        start = {"PaginationToken": cursor} if cursor else {}
        answer = self._repeat(
            READ_TRIES, "list_users", UserPoolId=self._pool_id, Limit=PAGE, **start
        )
        users = [_user(user, user["Attributes"]) for user in answer["Users"]]
        return users, answer.get("PaginationToken")

    def check(self) -> None:
        """Return when the pool can be described."""
        self._call("describe_user_pool", UserPoolId=self._pool_id)

    def _sign_in(self, flow: str, **parameters: str) -> Any:
        return self._call(
            "admin_initiate_auth",
            flow,
            UserPoolId=self._pool_id,
            ClientId=self._client_id,
            AuthFlow=flow,
            AuthParameters=parameters,
        )

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


def _grant(tokens: Mapping[str, Any], refresh_token: str = "") -> Grant:
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


def _user(user: Mapping[str, Any], attributes: Iterable[Mapping[str, str]]) -> DirectoryUser:
    named = {each["Name"]: each.get("Value", "") for each in attributes}
    created: datetime = user["UserCreateDate"]
    return DirectoryUser(
        user_id=named["sub"],
        email=normalise_email(named.get("email", "")),
        confirmed=user["UserStatus"] == "CONFIRMED",
        created_at=created.astimezone(UTC),
        first_name=named.get("given_name", ""),
        last_name=named.get("family_name", ""),
    )
