"""Every error code of Cognito's that the service knows: one row, one meaning (decision 0032)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from service.aws import cognito_errors
from service.aws.clients import connect
from service.aws.cognito import CognitoDirectory
from service.aws.errors import RequestRefused
from service.domain.errors import (
    EmailNotVerified,
    InvalidCode,
    InvalidCredentials,
    InvalidRefreshToken,
    PasswordRejected,
    RegistrationRejected,
    TooManyRequests,
    Unavailable,
    UserExists,
)

SECRETS = {
    "password": "canary-password-7Q",
    "code": "canary-code-918273",
    "refresh token": "canary-refresh-token",
    "client secret": "canary-client-secret",
}
EMAIL = "ada@example.com"


@pytest.fixture
def client(models: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The service's own Cognito client; nothing it sends leaves the process."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return connect("us-east-1", models).cognito


@pytest.fixture
def pauses() -> list[float]:
    """How long the directory waited between its tries."""
    return []


@pytest.fixture
def directory(client: Any, pauses: list[float]) -> CognitoDirectory:
    """The adapter on that client."""
    return CognitoDirectory(
        client,
        pool_id="us-east-1_Pool",
        client_id="client",
        client_secret=SECRETS["client secret"],
        pause=pauses.append,
    )


Use = Callable[[CognitoDirectory], object]
USES: dict[str, tuple[str, Use]] = {
    "sign_up": ("sign_up", lambda d: d.sign_up(EMAIL, SECRETS["password"], "Ada", "L")),
    "confirm": ("confirm_sign_up", lambda d: d.confirm_sign_up(EMAIL, SECRETS["code"])),
    "resend": ("resend_confirmation_code", lambda d: d.resend_code(EMAIL)),
    "login": ("admin_initiate_auth", lambda d: d.authenticate(EMAIL, SECRETS["password"])),
    "renew": ("admin_initiate_auth", lambda d: d.renew("user", SECRETS["refresh token"])),
    "revoke": ("revoke_token", lambda d: d.revoke(SECRETS["refresh token"])),
    "find": ("admin_get_user", lambda d: d.find(EMAIL)),
    "delete": ("admin_delete_user", lambda d: d.delete("user")),
    "page": ("list_users", lambda d: d.page(None)),
    "check": ("describe_user_pool", lambda d: d.check()),
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
    ("delete", "UserNotFoundException", "User does not exist.", None),
    ("delete", "TooManyRequestsException", "Rate exceeded", TooManyRequests),
    ("page", "InvalidParameterException", "Invalid pagination token", RequestRefused),
    ("check", "ResourceNotFoundException", "User pool does not exist.", Unavailable),
    *((use, code, "internal", Unavailable)
      for use in USES
      for code in ("InternalErrorException", "InternalServerError", "500", "SomethingNew")),
    *((use, "ThrottlingException", "Rate exceeded", TooManyRequests) for use in USES),
]  # fmt: skip


def answer_with(client: Any, use: str, code: str, message: str, times: int = 3) -> Stubber:
    stubber = Stubber(client)
    for _ in range(times):
        stubber.add_client_error(
            USES[use][0], code, message, 400, response_meta={"RequestId": "aws-request-1"}
        )
    stubber.activate()
    return stubber


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:3]))
def test_a_code_has_one_meaning(
    client: Any, directory: CognitoDirectory, row: tuple[str, str, str, type[Exception] | None]
) -> None:
    """The exact error, with an AWS request id for the operator and none of AWS's own words."""
    use, code, message, meaning = row
    answer_with(client, use, code, message)

    if meaning is None:
        USES[use][1](directory)
        return
    with pytest.raises(meaning) as raised:
        USES[use][1](directory)
    assert type(raised.value) is meaning
    assert code in str(raised.value)
    assert "aws-request-1" in str(raised.value)
    assert message not in str(raised.value)


def test_every_row_of_the_table_is_tested() -> None:
    """No meaning is in the table without a row here."""
    places = {
        "sign_up": "SignUp", "confirm": "ConfirmSignUp", "resend": "ResendConfirmationCode",
        "login": cognito_errors.PASSWORD, "renew": cognito_errors.REFRESH,
        "revoke": "RevokeToken", "find": "AdminGetUser", "delete": "AdminDeleteUser",
        "page": "ListUsers", "check": "DescribeUserPool",
    }  # fmt: skip
    tested = {(places[use], code) for use, code, _, _ in ROWS}

    assert set(cognito_errors.OPERATION_MEANINGS) <= tested
    assert set(cognito_errors.MEANINGS) - {"RequestLimitExceeded"} <= {row[1] for row in ROWS}


