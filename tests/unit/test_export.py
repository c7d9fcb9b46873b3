"""Exports: who gets one, and how much is in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.domain.errors import SessionEnded
from service.domain.export import SESSIONS, Exports, Holdings, StoredSession
from tests.fakes_email import MemoryExports
from tests.unit.conftest import Domain


def stored(domain: Domain, number: int) -> StoredSession:
    """A session that was used `number` seconds after now."""
    now = domain.clock()
    return StoredSession(f"{number}", now, now + timedelta(seconds=number), now, "test")


def test_an_export_is_bounded_and_keeps_what_was_used_last(domain: Domain) -> None:
    """However many sessions are stored."""
    domain.verified()
    caller = domain.caller(domain.login())
    store = MemoryExports()
    sessions = [stored(domain, number) for number in range(SESSIONS + 5)]
    store.stored[caller.user_id] = Holdings(sessions)

    export = Exports(domain.sessions, store).export_user_data(caller)

    assert [each.session_id for each in export.holdings.sessions[:2]] == ["1004", "1003"]
    assert len(export.holdings.sessions) == SESSIONS
    assert domain.events.seen[-1] == ("export", "success")


def test_a_session_that_is_over_gets_none(domain: Domain) -> None:
    """And nothing is in the log of an export that was not made."""
    domain.verified()
    caller = domain.caller(domain.login())
    domain.sessions.logout_user(caller)

    with pytest.raises(SessionEnded):
        Exports(domain.sessions, MemoryExports()).export_user_data(caller)

    assert ("export", "success") not in domain.events.seen
