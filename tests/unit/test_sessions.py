"""Sessions: opening, renewing, ending, and what happens when a step of them fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.errors import (
    EmailNotVerified,
    InvalidCredentials,
    InvalidRefreshToken,
    SessionEnded,
    Unavailable,
    UserUnknown,
)
from service.domain.sessions import MfaRequired, Sessions
from tests.unit.conftest import ADA, PASSWORD, Domain

Fail = Callable[..., None]
OUTAGE = Unavailable("no answer")


def test_a_sign_in_opens_a_session(domain: Domain) -> None:
    """A row with the policy's end, and a sealed token for it."""
    domain.verified()

    caller = domain.caller(domain.login())

    row = domain.rows.rows[caller.user_id, caller.session_id]
    assert row.expires_at - row.created_at == timedelta(days=30)
    assert (row.generation, row.user_agent) == (0, "test")
    assert domain.events.seen[-1] == ("login", "success")


def test_a_long_user_agent_is_cut(domain: Domain) -> None:
    """It is a client's text in our table."""
    domain.verified()
    domain.sessions.login_user(ADA, PASSWORD, "x" * 10_000)

    (row,) = domain.rows.rows.values()
    assert len(row.user_agent) == 200


@pytest.mark.parametrize(("email", "password"), [(ADA, "wrong"), ("nobody@example.com", PASSWORD)])
def test_a_refused_sign_in_is_in_the_log(domain: Domain, email: str, password: str) -> None:
    """As a failure, with no word of which of the two was wrong."""
    domain.verified()

    with pytest.raises(InvalidCredentials):
        domain.sessions.login_user(email, password, "")

    assert domain.events.seen[-1] == ("login", "failure")
    assert domain.events.reasons[-1] == "INVALID_CREDENTIALS"


@pytest.mark.parametrize(("hide", "error"), [(False, EmailNotVerified), (True, InvalidCredentials)])
def test_an_unverified_address_is_told_unless_accounts_are_hidden(
    domain: Domain, hide: bool, error: type[Exception]
) -> None:
    """In hiding mode it is 401 like any other failure."""
    domain.register()
    policy = replace(domain.sessions.policy, hide_existing_accounts=hide)
    sessions: Sessions = replace(domain.sessions, policy=policy)

    with pytest.raises(error):
        sessions.login_user(ADA, PASSWORD, "")


def test_a_second_factor_is_asked_for(domain: Domain) -> None:
    """With a sealed token, and no session yet."""
    domain.verified()
    domain.directory.mfa_for(ADA)

    outcome = domain.sessions.login_user("ADA@example.com", PASSWORD, "")

    assert isinstance(outcome, MfaRequired)
    assert outcome.expires_in == 180
    assert domain.rows.rows == {}
    claims = domain.sessions.sealer.open_mfa(outcome.session_token, domain.clock())
    assert claims.email == ADA
    assert domain.events.seen[-1] == ("login", "challenged")


def test_a_missing_profile_is_healed_at_sign_in(domain: Domain) -> None:
    """From what the directory said when it checked the password."""
    profile = domain.verified()
    domain.store.remove(profile.user_id, ADA)

    healed = domain.login().profile

    assert (healed.user_id, healed.first_name) == (profile.user_id, "Ada")
    assert ("heal_profile", "success") in domain.events.seen


def test_a_profile_that_was_not_marked_is_marked_at_sign_in(domain: Domain) -> None:
    """The directory's word counts."""
    domain.register()
    domain.directory.confirm_sign_up(ADA, domain.directory.code_for(ADA))

    assert domain.login().profile.email_verified


def test_an_account_deleted_during_sign_in_is_no_account(domain: Domain, fail: Fail) -> None:
    """The profile was there, and is gone when it is to be marked."""
    domain.register()
    domain.directory.confirm_sign_up(ADA, domain.directory.code_for(ADA))
    fail(domain.store, "mark_verified", UserUnknown())

    with pytest.raises(InvalidCredentials):
        domain.login()

    assert domain.directory.families == {}


@pytest.mark.parametrize(("port", "method"), [("store", "load"), ("rows", "open")])
def test_a_sign_in_that_fails_leaves_no_family(
    domain: Domain, fail: Fail, port: str, method: str
) -> None:
    """The directory's tokens are revoked: nobody holds them."""
    domain.verified()
    fail(getattr(domain, port), method, OUTAGE)

    with pytest.raises(Unavailable):
        domain.login()

    assert domain.directory.families == {}
    assert domain.events.seen[-1] == ("login", "error")


