"""One table from Cognito's error codes to what they mean here (docs/decisions/0032).

Looked up by operation and code, then by code alone. `DONE` stands for: the caller got what it
asked for. Sources: the Errors section of each operation in
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/ and
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html
"""

from __future__ import annotations

from collections.abc import Callable

from service.aws.errors import MALFORMED, CodedFault, RequestRefused
from service.domain.errors import (
    EmailNotVerified,
    InvalidCode,
    InvalidCredentials,
    InvalidMfaSession,
    InvalidRefreshToken,
    PasswordRejected,
    RegistrationRejected,
    SessionEnded,
    TooManyRequests,
    Unavailable,
    UserExists,
    UserUnknown,
)

DONE = None
Meaning = Callable[[str], Exception] | None

SIGN_UP = "SignUp"
CONFIRM = "ConfirmSignUp"
RESEND = "ResendConfirmationCode"
PASSWORD = "ADMIN_USER_PASSWORD_AUTH"  # noqa: S105  # The name of a flow.
REFRESH = "REFRESH_TOKEN_AUTH"
REVOKE = "RevokeToken"
FORGOT = "ForgotPassword"
RESET = "ConfirmForgotPassword"
SET = "AdminSetUserPassword"
GET = "AdminGetUser"
DELETE = "AdminDeleteUser"
ASSOCIATE = "AssociateSoftwareToken"
PROVE = "VerifySoftwareToken"
ANSWER = "AdminRespondToAuthChallenge"
PREFER = "AdminSetUserMFAPreference"
MOVE = "AdminUpdateUserAttributes"


def _busy(text: str) -> Exception:
    return TooManyRequests(text, retry_after=1)


def _limited(text: str) -> Exception:
    # Cognito says neither the limit nor its end; mailing a code is limited by the hour.
    return TooManyRequests(text, retry_after=300)


def _unavailable(text: str) -> Exception:
    return Unavailable(text, retry_after=1)


