"""regenerateRecoveryCodes."""

from __future__ import annotations

import pytest

from tests.api.conftest import PASSWORD, Api, SignedIn, problem


def regenerate(api: Api, session: SignedIn, password: str = PASSWORD):
    return api.post("/auth/mfa/recovery-codes", {"password": password}, headers=session.headers)


def recover(api: Api, code: str):
    body = {"sessionToken": api.challenged(), "recoveryCode": code}
    return api.post("/auth/mfa/recover", body)


def test_ten_new_codes_replace_the_former(api: Api) -> None:
    """A former one is void, a new one works."""
    session = api.signed_in()
    _, former = api.enrol(session)

    response = regenerate(api, session)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    codes = response.json()["recoveryCodes"]
    assert len(set(codes)) == 10
    assert not set(codes) & set(former)
    problem(recover(api, former[0]), 400, "INVALID_CODE")
    assert recover(api, codes[9]).status_code == 204


@pytest.mark.requirement(21)
def test_a_wrong_password_replaces_nothing(api: Api) -> None:
    """The former codes still work."""
    session = api.signed_in()
    _, codes = api.enrol(session)

    problem(regenerate(api, session, "a wrong password"), 403, "WRONG_PASSWORD")

    assert recover(api, codes[0]).status_code == 204


def test_there_are_none_while_it_is_off(api: Api) -> None:
    """There would be nothing to recover."""
    problem(regenerate(api, api.signed_in()), 409, "MFA_NOT_ON")


@pytest.mark.requirement(20)
def test_the_other_sessions_end(api: Api) -> None:
    """This one stays."""
    session = api.signed_in()
    authenticator, _ = api.enrol(session)
    body = api.second_step(api.challenged(), authenticator.code()).json()
    other = SignedIn(body["accessToken"], body["refreshToken"], body["user"])

    regenerate(api, session)

    assert api.profile(session).status_code == 200
    problem(api.profile(other), 401, "UNAUTHORIZED")
