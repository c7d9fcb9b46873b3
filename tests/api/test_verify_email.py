"""verifyEmail."""

from __future__ import annotations

import pytest

from tests.api.conftest import ADA, BOB, Api, pointers, problem
from tests.faults.harness import Fault, FaultInjector


def other_than(code: str) -> str:
    """Return six other digits."""
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.requirement(31)
def test_the_mailed_code_proves_the_address(api: Api) -> None:
    """The answer is exactly the contract's, and the account can sign in."""
    api.register()

    response = api.verify()

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"email": ADA, "emailVerified": True}
    assert api.sign_in().user["emailVerified"] is True


def test_the_address_is_matched_without_case(api: Api) -> None:
    """It is answered as it is stored."""
    api.register("ada@example.com")

    response = api.verify("ADA@Example.com")

    assert response.json() == {"email": "ada@example.com", "emailVerified": True}


@pytest.mark.requirement(11)
def test_a_code_works_once(api: Api) -> None:
    """The second time it is wrong like any other."""
    api.register()
    code = api.aws.code_for(ADA)
    api.verify(code=code)

    problem(api.verify(code=code), 400, "INVALID_CODE")


@pytest.mark.requirement(11)
def test_a_wrong_code_is_refused_and_the_right_one_still_works(api: Api) -> None:
    """A typing mistake costs nothing."""
    api.register()

    problem(api.verify(code=other_than(api.aws.code_for(ADA))), 400, "INVALID_CODE")

    assert api.verify().status_code == 200


@pytest.mark.requirement(11)
def test_an_old_code_is_refused(api: Api) -> None:
    """A code is good for 24 hours."""
    api.register()
    api.aws.age_codes(24 * 3600 + 1)

    problem(api.verify(), 400, "INVALID_CODE")


@pytest.mark.requirement(15)
def test_the_code_of_another_address_is_refused(api: Api) -> None:
    """A code is bound to the address it was mailed to."""
    api.register(ADA)
    api.register(BOB)
    while api.aws.code_for(BOB) == api.aws.code_for(ADA):  # One pair in a million.
        api.post("/auth/email/resend", {"email": BOB})

    problem(api.verify(ADA, api.aws.code_for(BOB)), 400, "INVALID_CODE")


def test_every_refusal_looks_alike(api: Api) -> None:
    """Wrong, used, for an unknown address: nobody learns who has an account."""
    api.verified(ADA)
    api.register(BOB)
    answers = [
        api.verify(ADA, "000000"),
        api.verify(BOB, other_than(api.aws.code_for(BOB))),
        api.verify("nobody@example.com", "000000"),
    ]

    for answer in answers:
        problem(answer, 400, "INVALID_CODE")
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    assert len({tuple(answer.json()) for answer in answers}) == 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\n", " 12345"])
def test_a_code_of_another_form_is_refused(api: Api, code: str) -> None:
    """Six ASCII digits, and the code is not repeated in the answer."""
    response = api.post("/auth/email/verify", {"email": ADA, "code": code})

    problem(response, 400, "VALIDATION_FAILED")
    assert {pointer for pointer, _ in pointers(response)} == {"/code"}
    assert len(code) < 5 or code not in response.text


def test_a_table_that_fails_after_the_code_is_spent_costs_nothing(
    api: Api, faults: FaultInjector
) -> None:
    """Cognito has taken the code, so the answer is 200 and signing in mends the profile."""
    api.register()
    with faults.injected(Fault(4, "before", "server-error", "outage")):
        response = api.verify()

    assert response.status_code == 200
    assert api.sign_in().user["emailVerified"] is True


@pytest.mark.requirement(38)
def test_an_outage_is_503_and_the_code_still_works(api: Api, faults: FaultInjector) -> None:
    """Cognito is not reached: nothing was spent."""
    api.register()
    with faults.injected(Fault(3, "before", "refused")):
        response = api.verify()

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert api.verify().status_code == 200
