"""refreshToken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from service.aws.clients import Clients
from service.settings import Settings
from tests.api.conftest import Api, MovableClock, SignedIn, problem
from tests.faults.harness import Fault, FaultInjector


def renewed(api: Api, session: SignedIn) -> SignedIn:
    """Refresh, and return the session with its new tokens."""
    response = api.refresh(session.refresh_token)
    assert response.status_code == 200, response.text
    body = response.json()
    return SignedIn(body["accessToken"], body["refreshToken"], session.user)


def assert_over(api: Api, *sessions: SignedIn) -> None:
    """Neither the access tokens nor the refresh tokens of a family work."""
    for session in sessions:
        problem(api.profile(session), 401, "UNAUTHORIZED")
        problem(api.refresh(session.refresh_token), 401, "INVALID_REFRESH_TOKEN")


def stored_sessions(clients: Clients, settings: Settings, user_id: str) -> int:
    """Count the session rows of a user."""
    answer = clients.dynamodb.query(
        TableName=settings.table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": f"USER#{user_id}"}, ":sk": {"S": "SESSION#"}},
    )
    return int(answer["Count"])


@pytest.mark.requirement(16)
@pytest.mark.requirement(28)
@pytest.mark.requirement(31)
def test_it_gives_new_tokens_of_the_same_session(api: Api) -> None:
    """The answer is exactly the contract's; both tokens are new and work."""
    session = api.signed_in()

    response = api.refresh(session.refresh_token)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body.keys() == {"accessToken", "refreshToken", "tokenType", "expiresIn"}
    assert (body["tokenType"], body["expiresIn"]) == ("Bearer", 900)
    assert body["refreshToken"] != session.refresh_token
    fresh = SignedIn(body["accessToken"], body["refreshToken"], session.user)
    assert api.profile(fresh).json() == session.user
    assert api.refresh(fresh.refresh_token).status_code == 200


def test_it_can_go_on_for_long(api: Api, clients: Clients, settings: Settings) -> None:
    """Ten refreshes in a row are one session still."""
    session = api.signed_in()
    latest = session
    for _ in range(10):
        latest = renewed(api, latest)

    assert api.profile(latest).status_code == 200
    assert stored_sessions(clients, settings, session.user["userId"]) == 1


@pytest.mark.requirement(29)
def test_the_same_token_twice_within_the_grace_is_one_session(
    api: Api, clients: Clients, settings: Settings, clock: MovableClock
) -> None:
    """A lost answer costs nothing: both answers work, and so does what follows from each."""
    session = api.signed_in()
    one = renewed(api, session)
    clock.advance(seconds=25)
    two = renewed(api, session)

    assert stored_sessions(clients, settings, session.user["userId"]) == 1
    for each in (one, two):
        assert api.profile(each).status_code == 200
    assert api.profile(renewed(api, one)).status_code == 200
    assert api.profile(renewed(api, two)).status_code == 200


@pytest.mark.requirement(28)
def test_the_same_token_after_the_grace_ends_the_family(api: Api, clock: MovableClock) -> None:
    """It is taken for theft: the thief and the owner are both out."""
    session = api.signed_in()
    newest = renewed(api, session)
    clock.advance(seconds=31)

    problem(api.refresh(session.refresh_token), 401, "INVALID_REFRESH_TOKEN")

    assert_over(api, session, newest)


@pytest.mark.requirement(28)
def test_a_token_two_behind_ends_the_family_at_once(api: Api) -> None:
    """The grace excuses the last token and none before it."""
    session = api.signed_in()
    second = renewed(api, session)
    newest = renewed(api, second)

    problem(api.refresh(session.refresh_token), 401, "INVALID_REFRESH_TOKEN")

    assert_over(api, session, second, newest)


def test_a_replay_ends_one_family_and_no_other(api: Api) -> None:
    """The other devices of the same person stay signed in."""
    session, other = api.signed_in(), api.sign_in()
    renewed(api, renewed(api, session))

    problem(api.refresh(session.refresh_token), 401, "INVALID_REFRESH_TOKEN")

    assert api.profile(other).status_code == 200
    assert api.refresh(other.refresh_token).status_code == 200


