"""Requirement 40: unique secrets go through every operation, and nothing that is kept has one.

Secrets are passwords, codes and tokens, and what tells about a person: address, name, telephone.
Two things come back by design and are not asked for here: `X-Request-Id`, which is meant for the
logs, and the names (never the values) of members and parameters that the contract does not know.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service import models, telemetry
from service.aws.clients import Clients
from service.aws.tokens import AeadSealer
from service.domain.accounts import Registration
from service.domain.idempotency import Answer, Attempt
from service.domain.mfa import Setup
from service.domain.ports import Challenge, Grant, MfaClaims, RefreshClaims, Session, utc_now
from service.domain.sessions import MfaRequired, SessionTokens
from service.operations import OPERATIONS
from service.settings import Settings
from tests.api.canaries import Canaries, Person
from tests.api.conftest import Api
from tests.api.quoting_aws import HOW, QuotingAws
from tests.api.test_malformed_requests import VALID
from tests.api.test_round_trips import BUDGET

pytestmark = pytest.mark.requirement(40)


@pytest.fixture
def canaries(capfd: pytest.CaptureFixture[str]) -> Iterator[Canaries]:
    """The log of the service at its most talkative, and of every library too."""
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    telemetry.configure("DEBUG", stream)
    logging.root.setLevel(logging.DEBUG)
    yield Canaries(stream, capfd)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    telemetry.logger.setLevel(logging.INFO)


def test_what_goes_well_is_logged_without_a_secret(
    api: Api,
    canaries: Canaries,
    settings: Settings,
) -> None:
    """The whole walk, then what is refused in it; the log has a line of each and no secret."""
    person = Person(api, canaries)
    ends = ["confirmPasswordReset", "logoutUser", "revokeSession", "logoutEverywhere"]
    ends.append("deleteUser")
    enrolled = ["verifyMfa", "regenerateRecoveryCodes", "recoverMfa", "disableMfa"]
    walk = [name for name in OPERATIONS if name not in (*ends, *enrolled)]
    walk += [*enrolled, "loginUser", *ends]
    for operation in [*walk, "logoutUser", "refreshToken", "verifyEmail"]:
        if operation in {"verifyEmail", "confirmPasswordReset"}:
            canaries.keep(api.aws.code_for(person.address))
        person.send(operation)
    person.canaries.of(api.login(person.address, canaries.new("password")))
    claims = AeadSealer(settings.sealing_keys).open_refresh(person.session.refresh_token)
    canaries.keep(claims.refresh_token)
    canaries.keep(settings.client_secret)

    logged = [json.loads(line) for line in canaries.stream.getvalue().splitlines()]
    assert {line.get("operation") for line in logged} >= set(OPERATIONS)
    assert {line.get("event") for line in logged} >= {
        "register",
        "verify_email",
        "resend_verification",
        "login",
        "refresh",
        "logout",
        "setup_mfa",
        "enable_mfa",
        "verify_mfa",
        "recover_mfa",
        "disable_mfa",
        "replace_recovery_codes",
        "change_password",
        "confirm_password_reset",
        "request_password_reset",
    }
    assert len(canaries.secrets) > 12
    canaries.check()


def malformed(valid: dict[str, Any], secret: Callable[[], str]) -> Iterator[bytes]:
    """Put a secret into every field in every wrong way."""
    for name in valid:
        for wrong in (
            [secret()],
            {"$ne": secret()},
            secret() * 200,
            secret() + "\x00",
            " " + secret() + "\n",
        ):
            yield json.dumps({**valid, name: wrong}).encode()
        yield json.dumps({name: secret()}).encode()
    yield json.dumps({**valid, "unknown": secret()}).encode()
    yield f'{{"a": "{secret()}", "a": "{secret()}"}}'.encode()
    yield f'{{"a": "{secret()}'.encode()
    yield secret().encode()
    yield json.dumps(secret()).encode()
    yield secret().encode() + b"\xff"
    yield f'["{secret()}\\ud800"]'.encode()
    yield b'{"a": NaN, "b": "' + secret().encode() + b'"}'


@pytest.mark.parametrize("operation", VALID, ids=" ".join)
def test_a_malformed_request_leaves_no_secret(
    api: Api, canaries: Canaries, operation: tuple[str, str]
) -> None:
    """Wrong types, lengths, encodings and syntax, each with a secret inside."""
    person = Person(api, canaries).prepared_for("getUserProfile")
    headers = {**person.session.headers, "Content-Type": "application/json"}
    for body in malformed(VALID[operation], lambda: canaries.new("body")):
        answer = canaries.of(api.request(*operation, content=body, headers=headers))
        # A name may be anything and six digits may be a code: not every body is refused.
        assert answer.status_code < 500

    canaries.check()


@pytest.mark.parametrize("operation", VALID, ids=" ".join)
def test_a_secret_in_the_wrong_place_is_not_kept(
    api: Api, canaries: Canaries, operation: tuple[str, str]
) -> None:
    """In the query, in headers of every kind, in a token that is none."""
    method, path = operation
    body = json.dumps(VALID[operation]).encode()
    person = Person(api, canaries).prepared_for("getUserProfile")
    good = {**person.session.headers, "Content-Type": "application/json"}
    secret = canaries.new
    for path_and_query, headers in [
        (f"{path}?password={secret('query')}", good),
        (f"{path}?x=%ff{secret('query')}", good),
        (path, {**good, "Content-Type": f"text/{secret('type')}"}),
        (path, {**good, "Content-Type": f"application/json; charset={secret('charset')}"}),
        (path, {**good, "Accept": f"text/{secret('accept')}"}),
        (path, {**good, "Content-Encoding": secret("encoding")}),
        (path, {**good, "If-Match": secret("match")}),
        (path, {**good, "Cookie": f"token={secret('cookie')}"}),
        (path, {**good, "Content-Length": secret("length")}),
        (path, {**good, "Authorization": f"Bearer {secret('token')}"}),
        (path, {**good, "Authorization": f"Bearer e30.{secret('claims')}.e30"}),
        (path, {**good, "Authorization": f"Basic {secret('basic')}"}),
        (path, {**good, "Authorization": f"Bearer {secret('space')} {secret('space')}"}),
    ]:
        answer = canaries.of(api.request(method, path_and_query, content=body, headers=headers))
        assert answer.status_code < 500, headers

    canaries.check()


@pytest.fixture(scope="module")
def quoting_aws(clients: Clients) -> QuotingAws:
    return QuotingAws(clients)


@pytest.mark.slow
@pytest.mark.parametrize("operation", [name for name, calls in BUDGET.items() if calls])
def test_an_error_of_aws_that_quotes_the_request_leaves_no_secret(
    api: Api, canaries: Canaries, quoting_aws: QuotingAws, operation: str
) -> None:
    """At every call of every operation, in every way in which AWS or the SDK may fail."""
    person = Person(api, canaries)
    for how in HOW.values():
        for number in itertools.count(1):
            if person.session is None:
                person = Person(api, canaries)
            person.prepared_for(operation)
            with quoting_aws.failing(number, how):
                person.send(operation)
            if not quoting_aws.reached:
                break
        assert number > 1
    canaries.check()


def test_nothing_shows_its_secrets_in_a_repr(settings: Settings) -> None:
    """What ends in a traceback, a debugger or a log by mistake says nothing."""
    secret, now = "canary-repr-x7q", utc_now()
    values = [
        Registration("a@example.com", secret, "Ada", "O"),
        Grant("u", "s", secret, secret, 900, "a@example.com", "Ada", "O"),
        Challenge("u", secret),
        Session("u", "s", now, now, now, refresh_token=secret),
        RefreshClaims("u", "s", 0, secret),
        MfaClaims("u", "a@example.com", secret),
        SessionTokens(secret, secret, 900),
        MfaRequired(secret, 180),
        Answer(body=secret),
        Attempt(secret, secret, "owner", now, now),
        models.RegisterUserRequest(
            email="a@example.com", password=secret, first_name="Ada", last_name="O"
        ),
        models.LoginUserRequest(email="a@example.com", password=secret),
        models.VerifyEmailRequest(email="a@example.com", code=secret),
        models.RefreshTokenRequest(refresh_token=secret),
        models.Tokens(access_token=secret, refresh_token=secret, expires_in=900),
        models.MfaRequired(session_token=secret, expires_in=180),
        models.VerifyMfaRequest(session_token=secret, code=secret),
        models.RecoverMfaRequest(session_token=secret, recovery_code=secret),
        models.MfaSetup(secret=secret, otpauth_uri=secret, qr_code=secret),
        models.VerifyMfaSetupRequest(code=secret),
        models.MfaEnabled(enabled=True, recovery_codes=[secret]),
        models.RecoveryCodes(recovery_codes=[secret]),
        Setup(secret, secret),
    ]

    assert [value for value in values if secret in f"{value!r} {value}"] == []
    assert settings.client_secret not in f"{settings!r} {settings}"
    assert "sealing_keys" not in repr(settings)
