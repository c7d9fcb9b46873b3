"""Every error code of Cognito's that the service knows: one row, one meaning (decision 0032)."""

from __future__ import annotations

import logging
import traceback
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
from service.domain.errors import InvalidCredentials, Unavailable
from tests.aws.cognito_rows import EMAIL, ROWS, SECRETS, USES, Pool
from tests.aws.test_password_port import MEANINGS


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
def directory(client: Any, pauses: list[float]) -> Pool:
    """The adapters on that client."""
    return Pool(
        client,
        pool_id="us-east-1_Pool",
        client_id="client",
        client_secret=SECRETS["client secret"],
        pause=pauses.append,
    )


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
    client: Any, directory: Pool, row: tuple[str, str, str, type[Exception] | None]
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
        "revoke": "RevokeToken", "find": "AdminGetUser",
        "move": "AdminUpdateUserAttributes", "delete": "AdminDeleteUser",
        "page": "ListUsers", "check": "DescribeUserPool",
        "associate": "AssociateSoftwareToken", "prove": "VerifySoftwareToken",
        "require": "AdminSetUserMFAPreference", "answer": "AdminRespondToAuthChallenge",
    }  # fmt: skip
    tested = {(places[use], code) for use, code, _, _ in ROWS}
    tested |= {(use.title().replace("_", ""), code) for use, code, _ in MEANINGS}

    assert set(cognito_errors.OPERATION_MEANINGS) <= tested
    assert set(cognito_errors.MEANINGS) - {"RequestLimitExceeded"} <= {row[1] for row in ROWS}


@pytest.mark.requirement(40)
@pytest.mark.parametrize("use", USES)
def test_no_secret_gets_into_text_or_traceback(
    client: Any, directory: Pool, use: str, caplog: pytest.LogCaptureFixture
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
def test_no_answer_is_an_outage(client: Any, directory: Pool, use: str, outage: str) -> None:
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
    ("use", "tries"),
    [
        (use, {"delete": 3, "move": 3, "find": 2, "page": 2, "require": 3}.get(use, 1))
        for use in USES
    ],
)
def test_only_idempotent_calls_are_repeated(
    client: Any, directory: Pool, pauses: list[float], use: str, tries: int
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
    client: Any, directory: Pool, pauses: list[float]
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
    client: Any, directory: Pool, challenge: str
) -> None:
    """A user made in the console has no password that was chosen here."""
    stubber = Stubber(client)
    stubber.add_response("admin_initiate_auth", {"ChallengeName": challenge, "Session": "x" * 20})

    with stubber, pytest.raises(InvalidCredentials):
        directory.authenticate(EMAIL, SECRETS["password"])


def test_the_second_factor_is_a_challenge(client: Any, directory: Pool) -> None:
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
