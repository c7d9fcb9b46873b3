"""The other operations with a fault before and after every AWS call: nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from service.domain.errors import InvalidCode, InvalidRefreshToken, NotSignedIn, SessionEnded
from service.reconcile import IN_FLIGHT, Reconciler
from tests.faults.conftest import World, report
from tests.faults.harness import sweep

FIRST_NAME = "Augusta"


def test_verification_is_never_lost(world: World) -> None:
    """The code is spent and the account signs in, or the code still works."""

    def registered() -> World:
        world.newcomer().register()
        return world

    def verdict(world: World, outcome: object) -> str:
        if isinstance(outcome, BaseException):
            with suppress(InvalidCode):  # Taken already, and only the answer was lost.
                world.verify()
        assert world.login().profile.email_verified
        return "works"

    rows = sweep(world.faults, registered, World.verify, verdict)

    report("verifyEmail", rows)
    calls = {"cognito-idp:ConfirmSignUp", "dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert {row.call for row in rows} == calls


def test_another_code_can_always_be_asked_for(world: World) -> None:
    """However sending a code failed, a later one verifies."""

    def registered() -> World:
        world.newcomer().register()
        return world

    def resend(world: World) -> None:
        world.services.accounts.resend_verification(world.email)

    def verdict(world: World, outcome: object) -> str:
        resend(world)
        world.verify()
        assert world.login().profile.email_verified
        return "works"

    report("resendVerification", sweep(world.faults, registered, resend, verdict))


def test_signing_in_can_always_be_repeated(world: World) -> None:
    """After any fault the same password signs in, to one whole profile."""

    def verified() -> World:
        world.newcomer().register()
        world.verify()
        return world

    def verdict(world: World, outcome: object) -> str:
        signed_in = world.login()
        profile = world.services.profiles.get_user_profile(world.caller(signed_in))
        assert profile == signed_in.profile
        return "works"

    rows = sweep(world.faults, verified, lambda w: w.login() and None, verdict)

    report("loginUser", rows)
    assert len({row.call for row in rows}) == 3


def test_a_profile_that_died_with_its_registration_is_healed_at_sign_in(world: World) -> None:
    """Dead between the two calls of a registration, verified by mail, healed by signing in."""

    def without_profile() -> World:
        world.newcomer()
        world.faults_at_registration()
        world.verify()
        return world

    def verdict(world: World, outcome: object) -> str:
        profile = world.login().profile
        assert (profile.email, profile.first_name, profile.email_verified) == (
            world.email,
            "Ada",
            True,
        )
        assert world.services.accounts.store.claim(world.email).user_id == profile.user_id
        return "works"

    rows = sweep(world.faults, without_profile, lambda w: w.login() and None, verdict)

    report("loginUser that heals", rows)
    assert "dynamodb:TransactWriteItems" in {row.call for row in rows}


def test_a_refresh_can_always_be_repeated(world: World) -> None:
    """Whatever a refresh met, its token still works within the grace, in the same session."""
    held: dict[str, str] = {}

    def signed_in() -> World:
        world.newcomer().register()
        world.verify()
        held["token"] = world.login().tokens.refresh_token
        return world

    def refresh(world: World) -> None:
        world.services.sessions.refresh_token(held["token"])

    def verdict(world: World, outcome: object) -> str:
        tokens = world.services.sessions.refresh_token(held["token"])
        before, after = world.claims(held["token"]), world.claims(tokens.refresh_token)
        assert after.session_id == before.session_id
        again = world.services.sessions.refresh_token(tokens.refresh_token)
        assert world.claims(again.refresh_token).generation == after.generation + 1
        return "works"

    rows = sweep(world.faults, signed_in, refresh, verdict)

    report("refreshToken", rows)
    assert len({row.call for row in rows}) == 2


def test_signing_out_can_always_be_repeated(world: World) -> None:
    """After a sign-out that failed, the next one succeeds or finds it done; then it is over."""
    held: dict[str, str] = {}

    def signed_in() -> World:
        world.newcomer().register()
        world.verify()
        held["token"] = world.login().tokens.refresh_token
        return world

    def logout(world: World) -> None:
        claims = world.claims(held["token"])
        world.services.sessions.logout_user(world.caller_of(claims))

    def verdict(world: World, outcome: object) -> str:
        if isinstance(outcome, BaseException):
            with suppress(SessionEnded):  # Over already, and only the answer was lost.
                logout(world)
        caller = world.caller_of(world.claims(held["token"]))
        with pytest.raises(NotSignedIn):
            world.services.profiles.get_user_profile(caller)
        with pytest.raises(InvalidRefreshToken):
            world.services.sessions.refresh_token(held["token"])
        return "signed out"

    rows = sweep(world.faults, signed_in, logout, verdict)

    report("logoutUser", rows)
    assert len({row.call for row in rows}) == 2


def test_a_change_of_the_profile_is_whole_or_not_there(world: World) -> None:
    """After any fault the profile is the old one or the new one, and can be changed."""
    held: dict[str, object] = {}

    def signed_in() -> World:
        world.newcomer().register()
        world.verify()
        held["caller"] = world.caller(world.login())
        return world

    def change(world: World) -> None:
        profiles = world.services.profiles
        profiles.update_user_profile(held["caller"], {"first_name": FIRST_NAME}, None)

    def verdict(world: World, outcome: object) -> str:
        stored = world.services.profiles.get_user_profile(held["caller"])
        assert stored.first_name in ("Ada", FIRST_NAME)
        if not isinstance(outcome, BaseException):
            assert stored.first_name == FIRST_NAME
        change(world)
        changed = world.services.profiles.get_user_profile(held["caller"])
        assert (changed.first_name, changed.last_name) == (FIRST_NAME, "O'Brien")
        return "works"

    rows = sweep(world.faults, signed_in, change, verdict)

    report("updateUserProfile", rows)
    assert len({row.call for row in rows}) == 2


def test_the_reconciler_may_be_killed_anywhere(world: World) -> None:
    """Killed between any two calls, a second run of the reconciler finishes the work."""

    def leftovers() -> World:
        world.newcomer()
        world.faults_at_registration()
        world.clock.ahead += IN_FLIGHT + timedelta(minutes=1)
        return world

    def run(world: World) -> None:
        Reconciler(world.services.accounts).run()

    def verdict(world: World, outcome: object) -> str:
        run(world)
        assert world.services.sessions.directory.find(world.email) is None
        assert world.services.accounts.store.claim(world.email) is None
        return "address free"

    report("reconcile", sweep(world.faults, leftovers, run, verdict, extents=("call",)))
