"""loginUser."""

from __future__ import annotations

import pytest

from service.aws.accounts import user_key
from service.aws.clients import Clients
from service.aws.table import Table
from service.settings import Settings
from tests.api.conftest import ADA, BOB, PASSWORD, Api, pointers, problem
from tests.faults.harness import Fault, FaultInjector


@pytest.mark.requirement(31)
def test_the_right_password_opens_a_session(api: Api) -> None:
    """The answer is exactly the contract's: tokens, and the profile without a stray null."""
    api.verified()

    response = api.login()

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    user = body.pop("user")
    assert body.keys() == {"status", "accessToken", "refreshToken", "tokenType", "expiresIn"}
    assert (body["status"], body["tokenType"], body["expiresIn"]) == ("SIGNED_IN", "Bearer", 900)
    assert user.pop("createdAt").endswith("Z")
    assert user.pop("updatedAt").endswith("Z")
    assert user.pop("userId")
    assert user == {
        "email": ADA,
        "emailVerified": True,
        "firstName": "Ada",
        "lastName": "O'Brien",
        "mfaEnabled": False,
    }


@pytest.mark.parametrize("spelling", ["Ada@Example.com", "ADA@EXAMPLE.COM"])
def test_the_address_is_matched_without_case(api: Api, spelling: str) -> None:
    """Any spelling signs in to the one account."""
    api.verified("ada@example.com")

    assert api.sign_in(spelling).user["email"] == "ada@example.com"


@pytest.mark.requirement(8)
@pytest.mark.requirement(37)
def test_unknown_address_and_wrong_password_are_answered_alike(api: Api) -> None:
    """Status, headers and body differ in the request id and in nothing else."""
    api.verified()

    wrong = api.login(password="a wrong password")
    unknown = api.login("nobody@example.com")

    bodies = [problem(answer, 401, "INVALID_CREDENTIALS") for answer in (wrong, unknown)]
    for body in bodies:
        body.pop("requestId")
    assert bodies[0] == bodies[1]
    assert list(wrong.headers) == list(unknown.headers)
    assert wrong.headers["content-length"] == unknown.headers["content-length"]
    assert wrong.headers["www-authenticate"] == unknown.headers["www-authenticate"]
    assert wrong.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("password", [PASSWORD, "a wrong password"])
def test_an_unverified_address_is_403_whatever_the_password(api: Api, password: str) -> None:
    """The answer says nothing of the password."""
    api.register()

    problem(api.login(password=password), 403, "EMAIL_NOT_VERIFIED")


@pytest.mark.requirement(16)
def test_every_sign_in_has_tokens_of_its_own(api: Api) -> None:
    """Two devices, two sessions, no token in common."""
    one, two = api.signed_in(), api.sign_in()

    assert one.access_token != two.access_token
    assert one.refresh_token != two.refresh_token
    assert api.logout(one).status_code == 204
    assert api.profile(two).status_code == 200


def test_a_missing_profile_is_made_again(api: Api, clients: Clients, settings: Settings) -> None:
    """Somebody whose registration died half-way and who verified signs in all the same."""
    api.verified()
    user = api.sign_in().user
    Table(clients.dynamodb, settings.table).delete(user_key(user["userId"]))

    session = api.sign_in()

    assert session.user["firstName"] == "Ada"
    assert session.user["emailVerified"] is True
    assert api.profile(session).json() == session.user


@pytest.mark.parametrize(
    "body",
    [
        {"email": ADA},
        {"password": PASSWORD},
        {"email": ADA, "password": ""},
        {"email": ADA, "password": "x" * 129},
        {"email": ADA, "password": 12345678},
        {"email": ADA, "password": None},
        {"email": [ADA], "password": PASSWORD},
        {"email": ADA, "password": PASSWORD, "remember": True},
    ],
)
def test_a_request_against_the_contract_is_refused(api: Api, body: dict[str, object]) -> None:
    """The field is named, the value is not repeated."""
    response = api.post("/auth/login", body)

    problem(response, 400, "VALIDATION_FAILED")
    assert len({pointer for pointer, _ in pointers(response)}) == 1
    assert PASSWORD not in response.text


@pytest.mark.requirement(30)
def test_credentials_in_the_query_are_refused(api: Api) -> None:
    """Passwords and tokens have no place in a URL."""
    api.verified()

    response = api.post("/auth/login?password=x", {"email": ADA, "password": PASSWORD})

    problem(response, 400, "VALIDATION_FAILED")
    assert pointers(response) == [("#/query/password", "unknown")]


@pytest.mark.requirement(38)
@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
def test_an_outage_of_any_call_is_503_and_the_next_sign_in_works(
    api: Api, faults: FaultInjector, call: int
) -> None:
    """A limit, Cognito, the profile or the session row: nothing stays half-done."""
    api.verified(BOB)
    with faults.injected(Fault(call, "before", "server-error")):
        response = api.login(BOB)

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert int(response.headers["retry-after"]) > 0
    assert api.login(BOB).status_code == 200
