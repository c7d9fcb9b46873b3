"""registerUser."""

from __future__ import annotations

import uuid

import pytest

from tests.api.conftest import ADA, PASSWORD, Api, MovableClock, pointers, problem
from tests.faults.harness import Fault, FaultInjector

SPELLINGS = ["ada@example.com", "Ada@Example.com", "ADA@EXAMPLE.COM"]


@pytest.mark.requirement(37)
@pytest.mark.requirement(31)
def test_it_opens_an_account(api: Api) -> None:
    """The answer is exactly the contract's, with the place of the profile, kept by nobody."""
    response = api.register()

    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert response.headers["location"] == "/v1/users/profile"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert str(uuid.UUID(body["userId"])) == body["userId"]
    assert body == {
        "userId": body["userId"],
        "email": ADA,
        "message": "We have mailed you a code. Verify your address with it.",
    }


def test_it_mails_a_code_of_six_digits(api: Api) -> None:
    """The mail goes to the address and to nobody else."""
    api.register()

    assert [mail["to"] for mail in api.aws.mails()] == [ADA]
    assert len(api.aws.code_for(ADA)) == 6


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_verified_address_is_taken_in_any_spelling(api: Api, spelling: str) -> None:
    """`A@Example.com` and `a@example.com` are one account."""
    api.verified("ada@example.com")

    problem(api.register(spelling), 409, "EMAIL_TAKEN")


def test_the_address_is_answered_in_lower_case(api: Api) -> None:
    """What is stored is what is answered."""
    assert api.register("ADA@Example.COM").json()["email"] == "ada@example.com"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("O'Brien", "Mary-Jane Ó Súilleabháin"),
        ("José", "García Márquez"),
        ("李", "小龍"),
        ("Владимир", "Набоков"),
        ("محمد", "علي"),
        ("नरेंद्र", "ठाकुर"),
        ("😀", "𠮷野"),
        ("e\u0301", "x" * 50),
    ],
)
def test_names_are_peoples_names(api: Api, first: str, last: str) -> None:
    """A name comes back character for character, whatever its script."""
    api.register(firstName=first, lastName=last)
    api.verify()

    user = api.sign_in().user
    assert (user["firstName"], user["lastName"]) == (first, last)


@pytest.mark.parametrize("name", ["", " ", " Ada", "Ada ", "A\nda", "A\x00da", "x" * 51, "\u2028"])
def test_a_name_that_is_none_is_refused(api: Api, name: str) -> None:
    """Blank, padded, with control characters or too long: the field is named."""
    response = api.register(firstName=name)

    problem(response, 400, "VALIDATION_FAILED")
    assert {pointer for pointer, _ in pointers(response)} == {"/firstName"}


@pytest.mark.requirement(1)
@pytest.mark.requirement(2)
@pytest.mark.requirement(3)
@pytest.mark.parametrize(
    "password",
    [
        "x2345678",
        "abababababa",
        "two  spaces inside  it",
        "пароль-пароль",
        "パスワード漢字一二",
        "😀😀😀😀😀😀😀😀",
        'quote"back\\slash',
        "x" * 128,
        "é" * 128,
    ],
)
def test_any_password_long_enough_is_taken_as_it_is(api: Api, password: str) -> None:
    """No composition rule, no trim, no truncation: it signs in, and nothing near it does."""
    api.verified(password=password)

    assert api.login(password=password).status_code == 200
    for near in (password[:-1], password[:-1] + "~", password.replace("  ", " ")):
        assert near == password or api.login(password=near).status_code == 401


@pytest.mark.requirement(3)
def test_outer_spaces_are_not_trimmed_at_login(api: Api) -> None:
    """A password with a space more is another password."""
    api.verified()

    for near in (f" {PASSWORD}", f"{PASSWORD} "):
        problem(api.login(password=near), 401, "INVALID_CREDENTIALS")


@pytest.mark.requirement(3)
def test_a_password_is_not_normalised(api: Api) -> None:
    """The same letters in another Unicode form are another password."""
    api.verified(password="caf\u00e9-caf\u00e9")

    problem(api.login(password="cafe\u0301-cafe\u0301"), 401, "INVALID_CREDENTIALS")
    problem(api.login(password="CAF\u00c9-caf\u00e9"), 401, "INVALID_CREDENTIALS")


