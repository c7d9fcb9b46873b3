"""A change of address with a fault before and after every AWS call: one address works, the old or
the new, and what follows heals the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.domain.errors import DomainError, InvalidCode, InvalidCredentials, NotSignedIn
from service.domain.sessions import SignedIn
from service.reconcile import IN_FLIGHT, Reconciler
from tests.everything import everything
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import ProcessDied, sweep

SQUATTERS = "the squatter's phrase"
# What is applied and what is not is all that matters here; every kind is in the other sweeps.
STATES: dict[str, Any] = {"extents": ("outage",), "only": ("server-error", "died")}
Act = Callable[[World], None]


def signed_in(world: World) -> World:
    """Somebody signed in who wants another address; `email` is the one they have."""
    world.newcomer().register()
    world.verify()
    world.asking = world.caller(world.login())
    world.user_id = world.asking.user_id
    world.new_email = world.email.replace("person", "new")
    return world


def ask(world: World) -> None:
    world.services.email_changing.change_email(world.asking, world.new_email, PASSWORD)


def asked(world: World) -> World:
    ask(signed_in(world))
    world.mailed = world.aws.code_for(world.new_email)
    return world


def squatted(world: World) -> World:
    """Somebody else waits to verify the new address, and never will."""
    signed_in(world)
    mine, world.email = world.email, world.new_email
    world.register(SQUATTERS)
    world.email = mine
    world.clock.ahead += world.services.accounts.replace_after * 2
    ask(world)
    world.mailed = world.aws.code_for(world.new_email)
    return world


def enter(world: World) -> None:
    world.services.email_changing.verify_new_email(world.asking, world.mailed)


def addresses_that_work(world: World) -> list[str]:
    """Try both, the new one first: signing in with the former one heals."""
    working = []
    for email in (world.new_email, world.email):
        try:
            outcome = world.services.sessions.login_user(email, PASSWORD, "test")
        except (InvalidCredentials, DomainError):
            continue
        assert isinstance(outcome, SignedIn)
        working.append(email)
    return working


def signing_in_heals(world: World) -> None:
    """With the one address that works."""
    assert len(addresses_that_work(world)) == 1


def the_reconciler_heals(world: World) -> None:
    """Whatever was in flight."""
    world.clock.ahead += IN_FLIGHT * 2
    assert Reconciler(world.services.accounts).run()["failed"] == 0


def the_same_code_heals(world: World) -> None:
    """If it was good for anything it still is."""
    try:
        enter(world)
    except InvalidCode:
        user = world.services.sessions.directory.find(world.user_id)
        assert user.email == world.new_email


def somebody_registers_the_former_address(world: World) -> None:
    """If it is not the account's any more, it is free at once."""
    stored = world.services.accounts.store.load(world.user_id)
    if stored.email == world.new_email:
        world.register("another long phrase")
        world.verify()
        assert world.login("another long phrase").profile.user_id != world.user_id
        user = world.services.sessions.directory.find(world.user_id)
        world.services.sessions.directory.delete(
            world.services.sessions.directory.find(world.email).user_id
        )
        assert user.email == world.new_email


def judge(heal: Act) -> Callable[[World, object], str]:
    def verdict(world: World, outcome: object) -> str:
        assert outcome is None or isinstance(outcome, DomainError | ProcessDied)
        heal(world)
        stored = world.services.accounts.store.load(world.user_id)
        if outcome is None:
            assert stored.email == world.new_email, "it was told done and is not"
        assert addresses_that_work(world) == [stored.email]
        assert world.services.sessions.directory.find(world.user_id).email == stored.email
        assert world.services.accounts.store.claim(stored.email).user_id == world.user_id
        assert world.services.profiles.get_user_profile(world.asking) == stored
        other = world.email if stored.email == world.new_email else world.new_email
        claim = world.services.accounts.store.claim(other)
        assert claim is None or claim.user_id != world.user_id
        return "new" if stored.email == world.new_email else "old"

    return verdict


HEALERS = [signing_in_heals, the_reconciler_heals, the_same_code_heals]


@pytest.mark.parametrize("heal", [*HEALERS, somebody_registers_the_former_address])
def test_a_change_of_address_is_never_half_done(world: World, heal: Act) -> None:
    """Whatever fails or dies, exactly one of the two addresses works."""
    rows = sweep(world.faults, lambda: asked(world), enter, judge(heal), **STATES)

    report(f"verifyNewEmail, then {heal.__name__}", rows)
    assert "cognito-idp:AdminUpdateUserAttributes" in {row.call for row in rows}
    assert {row.verdict for row in rows} <= {"new", "old"}


@pytest.mark.parametrize("heal", HEALERS)
def test_the_proof_of_a_mailbox_outranks_a_registration(world: World, heal: Act) -> None:
    """The unverified account goes, whole; after a crash too."""

    def verdict(world: World, outcome: object) -> str:
        word = judge(heal)(world, outcome)
        if word == "new":
            rows = [row for row in everything(world.aws) if world.new_email in str(row)]
            assert all(world.user_id in str(row) for row in rows)
        return word

    rows = sweep(world.faults, lambda: squatted(world), enter, verdict, **STATES)

    report(f"verifyNewEmail over a registration, then {heal.__name__}", rows)
    assert "cognito-idp:AdminDeleteUser" in {row.call for row in rows}


def test_asking_changes_nothing_yet(world: World) -> None:
    """Whatever fails, the old address works and a new request does what it says."""

    def verdict(world: World, outcome: object) -> str:
        assert addresses_that_work(world) == [world.email]
        ask(world)
        world.mailed = world.aws.code_for(world.new_email)
        return judge(enter)(world, outcome if isinstance(outcome, BaseException) else None)

    rows = sweep(world.faults, lambda: signed_in(world), ask, verdict, **STATES)

    report("changeEmail", rows)
    assert {row.verdict for row in rows} == {"new"}


def test_a_deletion_and_a_change_leave_no_half(world: World) -> None:
    """The account is deleted although its change of address died half-way."""

    def verdict(world: World, outcome: object) -> str:
        world.services.deletion.delete_user(world.asking, PASSWORD)
        with pytest.raises(NotSignedIn):
            world.services.profiles.get_user_profile(world.asking)
        assert addresses_that_work(world) == []
        assert world.services.sessions.directory.find(world.user_id) is None
        assert not [row for row in everything(world.aws) if world.user_id in str(row)]
        for email in (world.email, world.new_email):
            assert world.services.accounts.store.claim(email) is None
        return "deleted"

    rows = sweep(world.faults, lambda: asked(world), enter, verdict, **STATES)

    report("verifyNewEmail, then deleteUser", rows)
