"""disableMfa."""

from __future__ import annotations

import pytest

from tests.api.conftest import PASSWORD, Api, SignedIn, problem


def disable(api: Api, session: SignedIn, password: str = PASSWORD):
    return api.post("/auth/mfa/disable", {"password": password}, headers=session.headers)


def test_the_password_switches_it_off(api: Api) -> None:
    """The password alone signs in, and the recovery codes are void."""
    session = api.signed_in()
    api.enrol(session)

    response = disable(api, session)

    assert response.status_code == 200
    assert response.json() == {"enabled": False}
    assert api.profile(session).json()["mfaEnabled"] is False
    assert api.sign_in().user["mfaEnabled"] is False


def test_switching_off_what_is_off_is_fine(api: Api) -> None:
    """As after an answer that was lost."""
    session = api.signed_in()

    assert disable(api, session).json() == disable(api, session).json() == {"enabled": False}


@pytest.mark.requirement(21)
def test_a_wrong_password_switches_nothing_off(api: Api) -> None:
    """A stolen token is not enough; its owner stays signed in."""
    session = api.signed_in()
    api.enrol(session)

    problem(disable(api, session, "a wrong password"), 403, "WRONG_PASSWORD")

    assert api.profile(session).json()["mfaEnabled"] is True
    assert api.challenged()


@pytest.mark.requirement(20)
def test_the_other_sessions_end(api: Api) -> None:
    """This one stays."""
    session = api.signed_in()
    authenticator, _ = api.enrol(session)
    body = api.second_step(api.challenged(), authenticator.code()).json()
    other = SignedIn(body["accessToken"], body["refreshToken"], body["user"])

    disable(api, session)

    assert api.profile(session).status_code == 200
    problem(api.profile(other), 401, "UNAUTHORIZED")
    problem(api.refresh(other.refresh_token), 401, "INVALID_REFRESH_TOKEN")


def test_it_can_be_set_up_again(api: Api) -> None:
    """With another secret."""
    session = api.signed_in()
    former, _ = api.enrol(session)
    disable(api, session)

    newer, _ = api.enrol(session)

    assert newer.uri != former.uri
    assert api.second_step(api.challenged(), newer.code()).status_code == 200
