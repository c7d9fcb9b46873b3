"""Two-step verification with a fault before and after every AWS call.

Whatever fails: nobody is locked out, and what was told done stays on.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest

from service.domain.errors import DomainError, SessionEnded
from service.domain.ports import Caller
from service.domain.sessions import MfaRequired, SignedIn
from tests.authenticator import Authenticator
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import sweep

EXTENTS = ("call", "outage")


@dataclass
class Person:
    """Somebody with an authenticator, who signs in however the service lets them."""

    world: World
    caller: Caller
    authenticator: Authenticator
    codes: tuple[str, ...] = ()
    token: str = ""

    def challenged(self) -> bool:
        """Give the password; tell whether that leaves a second step, and keep its token."""
        outcome = self.world.services.sessions.login_user(self.world.email, PASSWORD, "test")
        self.token = outcome.session_token if isinstance(outcome, MfaRequired) else ""
        return bool(self.token)

    def signs_in(self) -> SignedIn:
        """Sign in, with a code if one is asked for."""
        if self.challenged():
            return self.world.services.mfa.verify_mfa(self.token, self.authenticator.code(), "test")
        return self.world.login()


def setting_up(world: World) -> Person:
    world.newcomer().register()
    world.verify()
    signed_in = world.login()
    ids = world.caller(signed_in)
    caller = Caller(ids.user_id, ids.session_id, signed_in.tokens.access_token)
    return Person(world, caller, Authenticator(world.services.mfa.setup_mfa(caller).uri))


def enrolled(world: World) -> Person:
    person = setting_up(world)
    code = person.authenticator.code()
    person.codes = tuple(world.services.mfa.verify_mfa_setup(person.caller, code))
    return person


def enable(person: Person) -> tuple[str, ...]:
    code = person.authenticator.code()
    return tuple(person.world.services.mfa.verify_mfa_setup(person.caller, code))


def test_an_enrolment_is_whole_or_undone_or_can_be_used(world: World) -> None:
    """Told done: a second step is asked for and a recovery code works. Else: they still get in."""

    def verdict(person: Person, outcome: object) -> str:
        if isinstance(outcome, BaseException):
            assert person.signs_in().profile.mfa_enabled == bool(person.token)
            return "on, with the authenticator" if person.token else "off"
        assert person.challenged()
        person.world.services.mfa.recover_mfa(person.token, outcome[0])
        assert not person.challenged()
        return "on, and recoverable"

    rows = sweep(world.faults, lambda: setting_up(world), enable, verdict, extents=EXTENTS)

    report("verifyMfaSetup", rows)
    assert {row.call.partition(":")[2] for row in rows} == {
        "BatchGetItem",
        "PutItem",
        "VerifySoftwareToken",
        "TransactWriteItems",
        "AdminSetUserMFAPreference",
        "Query",
        "SendEmail",
    }


def test_setting_up_changes_nothing(world: World) -> None:
    """Whatever fails, the password alone signs in and another secret is to be had."""

    def verdict(person: Person, outcome: object) -> str:
        assert not person.challenged()
        assert person.world.services.mfa.setup_mfa(person.caller).secret
        return "off"

    def setup(person: Person) -> None:
        person.world.services.mfa.setup_mfa(person.caller)

    report(
        "setupMfa", sweep(world.faults, lambda: setting_up(world), setup, verdict, extents=EXTENTS)
    )


def test_a_second_step_can_always_be_repeated(world: World) -> None:
    """At worst from the password on, and with the next code."""

    def challenged() -> Person:
        person = enrolled(world)
        assert person.challenged()
        return person

    def verify(person: Person) -> None:
        code = person.authenticator.code()
        person.world.services.mfa.verify_mfa(person.token, code, "test")

    def verdict(person: Person, outcome: object) -> str:
        assert person.challenged()  # The second step is never off.
        signed_in = person.world.services.mfa.verify_mfa(
            person.token, person.authenticator.code(), "test"
        )
        assert signed_in.profile.mfa_enabled
        return "signs in"

    rows = sweep(world.faults, challenged, verify, verdict, extents=EXTENTS)

    report("verifyMfa", rows)
    assert len({row.call for row in rows}) == 3


def test_a_recovery_is_finished_by_the_same_code(world: World) -> None:
    """Off and every session over, or the same code can be used again."""

    def challenged() -> Person:
        person = enrolled(world)
        assert person.challenged()
        return person

    def recover(person: Person) -> None:
        person.world.services.mfa.recover_mfa(person.token, person.codes[0])

    def verdict(person: Person, outcome: object) -> str:
        if isinstance(outcome, BaseException) and person.challenged():
            recover(person)
        assert not person.challenged()
        assert not person.signs_in().profile.mfa_enabled
        if not isinstance(outcome, BaseException):
            with pytest.raises(SessionEnded):
                person.world.services.sessions.current(person.caller)
        return "off"

    rows = sweep(world.faults, challenged, recover, verdict, extents=EXTENTS)

    report("recoverMfa", rows)
    assert "cognito-idp:AdminUserGlobalSignOut" in {row.call for row in rows}


def test_switching_off_can_always_be_repeated(world: World) -> None:
    """On as before, or off; the next try finishes it."""

    def disable(person: Person) -> None:
        person.world.services.mfa.disable_mfa(person.caller, PASSWORD)

    def verdict(person: Person, outcome: object) -> str:
        assert person.signs_in().profile.mfa_enabled == bool(person.token)
        disable(person)
        assert not person.challenged()
        assert not person.signs_in().profile.mfa_enabled
        assert not person.world.services.mfa.store.recovery_codes(person.caller.user_id)
        return "off"

    report(
        "disableMfa",
        sweep(world.faults, lambda: enrolled(world), disable, verdict, extents=EXTENTS),
    )


def test_somebody_always_has_recovery_codes(world: World) -> None:
    """The former or the new ones, or ten more for the asking."""

    def regenerate(person: Person) -> tuple[str, ...]:
        services = person.world.services
        return tuple(services.mfa.regenerate_recovery_codes(person.caller, PASSWORD))

    def verdict(person: Person, outcome: object) -> str:
        codes = regenerate(person) if isinstance(outcome, BaseException) else outcome
        assert person.challenged()
        with suppress(DomainError):
            person.world.services.mfa.recover_mfa(person.token, person.codes[0])
        assert person.challenged()  # A former code is void.
        person.world.services.mfa.recover_mfa(person.token, codes[0])
        assert not person.challenged()
        return "recoverable"

    rows = sweep(world.faults, lambda: enrolled(world), regenerate, verdict, extents=EXTENTS)

    report("regenerateRecoveryCodes", rows)
