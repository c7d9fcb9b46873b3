"""What Cognito may answer to each use of the directory, and what it means here."""

from __future__ import annotations

from collections.abc import Callable

from service.aws.cognito import CognitoDirectory
from service.aws.cognito_mfa import CognitoSecondFactor
from service.aws.errors import RequestRefused
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

SECRETS = {
    "password": "canary-password-7Q",
    "code": "canary-code-918273",
    "refresh token": "canary-refresh-token",
    "client secret": "canary-client-secret",
    "access token": "canary-access-token",
    "session": "canary-session-of-a-challenge",
}
EMAIL = "ada@example.com"


class Pool(CognitoDirectory, CognitoSecondFactor):
    """Every port on the pool, so that one table tests them all."""


Use = Callable[[Pool], object]
USES: dict[str, tuple[str, Use]] = {
    "sign_up": ("sign_up", lambda d: d.sign_up(EMAIL, SECRETS["password"], "Ada", "L")),
    "confirm": ("confirm_sign_up", lambda d: d.confirm_sign_up(EMAIL, SECRETS["code"])),
    "resend": ("resend_confirmation_code", lambda d: d.resend_code(EMAIL)),
    "login": ("admin_initiate_auth", lambda d: d.authenticate(EMAIL, SECRETS["password"])),
    "renew": ("admin_initiate_auth", lambda d: d.renew("user", SECRETS["refresh token"])),
    "revoke": ("revoke_token", lambda d: d.revoke(SECRETS["refresh token"])),
    "find": ("admin_get_user", lambda d: d.find(EMAIL)),
    "move": ("admin_update_user_attributes", lambda d: d.set_email("user", EMAIL)),
    "delete": ("admin_delete_user", lambda d: d.delete("user")),
    "page": ("list_users", lambda d: d.page(None)),
    "check": ("describe_user_pool", lambda d: d.check()),
    "associate": ("associate_software_token", lambda d: d.associate(SECRETS["access token"])),
    "prove": (
        "verify_software_token",
        lambda d: d.prove(SECRETS["access token"], SECRETS["code"]),
    ),
    "require": ("admin_set_user_mfa_preference", lambda d: d.require("user", True)),
    "answer": (
        "admin_respond_to_auth_challenge",
        lambda d: d.answer("user", SECRETS["session"], SECRETS["code"]),
    ),
}

