"""Registration with a fault before and after every AWS call: it works or the address is free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.domain.errors import DomainError, InvalidCredentials, Unavailable
from service.reconcile import IN_FLIGHT, Reconciler
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import ProcessDied, sweep

OTHER_PASSWORD = "another long phrase"
Verdict = Callable[[World, object], str]


def owner_goes_on(world: World, outcome: object) -> str:
    """The owner uses the mailed code if there is an account, else registers again."""
    if world.services.sessions.directory.find(world.email) is None:
        assert isinstance(outcome, BaseException), "it was told done and is gone"
        return somebody_registers_again(world, outcome)
    world.verify()
    return works(world, outcome, PASSWORD)


def somebody_registers_again(world: World, outcome: object) -> str:
    """The same address is registered with another password, which alone works from then on."""
    world.clock.ahead += world.services.accounts.replace_after * 2
    world.register(OTHER_PASSWORD)
    world.verify()
    with pytest.raises(InvalidCredentials):
        world.login(PASSWORD)
    return works(world, outcome, OTHER_PASSWORD).replace("works", "address free")


def reconciler_runs(world: World, outcome: object) -> str:
    """The reconciler runs when nothing is in flight any more; no half of an account is left."""
    world.clock.ahead += IN_FLIGHT + timedelta(minutes=1)
    Reconciler(world.services.accounts).run()
    user = world.services.sessions.directory.find(world.email)
    assert world.services.accounts.store.leftovers() == []
    if user is None:
        return somebody_registers_again(world, outcome)
    assert world.services.accounts.store.load(user.user_id) is not None, "a user without profile"
    return owner_goes_on(world, outcome)


def works(world: World, outcome: object, password: str) -> str:
    """Sign in and read a whole, verified profile."""
    assert outcome is None or isinstance(outcome, Unavailable | ProcessDied | DomainError)
    signed_in = world.login(password)
    profile = world.services.profiles.get_user_profile(world.caller(signed_in))
    assert (profile.email, profile.first_name) == (world.email, "Ada")
    assert profile.email_verified
    assert world.services.accounts.store.claim(world.email).user_id == profile.user_id
    return "works"


@pytest.mark.parametrize("verdict", [owner_goes_on, somebody_registers_again, reconciler_runs])
def test_a_registration_is_never_half_done(world: World, verdict: Verdict) -> None:
    """Whatever fails or dies, the account works or its address is free."""
    rows = sweep(world.faults, world.newcomer, lambda w: w.register() and None, verdict)

    report(f"registerUser, then {verdict.__name__}", rows)
    assert {row.verdict for row in rows} <= {"works", "address free"}
    assert {row.call for row in rows} == {"cognito-idp:SignUp", "dynamodb:TransactWriteItems"}


@pytest.mark.parametrize("verdict", [owner_goes_on, somebody_registers_again, reconciler_runs])
def test_a_replacement_is_never_half_done(world: World, verdict: Verdict) -> None:
    """An address that somebody squats on is replaced, or not, and stays usable."""

    def squatted() -> World:
        world.newcomer().register("the squatter's phrase")
        world.clock.ahead += world.services.accounts.replace_after * 2
        return world

    def judge(world: World, outcome: object) -> str:
        if verdict is owner_goes_on and isinstance(outcome, BaseException):
            return somebody_registers_again(world, outcome)
        if verdict is reconciler_runs and isinstance(outcome, BaseException):
            world.clock.ahead += IN_FLIGHT + timedelta(minutes=1)
            Reconciler(world.services.accounts).run()
            return somebody_registers_again(world, outcome)
        return verdict(world, outcome)

    rows = sweep(
        world.faults, squatted, lambda w: w.register() and None, judge, extents=("call", "outage")
    )

    report(f"registerUser over an unverified account, then {verdict.__name__}", rows)
    assert {row.verdict for row in rows} <= {"works", "address free"}
    assert "cognito-idp:AdminDeleteUser" in {row.call for row in rows}


def test_a_failed_registration_leaves_no_orphan(world: World) -> None:
    """The store fails, the compensation works: nothing is left in either system."""
    world.newcomer()

    with world.faults.injected(world.fault(2)), pytest.raises(Unavailable):
        world.register()

    assert world.services.sessions.directory.find(world.email) is None
    assert world.services.accounts.store.claim(world.email) is None


def test_two_faults_leave_a_note_that_the_reconciler_settles(world: World) -> None:
    """The store fails and so does the compensation: the outbox keeps it until it is done."""
    world.newcomer()
    # Call 1 signs up, 2 stores, 3 to 5 try to delete the user; the outbox's own write succeeds.
    faults = [world.fault(n) for n in (2, 3, 4, 5)]
    with world.faults.injected(*faults), pytest.raises(Unavailable):
        world.register()
    assert [left.email for left in world.services.accounts.store.leftovers()] == [world.email]

    done = Reconciler(world.services.accounts).run()

    assert done["deleted"] == 1
    assert world.services.accounts.store.leftovers() == []
    assert somebody_registers_again(world, None) == "address free"