@pytest.mark.requirement(1)
@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("1234567", "minLength"),
        ("x" * 129, "maxLength"),
        (" leading-space", "pattern"),
        ("trailing-space ", "pattern"),
        ("control\x00character", "pattern"),
    ],
)
def test_a_password_against_the_one_rule_is_refused(api: Api, password: str, rule: str) -> None:
    """The field and the rule are named and the password is not repeated."""
    response = api.register(password=password)

    problem(response, 400, "VALIDATION_FAILED")
    assert ("/password", rule) in pointers(response)
    assert password not in response.text


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "a b@example.com",
        "ada@example.com\n",
        "ada@exam\x00ple.com",
        "ädä@example.com",
        f"{'x' * 65}@example.com",
        f"ada@{'x' * 250}.com",
        "ada@-example.com",
        "Ada <ada@example.com>",
    ],
)
def test_what_is_no_address_is_refused(api: Api, email: str) -> None:
    """The field is named."""
    response = api.register(email)

    problem(response, 400, "VALIDATION_FAILED")
    assert {pointer for pointer, _ in pointers(response)} == {"/email"}


@pytest.mark.requirement(33)
@pytest.mark.parametrize("name", ["userId", "emailVerified", "mfaEnabled", "role", "version"])
def test_nothing_else_can_be_set(api: Api, name: str) -> None:
    """The request is closed: no mass assignment."""
    response = api.register(**{name: "true"})

    problem(response, 400, "VALIDATION_FAILED")
    assert pointers(response) == [(f"/{name}", "additionalProperties")]


def test_every_missing_field_is_named(api: Api) -> None:
    """A form can show all faults at once."""
    response = api.post("/auth/register", {})

    assert pointers(response) == [
        ("/email", "required"),
        ("/password", "required"),
        ("/firstName", "required"),
        ("/lastName", "required"),
    ]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_unverified_address_is_in_progress_for_a_moment(api: Api, spelling: str) -> None:
    """The other of two registrations that arrive together is told how long to wait."""
    api.register("ada@example.com")

    response = api.register(spelling)

    problem(response, 409, "REGISTRATION_IN_PROGRESS")
    assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_unverified_account_does_not_hold_its_address(
    api: Api, clock: MovableClock, spelling: str
) -> None:
    """Registered again after the window, the account is the second person's alone."""
    first = api.register("ada@example.com", "the first password").json()
    first_code = api.aws.code_for(ADA)
    clock.advance(seconds=3)

    second = api.register(spelling, PASSWORD, firstName="Second")

    assert second.status_code == 201
    assert second.json()["userId"] != first["userId"]
    problem(api.verify(code=first_code), 400, "INVALID_CODE")
    assert api.verify().status_code == 200
    problem(api.login(password="the first password"), 401, "INVALID_CREDENTIALS")
    assert api.sign_in().user["firstName"] == "Second"


def test_a_replacement_is_in_progress_too(api: Api, clock: MovableClock) -> None:
    """The window begins anew with the account that replaced the first."""
    api.register()
    clock.advance(seconds=3)
    api.register()

    problem(api.register(), 409, "REGISTRATION_IN_PROGRESS")


@pytest.mark.requirement(38)
def test_an_outage_is_503_and_leaves_the_address_free(api: Api, faults: FaultInjector) -> None:
    """The table fails after Cognito has made the user; the next try succeeds at once."""
    with faults.injected(Fault(4, "before", "server-error")):
        response = api.register()

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert int(response.headers["retry-after"]) > 0
    api.verified()


@pytest.mark.requirement(38)
def test_a_limit_of_cognito_is_429(api: Api, faults: FaultInjector) -> None:
    """Cognito's throttling becomes our answer, with a time to wait."""
    with faults.injected(Fault(3, "before", "throttled")):
        response = api.register()

    problem(response, 429, "RATE_LIMITED")
    assert int(response.headers["retry-after"]) > 0
    assert api.register().status_code == 201
