"""What the domain may rely on of a `SessionStore`."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.errors import NotAdvanced
from service.domain.ports import Caller, Profile, RefreshClaims, Session
from tests.aws.conftest import World

NOW = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)
IDLE = NOW - timedelta(days=14)


@pytest.fixture
def session(world: World) -> Session:
    """An open session, at generation 0."""
    session = Session(
        user_id=str(uuid.uuid4()),
        session_id=str(uuid.uuid4()),
        created_at=NOW,
        last_used_at=NOW,
        expires_at=NOW + timedelta(days=30),
        user_agent="curl/8 (José)",
        refresh_token="refresh-token-of-cognito",
    )
    world.sessions.open(session)
    return session


def claims_of(session: Session, generation: int = 0) -> RefreshClaims:
    return RefreshClaims(session.user_id, session.session_id, generation, session.refresh_token)


def test_an_open_session_is_read_with_the_profile(world: World, session: Session) -> None:
    """Both rows come in one read, whole."""
    profile = Profile(session.user_id, world.address(), "Ada", "L", NOW, NOW)
    world.accounts.create(profile)

    found = world.sessions.with_profile(Caller(session.user_id, session.session_id))

    assert found == (session, profile)


def test_a_caller_without_rows_gets_neither(world: World, session: Session) -> None:
    """Absent rows are None, each by itself."""
    nobody = Caller(str(uuid.uuid4()), str(uuid.uuid4()))

    assert world.sessions.with_profile(nobody) == (None, None)
    assert world.sessions.with_profile(Caller(session.user_id, "other")) == (None, None)
    assert world.sessions.with_profile(Caller(session.user_id, session.session_id)) == (
        session,
        None,
    )


def test_advancing_moves_one_generation_on(world: World, session: Session) -> None:
    """The row is returned and stored as it is now."""
    later = NOW + timedelta(hours=1)

    advanced = world.sessions.advance(claims_of(session), later, IDLE)

    assert advanced == replace(session, generation=1, last_used_at=later)
    found, _ = world.sessions.with_profile(Caller(session.user_id, session.session_id))
    assert found == advanced


@pytest.mark.parametrize("generation", [-1, 1, 7])
def test_another_generation_does_not_advance(
    world: World, session: Session, generation: int
) -> None:
    """Behind or ahead, the stored row comes back untouched."""
    with pytest.raises(NotAdvanced) as refused:
        world.sessions.advance(claims_of(session, generation), NOW, IDLE)

    assert refused.value.stored == session


def test_a_session_that_is_gone_does_not_advance(world: World, session: Session) -> None:
    """There is no stored row, and none is made."""
    world.sessions.end(session.user_id, session.session_id)

    with pytest.raises(NotAdvanced) as refused:
        world.sessions.advance(claims_of(session), NOW, IDLE)

    assert refused.value.stored is None
    assert world.sessions.end(session.user_id, session.session_id) is None


def test_a_session_over_its_absolute_lifetime_does_not_advance(
    world: World, session: Session
) -> None:
    """At the very moment of its end it is over; a microsecond before it is not."""
    with pytest.raises(NotAdvanced):
        world.sessions.advance(claims_of(session), session.expires_at, IDLE)

    last = session.expires_at - timedelta(microseconds=1)
    assert world.sessions.advance(claims_of(session), last, IDLE).generation == 1


def test_an_idle_session_does_not_advance(world: World, session: Session) -> None:
    """Last used before the limit it is over; last used at the limit it is not."""
    with pytest.raises(NotAdvanced):
        world.sessions.advance(
            claims_of(session), NOW, session.last_used_at + timedelta(microseconds=1)
        )

    assert world.sessions.advance(claims_of(session), NOW, session.last_used_at).generation == 1


def test_of_many_refreshes_at_once_one_advances(world: World, session: Session) -> None:
    """Eight concurrent refreshes of one generation: one moves on, the others see where it is."""

    def refresh(_: int) -> int:
        try:
            return world.sessions.advance(claims_of(session), NOW, IDLE).generation
        except NotAdvanced as refused:
            return -(refused.stored.generation if refused.stored else 99)

    with ThreadPoolExecutor(8) as pool:
        generations = sorted(pool.map(refresh, range(8)))

    assert generations == [-1] * 7 + [1]


def test_ending_returns_the_session_once(world: World, session: Session) -> None:
    """Who ends it gets it, with what Cognito must be told; then it is gone."""
    assert world.sessions.end(session.user_id, session.session_id) == session
    assert world.sessions.end(session.user_id, session.session_id) is None


def test_a_session_belongs_to_its_user(world: World, session: Session) -> None:
    """Another user cannot end or read it by its id (requirement 32)."""
    other = str(uuid.uuid4())

    assert world.sessions.end(other, session.session_id) is None
    assert world.sessions.with_profile(Caller(other, session.session_id)) == (None, None)
    found, _ = world.sessions.with_profile(Caller(session.user_id, session.session_id))
    assert found == session


def test_a_user_sees_every_session(world: World, session: Session) -> None:
    """All of one user's sessions are listed, and nobody else's."""
    second = replace(session, session_id=str(uuid.uuid4()), user_agent="another device")
    world.sessions.open(second)
    world.sessions.open(replace(session, user_id=str(uuid.uuid4())))

    listed = world.sessions.list(session.user_id)

    assert sorted(each.session_id for each in listed) == sorted(
        [session.session_id, second.session_id]
    )


@pytest.mark.parametrize("others", [0, 1, 60])
def test_ending_all_but_one_ends_all_but_one(world: World, session: Session, others: int) -> None:
    """Every other session is deleted, also more than one batch of them; the kept one lives."""
    for _ in range(others):
        world.sessions.open(replace(session, session_id=str(uuid.uuid4())))

    ended = world.sessions.end_all(session.user_id, keep=session.session_id)

    assert len(ended) == others
    assert world.sessions.list(session.user_id) == [session]
    assert list(world.sessions.end_all(session.user_id)) == [session]
    assert world.sessions.list(session.user_id) == []
