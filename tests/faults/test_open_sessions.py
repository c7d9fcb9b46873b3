"""Ending sessions with a fault before and after every AWS call: what is told to be over is over."""

from __future__ import annotations

from contextlib import suppress

import pytest

from service.domain.errors import InvalidRefreshToken, NotSignedIn, SessionUnknown
from service.domain.ports import Caller
from tests.faults.conftest import World, report
from tests.faults.harness import sweep


class Devices:
    """Two sessions of one person: one that asks and one that is lost."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens: list[str] = []

    def signed_in(self) -> World:
        self.world.newcomer().register()
        self.world.verify()
        self.tokens = [self.world.login().tokens.refresh_token for _ in range(2)]
        return self.world

    def caller(self, number: int) -> Caller:
        return self.world.caller_of(self.world.claims(self.tokens[number]))

    def assert_over(self, number: int) -> None:
        with pytest.raises(NotSignedIn):
            self.world.services.profiles.get_user_profile(self.caller(number))
        with pytest.raises(InvalidRefreshToken):
            self.world.services.sessions.refresh_token(self.tokens[number])


def test_ending_a_session_can_always_be_repeated(world: World) -> None:
    """After a fault the next try ends it or finds it ended; the session that asks lives on."""
    devices = Devices(world)

    def revoke(world: World) -> None:
        lost = devices.caller(1).session_id
        world.services.open_sessions.revoke_session(devices.caller(0), lost)

    def verdict(world: World, outcome: object) -> str:
        if isinstance(outcome, BaseException):
            with suppress(SessionUnknown):
                revoke(world)
        devices.assert_over(1)
        assert world.services.profiles.get_user_profile(devices.caller(0))
        return "that one is over"

    rows = sweep(world.faults, devices.signed_in, revoke, verdict)

    report("revokeSession", rows)
    assert len({row.call for row in rows}) == 3


def test_signing_out_everywhere_can_always_be_repeated(world: World) -> None:
    """After a fault the next try ends every session or finds them ended."""
    devices = Devices(world)

    def logout(world: World) -> None:
        world.services.open_sessions.logout_everywhere(devices.caller(0))

    def verdict(world: World, outcome: object) -> str:
        if isinstance(outcome, BaseException):
            with suppress(NotSignedIn):
                logout(world)
        devices.assert_over(0)
        devices.assert_over(1)
        assert world.login().profile.email == world.email
        return "all over"

    rows = sweep(world.faults, devices.signed_in, logout, verdict, extents=("call", "outage"))

    report("logoutEverywhere", rows)
    assert len({row.call for row in rows}) == 4
