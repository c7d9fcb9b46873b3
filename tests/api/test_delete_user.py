"""deleteUser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from service.aws.clients import Clients
from service.settings import Settings
from tests.api.conftest import ADA, BOB, Api, problem
from tests.api.test_refresh_token import assert_over
from tests.everything import everything
from tests.faults.harness import Fault, FaultInjector


@pytest.mark.requirement(19)
@pytest.mark.requirement(31)
def test_nothing_is_left(api: Api, clients: Clients, settings: Settings) -> None:
    """No row, no user, no session; and no cache keeps the answer."""
    here, there = api.signed_in(), api.sign_in()

    response = api.delete(here)

    assert response.status_code == 204
    assert response.headers["cache-control"] == "no-store"
    assert_over(api, here, there)
    assert everything(api.aws) == []
    assert clients.cognito.list_users(UserPoolId=settings.user_pool_id)["Users"] == []
    problem(api.login(), 401, "INVALID_CREDENTIALS")


def test_the_address_is_free_at_once(api: Api) -> None:
    """It is registered again in the same second, as somebody else."""
    former = api.signed_in()
    api.delete(former)

    again = api.signed_in(password="another long phrase")

    assert again.user["userId"] != former.user["userId"]
    assert api.profile(again).status_code == 200
    problem(api.profile(former), 401, "UNAUTHORIZED")


@pytest.mark.requirement(21)
def test_a_wrong_password_deletes_nothing(api: Api) -> None:
    """The session goes on, too."""
    session = api.signed_in()

    problem(api.delete(session, "a wrong password"), 403, "WRONG_PASSWORD")

    assert api.profile(session).status_code == 200
    assert api.refresh(session.refresh_token).status_code == 200


@pytest.mark.requirement(21)
def test_a_password_is_needed(api: Api) -> None:
    """A stolen token alone deletes nothing."""
    session = api.signed_in()

    response = api.post("/users/profile/delete", {}, headers=session.headers)

    problem(response, 400, "VALIDATION_FAILED")
    assert api.profile(session).status_code == 200


@pytest.mark.requirement(32)
@pytest.mark.requirement(21)
def test_nobody_deletes_another(api: Api) -> None:
    """Bob goes with his own password, and Ada's opens nothing of his; Ada stays whole."""
    ada, bob = api.signed_in(), api.signed_in(BOB, "bob's long phrase")
    problem(api.delete(bob), 403, "WRONG_PASSWORD")

    assert api.delete(bob, "bob's long phrase").status_code == 204

    assert api.profile(ada).json() == ada.user
    assert api.refresh(ada.refresh_token).status_code == 200
    assert not [row for row in everything(api.aws) if BOB in str(row)]
    problem(api.register(ADA), 409, "EMAIL_TAKEN")


def test_a_session_that_is_over_deletes_nothing(api: Api) -> None:
    """Even with the password."""
    over, current = api.signed_in(), api.sign_in()
    api.logout(over)

    problem(api.delete(over), 401, "UNAUTHORIZED")

    assert api.profile(current).status_code == 200


def test_of_two_at_once_one_or_both_are_told(
    api: Api, clients: Clients, settings: Settings
) -> None:
    """Nothing is left, and none is told of a fault of ours."""
    sessions = [api.signed_in(), api.sign_in()]
    with ThreadPoolExecutor(2) as pool:
        statuses = [each.status_code for each in pool.map(api.delete, sessions)]

    assert 204 in statuses
    assert set(statuses) <= {204, 401, 403}
    assert everything(api.aws) == []


@pytest.mark.requirement(19)
def test_cognito_out_of_reach_afterwards_brings_nobody_back(
    api: Api, faults: FaultInjector
) -> None:
    """Decided is decided: signing in finishes the deletion and is refused."""
    session = api.signed_in()
    with faults.injected(Fault(7, "before", "refused", "outage")):
        assert api.delete(session).status_code == 204
    problem(api.profile(session), 401, "UNAUTHORIZED")

    problem(api.login(), 401, "INVALID_CREDENTIALS")

    assert everything(api.aws) == []


@pytest.mark.requirement(38)
def test_an_outage_before_the_decision_changes_nothing(api: Api, faults: FaultInjector) -> None:
    """It is 503, and trying again deletes."""
    session = api.signed_in()
    with faults.injected(Fault(6, "before", "server-error")):
        problem(api.delete(session), 503, "SERVICE_UNAVAILABLE")
    assert api.profile(session).status_code == 200

    assert api.delete(session).status_code == 204
