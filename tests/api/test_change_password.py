"""changePassword."""

from __future__ import annotations

import pytest

from tests.api.conftest import ADA, BOB, PASSWORD, Api, problem
from tests.faults.harness import Fault, FaultInjector

NEW = "a brand new phrase"


@pytest.mark.requirement(20)
def test_the_other_sessions_end_and_this_one_goes_on(api: Api) -> None:
    """The former password and the other devices' tokens are over."""
    here = api.signed_in()
    elsewhere = api.sign_in()

    response = api.change_password(here, NEW)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["cache-control"] == "no-store"
    assert api.profile(here).status_code == 200
    assert api.refresh(here.refresh_token).status_code == 200
    problem(api.profile(elsewhere), 401, "UNAUTHORIZED")
    problem(api.refresh(elsewhere.refresh_token), 401, "INVALID_REFRESH_TOKEN")
    problem(api.login(), 401, "INVALID_CREDENTIALS")
    assert api.login(password=NEW).status_code == 200


@pytest.mark.requirement(10)
def test_the_owner_is_told(api: Api) -> None:
    """One mail to the account's address."""
    api.change_password(api.signed_in(), NEW)

    assert [mail["subject"] for mail in api.aws.mails(ADA)].count("Your password was changed") == 1


@pytest.mark.requirement(6)
@pytest.mark.requirement(21)
def test_it_needs_the_current_password(api: Api) -> None:
    """Any other is 403, and nothing changes: sessions go on, nobody is mailed."""
    here, elsewhere = api.signed_in(), api.sign_in()
    mails = len(api.aws.mails())

    for wrong in ("a wrong password", PASSWORD.upper(), f"{PASSWORD} "):
        problem(api.change_password(here, NEW, wrong), 403, "WRONG_PASSWORD")

    assert api.profile(elsewhere).status_code == api.login().status_code == 200
    assert len(api.aws.mails()) == mails


@pytest.mark.requirement(32)
def test_it_is_the_callers_password_that_changes(api: Api) -> None:
    """Bob's session and Ada's password change neither account."""
    api.verified(password="the password of Ada")
    bob = api.signed_in(BOB)

    problem(api.change_password(bob, NEW, "the password of Ada"), 403, "WRONG_PASSWORD")

    assert api.login(BOB).status_code == 200
    assert api.login(password="the password of Ada").status_code == 200


@pytest.mark.requirement(4)
@pytest.mark.requirement(5)
@pytest.mark.parametrize(
    "password", ["password1", "iloveyou", "Lifestyle2026", "grace1906", "1Hopper!!", "gracehopper"]
)
def test_a_password_that_is_easy_to_guess_is_refused(api: Api, password: str) -> None:
    """Whatever its case: the common ones, the app's name, the address, the own names."""
    session = api.signed_in("grace1906@example.com")
    api.change(session, {"firstName": "Grace", "lastName": "Hopper"})

    refused = problem(api.change_password(session, password), 400, "PASSWORD_REJECTED")

    assert password not in refused["detail"]
    assert api.login("grace1906@example.com").status_code == 200


@pytest.mark.requirement(3)
@pytest.mark.parametrize("password", ["two  spaces", "пароль-пароль", "😀" * 8, "x" * 128])
def test_the_new_password_is_taken_as_it_is(api: Api, password: str) -> None:
    """No trim, no truncation, no normal form."""
    api.change_password(api.signed_in(), password)

    assert api.login(password=password).status_code == 200
    assert api.login(password=password[:-1]).status_code == 401


def test_it_serves_nobody_who_signed_out(api: Api) -> None:
    """The token outlives the session and is refused."""
    session = api.signed_in()
    api.logout(session)

    problem(api.change_password(session, NEW), 401, "UNAUTHORIZED")
    problem(api.post("/auth/password/change", {}), 401, "UNAUTHORIZED")


def test_an_outage_at_the_change_leaves_the_password(api: Api, faults: FaultInjector) -> None:
    """The other sessions are over all the same, as the contract says of the 503."""
    here, elsewhere = api.signed_in(), api.sign_in()
    api.profile(here)

    with faults.injected(Fault(8, "before", "server-error", "outage")):
        problem(api.change_password(here, NEW), 503, "SERVICE_UNAVAILABLE")
        assert "cognito-idp:AdminSetUserPassword" in faults.calls

    problem(api.profile(elsewhere), 401, "UNAUTHORIZED")
    assert api.login().status_code == 200
    assert api.change_password(here, NEW).status_code == 204
