"""logoutEverywhere."""

from __future__ import annotations

import pytest

from tests.api.conftest import BOB, Api, problem
from tests.api.test_refresh_token import assert_over
from tests.faults.harness import Fault, FaultInjector


@pytest.mark.requirement(22)
@pytest.mark.requirement(18)
@pytest.mark.requirement(32)
def test_every_session_ends_and_nobody_elses(api: Api) -> None:
    """All of Ada's tokens are refused at once; Bob stays signed in."""
    first, second, bob = api.signed_in(), api.sign_in(), api.signed_in(BOB)

    response = api.logout_all(first)

    assert response.status_code == 204
    assert response.headers["cache-control"] == "no-store"
    assert_over(api, first, second)
    assert api.profile(bob).status_code == 200


def test_signing_in_again_works(api: Api) -> None:
    """It ends sessions and locks nobody out."""
    api.logout_all(api.signed_in())

    again = api.sign_in()

    assert len(api.sessions(again).json()["sessions"]) == 1
    assert api.refresh(again.refresh_token).status_code == 200


def test_a_session_that_is_over_ends_no_other(api: Api) -> None:
    """A token that was stolen and signed out can do no harm any more."""
    stolen, current = api.signed_in(), api.sign_in()
    api.logout(stolen)

    problem(api.logout_all(stolen), 401, "UNAUTHORIZED")

    assert api.profile(current).status_code == 200


def test_cognito_out_of_reach_keeps_none_alive(api: Api, faults: FaultInjector) -> None:
    """The rows are gone and so are the sessions."""
    first, second = api.signed_in(), api.sign_in()
    with faults.injected(Fault(4, "before", "refused", "outage")):
        assert api.logout_all(first).status_code == 204

    assert_over(api, first, second)


@pytest.mark.requirement(38)
def test_an_outage_of_the_table_is_503(api: Api, faults: FaultInjector) -> None:
    """It says so, and trying again ends them all."""
    first, second = api.signed_in(), api.sign_in()
    with faults.injected(Fault(2, "before", "server-error")):
        problem(api.logout_all(first), 503, "SERVICE_UNAVAILABLE")

    assert api.logout_all(first).status_code == 204
    assert_over(api, first, second)
