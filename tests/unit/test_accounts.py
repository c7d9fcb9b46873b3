"""The saga of registration, branch by branch, and what heals it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from service.domain.errors import (
    EmailTaken,
    InvalidCode,
    PasswordRejected,
    RegistrationInProgress,
    TooManyRequests,
    Unavailable,
    UserExists,
    UserUnknown,
)
from service.domain.ports import Claim, DirectoryUser
from tests.unit.conftest import ADA, Domain

Fail = Callable[..., None]
OUTAGE = Unavailable("no answer", retry_after=1)


def test_a_registration_makes_user_profile_and_claim(domain: Domain) -> None:
    """Under one id, the address in lower case, not yet verified."""
    profile = domain.register("ADA@Example.com")

    assert domain.directory.find(ADA).user_id == profile.user_id
    assert domain.store.load(profile.user_id) == profile
    assert domain.store.claim(ADA) == Claim(profile.user_id, profile.created_at)
    assert (profile.email, profile.email_verified, profile.version) == (ADA, False, 1)
    assert domain.events.seen == [("register", "success")]


def test_a_verified_address_is_taken(domain: Domain) -> None:
    """Nothing changes for its owner."""
    domain.verified()

    with pytest.raises(EmailTaken):
        domain.register()

    assert domain.works()
    assert domain.events.seen[2] == ("register", "failure")


def test_within_the_window_another_registration_is_in_progress(domain: Domain) -> None:
    """And says how long to wait."""
    domain.register()
    domain.clock.advance(timedelta(seconds=1.9))

    with pytest.raises(RegistrationInProgress) as refused:
        domain.register()

    assert refused.value.retry_after == 2


def test_after_the_window_an_unverified_account_makes_way(domain: Domain) -> None:
    """The old user, its profile and its code are gone."""
    old = domain.register()
    domain.clock.advance(timedelta(seconds=2))

    new = domain.register()

    assert new.user_id != old.user_id
    assert domain.directory.find(old.user_id) is None
    assert domain.store.load(old.user_id) is None
    assert domain.store.claim(ADA).user_id == new.user_id
    assert ("replace_unverified", "success") in domain.events.seen


def test_the_window_counts_from_the_claim_too(domain: Domain) -> None:
    """A profile that was stored late is a registration that has just ended."""
    old = domain.register()
    domain.clock.advance(timedelta(seconds=10))
    domain.store.claims[ADA] = Claim(old.user_id, domain.clock())

    with pytest.raises(RegistrationInProgress):
        domain.register()


def test_the_claim_of_somebody_else_does_not_count(domain: Domain) -> None:
    """A user without a row of its own is as old as the directory says."""
    domain.register()
    domain.clock.advance(timedelta(seconds=10))
    domain.store.claims[ADA] = Claim("somebody-gone", domain.clock())

    domain.register()

    assert domain.store.claim(ADA).user_id == domain.directory.find(ADA).user_id


def test_an_account_that_vanished_meanwhile_makes_way(domain: Domain, fail: Fail) -> None:
    """The directory knew the address and, asked again, knows nobody."""
    fail(domain.directory, "sign_up", UserExists(), times=1)

    assert domain.register().email == ADA


def test_who_loses_the_race_after_making_way_is_told_to_wait(domain: Domain, fail: Fail) -> None:
    """Another registration took the address between the two calls; it is left alone."""
    domain.register()
    domain.clock.advance(timedelta(seconds=5))
    fail(domain.directory, "sign_up", UserExists(), times=2)

    with pytest.raises(RegistrationInProgress):
        domain.register()

    assert domain.store.outbox == []


def test_a_dangling_claim_is_taken_over(domain: Domain) -> None:
    """It names a user that does not exist."""
    domain.store.claims[ADA] = Claim("gone", domain.clock())

    profile = domain.register()

    assert domain.store.claim(ADA).user_id == profile.user_id


def test_a_claim_held_by_somebody_who_exists_stands(domain: Domain) -> None:
    """The new user is removed again; the holder keeps the address."""
    holder = domain.verified("bob@example.com")
    domain.store.claims[ADA] = Claim(holder.user_id, domain.clock())

    with pytest.raises(EmailTaken):
        domain.register()

    assert domain.directory.find(ADA) is None
    assert domain.store.claim(ADA).user_id == holder.user_id


@pytest.mark.parametrize("error", [PasswordRejected("short"), TooManyRequests("busy"), OUTAGE])
def test_what_the_directory_refuses_leaves_nothing(
    domain: Domain, fail: Fail, error: Exception
) -> None:
    """There was no side effect, so there is nothing to undo."""
    fail(domain.directory, "sign_up", error)

    with pytest.raises(type(error)):
        domain.register()

    assert domain.is_free()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [OUTAGE, RuntimeError("nobody foresaw this")])
def test_a_store_that_fails_is_undone(
    domain: Domain, fail: Fail, error: Exception, after: bool
) -> None:
    """Whether or not it took effect: the address is free."""
    fail(domain.store, "create", error, after=after)

    with pytest.raises(type(error)):
        domain.register()

    assert domain.is_free()
    assert domain.store.outbox == []
    assert ("undo_registration", "success") in domain.events.seen


@pytest.mark.parametrize(("port", "method"), [("directory", "delete"), ("store", "remove")])
def test_an_undoing_that_fails_is_noted(domain: Domain, fail: Fail, port: str, method: str) -> None:
    """The outbox tells the reconciler; the client learns of the outage."""
    fail(domain.store, "create", OUTAGE)
    fail(getattr(domain, port), method, OUTAGE)

    with pytest.raises(Unavailable):
        domain.register()

    (leftover,) = domain.store.outbox
    assert (leftover.email, leftover.noted_at) == (ADA, domain.clock())
    assert ("undo_registration", "error") in domain.events.seen


def test_an_outbox_that_fails_too_is_in_the_log(domain: Domain, fail: Fail) -> None:
    """The first cause is what the client learns; the directory still lists the user."""
    fail(domain.store, "create", Unavailable("the first cause"))
    fail(domain.directory, "delete", OUTAGE)
    fail(domain.store, "note", OUTAGE)

    with pytest.raises(Unavailable, match="the first cause"):
        domain.register()

    assert ("note_leftover", "error") in domain.events.seen
    assert domain.directory.find(ADA) is not None


def test_verifying_marks_user_and_profile(domain: Domain) -> None:
    """And returns the address as it is stored."""
    profile = domain.register()

    assert domain.accounts.verify_email("ADA@example.com", domain.directory.code_for(ADA)) == ADA

    assert domain.directory.find(ADA).confirmed
    assert domain.store.load(profile.user_id).email_verified


def test_a_wrong_code_is_a_failure_in_the_log(domain: Domain) -> None:
    """With its code as the reason."""
    domain.register()

    with pytest.raises(InvalidCode):
        domain.accounts.verify_email(ADA, "wrong!")

    assert domain.events.seen[-1] == ("verify_email", "failure")
    assert domain.events.reasons[-1] == "INVALID_CODE"


@pytest.mark.parametrize(
    ("method", "error"),
    [("claim", OUTAGE), ("mark_verified", OUTAGE), ("mark_verified", UserUnknown())],
)
def test_a_spent_code_counts_though_the_profile_could_not_be_marked(
    domain: Domain, fail: Fail, method: str, error: Exception
) -> None:
    """Signing in mends it."""
    domain.register()
    fail(domain.store, method, error, times=1)

    domain.accounts.verify_email(ADA, domain.directory.code_for(ADA))

    assert ("mark_verified", "error") in domain.events.seen
    assert domain.works()


def test_verifying_without_a_claim_is_fine(domain: Domain) -> None:
    """A registration that died half-way and whose owner had the code already."""
    domain.directory.sign_up(ADA, "correct horse battery", "Ada", "O'Brien")

    domain.accounts.verify_email(ADA, domain.directory.code_for(ADA))

    assert domain.works()


def test_resending_is_silent_about_strangers(domain: Domain) -> None:
    """Both are a success."""
    domain.register()
    domain.accounts.resend_verification(ADA)
    domain.accounts.resend_verification("nobody@example.com")

    assert domain.events.seen[1:] == [("resend_verification", "success")] * 2


def user(domain: Domain, **other: Any) -> DirectoryUser:
    values = {
        "user_id": "u1",
        "email": ADA,
        "confirmed": True,
        "created_at": domain.clock(),
        "first_name": "Ada",
        "last_name": "O'Brien",
        **other,
    }
    return DirectoryUser(**values)


def test_healing_makes_the_profile_that_is_missing(domain: Domain) -> None:
    """From what the directory knows."""
    user_id = domain.directory.sign_up(ADA, "correct horse battery", "Ada", "O'Brien")

    healed = domain.accounts.heal(user(domain, user_id=user_id))

    assert domain.store.load(user_id) == healed
    assert healed.email_verified
    assert domain.store.claim(ADA).user_id == user_id


def test_healing_never_takes_an_address_from_somebody(domain: Domain) -> None:
    """Two users that claim one address are for a person to look at."""
    domain.verified()

    with pytest.raises(Unavailable):
        domain.accounts.heal(user(domain))

    assert domain.store.load("u1") is None
    assert domain.works()
