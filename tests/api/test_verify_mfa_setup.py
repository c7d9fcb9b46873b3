"""verifyMfaSetup."""

from __future__ import annotations

import re

import pytest

from service.aws.clients import Clients
from service.settings import Settings
from tests.api.conftest import ADA, BOB, Api, SignedIn, problem
from tests.authenticator import Authenticator


def authenticator_of(api: Api, session: SignedIn) -> Authenticator:
    setup = api.post("/auth/mfa/setup", headers=session.headers)
    return Authenticator(setup.json()["otpauthUri"])


def test_the_first_code_switches_it_on(api: Api) -> None:
    """Ten different recovery codes come once, and signing in takes two steps from now on."""
    session = api.signed_in()
    code = authenticator_of(api, session).code()

    response = api.post("/auth/mfa/verify-setup", {"code": code}, headers=session.headers)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body.keys() == {"enabled", "recoveryCodes"}
    assert body["enabled"] is True
    assert len(set(body["recoveryCodes"])) == 10
    assert all(re.fullmatch("[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", c) for c in body["recoveryCodes"])
    assert api.profile(session).json()["mfaEnabled"] is True
    assert api.login().json().keys() == {"status", "sessionToken", "expiresIn"}


@pytest.mark.requirement(20)
def test_the_other_sessions_end_and_this_one_stays(api: Api) -> None:
    """Their access and refresh tokens are refused."""
    other, session = api.signed_in(), api.sign_in()

    api.enrol(session)

    assert api.profile(session).status_code == 200
    assert api.refresh(session.refresh_token).status_code == 200
    problem(api.profile(other), 401, "UNAUTHORIZED")
    problem(api.refresh(other.refresh_token), 401, "INVALID_REFRESH_TOKEN")


@pytest.mark.requirement(13)
def test_recovery_codes_are_hashed_at_rest(api: Api, clients: Clients, settings: Settings) -> None:
    """No row holds a code, in any form a reader of the table could use."""
    session = api.signed_in()
    _, codes = api.enrol(session)

    items = clients.dynamodb.query(
        TableName=settings.table,
        KeyConditionExpression="pk = :user",
        ExpressionAttributeValues={":user": {"S": f"USER#{session.user['userId']}"}},
    )["Items"]

    stored = next(item for item in items if item["sk"]["S"] == "MFA")
    assert len(stored["recoveryCodes"]["SS"]) == 10
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in stored["recoveryCodes"]["SS"])
    for code in codes:
        assert code not in str(items)
        assert code.replace("-", "") not in str(items)


@pytest.mark.requirement(15)
def test_a_code_of_another_authenticator_is_refused(api: Api) -> None:
    """Bob's code switches nothing on for Ada, and Ada's next one does."""
    session, bob = api.signed_in(ADA), api.signed_in(BOB)
    adas, bobs = authenticator_of(api, session), authenticator_of(api, bob)

    def enable(code: str) -> tuple[int, str]:
        body = {"code": code}
        answer = api.post("/auth/mfa/verify-setup", body, headers=session.headers)
        return answer.status_code, answer.json().get("code", "")

    assert enable(bobs.code()) == (400, "INVALID_CODE")
    assert enable(adas.code()) == (200, "")
    assert api.sign_in(BOB).user["mfaEnabled"] is False


def test_without_a_secret_no_code_is_right(api: Api) -> None:
    """Nothing was set up."""
    session = api.signed_in()

    answer = api.post("/auth/mfa/verify-setup", {"code": "123456"}, headers=session.headers)

    problem(answer, 400, "INVALID_CODE")


def test_what_is_on_is_not_switched_on_again(api: Api) -> None:
    """The recovery codes are shown once."""
    session = api.signed_in()
    authenticator, _ = api.enrol(session)

    body = {"code": authenticator.code()}
    answer = api.post("/auth/mfa/verify-setup", body, headers=session.headers)

    problem(answer, 409, "MFA_ALREADY_ON")


@pytest.mark.requirement(13)
def test_the_enrolling_code_does_not_sign_in(api: Api) -> None:
    """It was used."""
    authenticator, _ = api.enrol(api.signed_in())
    (used,) = authenticator.shown

    problem(api.second_step(api.challenged(), used), 400, "INVALID_CODE")
