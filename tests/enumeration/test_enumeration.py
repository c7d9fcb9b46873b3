"""Nobody learns from an answer, or from its time, whether an address has an account."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import httpx
import pytest

from service.aws.clients import Clients
from tests.api.conftest import Api
from tests.aws_calls import recording
from tests.enumeration.answers import measure, shape

VERIFIED = "known@example.com"
WAITING = "waits@example.com"
UNKNOWN = "nobody@example.com"  # As long as the verified one, or sizes would differ.


@dataclass(frozen=True)
class Case:
    """A request about an address that has an account, and the same about one that has none."""

    path: str
    known: str
    body: Callable[[str], dict[str, Any]]
    status: int

    def ask(self, api: Api, address: str) -> httpx.Response:
        response = api.post(self.path, self.body(address))
        assert response.status_code == self.status, response.text
        return response


def login(address: str) -> dict[str, Any]:
    return {"email": address, "password": "not the password"}


def code(address: str) -> dict[str, Any]:
    return {"email": address, "code": "000000"}


def reset(address: str) -> dict[str, Any]:
    return {"email": address, "code": "000000", "newPassword": "a brand new phrase"}


def only(address: str) -> dict[str, Any]:
    return {"email": address}


CASES = {
    "login, wrong password": Case("/auth/login", VERIFIED, login, 401),
    "resend to a verified address": Case("/auth/email/resend", VERIFIED, only, 202),
    "resend to one that waits": Case("/auth/email/resend", WAITING, only, 202),
    "verify a verified address": Case("/auth/email/verify", VERIFIED, code, 400),
    "verify one that waits": Case("/auth/email/verify", WAITING, code, 400),
    "forgot, verified": Case("/auth/password/reset-request", VERIFIED, only, 202),
    "forgot, one that waits": Case("/auth/password/reset-request", WAITING, only, 202),
    "reset a verified address": Case("/auth/password/reset-confirm", VERIFIED, reset, 400),
    "reset one that waits": Case("/auth/password/reset-confirm", WAITING, reset, 400),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def people(api: Api) -> Api:
    """One verified account and one that waits for its code; the code is none of all zeros."""
    api.verified(VERIFIED)
    assert api.register(WAITING).status_code == 201
    while api.aws.code_for(WAITING) == "000000":
        api.post("/auth/email/resend", only(WAITING))
    return api


@pytest.mark.requirement(8)
@every_case
def test_a_known_and_an_unknown_address_look_alike(people: Api, case: Case) -> None:
    """Status, names and values of the headers, body and its size are the same."""
    assert shape(case.ask(people, case.known)) == shape(case.ask(people, UNKNOWN))


@pytest.mark.requirement(8)
@every_case
def test_a_known_and_an_unknown_address_cost_the_same_calls(
    people: Api, clients: Clients, case: Case
) -> None:
    """The same calls of AWS in the same order, which is why the time cannot tell."""
    with recording(clients) as known:
        case.ask(people, case.known)
    with recording(clients) as unknown:
        case.ask(people, UNKNOWN)

    assert known.names == unknown.names
    assert known.names


@pytest.mark.requirement(8)
@every_case
def test_a_known_and_an_unknown_address_take_the_same_time(
    people: Api, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    """The medians are closer to each other than the quartiles of either; so are the fastest."""
    band = measure(partial(case.ask, people, case.known), partial(case.ask, people, UNKNOWN))

    with capsys.disabled():
        print(f"\n{case.path} {case.known}: {band}")
    assert band.alike, band


@contextmanager
def delayed(clients: Clients, address: str, seconds: float) -> Iterator[None]:
    """Hold up every call of Cognito that names an address."""

    def hold(request: Any, **_: object) -> None:
        if address in json.dumps(json.loads(request.body)):
            time.sleep(seconds)

    clients.cognito.meta.events.register("before-send", hold)
    try:
        yield
    finally:
        clients.cognito.meta.events.unregister("before-send", hold)


def test_ten_milliseconds_more_for_a_known_address_are_seen(people: Api, clients: Clients) -> None:
    """The measurement can fail: a difference planted in the way to Cognito is found."""
    case = CASES["login, wrong password"]

    with delayed(clients, VERIFIED, 0.010):
        band = measure(partial(case.ask, people, VERIFIED), partial(case.ask, people, UNKNOWN))

    assert not band.alike, band
    assert band.floor > 8, band


@pytest.mark.requirement(8)
def test_tokens_of_a_deleted_and_of_a_living_account_are_refused_alike(
    api: Api, clients: Clients, settings: Any
) -> None:
    """A refresh token of a session that is over does not tell whether its account is there."""
    living, deleted = api.signed_in("living@example.com"), api.signed_in("delete@example.com")
    for session in (living, deleted):
        api.logout(session)
    clients.cognito.admin_delete_user(
        UserPoolId=settings.user_pool_id, Username=deleted.user["userId"]
    )

    known, unknown = api.refresh(living.refresh_token), api.refresh(deleted.refresh_token)

    assert known.status_code == 401
    assert shape(known) == shape(unknown)


def test_a_difference_in_any_part_is_seen() -> None:
    """Another status, header, value of a header, or size of the body is another shape."""
    answer = {"code": "X", "requestId": "1"}
    plain = httpx.Response(401, json=answer, headers={"X-Request-Id": "1"})
    numbers = count()
    for other in (
        httpx.Response(400, json=answer, headers={"X-Request-Id": "1"}),
        httpx.Response(401, json=answer, headers={"X-Request-Id": "1", "X-More": ""}),
        httpx.Response(401, json=answer, headers={"X-Request-Id": "1", "Via": "1"}),
        httpx.Response(401, json={**answer, "detail": "x"}, headers={"X-Request-Id": "1"}),
    ):
        assert shape(plain) != shape(other), next(numbers)
    again = httpx.Response(401, json={**answer, "requestId": "2"}, headers={"X-Request-Id": "2"})
    assert shape(plain) == shape(again)
