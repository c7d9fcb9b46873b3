"""Resetting and setting passwords on Amazon Cognito."""

from __future__ import annotations

from service.aws.cognito_pool import CognitoPool
from service.domain.ports import normalise_email

SET_TRIES = 2


class CognitoPasswords(CognitoPool):
    """The `PasswordDirectory`.

    https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-recover-a-user-account.html
    """

    def request_reset(self, email: str) -> None:
        """Mail a reset code, silent about users that are unknown, unverified or over a limit."""
        self._call("forgot_password", **self._as_client(normalise_email(email)))

    def confirm_reset(self, email: str, code: str, new_password: str) -> None:
        """Spend a reset code on a new password. Raises `InvalidCode`, `PasswordRejected`."""
        self._call(
            "confirm_forgot_password",
            **self._as_client(normalise_email(email)),
            ConfirmationCode=code,
            Password=new_password,
        )

    def set_password(self, user_id: str, new_password: str) -> None:
        """Set a password. Tries twice. Raises `PasswordRejected`, `SessionEnded`."""
        self._repeat(
            SET_TRIES,
            "admin_set_user_password",
            UserPoolId=self._pool_id,
            Username=user_id,
            Password=new_password,
            Permanent=True,
        )
