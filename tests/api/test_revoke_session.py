"""revokeSession."""

from __future__ import annotations

import uuid

import httpx
import pytest

from tests.api.conftest import BOB, Api, MovableClock, problem
from tests.api.test_refresh_token import assert_over
from tests.faults.harness import Fault, FaultInjector


@pytest.mark.requirement(22)
@pytest.mark.requirement(18)
def test_a_session_ends_from_another_device(api: Api) -> None:
    """Its tokens are refused at once; the one that asked stays."""
    lost, current = api.signed_in(), api.sign_in()

    response = api.revoke(current, lost.session_id)

    assert response.status_code == 204
    assert response.headers["cache-control"] == "no-store"
    assert_over(api, lost)
    assert api.profile(current).status_code == 200


def test_the_own_session_can_be_ended(api: Api) -> None:
    """It is a sign-out."""
    session = api.signed_in()

    assert api.revoke(session, session.session_id).status_code == 204

    assert_over(api, session)


@pytest.mark.requirement(32)
def test_missing_ended_and_not_yours_look_alike(api: Api, clock: MovableClock) -> None:
    """Bob asks for Ada's session, one that has ended, one that is idle, and one that never was."""
    ada = api.signed_in()
    idle = api.signed_in(BOB)
    clock.advance(days=14, seconds=1)
    ended, bob = api.sign_in(BOB), api.sign_in(BOB)
    ada = api.sign_in()
    api.logout(ended)
    ids = [ada.session_id, ended.session_id, idle.session_id, str(uuid.uuid4())]

    answers = [api.revoke(bob, each) for each in ids]

    for answer in answers:
        problem(answer, 404, "NOT_FOUND")
    assert len({seen(answer) for answer in answers}) == 1
    assert api.profile(ada).status_code == 200


def seen(response: httpx.Response) -> tuple[object, ...]:
    """Return all of an answer but what names the request."""
    told = {k: v for k, v in response.json().items() if k not in ("instance", "requestId")}
    headers = {k: v for k, v in response.headers.items() if k != "x-request-id"}
    return str(told), str(headers), len(response.content)


def test_twice_is_404(api: Api) -> None:
    """There is nothing left to end."""
    other, current = api.signed_in(), api.sign_in()
    api.revoke(current, other.session_id)

    problem(api.revoke(current, other.session_id), 404, "NOT_FOUND")


@pytest.mark.parametrize("session_id", ["x", "1", "%00", "..", "a" * 300, "*"])
def test_what_is_no_id_is_refused(api: Api, session_id: str) -> None:
    """Before anything is looked up."""
    session = api.signed_in()

    assert api.revoke(session, session_id).status_code in (400, 404)
    assert api.profile(session).status_code == 200


def test_cognito_out_of_reach_does_not_keep_it_alive(api: Api, faults: FaultInjector) -> None:
    """The row is gone and so is the session."""
    lost, current = api.signed_in(), api.sign_in()
    with faults.injected(Fault(3, "before", "refused")):
        assert api.revoke(current, lost.session_id).status_code == 204

    assert_over(api, lost)
