"""One-time passwords on Amazon Cognito.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa-totp.html
"""

from __future__ import annotations

from service.aws.cognito_pool import CognitoPool, granted
from service.domain.errors import InvalidCode, InvalidMfaSession
from service.domain.ports import Grant

SOFTWARE_TOKEN = "SOFTWARE_TOKEN_MFA"  # noqa: S105  # The name of a challenge.
TRIES = 3
READ_TRIES = 2


class CognitoSecondFactor(CognitoPool):
    """The `SecondFactor`. A new secret replaces the former when a code has proven it."""

    def associate(self, access_token: str) -> str:
        """Make a secret, in base32. Raises `SessionEnded`."""
        answer = self._call("associate_software_token", AccessToken=access_token)
        return str(answer["SecretCode"])

    def prove(self, access_token: str, code: str) -> None:
        """Check the first code of the newest secret. Raises `InvalidCode`, `SessionEnded`."""
        answer = self._call("verify_software_token", AccessToken=access_token, UserCode=code)
        if answer["Status"] != "SUCCESS":
            raise InvalidCode("Cognito did not accept the first code")

    def require(self, user_id: str, required: bool) -> None:
        """Ask for a code at sign-in from now on, or no longer. Tries three times."""
        self._repeat(
            TRIES,
            "admin_set_user_mfa_preference",
            UserPoolId=self._pool_id,
            Username=user_id,
            SoftwareTokenMfaSettings={"Enabled": required, "PreferredMfa": required},
        )

    def required(self, user_id: str) -> bool:
        """Tell whether a code is asked for at sign-in. Tries twice."""
        user = self._repeat(
            READ_TRIES, "admin_get_user", UserPoolId=self._pool_id, Username=user_id
        )
        return bool(user) and SOFTWARE_TOKEN in user.get("UserMFASettingList", ())

    def answer(self, user_id: str, session: str, code: str) -> Grant:
        """Finish the sign-in of a `Challenge`. Raises `InvalidCode`, `InvalidMfaSession`."""
        answer = self._call(
            "admin_respond_to_auth_challenge",
            UserPoolId=self._pool_id,
            ClientId=self._client_id,
            ChallengeName=SOFTWARE_TOKEN,
            Session=session,
            ChallengeResponses={
                "USERNAME": user_id,
                "SOFTWARE_TOKEN_MFA_CODE": code,
                "SECRET_HASH": self._secret_hash(user_id),
            },
        )
        if "AuthenticationResult" not in answer:
            raise InvalidMfaSession(f"Cognito asks for {answer.get('ChallengeName')} too")
        return granted(answer["AuthenticationResult"])
