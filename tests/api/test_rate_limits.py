"""Limits over HTTP: 429 with three fields that agree, for known and unknown accounts alike."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
import yaml

from local.emulator import Emulator
from service.domain.limits import local_defaults, parse_limits
from service.handlers.limiting import LIMITED
from service.settings import Settings
from tests.api.conftest import ADA, BOB, CONTRACT, Api, MovableClock, Start, problem

NOBODY = "nobody@example.com"
WRONG = "a wrong password"
ITEM = re.compile(r'"([a-z.-]+)";([a-z]+)=(\d+);([a-z]+)=(\d+)')


def limiting(settings: Settings, text: str) -> Settings:
    """The settings of a run with limits of its own."""
    return replace(settings, rate_limits=parse_limits(text, local_defaults()))


@pytest.fixture(scope="module")
def service(start: Start, settings: Settings, the_clock: MovableClock) -> Api:
    lowered = ",".join(
        f"{policy}.account=3/1h" for policy in ("login", "register", "resend", "email-code")
    )
    return start(limiting(settings, f"{lowered},login.source=8/1h"), clock=the_clock)


@pytest.fixture
def strict(service: Api, aws: Emulator, clock: MovableClock) -> Api:
    """A client of a service that admits three attempts an hour; it is early in its windows."""
    return service


def told(response: httpx.Response) -> dict[str, dict[str, int]]:
    """Return what RateLimit and RateLimit-Policy say, by the name of the limit."""
    read: dict[str, dict[str, int]] = {}
    for name in ("ratelimit", "ratelimit-policy"):
        for limit, *pairs in ITEM.findall(response.headers[name]):
            values = dict(zip(pairs[::2], map(int, pairs[1::2]), strict=True))
            read.setdefault(limit, {}).update(values)
    return read


def refused(response: httpx.Response, limit: str) -> int:
    """Check that the three fields of a 429 agree; return the seconds to wait."""
    problem(response, 429, "RATE_LIMITED")
    wait = int(response.headers["retry-after"])
    standing = told(response)[limit]
    assert (standing["r"], standing["t"]) == (0, wait)
    assert 0 < wait <= standing["w"]
    return wait


ATTEMPTS = {
    "loginUser": lambda api, email: api.login(email, WRONG),
    "registerUser": lambda api, email: api.register(email),
    "resendVerification": lambda api, email: api.post("/auth/email/resend", {"email": email}),
    "verifyEmail": lambda api, email: api.verify(email, "000000"),
}


@pytest.mark.requirement(7)
@pytest.mark.requirement(38)
@pytest.mark.parametrize("operation", ATTEMPTS)
def test_one_attempt_too_many_is_refused_and_time_helps(
    strict: Api, clock: MovableClock, operation: str
) -> None:
    """Three are answered, the fourth has to wait, and after the wait it is answered."""
    attempt, limit = ATTEMPTS[operation], f"{LIMITED[operation][0]}.account"
    answered = [attempt(strict, ADA).status_code for _ in range(3)]

    wait = refused(attempt(strict, ADA), limit)

    assert 429 not in answered
    assert attempt(strict, BOB).status_code != 429
    clock.advance(seconds=wait)
    assert attempt(strict, ADA).status_code != 429


@pytest.mark.requirement(7)
@pytest.mark.requirement(14)
def test_no_password_opens_an_account_that_is_being_guessed(
    strict: Api, clock: MovableClock
) -> None:
    """Nor is it lost: the owner signs in when the window is over."""
    strict.verified()
    for _ in range(3):
        problem(strict.login(password=WRONG), 401, "INVALID_CREDENTIALS")

    wait = refused(strict.login(), "login.account")

    clock.advance(seconds=wait)
    assert strict.login().status_code == 200


@pytest.mark.requirement(8)
def test_an_account_and_none_are_limited_alike(strict: Api) -> None:
    """Status, headers and body of every attempt but for what names the request."""
    strict.verified()

    def seen(email: str) -> list[Any]:
        return [alike(strict.login(email, WRONG)) for _ in range(4)]

    assert seen(ADA) == seen(NOBODY)


def alike(response: httpx.Response) -> tuple[int, set[str], Any]:
    """What an attacker can compare; how long a window still lasts is not about the account."""
    body = {**response.json(), "requestId": ""}
    limits = (
        {name: told(response)[name]["r"] for name in told(response)}
        if ("ratelimit" in response.headers)
        else {}
    )
    return response.status_code, set(response.headers), (body, limits.keys())


@pytest.mark.requirement(7)
def test_a_source_is_limited_whatever_the_accounts(strict: Api) -> None:
    """Eight addresses are tried from one place, the ninth not; a header hides nobody."""
    for number in range(8):
        forwarded = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        answer = strict.login(f"person{number}@example.com", WRONG, headers=forwarded)
        problem(answer, 401, "INVALID_CREDENTIALS")

    refused(strict.login(headers={"X-Forwarded-For": "192.0.2.99"}), "login.source")


@pytest.mark.requirement(38)
def test_a_success_tells_where_one_stands(strict: Api) -> None:
    """Both limits, one less than before."""
    strict.register()

    answer = strict.verify()

    standing = told(answer)
    assert standing["email-code.account"].items() >= {"r": 2, "q": 3, "w": 3600}.items()
    assert standing["email-code.source"]["r"] == standing["email-code.source"]["q"] - 1


@pytest.mark.requirement(7)
def test_spelling_an_address_otherwise_wins_nothing(strict: Api) -> None:
    """One account, one counter."""
    for spelling in (ADA, ADA.upper(), ADA.title()):
        strict.login(spelling, WRONG)

    refused(strict.login(), "login.account")


@pytest.mark.requirement(14)
def test_of_fifty_attempts_at_once_the_limit_is_answered(
    start: Start, settings: Settings, aws: Emulator
) -> None:
    """Exactly ten of fifty get through; the window is a day, so that it cannot end meanwhile."""
    api = start(limiting(settings, "login.account=10/24h"))
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: api.login(ADA, WRONG).status_code, range(50)))

    assert sorted(answers) == [401] * 10 + [429] * 40


DOCUMENT = yaml.safe_load(CONTRACT.read_text())
OPERATIONS = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict)
}
# Fields of a body that are guessed, and a mail that anybody can have sent.
GUESSED = {"code", "recoveryCode", "password", "currentPassword"}


def fields_of(operation: dict[str, Any]) -> set[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is None:
        return set()
    name = body["schema"]["$ref"].rpartition("/")[2]
    return set(DOCUMENT["components"]["schemas"][name].get("properties", ()))


@pytest.mark.requirement(7)
def test_whatever_can_be_guessed_is_limited() -> None:
    """An operation that takes a code or a password to check stands in the table of limits."""
    guessable = {name for name, each in OPERATIONS.items() if fields_of(each) & GUESSED}

    assert guessable <= LIMITED.keys()


@pytest.mark.parametrize("operation", sorted(LIMITED.keys() & OPERATIONS.keys()))
def test_a_limited_operation_declares_the_fields_of_its_success(operation: str) -> None:
    """RateLimit and RateLimit-Policy on each 2xx, as on 429."""
    for status, response in OPERATIONS[operation]["responses"].items():
        if status.startswith("2"):
            assert {"RateLimit", "RateLimit-Policy"} <= response["headers"].keys(), status
