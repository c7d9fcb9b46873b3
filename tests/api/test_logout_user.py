"""logoutUser."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api, problem
from tests.api.test_refresh_token import assert_over, renewed
from tests.faults.harness import Fault, FaultInjector


@pytest.mark.requirement(18)
@pytest.mark.requirement(31)
def test_the_session_is_over_at_once(api: Api) -> None:
    """The answer is empty; access and refresh token are refused from then on."""
    session = api.signed_in()

    response = api.logout(session)

    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["cache-control"] == "no-store"
    assert "content-type" not in response.headers
    assert_over(api, session)


@pytest.mark.requirement(18)
def test_every_access_token_of_the_session_is_refused(api: Api) -> None:
    """Also one that was made by an earlier refresh."""
    first = api.signed_in()
    second = renewed(api, first)
    third = renewed(api, second)

    api.logout(second)

    assert_over(api, first, second, third)


def test_a_second_time_is_401(api: Api) -> None:
    """There is no session left to end."""
    session = api.signed_in()
    api.logout(session)

    response = api.logout(session)

    problem(response, 401, "UNAUTHORIZED")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.requirement(32)
def test_other_sessions_stay(api: Api) -> None:
    """Neither another device nor another person is signed out."""
    session, other = api.signed_in(), api.sign_in()
    stranger = api.signed_in("bob@example.com")

    api.logout(session)

    assert api.profile(other).status_code == 200
    assert api.profile(stranger).status_code == 200


def test_a_body_is_never_read(api: Api) -> None:
    """The contract declares none, so what a client sends has no effect."""
    session = api.signed_in()

    response = api.request(
        "POST", "/auth/logout", headers=session.headers, content=b'{"sessionId": "x"}'
    )

    assert response.status_code == 204


def test_cognito_out_of_reach_does_not_keep_a_session_alive(
    api: Api, faults: FaultInjector
) -> None:
    """The row is gone and so is the session, though Cognito could not be told."""
    session = api.signed_in()
    with faults.injected(Fault(2, "before", "refused")):
        response = api.logout(session)

    assert response.status_code == 204
    assert_over(api, session)


@pytest.mark.requirement(38)
def test_an_outage_of_the_table_is_503(api: Api, faults: FaultInjector) -> None:
    """It says so, and trying again ends the session."""
    session = api.signed_in()
    with faults.injected(Fault(1, "before", "server-error")):
        problem(api.logout(session), 503, "SERVICE_UNAVAILABLE")

    assert api.logout(session).status_code == 204
