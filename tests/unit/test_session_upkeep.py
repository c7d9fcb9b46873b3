"""Sessions: what is mended when one opens, and how those of one user end together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from service.domain.errors import InvalidRefreshToken, Unavailable, VersionMismatch
from tests.unit.conftest import Domain


def test_a_profile_that_claims_a_second_step_follows_the_directory(domain: Domain) -> None:
    """The directory did not ask, so the profile says so from now on."""
    profile = domain.verified()
    domain.store.profiles[profile.user_id] = replace(profile, mfa_enabled=True)

    healed = domain.login().profile

    assert not healed.mfa_enabled
    assert not domain.store.profiles[profile.user_id].mfa_enabled
    assert ("heal_mfa", "success") in domain.events.seen


def test_a_profile_that_changes_at_that_moment_is_healed_another_time(
    domain: Domain, fail: Callable[..., None]
) -> None:
    """The sign-in does not fail over it."""
    profile = domain.verified()
    domain.store.profiles[profile.user_id] = replace(profile, mfa_enabled=True)
    fail(domain.store, "update", VersionMismatch())

    assert domain.login().profile.mfa_enabled


def test_the_others_end_and_this_one_stays(domain: Domain) -> None:
    """Here and at the directory."""
    domain.verified()
    mine, other = domain.login(), domain.login()
    caller = domain.caller(mine)

    domain.sessions.end_others(caller)

    assert [row.session_id for row in domain.rows.list(caller.user_id)] == [caller.session_id]
    assert len(domain.directory.families) == 1
    domain.sessions.refresh_token(mine.tokens.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        domain.sessions.refresh_token(other.tokens.refresh_token)


def test_every_session_ends_even_if_the_directory_does_not_answer(
    domain: Domain, fail: Callable[..., None]
) -> None:
    """The rows are gone, so nothing opens; the rest is recorded."""
    domain.verified()
    caller = domain.caller(domain.login())
    fail(domain.directory, "sign_out_everywhere", Unavailable())

    domain.sessions.end_every(caller.user_id)

    assert domain.rows.rows == {}
    assert domain.events.seen[-1] == ("revoke", "error")