@pytest.mark.requirement(40)
@pytest.mark.parametrize("use", USES)
def test_no_secret_gets_into_text_or_traceback(
    client: Any, directory: CognitoDirectory, use: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even when AWS repeats in its message everything that it was sent."""
    caplog.set_level(logging.DEBUG, "service")
    echo = " ".join(SECRETS.values())

    for code in ("InvalidParameterException", "NotAuthorizedException", "SomethingNew"):
        answer_with(client, use, code, echo)
        try:
            USES[use][1](directory)
        except Exception as raised:
            shown = "".join(traceback.format_exception(raised)) + repr(raised)
            for name, secret in SECRETS.items():
                assert secret not in shown, name
    for name, secret in SECRETS.items():
        assert secret not in caplog.text, name


URL = "https://cognito-idp.us-east-1.amazonaws.com/"
OUTAGES: dict[str, Exception] = {
    "connect timeout": ConnectTimeoutError(endpoint_url=URL),
    "read timeout": ReadTimeoutError(endpoint_url=URL),
    "refused": EndpointConnectionError(endpoint_url=URL),
    "reset": ConnectionClosedError(endpoint_url=URL),
    "other": HTTPClientError(error=OSError(SECRETS["password"])),
    "garbled": ResponseParserError(f"cannot parse {SECRETS['refresh token']}"),
    "no credentials": NoCredentialsError(),
}


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("use", USES)
def test_no_answer_is_an_outage(
    client: Any, directory: CognitoDirectory, use: str, outage: str
) -> None:
    """Whatever breaks on the way, the answer is Unavailable, and it tells no secret."""

    def fail(**_: object) -> None:
        raise OUTAGES[outage]

    client.meta.events.register("before-send", fail)

    with pytest.raises(Unavailable) as raised:
        USES[use][1](directory)

    assert type(raised.value) is Unavailable
    assert raised.value.retry_after == 1
    shown = "".join(traceback.format_exception(raised.value))
    assert not [name for name, secret in SECRETS.items() if secret in shown]


@pytest.mark.parametrize(
    ("use", "tries"), [(use, {"delete": 3, "find": 2, "page": 2}.get(use, 1)) for use in USES]
)
def test_only_idempotent_calls_are_repeated(
    client: Any, directory: CognitoDirectory, pauses: list[float], use: str, tries: int
) -> None:
    """Deletion three times, reads twice, everything else once, and never two sign-ups."""
    sent = []

    def fail(**_: object) -> None:
        sent.append(use)
        raise ReadTimeoutError(endpoint_url=URL)

    client.meta.events.register("before-send", fail)

    with pytest.raises(Unavailable):
        USES[use][1](directory)

    assert len(sent) == tries
    assert len(pauses) == tries - 1


def test_a_deletion_that_succeeds_late_is_a_success(
    client: Any, directory: CognitoDirectory, pauses: list[float]
) -> None:
    """Two throttled tries and a third that finds the user gone: done."""
    stubber = Stubber(client)
    stubber.add_client_error("admin_delete_user", "TooManyRequestsException")
    stubber.add_client_error("admin_delete_user", "InternalErrorException", http_status_code=500)
    stubber.add_client_error("admin_delete_user", "UserNotFoundException")

    with stubber:
        directory.delete("user")

    stubber.assert_no_pending_responses()
    assert len(pauses) == 2


@pytest.mark.parametrize("challenge", ["NEW_PASSWORD_REQUIRED", "MFA_SETUP", "EMAIL_OTP"])
def test_a_challenge_that_the_service_never_sets_signs_nobody_in(
    client: Any, directory: CognitoDirectory, challenge: str
) -> None:
    """A user made in the console has no password that was chosen here."""
    stubber = Stubber(client)
    stubber.add_response("admin_initiate_auth", {"ChallengeName": challenge, "Session": "x" * 20})

    with stubber, pytest.raises(InvalidCredentials):
        directory.authenticate(EMAIL, SECRETS["password"])


def test_the_second_factor_is_a_challenge(client: Any, directory: CognitoDirectory) -> None:
    """The user's id and Cognito's session come back, and no grant."""
    stubber = Stubber(client)
    stubber.add_response(
        "admin_initiate_auth",
        {
            "ChallengeName": "SOFTWARE_TOKEN_MFA",
            "Session": "x" * 20,
            "ChallengeParameters": {"USER_ID_FOR_SRP": "user"},
        },
    )

    with stubber:
        challenge = directory.authenticate(EMAIL, SECRETS["password"])

    assert (challenge.user_id, challenge.session) == ("user", "x" * 20)