@pytest.mark.requirement(29)
def test_eight_at_the_same_moment_are_one_session(
    api: Api, clients: Clients, settings: Settings
) -> None:
    """Nobody is signed out, and every answer works."""
    session = api.signed_in()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.refresh(session.refresh_token), range(8)))

    assert [answer.status_code for answer in answers] == [200] * 8
    assert stored_sessions(clients, settings, session.user["userId"]) == 1
    for answer in answers:
        body = answer.json()
        fresh = SignedIn(body["accessToken"], body["refreshToken"], session.user)
        assert api.profile(fresh).status_code == 200
    assert api.refresh(answers[0].json()["refreshToken"]).status_code == 200


@pytest.mark.requirement(17)
def test_a_session_that_is_not_used_ends(api: Api, clock: MovableClock) -> None:
    """After 14 days without a refresh, and not a minute before."""
    session = api.signed_in()
    clock.advance(days=14, minutes=-1)
    session = renewed(api, session)
    clock.advance(days=14, minutes=1)

    assert_over(api, session)


@pytest.mark.requirement(17)
def test_a_session_ends_however_much_it_is_used(api: Api, clock: MovableClock) -> None:
    """After 30 days, refreshed every ten."""
    session = api.signed_in()
    for _ in range(2):
        clock.advance(days=10)
        session = renewed(api, session)
    clock.advance(days=10, minutes=-1)
    session = renewed(api, session)
    clock.advance(minutes=2)

    assert_over(api, session)


def tampered(token: str) -> dict[str, str]:
    """Return texts that are nearly a token."""
    key_id, _, body = token.partition(".")
    flipped = "A" if body[20] != "A" else "B"
    return {
        "one letter changed": f"{key_id}.{body[:20]}{flipped}{body[21:]}",
        "cut": token[:-1],
        "longer": token + "A",
        "empty body": f"{key_id}.",
        "no key": body,
        "another key": f"nokey.{body}",
        "nothing": "x",
        "a point": ".",
        "as long as it gets": "x" * 4096,
    }


def test_what_is_not_our_token_is_refused(api: Api) -> None:
    """Whatever was done to it, the answer is the same and the session lives."""
    session = api.signed_in()

    bodies = []
    for what, text in tampered(session.refresh_token).items():
        response = api.refresh(text)
        assert response.status_code == 401, what
        assert response.headers["www-authenticate"].startswith("Bearer ")
        bodies.append({**problem(response, 401, "INVALID_REFRESH_TOKEN"), "requestId": ""})

    assert all(body == bodies[0] for body in bodies)
    assert api.refresh(session.refresh_token).status_code == 200


def test_an_access_token_does_not_refresh(api: Api) -> None:
    """Nor does Cognito's own refresh token, which a client never sees."""
    session = api.signed_in()

    problem(api.refresh(session.access_token), 401, "INVALID_REFRESH_TOKEN")


@pytest.mark.requirement(32)
def test_a_refresh_token_serves_its_own_user_only(api: Api) -> None:
    """The new access token of B reads B's profile."""
    ada = api.signed_in("ada@example.com")
    bob = api.signed_in("bob@example.com")

    assert api.profile(renewed(api, bob)).json()["userId"] == bob.user["userId"]
    assert api.profile(renewed(api, ada)).json()["userId"] == ada.user["userId"]


@pytest.mark.requirement(38)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(1, "before", "server-error"),
        Fault(1, "after", "reset"),
        Fault(2, "before", "server-error"),
    ],
    ids=str,
)
def test_an_outage_spends_nothing(api: Api, faults: FaultInjector, fault: Fault) -> None:
    """Whichever call fails, the same token works afterwards, as its owner will try."""
    session = api.signed_in()
    with faults.injected(fault):
        response = api.refresh(session.refresh_token)

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert int(response.headers["retry-after"]) > 0
    assert api.profile(renewed(api, session)).status_code == 200


def test_a_lost_answer_of_the_table_is_no_replay(api: Api, faults: FaultInjector) -> None:
    """The SDK asks again and meets its own write, which the grace excuses."""
    session = api.signed_in()
    with faults.injected(Fault(2, "after", "reset")):
        fresh = renewed(api, session)

    assert api.profile(fresh).status_code == 200
