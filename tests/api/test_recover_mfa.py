"""recoverMfa."""

from __future__ import annotations

import pytest

from service.aws.clients import Clients
from tests.api.conftest import ADA, BOB, Api, MovableClock, problem
from tests.aws_calls import recording


def recover(api: Api, token: str, code: str):
    return api.post("/auth/mfa/recover", {"sessionToken": token, "recoveryCode": code})


@pytest.mark.requirement(13)
def test_a_recovery_code_switches_it_off_once(api: Api) -> None:
    """Every session is over, the password alone signs in, and no code works again."""
    session = api.signed_in()
    _, codes = api.enrol(session)
    token = api.challenged()

    response = recover(api, token, codes[4])

    assert response.status_code == 204
    problem(api.profile(session), 401, "UNAUTHORIZED")
    problem(api.refresh(session.refresh_token), 401, "INVALID_REFRESH_TOKEN")
    problem(recover(api, token, codes[4]), 400, "INVALID_CODE")
    problem(recover(api, token, codes[5]), 400, "INVALID_CODE")
    assert api.sign_in().user["mfaEnabled"] is False


def test_whoever_recovered_can_enrol_anew(api: Api) -> None:
    """The codes of before belong to the past."""
    _, former = api.enrol(api.signed_in())
    recover(api, api.challenged(), former[0])

    authenticator, codes = api.enrol(api.sign_in())

    problem(recover(api, api.challenged(), former[1]), 400, "INVALID_CODE")
    assert api.second_step(api.challenged(), authenticator.code()).status_code == 200
    assert recover(api, api.challenged(), codes[0].lower()).status_code == 204


@pytest.mark.requirement(15)
def test_a_recovery_code_of_another_is_refused(api: Api) -> None:
    """It takes the second step from nobody."""
    _, adas = api.enrol(api.signed_in(ADA))
    _, bobs = api.enrol(api.signed_in(BOB))

    problem(recover(api, api.challenged(ADA), bobs[0]), 400, "INVALID_CODE")

    assert api.challenged(ADA)
    assert recover(api, api.challenged(BOB), bobs[0]).status_code == 204
    assert recover(api, api.challenged(ADA), adas[0]).status_code == 204


def test_a_wrong_code_changes_nothing(api: Api) -> None:
    """And the next one is looked at."""
    _, codes = api.enrol(api.signed_in())
    token = api.challenged()

    problem(recover(api, token, "AAAA-BBBB-CCCC-DDDD"), 400, "INVALID_CODE")

    assert recover(api, token, codes[0]).status_code == 204


@pytest.mark.requirement(15)
def test_a_token_is_needed_that_is_ours_and_in_time(
    api: Api, clients: Clients, clock: MovableClock
) -> None:
    """The recovery code alone is worth nothing, and nothing is called for it."""
    _, codes = api.enrol(api.signed_in())
    token = api.challenged()
    clock.advance(minutes=3, seconds=1)

    with recording(clients) as calls:
        problem(recover(api, token, codes[0]), 401, "INVALID_MFA_SESSION")
        problem(recover(api, "k1.bWFkZS11cA", codes[0]), 401, "INVALID_MFA_SESSION")

    assert calls.names == []
