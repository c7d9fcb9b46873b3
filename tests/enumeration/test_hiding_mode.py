"""HIDE_EXISTING_ACCOUNTS: registration and sign-in tell nobody who has an account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from service.aws.clients import Clients
from service.settings import Settings
from tests.api.conftest import PASSWORD, Api, MovableClock, Start, problem
from tests.aws_calls import recording
from tests.enumeration.answers import measure, shape

TAKEN = "taken0000@example.com"
FLOOR = timedelta(milliseconds=120)
PAIRS = 20
SAMPLES = 25
NUMBERS = count(1)


@pytest.fixture(scope="module")
def hiding_client(start: Start, settings: Settings, the_clock: MovableClock) -> Api:
    hidden = replace(settings, hide_existing_accounts=True, registration_floor=FLOOR)
    return start(hidden, clock=the_clock)


@pytest.fixture
def hiding(hiding_client: Api, api: Api) -> Api:
    """A client of a deployment that hides, in an empty world."""
    return hiding_client


def fresh() -> str:
    """Return a free address as long as the taken one."""
    return f"fresh{next(NUMBERS):04}@example.com"


def seen(response: httpx.Response, address: str) -> dict[str, Any]:
    """Return what tells one registration from another; its own address does not."""
    whole = shape(response)
    assert whole["body"].pop("email") == address
    return whole


@pytest.mark.requirement(8)
def test_a_taken_address_is_answered_as_a_free_one(hiding: Api) -> None:
    """Status, headers, body and size over many samples: one answer, and no id in it."""
    hiding.verified(TAKEN)
    taken = [seen(hiding.register(TAKEN), TAKEN) for _ in range(SAMPLES)]
    addresses = [fresh() for _ in taken]
    free = [seen(hiding.register(address), address) for address in addresses]

    assert all(each == free[0] for each in taken + free)
    assert free[0]["status"] == 201
    assert free[0]["body"] == {"message": "We have mailed you a code. Verify your address with it."}


@pytest.mark.requirement(8)
def test_one_that_is_being_registered_is_answered_as_a_free_one(hiding: Api) -> None:
    """REGISTRATION_IN_PROGRESS is hidden too; the first registration is the one that counts."""
    address = fresh()
    first, second = hiding.register(address), hiding.register(address)

    assert seen(first, address) == seen(second, address)
    assert len(hiding.aws.mails(address)) == 1
    assert hiding.verify(address).status_code == 200
    assert hiding.sign_in(address)


@pytest.mark.requirement(10)
def test_the_owner_is_mailed_instead(hiding: Api) -> None:
    """A notice without a code; the account and its password are what they were."""
    hiding.verified(TAKEN)
    before = len(hiding.aws.mails(TAKEN))

    hiding.register(TAKEN, "somebody else's password")

    newest, *_ = mails = hiding.aws.mails(TAKEN)
    assert len(mails) == before + 1
    assert (newest["subject"], newest["code"]) == ("You already have an account", "")
    assert hiding.sign_in(TAKEN)
    problem(hiding.login(TAKEN, "somebody else's password"), 401, "INVALID_CREDENTIALS")


def test_a_taken_address_costs_four_calls(hiding: Api, clients: Clients) -> None:
    """Besides the limits': what a free one costs, two looks side by side, and the mail."""
    hiding.verified(TAKEN)

    with recording(clients) as calls:
        hiding.register(TAKEN)

    counted, own = calls.names[:2], calls.names[2:]
    assert counted == ["dynamodb:UpdateItem"] * 2
    assert own[0] == "cognito-idp:SignUp"
    assert set(own[1:3]) == {"cognito-idp:AdminGetUser", "dynamodb:GetItem"}
    assert own[3:] == ["sesv2:SendEmail"]


@pytest.mark.requirement(8)
def test_an_account_that_waits_is_unknown_at_sign_in(hiding: Api) -> None:
    """loginUser answers 401 to the right password of an unverified account, as to any wrong one."""
    address = fresh()
    hiding.register(address)

    waiting, unknown = hiding.login(address), hiding.login(fresh())

    problem(waiting, 401, "INVALID_CREDENTIALS")
    assert shape(waiting) == shape(unknown)


def test_an_account_that_waits_is_replaced_as_ever(hiding: Api, clock: MovableClock) -> None:
    """Hiding takes nothing from those who register anew."""
    address = fresh()
    hiding.register(address, "the first password")
    clock.advance(seconds=3)

    hiding.register(address, PASSWORD)

    assert hiding.verify(address).status_code == 200
    assert hiding.sign_in(address)


@pytest.mark.requirement(4)
def test_what_is_refused_is_refused_alike(hiding: Api) -> None:
    """The password rule comes before the question whether the address is taken."""
    hiding.verified(TAKEN)

    for password, code in (("password1", "PASSWORD_REJECTED"), ("short", "VALIDATION_FAILED")):
        answers = [hiding.register(address, password) for address in (TAKEN, fresh())]

        problem(answers[0], 400, code)
        assert shape(answers[0]) == shape(answers[1])


@contextmanager
def slow_mail(clients: Clients, seconds: float) -> Iterator[None]:
    """Hold up SES, which only a taken address needs."""

    def hold(request: Any, **_: object) -> None:
        time.sleep(seconds)

    clients.mail.meta.events.register("before-send", hold)
    try:
        yield
    finally:
        clients.mail.meta.events.unregister("before-send", hold)


def register(api: Api, address: Callable[[], str]) -> Callable[[], httpx.Response]:
    def ask() -> httpx.Response:
        response = api.register(address())
        assert response.status_code == 201, response.text
        return response

    return ask


@pytest.mark.requirement(8)
def test_a_taken_address_takes_as_long_as_a_free_one(
    hiding: Api, clients: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where mailing the owner takes 30 ms more: no answer comes before the floor."""
    hiding.verified(TAKEN)

    with slow_mail(clients, 0.030):
        band = measure(register(hiding, lambda: TAKEN), register(hiding, fresh), PAIRS)

    with capsys.disabled():
        print(f"\nregistration, hiding: {band}")
    assert band.floor < 5, band
    assert min(band.known + band.unknown) >= FLOOR.total_seconds() * 1000


def test_without_the_floor_the_difference_is_seen(
    start: Start, settings: Settings, the_clock: MovableClock, api: Api, clients: Clients
) -> None:
    """The measurement can fail: the 30 ms are found."""
    bare = replace(settings, hide_existing_accounts=True, registration_floor=timedelta(0))
    client = start(bare, clock=the_clock)
    client.verified(TAKEN)

    with slow_mail(clients, 0.030):
        band = measure(register(client, lambda: TAKEN), register(client, fresh), PAIRS)

    assert band.floor > 5, band


def test_a_deployment_that_hides_nothing_says_so(api: Api) -> None:
    """The other mode: 409, an id for a new account, and the owner hears nothing."""
    api.verified(TAKEN)
    before = len(api.aws.mails(TAKEN))

    problem(api.register(TAKEN), 409, "EMAIL_TAKEN")

    assert len(api.aws.mails(TAKEN)) == before
    assert "userId" in api.register(fresh()).json()
