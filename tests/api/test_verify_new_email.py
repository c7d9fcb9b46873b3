"""verifyNewEmail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.conftest import ADA, BOB, Api, MovableClock, SignedIn, problem
from tests.faults.harness import Fault, FaultInjector

NEW = "new@example.com"


def asked(api: Api, session: SignedIn) -> str:
    """Ask for the new address and return the mailed code."""
    assert api.change_email(session, NEW).status_code == 202
    return api.aws.code_for(NEW)


@pytest.mark.requirement(10)
@pytest.mark.requirement(31)
def test_the_new_address_is_the_accounts(api: Api) -> None:
    """It signs in and the former one does not, which is told by mail and free again."""
    session = api.signed_in()

    response = api.verify_new_email(session, asked(api, session))

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    profile = response.json()
    assert (profile["email"], profile["emailVerified"]) == (NEW, True)
    read = api.profile(session)
    assert (read.json(), read.headers["etag"]) == (profile, response.headers["etag"])
    assert api.login(NEW).status_code == 200
    problem(api.login(ADA), 401, "INVALID_CREDENTIALS")
    assert "changed" in api.aws.mails(ADA)[0]["subject"]
    assert api.signed_in(ADA).user["userId"] != session.user["userId"]


@pytest.mark.requirement(11)
def test_a_code_works_once(api: Api) -> None:
    """Afterwards it is wrong."""
    session = api.signed_in()
    code = asked(api, session)
    api.verify_new_email(session, code)

    problem(api.verify_new_email(session, code), 400, "INVALID_CODE")


@pytest.mark.requirement(11)
def test_a_code_expires(api: Api, clock: MovableClock) -> None:
    """After a quarter of an hour."""
    session = api.signed_in()
    code = asked(api, session)
    clock.advance(minutes=15, seconds=1)

    problem(api.verify_new_email(session, code), 400, "INVALID_CODE")


@pytest.mark.requirement(14)
def test_five_wrong_codes_use_a_code_up(api: Api) -> None:
    """However many sessions guess; asking again helps."""
    session = api.signed_in()
    code = asked(api, session)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        problem(api.verify_new_email(session, wrong), 400, "INVALID_CODE")

    problem(api.verify_new_email(session, code), 400, "INVALID_CODE")

    assert api.verify_new_email(session, asked(api, session)).status_code == 200


@pytest.mark.requirement(15)
@pytest.mark.requirement(32)
def test_a_code_is_good_for_whoever_asked(api: Api) -> None:
    """Bob cannot use what was mailed for Ada, also while he waits for a code of his own."""
    ada, bob = api.signed_in(), api.signed_in(BOB)
    code = asked(api, ada)
    problem(api.verify_new_email(bob, code), 400, "INVALID_CODE")
    api.change_email(bob, "other@example.com")

    if api.aws.code_for("other@example.com") != code:
        problem(api.verify_new_email(bob, code), 400, "INVALID_CODE")

    assert api.profile(bob).json()["email"] == BOB
    assert api.verify_new_email(ada, code).status_code == 200


def test_a_new_request_replaces_the_old(api: Api) -> None:
    """Only the newest code is good, and for its own address."""
    session = api.signed_in()
    old = asked(api, session)
    api.change_email(session, "other@example.com")
    new = api.aws.code_for("other@example.com")

    if old != new:
        problem(api.verify_new_email(session, old), 400, "INVALID_CODE")

    assert api.verify_new_email(session, new).json()["email"] == "other@example.com"


def test_the_proof_of_a_mailbox_outranks_a_registration(api: Api, clock: MovableClock) -> None:
    """Whoever registered the address and never verified it is replaced."""
    session = api.signed_in()
    api.register(NEW, "the squatter's phrase")

    assert api.verify_new_email(session, asked(api, session)).status_code == 200

    problem(api.login(NEW, "the squatter's phrase"), 401, "INVALID_CREDENTIALS")
    assert api.sign_in(NEW).user["userId"] == session.user["userId"]
    problem(api.register(NEW), 409, "EMAIL_TAKEN")


def test_an_address_that_was_verified_meanwhile_is_a_conflict(api: Api) -> None:
    """Who proved it first has it."""
    session = api.signed_in()
    code = asked(api, session)
    api.verified(NEW)

    problem(api.verify_new_email(session, code), 409, "EMAIL_TAKEN")

    assert api.profile(session).json() == session.user
    assert api.login(ADA).status_code == 200


def test_of_two_people_one_gets_the_address(api: Api) -> None:
    """Both asked and both prove at the same moment; the other keeps what they had."""
    people = [api.signed_in(ADA), api.signed_in(BOB)]
    codes = [asked(api, person) for person in people]

    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda pair: api.verify_new_email(*pair), zip(people, codes, strict=True))
        )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = answers[0].status_code != 200
    assert api.sign_in(NEW).user["userId"] == people[winner].user["userId"]
    loser = people[not winner]
    assert api.profile(loser).json() == loser.user
    assert api.login(loser.user["email"]).status_code == 200


def test_a_deletion_at_the_same_moment_leaves_no_half(api: Api) -> None:
    """Both addresses are free afterwards."""
    session, other = api.signed_in(), api.sign_in()
    code = asked(api, session)

    with ThreadPoolExecutor(2) as pool:
        change = pool.submit(api.verify_new_email, session, code)
        deletion = pool.submit(api.delete, other)

    assert deletion.result().status_code == 204
    assert change.result().status_code in (200, 400, 401)
    for email in (ADA, NEW):
        assert api.signed_in(email).user["email"] == email


def test_an_outage_of_cognito_is_finished_by_the_same_code(api: Api, faults: FaultInjector) -> None:
    """The former address works until then, and heals it too."""
    session = api.signed_in()
    code = asked(api, session)
    with faults.injected(Fault(6, "before", "refused", "outage")):
        problem(api.verify_new_email(session, code), 503, "SERVICE_UNAVAILABLE")

    assert api.verify_new_email(session, code).json()["email"] == NEW

    assert api.login(NEW).status_code == 200
    problem(api.login(ADA), 401, "INVALID_CREDENTIALS")
