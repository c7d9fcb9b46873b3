"""A reset and a change under faults: one password works, and no session outlives a change."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.errors import InvalidCredentials
from service.domain.ports import Caller
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import sweep

NEW = "a brand new phrase"
# Failing everything from some call on is the harder case, and half of the time.
EXTENTS = ("outage",)


@dataclass
class Devices:
    """Somebody with two sessions, one of which acts."""

    world: World
    here: Caller
    elsewhere: Caller

    def alive(self, caller: Caller) -> bool:
        session, _ = self.world.services.sessions.store.with_profile(caller)
        return self.world.services.sessions.alive(session)

    def working(self) -> str:
        """The one password that signs in."""
        works = []
        for password in (PASSWORD, NEW):
            try:
                self.world.login(password)
            except InvalidCredentials:
                continue
            works.append(password)
        (password,) = works
        return password

    def reset(self) -> None:
        self.world.services.passwords.confirm_password_reset(
            self.world.email, self.world.code(), NEW
        )

    def ask(self) -> None:
        self.world.services.passwords.request_password_reset(self.world.email)


def with_devices(world: World) -> Devices:
    world.newcomer().register()
    world.verify()
    return Devices(world, world.caller(world.login()), world.caller(world.login()))


def test_no_other_session_outlives_a_change(world: World) -> None:
    """Whatever failed: the new password works and the others are over, or the old one works."""

    def change(devices: Devices) -> None:
        world.services.passwords.change_password(devices.here, PASSWORD, NEW)

    def verdict(devices: Devices, outcome: object) -> str:
        others, works = devices.alive(devices.elsewhere), devices.working()
        assert devices.alive(devices.here)
        if outcome is None or works == NEW:
            assert works == NEW
            assert not others
            return "new password, others ended"
        return "old password, " + ("others alive" if others else "others ended")

    rows = sweep(world.faults, lambda: with_devices(world), change, verdict, extents=EXTENTS)

    report("changePassword", rows)
    assert {row.call for row in rows} == {
        "dynamodb:BatchGetItem",
        "cognito-idp:AdminInitiateAuth",
        "cognito-idp:RevokeToken",
        "dynamodb:Query",
        "dynamodb:BatchWriteItem",
        "cognito-idp:AdminSetUserPassword",
        "sesv2:SendEmail",
    }


def test_a_reset_can_always_be_done_again(world: World) -> None:
    """Done means that every session is over; after any fault another reset gets there."""

    def asked() -> Devices:
        devices = with_devices(world)
        devices.ask()
        return devices

    def verdict(devices: Devices, outcome: object) -> str:
        left = [devices.alive(caller) for caller in (devices.here, devices.elsewhere)]
        works = devices.working()
        if outcome is None:
            assert (works, left) == (NEW, [False, False])
        devices.ask()
        devices.reset()
        assert devices.working() == NEW
        assert not devices.alive(devices.here)
        assert not devices.alive(devices.elsewhere)
        return f"{'new' if works == NEW else 'old'} password, {sum(left)} sessions alive"

    rows = sweep(world.faults, asked, Devices.reset, verdict, extents=EXTENTS)

    report("confirmPasswordReset", rows)
    assert {row.call for row in rows} == {
        "cognito-idp:ConfirmForgotPassword",
        "cognito-idp:AdminGetUser",
        "dynamodb:Query",
        "dynamodb:BatchWriteItem",
        "cognito-idp:AdminUserGlobalSignOut",
        "sesv2:SendEmail",
    }


def test_a_reset_code_can_always_be_asked_for_again(world: World) -> None:
    """However asking failed, asking again mails a code that works."""

    def verdict(devices: Devices, outcome: object) -> str:
        devices.ask()
        devices.reset()
        assert devices.working() == NEW
        return "works"

    rows = sweep(world.faults, lambda: with_devices(world), Devices.ask, verdict, extents=EXTENTS)

    report("requestPasswordReset", rows)
