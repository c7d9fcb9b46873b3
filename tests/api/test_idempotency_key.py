"""Idempotency-Key on registerUser: one effect and one answer, however often it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.conftest import ADA, BOB, Api, MovableClock, problem
from tests.faults.harness import Fault, FaultInjector

pytestmark = pytest.mark.requirement(39)

KEY = {"Idempotency-Key": '"9b0e3a52-1f6c-4b7e-8a55-3d2f0c6e7a10"'}
BARE = {"Idempotency-Key": "9b0e3a52-1f6c-4b7e-8a55-3d2f0c6e7a10"}
TAKE, FINISH = 3, 6
"""The places of the key's two writes among the calls of a registration."""


def test_a_retry_is_answered_as_the_first_was(api: Api) -> None:
    """Status, location and body; nothing is mailed twice, and the answer says it is a replay."""
    first = api.register_with(KEY)
    mails = len(api.aws.mails())

    again = api.register_with(KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(api.aws.mails()) == mails


def test_the_quotes_of_a_structured_field_are_not_part_of_the_key(api: Api) -> None:
    """The draft quotes it and most clients do not."""
    first = api.register_with(KEY)

    assert api.register_with(BARE).json() == first.json()


def test_a_retry_is_told_of_its_success_also_when_the_account_is_in_use(api: Api) -> None:
    """Without the key it would be told that its own address is taken."""
    first = api.register_with(KEY)
    api.verify()

    assert api.register_with(KEY).json() == first.json()
    problem(api.register(), 409, "EMAIL_TAKEN")


@pytest.mark.parametrize(
    "change", [{"email": BOB}, {"password": "another long phrase"}, {"firstName": "Eve"}]
)
def test_another_registration_under_the_same_key_is_422(api: Api, change: dict[str, str]) -> None:
    """Whichever field differs, and nothing is registered."""
    api.register_with(KEY)

    problem(api.register_with(KEY, **change), 422, "IDEMPOTENCY_KEY_REUSED")

    assert api.register(BOB).status_code == 201


def test_a_refusal_is_repeated_too(api: Api) -> None:
    """The address was taken, and stays so under this key."""
    api.verified()
    first, again = api.register_with(KEY), api.register_with(KEY)

    problem(first, 409, "EMAIL_TAKEN")
    problem(again, 409, "EMAIL_TAKEN")
    assert again.headers["idempotent-replayed"] == "true"


def test_a_request_the_contract_refuses_takes_no_key(api: Api) -> None:
    """Mend it and send it under the same key."""
    problem(api.register_with(KEY, password="short"), 400, "VALIDATION_FAILED")

    assert api.register_with(KEY).status_code == 201


@pytest.mark.parametrize(
    "key", ["short", '"unbalanced-unbalanced', "a space in the middle", "x" * 65]
)
def test_what_is_no_key_is_refused(api: Api, key: str) -> None:
    """Too short to be anybody's own, or not of the form."""
    response = api.register_with({"Idempotency-Key": key})

    problem(response, 400, "VALIDATION_FAILED")
    assert response.json()["errors"][0]["pointer"] == "#/header/idempotency-key"


def test_an_outage_is_not_kept(api: Api, faults: FaultInjector) -> None:
    """503, and the same key registers as soon as the service behind is back."""
    with faults.injected(Fault(TAKE + 1, "before", "refused")):
        response = api.register_with(KEY)

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert api.register_with(KEY).status_code == 201


def test_a_key_that_cannot_be_taken_registers_nobody(api: Api, faults: FaultInjector) -> None:
    """Else a retry would have a second effect."""
    with faults.injected(Fault(TAKE, "before", "refused")):
        problem(api.register_with(KEY), 503, "SERVICE_UNAVAILABLE")

    assert api.aws.mails() == []


def test_an_answer_that_cannot_be_kept_is_given(
    api: Api, faults: FaultInjector, clock: MovableClock
) -> None:
    """A retry waits for the lease and is then told of the success, though it is verified by now."""
    with faults.injected(Fault(FINISH, "before", "refused")):
        first = api.register_with(KEY)
    api.verify()

    waiting = api.register_with(KEY)
    problem(waiting, 409, "REQUEST_IN_PROGRESS")
    clock.advance(seconds=int(waiting.headers["retry-after"]))

    again = api.register_with(KEY)
    assert again.status_code == first.status_code == 201
    assert again.json() == first.json()
    assert api.register_with(KEY).headers["idempotent-replayed"] == "true"


def test_of_retries_at_the_same_moment_one_has_an_effect(api: Api) -> None:
    """The others are told its answer, or to wait; nobody is told that the address is taken."""
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: api.register_with(KEY), range(10)))

    codes = {each.json().get("code") for each in answers if each.is_error}
    assert codes <= {"REQUEST_IN_PROGRESS"}
    assert len({each.json()["userId"] for each in answers if each.is_success}) == 1
    assert len([mail for mail in api.aws.mails() if ADA in str(mail)]) == 1


def test_a_key_is_free_after_a_day(api: Api, clock: MovableClock) -> None:
    """24 hours, as the contract publishes."""
    api.register_with(KEY)
    clock.advance(hours=24, seconds=1)

    assert api.register_with(KEY, email=BOB).status_code == 201
