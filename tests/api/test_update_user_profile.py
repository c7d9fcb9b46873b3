"""updateUserProfile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.conftest import ADA, BOB, Api, MovableClock, pointers, problem
from tests.faults.harness import Fault, FaultInjector

EVERYTHING: dict[str, Any] = {
    "firstName": "Augusta",
    "lastName": "King",
    "phoneNumber": "+35315550100",
    "dateOfBirth": "1990-12-10",
    "timezone": "Europe/Dublin",
    "preferences": {
        "units": "metric",
        "language": "en-IE",
        "notifications": {"email": True, "push": False},
        "dietaryRestrictions": ["vegetarian"],
        "fitnessGoals": ["run-5k", "sleep"],
    },
}


@pytest.mark.requirement(31)
def test_what_is_sent_is_stored(api: Api, clock: MovableClock) -> None:
    """The answer is the profile as a read returns it afterwards, one version on."""
    session = api.signed_in()
    clock.advance(minutes=1)

    response = api.change(session, EVERYTHING)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["etag"] == '"3"'
    body = response.json()
    assert {name: body[name] for name in EVERYTHING} == EVERYTHING
    assert body["updatedAt"] > session.user["updatedAt"]
    assert body["createdAt"] == session.user["createdAt"]
    read = api.profile(session)
    assert (read.json(), read.headers["etag"]) == (body, '"3"')


def test_absent_fields_are_kept(api: Api) -> None:
    """Only what is named changes."""
    session = api.signed_in()
    before = api.change(session, EVERYTHING).json()

    after = api.change(session, {"firstName": "Ada"}).json()

    assert after == {**before, "firstName": "Ada", "updatedAt": after["updatedAt"]}


@pytest.mark.parametrize("name", ["phoneNumber", "dateOfBirth", "timezone", "preferences"])
def test_null_clears_an_optional_field(api: Api, name: str) -> None:
    """It is left out of the answer, and of the next read."""
    session = api.signed_in()
    api.change(session, EVERYTHING)

    after = api.change(session, {name: None}).json()

    assert name not in after
    assert api.profile(session).json() == after


@pytest.mark.parametrize("name", ["firstName", "lastName"])
def test_null_does_not_clear_a_name(api: Api, name: str) -> None:
    """A person has a name."""
    response = api.change(api.signed_in(), {name: None})

    problem(response, 400, "VALIDATION_FAILED")
    assert pointers(response) == [(f"/{name}", "type")]


@pytest.mark.parametrize(
    ("patch", "becomes"),
    [
        ({"units": "imperial"}, {"units": "imperial"}),
        ({"units": None}, {"units": ...}),
        (
            {"notifications": {"sms": True}},
            {"notifications": {"email": True, "push": False, "sms": True}},
        ),
        ({"notifications": {"email": None}}, {"notifications": {"push": False}}),
        ({"notifications": {"email": None, "push": None}}, {"notifications": ...}),
        ({"notifications": None}, {"notifications": ...}),
        ({"notifications": {}}, {}),
        ({"fitnessGoals": ["swim"]}, {"fitnessGoals": ["swim"]}),
        ({"fitnessGoals": []}, {"fitnessGoals": []}),
        ({"fitnessGoals": None, "language": "de"}, {"fitnessGoals": ..., "language": "de"}),
        ({}, {}),
    ],
)
def test_preferences_are_merged(api: Api, patch: dict[str, Any], becomes: dict[str, Any]) -> None:
    """By the rules of RFC 7396; `...` stands for a preference that is gone."""
    session = api.signed_in()
    api.change(session, EVERYTHING)

    after = api.change(session, {"preferences": patch}).json()["preferences"]

    expected = {**EVERYTHING["preferences"], **becomes}
    assert after == {name: value for name, value in expected.items() if value is not ...}


def test_clearing_the_last_preference_clears_them_all(api: Api) -> None:
    """An object without members is left out like a field without a value."""
    session = api.signed_in()
    api.change(session, {"preferences": {"units": "metric"}})

    assert "preferences" not in api.change(session, {"preferences": {"units": None}}).json()


def test_the_version_that_was_read_can_be_changed(api: Api) -> None:
    """`If-Match` with the ETag of the read succeeds, once."""
    session = api.signed_in()
    etag = api.profile(session).headers["etag"]

    first = api.change(session, {"firstName": "One"}, If_Match=etag)
    second = api.change(session, {"firstName": "Two"}, If_Match=etag)

    assert first.status_code == 200
    problem(second, 412, "PRECONDITION_FAILED")
    assert api.profile(session).json()["firstName"] == "One"


@pytest.mark.parametrize(
    "etag", ['"1"', '"99"', '"02"', '"0"', '"abc"', '"' + "9" * 40 + '"', "2", 'W/"2"', '"2', '""']
)
def test_another_version_is_412(api: Api, etag: str) -> None:
    """Stale, never made, or nearly the current one: tags are compared letter by letter."""
    session = api.signed_in()

    problem(api.change(session, {"firstName": "No"}, If_Match=etag), 412, "PRECONDITION_FAILED")

    assert api.profile(session).json() == session.user


def test_one_of_several_tags_matches(api: Api) -> None:
    """A client may have read more than one version (RFC 9110, 13.1.1)."""
    session = api.signed_in()

    assert api.change(session, {"firstName": "X"}, If_Match='"1", "2"').status_code == 200


def test_a_star_matches_what_is_stored(api: Api) -> None:
    """RFC 9110, 13.1.1."""
    assert api.change(api.signed_in(), {"firstName": "X"}, If_Match="*").status_code == 200


@pytest.mark.parametrize("etag", ['"²"'.encode("latin-1"), '"' + "9" * 200 + '"'])
def test_a_malformed_precondition_is_refused(api: Api, etag: Any) -> None:
    """It is never ignored: that would change what the client meant to protect."""
    session = api.signed_in()

    response = api.change(session, {"firstName": "No"}, If_Match=etag)

    problem(response, 400, "VALIDATION_FAILED")
    assert {pointer for pointer, _ in pointers(response)} == {"#/header/if-match"}
    assert api.profile(session).json() == session.user


def test_concurrent_changes_of_different_fields_lose_nothing(api: Api) -> None:
    """Without `If-Match` each is applied to what is stored; who cannot be is told so."""
    session = api.signed_in()
    changes = [
        {"firstName": "Augusta"},
        {"lastName": "King"},
        {"timezone": "Europe/Dublin"},
        {"phoneNumber": "+35315550100"},
    ]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda change: api.change(session, change), changes))

    stored = api.profile(session).json()
    applied = 0
    for change, answer in zip(changes, answers, strict=True):
        ((name, value),) = change.items()
        if answer.status_code == 200:
            assert stored[name] == value
            applied += 1
        else:
            problem(answer, 412, "PRECONDITION_FAILED")
            assert stored.get(name) != value
    assert applied >= 3  # Of four that collide the last may run out of its three attempts.


def test_of_concurrent_changes_with_if_match_one_wins(api: Api) -> None:
    """The others are told that it has changed."""
    session = api.signed_in()
    etag = api.profile(session).headers["etag"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda n: api.change(session, {"firstName": f"N{n}"}, If_Match=etag), range(6))
        )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    (winner,) = [answer for answer in answers if answer.status_code == 200]
    assert api.profile(session).json() == winner.json()


@pytest.mark.requirement(33)
@pytest.mark.parametrize(
    "name", ["userId", "email", "emailVerified", "mfaEnabled", "createdAt", "updatedAt", "version"]
)
def test_what_only_the_server_decides_cannot_be_changed(api: Api, name: str) -> None:
    """The request is closed: no mass assignment."""
    session = api.signed_in()

    response = api.change(session, {"firstName": "No", name: session.user.get(name, 1)})

    problem(response, 400, "VALIDATION_FAILED")
    assert pointers(response) == [(f"/{name}", "additionalProperties")]
    assert api.profile(session).json() == session.user


@pytest.mark.requirement(32)
def test_a_change_reaches_nobody_else(api: Api) -> None:
    """Bob's profile is what it was."""
    ada, bob = api.signed_in(ADA), api.signed_in(BOB)

    api.change(ada, EVERYTHING)

    assert api.profile(bob).json() == bob.user


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"phoneNumber": "01555010"}, "/phoneNumber"),
        ({"phoneNumber": "+0123456789"}, "/phoneNumber"),
        ({"dateOfBirth": "1990-02-30"}, "/dateOfBirth"),
        ({"dateOfBirth": "10.12.1990"}, "/dateOfBirth"),
        ({"dateOfBirth": "1990-12-1\u0660"}, "/dateOfBirth"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"timezone": "Europe//Dublin"}, "/timezone"),
        ({"preferences": []}, "/preferences"),
        ({"preferences": {"units": "stone"}}, "/preferences/units"),
        ({"preferences": {"language": "e"}}, "/preferences/language"),
        ({"preferences": {"notifications": {"email": "yes"}}}, "/preferences/notifications/email"),
        ({"preferences": {"fitnessGoals": ["a", "a"]}}, "/preferences/fitnessGoals"),
        ({"preferences": {"fitnessGoals": ["Run 5k"]}}, "/preferences/fitnessGoals/0"),
        (
            {"preferences": {"fitnessGoals": [f"g{n}" for n in range(21)]}},
            "/preferences/fitnessGoals",
        ),
        ({"preferences": {"theme": "dark"}}, "/preferences/theme"),
        ({}, ""),
    ],
)
def test_a_value_against_the_contract_is_refused(
    api: Api, change: dict[str, Any], pointer: str
) -> None:
    """The very field is named, however deep."""
    response = api.change(api.signed_in(), change)

    problem(response, 400, "VALIDATION_FAILED")
    assert {found for found, _ in pointers(response)} == {pointer}


@pytest.mark.requirement(38)
@pytest.mark.parametrize("call", [1, 2])
def test_an_outage_is_503_and_changes_nothing(api: Api, faults: FaultInjector, call: int) -> None:
    """Whichever call fails."""
    session = api.signed_in()
    with faults.injected(Fault(call, "before", "server-error")):
        response = api.change(session, {"firstName": "No"})

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert api.profile(session).json() == session.user