def test_a_refresh_moves_one_generation_on(domain: Domain) -> None:
    """The old token is one behind from then on."""
    domain.verified()
    first = domain.login().tokens

    second = domain.sessions.refresh_token(first.refresh_token)

    opened = domain.sessions.sealer.open_refresh(second.refresh_token)
    assert opened.generation == 1
    assert domain.events.seen[-1] == ("refresh", "success")


@pytest.mark.parametrize(("seconds", "served"), [(0, True), (30, True), (30.001, False)])
def test_the_grace_is_exact(domain: Domain, seconds: float, served: bool) -> None:
    """One behind is excused for thirty seconds after the last refresh."""
    domain.verified()
    first = domain.login().tokens
    domain.sessions.refresh_token(first.refresh_token)
    domain.clock.advance(timedelta(seconds=seconds))

    if served:
        domain.sessions.refresh_token(first.refresh_token)
        assert len(domain.rows.rows) == 1
    else:
        with pytest.raises(InvalidRefreshToken):
            domain.sessions.refresh_token(first.refresh_token)
        assert domain.rows.rows == {}
        assert domain.directory.families == {}
        assert ("refresh_replayed", "failure") in domain.events.seen


def test_a_replay_within_the_grace_does_not_extend_it(domain: Domain) -> None:
    """A thief cannot keep an old token alive by using it."""
    domain.verified()
    first = domain.login().tokens
    domain.sessions.refresh_token(first.refresh_token)
    domain.clock.advance(timedelta(seconds=20))
    domain.sessions.refresh_token(first.refresh_token)
    domain.clock.advance(timedelta(seconds=20))

    with pytest.raises(InvalidRefreshToken):
        domain.sessions.refresh_token(first.refresh_token)


@pytest.mark.parametrize(
    ("away", "alive"),
    [(timedelta(days=14), True), (timedelta(days=14, microseconds=1), False)],
)
def test_the_idle_lifetime_is_exact(domain: Domain, away: timedelta, alive: bool) -> None:
    """To the microsecond, for reading and for refreshing."""
    domain.verified()
    signed_in = domain.login()
    domain.clock.advance(away)

    assert domain.sessions.alive(next(iter(domain.rows.rows.values()))) is alive
    if alive:
        domain.sessions.refresh_token(signed_in.tokens.refresh_token)
    else:
        with pytest.raises(InvalidRefreshToken):
            domain.sessions.refresh_token(signed_in.tokens.refresh_token)
        with pytest.raises(SessionEnded):
            domain.profiles.get_user_profile(domain.caller(signed_in))


def test_an_expired_session_is_no_replay(domain: Domain) -> None:
    """It just ended; nobody is accused."""
    domain.verified()
    first = domain.login().tokens
    domain.clock.advance(timedelta(days=15))

    with pytest.raises(InvalidRefreshToken):
        domain.sessions.refresh_token(first.refresh_token)

    assert ("refresh_replayed", "failure") not in domain.events.seen


def test_a_directory_that_fails_spends_no_token(domain: Domain, fail: Fail) -> None:
    """It is asked first, and asking has no side effect."""
    domain.verified()
    first = domain.login().tokens
    fail(domain.directory, "renew", OUTAGE, times=1)

    with pytest.raises(Unavailable):
        domain.sessions.refresh_token(first.refresh_token)

    assert domain.sessions.refresh_token(first.refresh_token)


def test_a_sign_out_ends_row_and_family(domain: Domain) -> None:
    """Once; the second finds nothing."""
    domain.verified()
    caller = domain.caller(domain.login())

    domain.sessions.logout_user(caller)

    assert domain.rows.rows == {}
    assert domain.directory.families == {}
    with pytest.raises(SessionEnded):
        domain.sessions.logout_user(caller)


def test_a_sign_out_counts_though_the_directory_fails(domain: Domain, fail: Fail) -> None:
    """The row is gone, so the family opens nothing; the log says that it lives."""
    domain.verified()
    caller = domain.caller(domain.login())
    fail(domain.directory, "revoke", OUTAGE)

    domain.sessions.logout_user(caller)

    assert domain.rows.rows == {}
    assert domain.events.seen[-2:] == [("revoke", "error"), ("logout", "success")]


def test_a_token_whose_row_is_gone_does_not_refresh(domain: Domain) -> None:
    """Whatever the directory would say."""
    domain.verified()
    signed_in = domain.login()
    domain.rows.rows.clear()

    with pytest.raises(InvalidRefreshToken):
        domain.sessions.refresh_token(signed_in.tokens.refresh_token)