# use, code, what Cognito says, what it means here; None: nothing is wrong.
ROWS: list[tuple[str, str, str, type[Exception] | None]] = [
    ("sign_up", "UsernameExistsException", "User already exists", UserExists),
    ("sign_up", "AliasExistsException", "An account with the email exists", UserExists),
    ("sign_up", "InvalidPasswordException", "Password not long enough", PasswordRejected),
    ("sign_up", "InvalidParameterException", "Value at 'password' failed", PasswordRejected),
    ("sign_up", "InvalidParameterException", "Invalid email address format.",
     RegistrationRejected),
    ("sign_up", "PasswordHistoryPolicyViolationException", "used", PasswordRejected),
    ("sign_up", "CodeDeliveryFailureException", "Unable to send the email", Unavailable),
    ("sign_up", "UserLambdaValidationException", "PreSignUp failed", Unavailable),
    ("sign_up", "UnexpectedLambdaException", "timed out", Unavailable),
    ("sign_up", "InvalidLambdaResponseException", "Unrecognizable", Unavailable),
    ("sign_up", "NotAuthorizedException", "SignUp is not permitted for this user pool",
     Unavailable),
    ("sign_up", "LimitExceededException", "Exceeded daily email limit", TooManyRequests),
    ("sign_up", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("confirm", "CodeMismatchException", "Invalid verification code", InvalidCode),
    ("confirm", "ExpiredCodeException", "Invalid code provided, please request", InvalidCode),
    ("confirm", "UserNotFoundException", "Username/client id combination", InvalidCode),
    ("confirm", "NotAuthorizedException", "Current status is CONFIRMED", InvalidCode),
    ("confirm", "NotAuthorizedException", "User is disabled.", InvalidCode),
    ("confirm", "AliasExistsException", "already exists", InvalidCode),
    ("confirm", "InvalidParameterException", "Value at 'confirmationCode'", InvalidCode),
    ("confirm", "TooManyFailedAttemptsException", "too many", TooManyRequests),
    ("confirm", "LimitExceededException", "Attempt limit exceeded", TooManyRequests),
    ("confirm", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("resend", "UserNotFoundException", "Username/client id combination", None),
    ("resend", "InvalidParameterException", "User is already confirmed.", None),
    ("resend", "NotAuthorizedException", "User is disabled.", None),
    ("resend", "LimitExceededException", "Attempt limit exceeded", None),
    ("resend", "CodeDeliveryFailureException", "Unable to send", None),
    ("resend", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("login", "NotAuthorizedException", "Incorrect username or password.", InvalidCredentials),
    ("login", "NotAuthorizedException", "User is disabled.", InvalidCredentials),
    ("login", "NotAuthorizedException", "Password attempts exceeded", InvalidCredentials),
    ("login", "UserNotFoundException", "User does not exist.", InvalidCredentials),
    ("login", "PasswordResetRequiredException", "reset required", InvalidCredentials),
    ("login", "UserNotConfirmedException", "User is not confirmed.", EmailNotVerified),
    ("login", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("login", "InvalidParameterException", "Missing required parameter", RequestRefused),
    ("login", "NotAuthorizedException", "Unable to verify secret hash for client", Unavailable),
    ("login", "NotAuthorizedException", "configured with secret but SECRET_HASH was not received",
     Unavailable),
    ("login", "ResourceNotFoundException", "User pool does not exist.", Unavailable),
    ("login", "AccessDeniedException", "not authorized to perform", Unavailable),
    ("renew", "NotAuthorizedException", "Invalid Refresh Token", InvalidRefreshToken),
    ("renew", "NotAuthorizedException", "Refresh Token has been revoked", InvalidRefreshToken),
    ("renew", "NotAuthorizedException", "Refresh Token has expired", InvalidRefreshToken),
    ("renew", "NotAuthorizedException", "User is disabled.", InvalidRefreshToken),
    ("renew", "NotAuthorizedException", "Unable to verify secret hash for client", Unavailable),
    ("renew", "UserNotFoundException", "User does not exist.", InvalidRefreshToken),
    ("renew", "UserNotConfirmedException", "not confirmed", InvalidRefreshToken),
    ("renew", "PasswordResetRequiredException", "reset required", InvalidRefreshToken),
    ("renew", "RefreshTokenReuseException", "reused", InvalidRefreshToken),
    ("renew", "InvalidParameterException", "Value at 'REFRESH_TOKEN'", InvalidRefreshToken),
    ("renew", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("revoke", "UnsupportedTokenTypeException", "not a refresh token", None),
    ("revoke", "InvalidParameterException", "Invalid token", None),
    ("revoke", "NotAuthorizedException", "deleted", None),
    ("revoke", "UnauthorizedException", "client", Unavailable),
    ("revoke", "UnsupportedOperationException", "revocation is off", Unavailable),
    ("find", "UserNotFoundException", "User does not exist.", None),
    ("find", "InvalidParameterException", "bad", RequestRefused),
    ("move", "AliasExistsException", "An account with the email already exists.", UserExists),
    ("move", "UserNotFoundException", "User does not exist.", UserUnknown),
    ("move", "InvalidParameterException", "bad", RequestRefused),
    ("delete", "UserNotFoundException", "User does not exist.", None),
    ("delete", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("page", "InvalidParameterException", "Invalid pagination token", RequestRefused),
    ("check", "ResourceNotFoundException", "User pool does not exist.", Unavailable),
    ("associate", "NotAuthorizedException", "Access Token has been revoked", SessionEnded),
    ("associate", "UserNotFoundException", "User does not exist.", SessionEnded),
    ("associate", "SoftwareTokenMFANotFoundException", "TOTP is not enabled", Unavailable),
    ("prove", "CodeMismatchException", "Invalid code", InvalidCode),
    ("prove", "EnableSoftwareTokenMFAException", "Code mismatch", InvalidCode),
    ("prove", "ExpiredCodeException", "already been used once", InvalidCode),
    ("prove", "InvalidParameterException", "Value at 'userCode'", InvalidCode),
    ("prove", "SoftwareTokenMFANotFoundException", "no token", InvalidCode),
    ("prove", "NotAuthorizedException", "Access Token has expired", SessionEnded),
    ("prove", "UserNotFoundException", "User does not exist.", SessionEnded),
    ("prove", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("answer", "CodeMismatchException", "Invalid code received for user", InvalidCode),
    ("answer", "ExpiredCodeException", "already been used once", InvalidCode),
    ("answer", "InvalidParameterException", "Value at 'session'", InvalidMfaSession),
    ("answer", "NotAuthorizedException", "Invalid session for the user", InvalidMfaSession),
    ("answer", "NotAuthorizedException", "Unable to verify secret hash for client", Unavailable),
    ("answer", "PasswordResetRequiredException", "reset required", InvalidMfaSession),
    ("answer", "SoftwareTokenMFANotFoundException", "no token", InvalidMfaSession),
    ("answer", "UserNotConfirmedException", "not confirmed", InvalidMfaSession),
    ("answer", "UserNotFoundException", "User does not exist.", InvalidMfaSession),
    ("answer", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("require", "UserNotFoundException", "User does not exist.", None),
    ("require", "InvalidParameterException", "no verified software token", RequestRefused),
    *((use, code, "internal", Unavailable)
      for use in USES
      for code in ("InternalErrorException", "InternalServerError", "500", "SomethingNew")),
    *((use, "ThrottlingException", "Rate exceeded", TooManyRequests) for use in USES),
]  # fmt: skip
