"""Fifty people register one address at the same moment, in every spelling."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from service.aws.clients import connect
from service.settings import Settings
from tests.api.conftest import ADA, Api, Start, problem

SPELLINGS = ["ada@example.com", "Ada@example.com", "ADA@EXAMPLE.COM", "ada@Example.Com"]


def register_all(*apis: Api) -> list[tuple[str, httpx.Response]]:
    """Register fifty times at once, each with a password of its own; return them with it."""

    def register(number: int) -> tuple[str, httpx.Response]:
        password = f"the password of {number}"
        api = apis[number % len(apis)]
        return password, api.register(SPELLINGS[number % len(SPELLINGS)], password)

    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(register, range(50)))


def check_one_winner(api: Api, answers: list[tuple[str, httpx.Response]]) -> None:
    """Exactly one 201, 409 for the rest, and the winner's account works from end to end."""
    assert Counter(answer.status_code for _, answer in answers) == {201: 1, 409: 49}
    for _, answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "REGISTRATION_IN_PROGRESS")
    ((password, won),) = [pair for pair in answers if pair[1].status_code == 201]

    assert api.verify().status_code == 200
    session = api.sign_in(password=password)

    assert session.user["userId"] == won.json()["userId"]
    assert api.profile(session).json()["email"] == ADA
    problem(api.register(), 409, "EMAIL_TAKEN")
    for other, _ in answers:
        assert other == password or api.login(password=other).status_code == 401


def test_one_of_fifty_gets_the_address(api: Api) -> None:
    """In one process."""
    check_one_winner(api, register_all(api))


def test_one_of_fifty_gets_the_address_of_two_instances(
    api: Api, start: Start, settings: Settings
) -> None:
    """Two instances share nothing but AWS, and what decides is there."""
    second = start(settings, clients=connect(settings.region))

    check_one_winner(api, register_all(api, second))


def test_fifty_different_addresses_are_fifty_accounts(api: Api) -> None:
    """Nobody is refused because of somebody else."""
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: api.register(f"person{n}@example.com"), range(50)))

    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({answer.json()["userId"] for answer in answers}) == 50
