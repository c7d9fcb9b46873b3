"""confirmPasswordReset."""

from __future__ import annotations

import pyotp
import pytest

from local.emulator import Emulator
from service.aws.clients import Clients
from service.settings import Settings
from tests.api.conftest import ADA, BOB, PASSWORD, Api, problem
from tests.faults.harness import Fault, FaultInjector

NEW = "a brand new phrase"


@pytest.mark.requirement(12)
def test_the_mailed_code_sets_the_password_and_ends_every_session(api: Api) -> None:
    """The former password and all tokens are over; nobody is signed in; the owner is told."""
    first = api.signed_in()
    second = api.sign_in()
    api.forgot()

    response = api.reset(NEW)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["cache-control"] == "no-store"
    for session in (first, second):
        problem(api.profile(session), 401, "UNAUTHORIZED")
        problem(api.refresh(session.refresh_token), 401, "INVALID_REFRESH_TOKEN")
    problem(api.login(), 401, "INVALID_CREDENTIALS")
    assert api.login(password=NEW).status_code == 200


@pytest.mark.requirement(10)
def test_the_owner_is_told(api: Api) -> None:
    """One mail, and it holds no code."""
    api.verified()
    api.forgot()

    api.reset(NEW)

    assert api.aws.mails(ADA)[0]["subject"] == "Your password was changed"
    assert api.aws.mails(ADA)[0]["code"] == ""


@pytest.mark.requirement(12)
def test_without_the_mailed_code_nothing_is_set(api: Api) -> None:
    """A wrong code, another person's, one for an unknown address: all alike, sessions go on."""
    ada, bob = api.signed_in(), api.signed_in(BOB)
    api.forgot(ADA)
    api.forgot(BOB)
    bobs = api.aws.code_for(BOB)
    wrong = next(code for code in ("000000", "111111") if code != api.aws.code_for(ADA))
    answers = [api.reset(NEW, ADA, wrong), api.reset(NEW, "nobody@example.com", wrong)]
    if bobs != api.aws.code_for(ADA):
        answers.append(api.reset(NEW, ADA, bobs))

    for response in answers:
        assert "errors" not in problem(response, 400, "INVALID_CODE")
    assert api.profile(ada).status_code == api.profile(bob).status_code == 200
    assert api.login().status_code == 200


@pytest.mark.requirement(11)
def test_a_code_works_once_and_for_an_hour(api: Api) -> None:
    """A used code and an old one are refused like a wrong one."""
    api.verified()
    api.forgot()
    code = api.aws.code_for(ADA)
    api.reset(NEW, code=code)

    problem(api.reset("another new phrase", code=code), 400, "INVALID_CODE")
    api.forgot()
    api.aws.age_codes(3601)
    problem(api.reset("another new phrase"), 400, "INVALID_CODE")
    assert api.login(password=NEW).status_code == 200


def test_the_code_of_the_verification_resets_nothing(api: Api) -> None:
    """Nor is an unverified account's password set by its verification code."""
    api.register()

    problem(api.reset(NEW), 400, "INVALID_CODE")


@pytest.mark.requirement(4)
@pytest.mark.requirement(5)
@pytest.mark.parametrize("password", ["password1", "PASSWORD1", "lifestyle!1", "ada.lovelace99"])
def test_a_password_that_is_easy_to_guess_spends_no_code(api: Api, password: str) -> None:
    """It is refused before the code is looked at, for known and unknown addresses alike."""
    email = "ada.lovelace@example.com"
    api.verified(email)
    api.forgot(email)

    known = problem(api.reset(password, email), 400, "PASSWORD_REJECTED")
    code = api.aws.code_for(email)
    unknown = problem(
        api.reset(password, email.replace("com", "org"), code), 400, "PASSWORD_REJECTED"
    )

    assert known["detail"] == unknown["detail"]
    assert api.reset(NEW, email).status_code == 204


@pytest.mark.requirement(12)
def test_the_second_factor_stays(
    api: Api, aws: Emulator, clients: Clients, settings: Settings
) -> None:
    """After a reset the new password alone signs nobody in."""
    session = api.signed_in()
    token = session.access_token
    secret = clients.cognito.associate_software_token(AccessToken=token)["SecretCode"]
    clients.cognito.verify_software_token(AccessToken=token, UserCode=pyotp.TOTP(secret).now())
    clients.cognito.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    api.forgot()
    api.reset(NEW)

    response = api.login(password=NEW)

    assert response.json()["status"] == "MFA_REQUIRED"
    assert "accessToken" not in response.json()


def test_sessions_that_cannot_be_ended_are_an_outage_to_be_reset_again(
    api: Api, faults: FaultInjector
) -> None:
    """The code is spent, the password is new; resetting once more ends the sessions."""
    session = api.signed_in()
    api.forgot()
    with faults.injected(Fault(5, "before", "server-error", "outage")):
        problem(api.reset(NEW), 503, "SERVICE_UNAVAILABLE")

    assert api.login(password=NEW).status_code == 200
    api.forgot()
    assert api.reset(PASSWORD).status_code == 204
    problem(api.profile(session), 401, "UNAUTHORIZED")


def test_a_notice_that_cannot_be_mailed_does_not_matter(api: Api, faults: FaultInjector) -> None:
    """The password is set and the sessions are over: that is the answer."""
    api.verified()
    api.forgot()

    with faults.injected(Fault(7, "before", "server-error")):
        response = api.reset(NEW)
        assert faults.calls[-1] == "sesv2:SendEmail"

    assert response.status_code == 204
