"""One person's whole account life, over HTTP, on a `python -m local` of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.authenticator import Authenticator
from tests.local.running import Run, copy_checkout

ADDRESS = "ada@example.com"
NEW_ADDRESS = "ada.lovelace@example.com"
PASSWORD = "correct horse battery"
NEW_PASSWORD = "an engine of brass and steam"
ACCOUNT = {"firstName": "Ada", "lastName": "Lovelace"}


@dataclass
class Person:
    """A client of the API, as an app is one: it sends JSON and keeps a token."""

    server: Run
    token: str = ""

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.server.request(method, f"/v1{path}", body, **headers)

    def post(self, path: str, **body: str) -> tuple[int, Any]:
        return self.send("POST", path, body or None)

    def does(self, expected: int, path: str, **body: str) -> Any:
        """Send a request that has to be answered with a status, and return its content."""
        status, content = self.post(path, **body)
        assert status == expected, content
        return content

    def mailed_code(self, address: str) -> str:
        _, mails = self.server.request("GET", f"/dev/mailbox.json?to={address}")
        return next(str(mail["code"]) for mail in mails if mail["code"])

    def subjects(self, address: str) -> list[str]:
        _, mails = self.server.request("GET", f"/dev/mailbox.json?to={address}")
        return [mail["subject"] for mail in mails]

    def opens_an_account(self, address: str, password: str) -> str:
        registered = self.does(201, "/auth/register", email=address, password=password, **ACCOUNT)
        self.does(200, "/auth/email/verify", email=address, code=self.mailed_code(address))
        return str(registered["userId"])

    def signs_in(self, address: str, password: str) -> None:
        answer = self.does(200, "/auth/login", email=address, password=password)
        assert answer["status"] == "SIGNED_IN"
        self.token = answer["accessToken"]

    def is_asked_for_a_code(self, address: str, password: str) -> str:
        answer = self.does(200, "/auth/login", email=address, password=password)
        assert answer["status"] == "MFA_REQUIRED"
        return str(answer["sessionToken"])


@pytest.fixture
def person(tmp_path: Any) -> Iterator[Person]:
    server = Run(copy_checkout(tmp_path))
    try:
        server.wait_for("Ctrl-C stops")
        yield Person(server)
    finally:
        server.end()


@pytest.mark.requirement(10)
@pytest.mark.requirement(11)
@pytest.mark.requirement(12)
@pytest.mark.requirement(13)
@pytest.mark.requirement(19)
def test_from_signing_up_to_signing_up_again(person: Person) -> None:
    """Every operation a person meets, in the order of a life."""
    user_id = person.opens_an_account(ADDRESS, PASSWORD)
    person.signs_in(ADDRESS, PASSWORD)

    authenticator, recovery_codes = enrols(person)
    signs_in_with_a_code_once(person, authenticator)
    recovers(person, recovery_codes)
    resets_the_password(person)
    moves_to_another_address(person)
    takes_everything_along(person, user_id)
    leaves(person)

    assert person.opens_an_account(NEW_ADDRESS, PASSWORD) != user_id
    assert person.opens_an_account(ADDRESS, PASSWORD) != user_id


def enrols(person: Person) -> tuple[Authenticator, list[str]]:
    """The authenticator reads the secret, and its first code switches the second factor on."""
    setup = person.does(200, "/auth/mfa/setup")
    authenticator = Authenticator(setup["otpauthUri"])
    enabled = person.does(200, "/auth/mfa/verify-setup", code=authenticator.code())
    assert enabled["enabled"] is True
    assert len(enabled["recoveryCodes"]) == 10
    return authenticator, enabled["recoveryCodes"]


def signs_in_with_a_code_once(person: Person, authenticator: Authenticator) -> None:
    """The same code, in time still, does not open another session."""
    first = person.is_asked_for_a_code(ADDRESS, PASSWORD)
    code = authenticator.code()
    person.token = person.does(200, "/auth/mfa/verify", sessionToken=first, code=code)[
        "accessToken"
    ]
    assert person.send("GET", "/users/profile")[1]["mfaEnabled"] is True

    second = person.is_asked_for_a_code(ADDRESS, PASSWORD)
    refused = person.does(400, "/auth/mfa/verify", sessionToken=second, code=code)
    assert refused["code"] == "INVALID_CODE"


def recovers(person: Person, recovery_codes: list[str]) -> None:
    """A recovery code takes the second factor away, once, and ends every session."""
    waiting = person.is_asked_for_a_code(ADDRESS, PASSWORD)
    given = {"sessionToken": waiting, "recoveryCode": recovery_codes[0]}
    person.does(204, "/auth/mfa/recover", **given)

    assert person.send("GET", "/users/profile")[0] == 401
    person.does(400, "/auth/mfa/recover", **given)
    person.signs_in(ADDRESS, PASSWORD)


def resets_the_password(person: Person) -> None:
    """With the mailed code, which works once; the old password and all sessions are over."""
    person.does(202, "/auth/password/reset-request", email=ADDRESS)
    proof = {"email": ADDRESS, "code": person.mailed_code(ADDRESS)}
    person.does(204, "/auth/password/reset-confirm", **proof, newPassword=NEW_PASSWORD)

    person.does(400, "/auth/password/reset-confirm", **proof, newPassword=PASSWORD)
    assert person.send("GET", "/users/profile")[0] == 401
    person.does(401, "/auth/login", email=ADDRESS, password=PASSWORD)
    person.signs_in(ADDRESS, NEW_PASSWORD)


def moves_to_another_address(person: Person) -> None:
    """The code comes to the new address; afterwards it signs in and the old one does not."""
    person.does(403, "/users/profile/email", newEmail=NEW_ADDRESS, password=PASSWORD)
    person.does(202, "/users/profile/email", newEmail=NEW_ADDRESS, password=NEW_PASSWORD)
    moved = person.does(200, "/users/profile/email/verify", code=person.mailed_code(NEW_ADDRESS))

    assert moved["email"] == NEW_ADDRESS
    person.does(401, "/auth/login", email=ADDRESS, password=NEW_PASSWORD)
    person.signs_in(NEW_ADDRESS, NEW_PASSWORD)
    assert {
        "Two-step verification is on",
        "A recovery code was used",
        "Your password was changed",
        "The address of your account was changed",
    } <= set(person.subjects(ADDRESS))


def takes_everything_along(person: Person, user_id: str) -> None:
    """The export holds the profile and the open sessions, and no token."""
    status, export = person.send("GET", "/users/profile/export")

    assert status == 200
    assert export["profile"]["userId"] == user_id
    assert export["profile"]["email"] == NEW_ADDRESS
    assert export["sessions"]
    assert person.token not in str(export)


def leaves(person: Person) -> None:
    """The password once more, and nothing is left to sign in to."""
    person.does(403, "/users/profile/delete", password=PASSWORD)
    person.does(204, "/users/profile/delete", password=NEW_PASSWORD)

    assert person.send("GET", "/users/profile")[0] == 401
    person.does(401, "/auth/login", email=NEW_ADDRESS, password=NEW_PASSWORD)
    person.token = ""
