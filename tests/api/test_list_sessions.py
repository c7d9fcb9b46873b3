"""listSessions."""

from __future__ import annotations

import pytest

from tests.api.conftest import BOB, Api, MovableClock, problem


@pytest.mark.requirement(22)
@pytest.mark.requirement(31)
def test_a_person_sees_their_open_sessions(api: Api) -> None:
    """The one used last first, and which of them asks; nobody keeps a copy."""
    api.verified()
    api.login(headers={"User-Agent": "a telephone"})
    current = api.sign_in()

    response = api.sessions(current)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    mine, telephone = response.json()["sessions"]
    assert (mine["id"], mine["current"]) == (current.session_id, True)
    assert (telephone["userAgent"], telephone["current"]) == ("a telephone", False)
    assert mine["createdAt"] == mine["lastUsedAt"] >= telephone["lastUsedAt"]


@pytest.mark.requirement(32)
@pytest.mark.requirement(22)
def test_nobody_sees_the_sessions_of_another(api: Api) -> None:
    """Ada has three and Bob one; each sees their own."""
    ada, bob = api.signed_in(), api.signed_in(BOB)
    api.sign_in()
    api.sign_in()

    assert len(api.sessions(ada).json()["sessions"]) == 3
    assert [each["id"] for each in api.sessions(bob).json()["sessions"]] == [bob.session_id]


@pytest.mark.requirement(17)
def test_sessions_that_are_over_are_not_listed(api: Api, clock: MovableClock) -> None:
    """Signed out, or idle for too long: only the one that asks is left."""
    idle, signed_out = api.signed_in(), api.sign_in()
    api.logout(signed_out)
    clock.advance(days=14, seconds=1)
    current = api.sign_in()

    listed = api.sessions(current).json()["sessions"]

    assert [each["id"] for each in listed] == [current.session_id]
    problem(api.sessions(idle), 401, "UNAUTHORIZED")


def test_refreshing_counts_as_use(api: Api, clock: MovableClock) -> None:
    """And the session stays the one that it was."""
    session = api.signed_in()
    clock.advance(hours=1)
    api.refresh(session.refresh_token)

    (listed,) = api.sessions(session).json()["sessions"]

    assert listed["id"] == session.session_id
    assert listed["lastUsedAt"] > listed["createdAt"]


@pytest.mark.parametrize("agent", ["", "a\tb", "\x80\x9f", "x" * 5000, "naïve"])
def test_whatever_a_client_called_itself_can_be_listed(api: Api, agent: str) -> None:
    """Only printable characters are kept, at most 200; a client without a name has none."""
    api.verified()
    api.login(headers={"User-Agent": agent.encode("latin-1")})
    current = api.sign_in()

    response = api.sessions(current)

    assert response.status_code == 200
    other = next(each for each in response.json()["sessions"] if not each["current"])
    kept = "".join(filter(str.isprintable, agent))[:200]
    assert other.get("userAgent", "") == kept


def test_no_token_of_the_directory_is_shown(api: Api) -> None:
    """What the row keeps sealed stays in it."""
    session = api.signed_in()

    (listed,) = api.sessions(session).json()["sessions"]

    assert listed.keys() <= {"id", "createdAt", "lastUsedAt", "userAgent", "current"}
