"""changeEmail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.settings import Settings
from tests.api.conftest import ADA, BOB, Api, MovableClock, Start, problem
from tests.everything import everything

NEW = "new@example.com"


@pytest.fixture
def hiding(start: Start, settings: Settings, api: Api, clock: MovableClock) -> Api:
    """The service of a deployment that hides who has an account."""
    return start(replace(settings, hide_existing_accounts=True), clock=clock)


@pytest.mark.requirement(31)
def test_a_code_is_mailed_to_the_new_address(api: Api) -> None:
    """And nothing else changes yet."""
    session = api.signed_in()

    response = api.change_email(session, "New@Example.com")

    assert response.status_code == 202
    assert response.headers["cache-control"] == "no-store"
    assert api.aws.code_for(NEW)
    assert api.profile(session).json() == session.user
    assert api.login().status_code == 200


@pytest.mark.requirement(21)
def test_it_takes_the_password(api: Api) -> None:
    """Without it nothing is mailed."""
    session = api.signed_in()

    problem(api.change_email(session, NEW, "a wrong password"), 403, "WRONG_PASSWORD")

    assert api.aws.mails(NEW) == []


@pytest.mark.parametrize("address", [BOB, "BOB@example.com", ADA])
def test_a_taken_address_is_a_conflict(api: Api, address: str) -> None:
    """Somebody else's, in any case, and the caller's own."""
    session = api.signed_in()
    api.verified(BOB)

    problem(api.change_email(session, address), 409, "EMAIL_TAKEN")


@pytest.mark.requirement(8)
@pytest.mark.requirement(32)
def test_in_hiding_mode_taken_and_free_answer_alike(hiding: Api) -> None:
    """The owner of a taken address gets a mail without a code, and no code is good."""
    session = hiding.signed_in()
    hiding.verified(BOB)

    taken, free = hiding.change_email(session, BOB), hiding.change_email(session, NEW)

    assert (taken.status_code, taken.json()) == (free.status_code, free.json())
    assert taken.headers.keys() == free.headers.keys()
    assert hiding.aws.mails(BOB)[0]["code"] == ""
    hiding.change_email(session, BOB)
    problem(hiding.verify_new_email(session, "000000"), 400, "INVALID_CODE")


@pytest.mark.requirement(11)
def test_no_code_is_readable_at_rest(api: Api) -> None:
    """The row holds a keyed hash, and an end."""
    session = api.signed_in()
    api.change_email(session, NEW)
    code = api.aws.code_for(NEW)

    (row,) = [row for row in everything(api.aws) if row["sk"]["S"] == "EMAIL_CHANGE"]

    assert code not in row["codeHash"]["S"]
    assert "expiresAt" in row


def test_an_unverified_registration_does_not_hold_an_address(api: Api) -> None:
    """A code is mailed; its proof decides."""
    session = api.signed_in()
    api.register(NEW, "the squatter's phrase")

    assert api.change_email(session, NEW).status_code == 202
