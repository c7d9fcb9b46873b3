"""The directory of users on Amazon Cognito."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from service.aws.cognito_pool import CognitoPool, granted
from service.domain.errors import InvalidCredentials, InvalidRefreshToken
from service.domain.ports import Challenge, DirectoryUser, Grant, normalise_email

PAGE = 60
DELETE_TRIES = 3
READ_TRIES = 2


class CognitoDirectory(CognitoPool):
    """The `Directory` on one user pool and one app client that has a secret.

    AdminInitiateAuth: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/
    """

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
        return granted(answer["AuthenticationResult"])

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
        return granted(answer["AuthenticationResult"], refresh_token)

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

    def set_email(self, user_id: str, email: str) -> None:
        """Give a user another address, proven. Raises `UserUnknown`, `UserExists`. Tries thrice."""
        attributes = {"email": normalise_email(email), "email_verified": "true"}
        self._repeat(
            DELETE_TRIES,
            "admin_update_user_attributes",
            UserPoolId=self._pool_id,
            Username=user_id,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )

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