OPERATION_MEANINGS: dict[tuple[str, str], Meaning] = {
    (SIGN_UP, "UsernameExistsException"): UserExists,
    (SIGN_UP, "AliasExistsException"): UserExists,
    (SIGN_UP, "InvalidPasswordException"): PasswordRejected,
    (SIGN_UP, "PasswordHistoryPolicyViolationException"): PasswordRejected,
    (SIGN_UP, "InvalidParameterException"): RegistrationRejected,
    (CONFIRM, "CodeMismatchException"): InvalidCode,
    (CONFIRM, "ExpiredCodeException"): InvalidCode,
    (CONFIRM, "UserNotFoundException"): InvalidCode,
    (CONFIRM, "AliasExistsException"): InvalidCode,
    (CONFIRM, "InvalidParameterException"): InvalidCode,
    # "User cannot be confirmed. Current status is CONFIRMED", and disabled users.
    (CONFIRM, "NotAuthorizedException"): InvalidCode,
    # A mail that cannot be sent tells that there is somebody to send it to.
    (RESEND, "CodeDeliveryFailureException"): DONE,
    # "User is already confirmed."
    (RESEND, "InvalidParameterException"): DONE,
    (RESEND, "LimitExceededException"): DONE,
    (RESEND, "NotAuthorizedException"): DONE,
    (RESEND, "UserNotFoundException"): DONE,
    (PASSWORD, "NotAuthorizedException"): InvalidCredentials,
    (PASSWORD, "PasswordResetRequiredException"): InvalidCredentials,
    (PASSWORD, "UserNotConfirmedException"): EmailNotVerified,
    (PASSWORD, "UserNotFoundException"): InvalidCredentials,
    (REFRESH, "InvalidParameterException"): InvalidRefreshToken,
    (REFRESH, "NotAuthorizedException"): InvalidRefreshToken,
    (REFRESH, "PasswordResetRequiredException"): InvalidRefreshToken,
    (REFRESH, "RefreshTokenReuseException"): InvalidRefreshToken,
    (REFRESH, "UserNotConfirmedException"): InvalidRefreshToken,
    (REFRESH, "UserNotFoundException"): InvalidRefreshToken,
    (REVOKE, "InvalidParameterException"): DONE,
    (REVOKE, "NotAuthorizedException"): DONE,
    (REVOKE, "UnsupportedTokenTypeException"): DONE,
    # A mail that cannot be sent, or none to send it to, tells that somebody is there.
    (FORGOT, "CodeDeliveryFailureException"): DONE,
    (FORGOT, "InvalidParameterException"): DONE,
    (FORGOT, "LimitExceededException"): DONE,
    (FORGOT, "NotAuthorizedException"): DONE,
    (FORGOT, "UserNotFoundException"): DONE,
    (RESET, "CodeMismatchException"): InvalidCode,
    (RESET, "ExpiredCodeException"): InvalidCode,
    (RESET, "InvalidPasswordException"): PasswordRejected,
    (RESET, "NotAuthorizedException"): InvalidCode,
    (RESET, "PasswordHistoryPolicyViolationException"): PasswordRejected,
    (RESET, "UserNotConfirmedException"): InvalidCode,
    (RESET, "UserNotFoundException"): InvalidCode,
    (SET, "InvalidPasswordException"): PasswordRejected,
    (SET, "PasswordHistoryPolicyViolationException"): PasswordRejected,
    # Deleted since the session was read.
    (SET, "UserNotFoundException"): SessionEnded,
    (GET, "UserNotFoundException"): DONE,
    (DELETE, "UserNotFoundException"): DONE,
    (ASSOCIATE, "NotAuthorizedException"): SessionEnded,
    (ASSOCIATE, "UserNotFoundException"): SessionEnded,
    (PROVE, "CodeMismatchException"): InvalidCode,
    (PROVE, "EnableSoftwareTokenMFAException"): InvalidCode,
    (PROVE, "ExpiredCodeException"): InvalidCode,
    (PROVE, "InvalidParameterException"): InvalidCode,
    (PROVE, "NotAuthorizedException"): SessionEnded,
    # No secret was asked for, so no code can be right.
    (PROVE, "SoftwareTokenMFANotFoundException"): InvalidCode,
    (PROVE, "UserNotFoundException"): SessionEnded,
    (ANSWER, "CodeMismatchException"): InvalidCode,
    # "Your software token has already been used once."
    (ANSWER, "ExpiredCodeException"): InvalidCode,
    (ANSWER, "InvalidParameterException"): InvalidMfaSession,
    # "Invalid session for the user", and disabled users.
    (ANSWER, "NotAuthorizedException"): InvalidMfaSession,
    (ANSWER, "PasswordResetRequiredException"): InvalidMfaSession,
    # The second factor was taken away since the password was given.
    (ANSWER, "SoftwareTokenMFANotFoundException"): InvalidMfaSession,
    (ANSWER, "UserNotConfirmedException"): InvalidMfaSession,
    (ANSWER, "UserNotFoundException"): InvalidMfaSession,
    (PREFER, "UserNotFoundException"): DONE,
    (MOVE, "AliasExistsException"): UserExists,
    (MOVE, "UserNotFoundException"): UserUnknown,
}

MEANINGS: dict[str, Meaning] = {
    "LimitExceededException": _limited,
    "TooManyFailedAttemptsException": _limited,
    "TooManyRequestsException": _busy,
    "ThrottlingException": _busy,
    "RequestLimitExceeded": _busy,
    # The user may exist by now: the sign-up has to be undone like one whose answer was lost.
    "CodeDeliveryFailureException": _unavailable,
    "InvalidLambdaResponseException": _unavailable,
    "UnexpectedLambdaException": _unavailable,
    "UserLambdaValidationException": _unavailable,
}

# Code NotAuthorizedException too, and yet the fault of this deployment, not of the person.
_OUR_FAULT = ("secret hash", "SECRET_HASH", "not configured for secret")


def explain(fault: CodedFault, flow: str | None = None) -> Exception | None:
    """Return the exception to raise for a fault of an operation; None: nothing is wrong.

    `flow` is the AuthFlow of AdminInitiateAuth, where one operation does several things.
    """
    text = str(fault.error)
    if any(words in fault.aws_message for words in _OUR_FAULT):
        return _unavailable(f"{text}: the client secret is not the app client's")
    place = (flow or fault.operation, fault.code)
    if place == (SIGN_UP, "InvalidParameterException") and "password" in fault.aws_message.lower():
        return PasswordRejected(text)
    if place in OPERATION_MEANINGS:
        meaning = OPERATION_MEANINGS[place]
        return meaning and meaning(text)
    if fault.code in MALFORMED:
        return RequestRefused(text)
    return (MEANINGS.get(fault.code) or _unavailable)(text)
