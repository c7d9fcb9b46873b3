"""Resetting and changing passwords, branch by branch, on the ports in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.domain.errors import (
    InvalidCode,
    InvalidCredentials,
    PasswordRejected,
    SessionEnded,
    Unavailable,
    WrongPassword,
)
from tests.unit.conftest import ADA, PASSWORD, Domain

NEW = "a brand new phrase"
Fail = Callable[..., None]


def test_a_reset_ends_every_session_and_tells_the_owner(domain: Domain) -> None:
    """Nobody is signed in afterwards."""
    domain.verified()
    domain.login()
    domain.passwords.request_password_reset(ADA.upper())

    domain.passwords.confirm_password_reset(ADA.upper(), domain.directory.code_for(ADA), NEW)

    assert domain.rows.rows == {}
    assert domain.directory.families == {}
    assert [to for to, _, _ in domain.mailer.sent] == [ADA]
    assert domain.login(password=NEW)


def test_a_refused_reset_is_a_failure_in_the_audit(domain: Domain) -> None:
    """Wrong code, common password: each is recorded, and no session ends."""
    domain.verified()
    domain.login()
    domain.events.seen.clear()

    with pytest.raises(InvalidCode):
        domain.passwords.confirm_password_reset(ADA, "no code", NEW)
    with pytest.raises(PasswordRejected):
        domain.passwords.confirm_password_reset(ADA, "no code", "password1")

    assert domain.events.seen == [("confirm_password_reset", "failure")] * 2
    assert len(domain.rows.rows) == 1


def test_a_reset_of_somebody_deleted_meanwhile_is_done(domain: Domain, fail: Fail) -> None:
    """There is nobody left whose sessions could be ended."""
    domain.verified()
    domain.passwords.request_password_reset(ADA)
    code = domain.directory.code_for(ADA)
    domain.passwords.sessions.directory.find = lambda _: None  # type: ignore[method-assign]

    domain.passwords.confirm_password_reset(ADA, code, NEW)

    assert domain.events.seen[-1] == ("confirm_password_reset", "success")


def test_a_change_keeps_this_session_only(domain: Domain) -> None:
    """The others' families end at the directory too."""
    domain.verified()
    here = domain.caller(domain.login())
    domain.login()

    domain.passwords.change_password(here, PASSWORD, NEW)

    assert [session_id for _, session_id in domain.rows.rows] == [here.session_id]
    assert len(domain.directory.families) == 1
    with pytest.raises(InvalidCredentials):
        domain.login()


def test_the_rule_comes_before_the_proof(domain: Domain) -> None:
    """A password that will be refused costs no attempt at the current one."""
    domain.verified()
    here = domain.caller(domain.login())

    with pytest.raises(PasswordRejected):
        domain.passwords.change_password(here, "wrong", "o'brien99")
    with pytest.raises(WrongPassword):
        domain.passwords.change_password(here, "wrong", NEW)
    assert domain.events.seen[-2:] == [
        ("reauthenticate", "failure"),
        ("change_password", "failure"),
    ]


def test_the_others_are_over_before_the_password_is_new(domain: Domain, fail: Fail) -> None:
    """A failure of the change leaves the old password and no stranger."""
    domain.verified()
    here = domain.caller(domain.login())
    domain.login()
    fail(domain.reset_codes, "set_password", Unavailable("down"))

    with pytest.raises(Unavailable):
        domain.passwords.change_password(here, PASSWORD, NEW)

    assert len(domain.rows.rows) == 1
    assert domain.login()


def test_a_session_opened_during_the_change_ends_too(domain: Domain, fail: Fail) -> None:
    """Somebody signs in with the old password between the first ending and the change."""
    domain.verified()
    here = domain.caller(domain.login())
    genuine = domain.reset_codes.set_password

    def slow(user_id: str, new_password: str) -> None:
        domain.login()
        genuine(user_id, new_password)

    domain.reset_codes.set_password = slow  # type: ignore[method-assign]

    domain.passwords.change_password(here, PASSWORD, NEW)

    assert [session_id for _, session_id in domain.rows.rows] == [here.session_id]


def test_nobody_changes_a_password_after_signing_out(domain: Domain) -> None:
    """The token may outlive the session."""
    domain.verified()
    here = domain.caller(domain.login())
    domain.sessions.logout_user(here)

    with pytest.raises(SessionEnded):
        domain.passwords.change_password(here, PASSWORD, NEW)
