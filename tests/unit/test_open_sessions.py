"""Open sessions: which are seen, and what becomes of those that end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.errors import SessionEnded, SessionUnknown, Unavailable
from service.domain.open_sessions import LISTED, OpenSessions
from tests.unit.conftest import Domain

Fail = Callable[..., None]
OUTAGE = Unavailable("no answer")


@pytest.fixture
def open_sessions(domain: Domain) -> OpenSessions:
    domain.verified()
    return OpenSessions(domain.sessions)


def test_only_sessions_that_are_alive_are_listed(
    domain: Domain, open_sessions: OpenSessions
) -> None:
    """Last used first; one that is idle or at its absolute end is left out."""
    domain.login()
    domain.clock.advance(timedelta(days=14, seconds=1))
    first, second = domain.caller(domain.login()), domain.caller(domain.login())
    row = domain.rows.rows[first.user_id, first.session_id]
    domain.rows.open(replace(row, session_id="at its end", expires_at=domain.clock()))
    domain.clock.advance(timedelta(seconds=1))
    domain.rows.open(replace(row, last_used_at=domain.clock()))

    listed = open_sessions.list_sessions(second)

    assert [each.session_id for each in listed] == [first.session_id, second.session_id]


def test_a_list_is_bounded_and_holds_the_callers_own(
    domain: Domain, open_sessions: OpenSessions
) -> None:
    """However many there are."""
    caller = domain.caller(domain.login())
    row = domain.rows.rows.pop((caller.user_id, caller.session_id))
    for number in range(LISTED + 20):
        domain.rows.open(replace(row, session_id=f"{number:04}"))
    domain.rows.open(row)

    listed = open_sessions.list_sessions(caller)

    assert len(listed) == LISTED
    assert caller.session_id in {each.session_id for each in listed}


@pytest.mark.parametrize("ended", [False, True])
def test_a_session_that_is_over_sees_and_ends_nothing(
    domain: Domain, open_sessions: OpenSessions, ended: bool
) -> None:
    """Whether it was ended or forgotten for too long."""
    caller = domain.caller(domain.login())
    if ended:
        domain.sessions.logout_user(caller)
    else:
        domain.clock.advance(timedelta(days=15))
    other = domain.caller(domain.login())

    for act in (
        lambda: open_sessions.list_sessions(caller),
        lambda: open_sessions.revoke_session(caller, other.session_id),
        lambda: open_sessions.logout_everywhere(caller),
    ):
        with pytest.raises(SessionEnded):
            act()
    assert domain.profiles.get_user_profile(other)


def test_revoking_tells_the_directory(domain: Domain, open_sessions: OpenSessions) -> None:
    """The family ends there too, and the log has it."""
    caller, other = domain.caller(domain.login()), domain.caller(domain.login())

    open_sessions.revoke_session(caller, other.session_id)

    assert len(domain.directory.families) == 1
    assert domain.events.seen[-1] == ("revoke_session", "success")


def test_an_unknown_session_is_a_failure_in_the_log(
    domain: Domain, open_sessions: OpenSessions
) -> None:
    """Somebody who tries ids is seen."""
    caller = domain.caller(domain.login())

    with pytest.raises(SessionUnknown):
        open_sessions.revoke_session(caller, "unknown")

    assert domain.events.seen[-1] == ("revoke_session", "failure")


def test_signing_out_everywhere_survives_the_directory(
    domain: Domain, open_sessions: OpenSessions, fail: Fail
) -> None:
    """No row, no session; the failure is in the log."""
    caller = domain.caller(domain.login())
    domain.login()
    fail(domain.directory, "sign_out_everywhere", OUTAGE)

    open_sessions.logout_everywhere(caller)

    assert domain.rows.rows == {}
    assert ("revoke", "error") in domain.events.seen
