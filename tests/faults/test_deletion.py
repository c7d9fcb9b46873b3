"""Deletion with a fault before and after every AWS call: decided or not, never by halves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.domain.errors import DomainError, InvalidCredentials, NotSignedIn, Unavailable
from service.domain.ports import Caller
from service.reconcile import Reconciler
from tests.everything import everything
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import ProcessDied, sweep

OTHER_PASSWORD = "another long phrase"
Verdict = Callable[[World, object], str]


def traces(world: World) -> list[dict[str, Any]]:
    """Return every row that names this person in any way."""
    return [
        row for row in everything(world.aws) if world.email in str(row) or world.user_id in str(row)
    ]


def decided(world: World) -> bool:
    return world.services.accounts.store.load(world.user_id) is None


def assert_nothing_is_left(world: World) -> None:
    assert world.services.sessions.directory.find(world.user_id) is None
    assert traces(world) == []


def works(world: World) -> str:
    """The account is what it was."""
    assert world.login().profile.email == world.email
    assert world.services.accounts.store.claim(world.email).user_id == world.user_id
    assert world.services.profiles.get_user_profile(world.asking)
    return "works"


def judge(finish: Callable[[World], None]) -> Verdict:
    """Either the account works, or its deletion is finished by what comes next."""

    def verdict(world: World, outcome: object) -> str:
        assert outcome is None or isinstance(outcome, Unavailable | ProcessDied | DomainError)
        if not decided(world):
            assert isinstance(outcome, BaseException), "it was told done and is there"
            return works(world)
        with pytest.raises(NotSignedIn):
            world.services.profiles.get_user_profile(world.asking)
        finish(world)
        return "deleted"

    return verdict


def reconciler_runs(world: World) -> None:
    """At once, however young the account is: nothing is in flight after the decision."""
    assert Reconciler(world.services.accounts).run()["failed"] == 0
    assert_nothing_is_left(world)


def owner_signs_in(world: World) -> None:
    """It is refused like any unknown account, and clears up what was left to clear."""
    existed = world.services.sessions.directory.find(world.user_id) is not None
    with pytest.raises(InvalidCredentials):
        world.login()
    if existed:
        assert_nothing_is_left(world)
    reconciler_runs(world)


def somebody_registers_the_address(world: World) -> None:
    """It is free at once; the new account has nothing of the old, which is cleared up."""
    profile = world.register(OTHER_PASSWORD)
    world.verify()
    assert profile.user_id != world.user_id
    with pytest.raises(InvalidCredentials):
        world.login(PASSWORD)
    assert Reconciler(world.services.accounts).run()["failed"] == 0
    assert not [row for row in everything(world.aws) if world.user_id in str(row)]
    assert world.login(OTHER_PASSWORD).profile == world.services.accounts.store.load(
        profile.user_id
    )


@pytest.mark.requirement(19)
@pytest.mark.parametrize(
    "finish", [reconciler_runs, owner_signs_in, somebody_registers_the_address]
)
def test_a_deletion_is_never_half_done(world: World, finish: Callable[[World], None]) -> None:
    """Whatever fails or dies: the account works, or nothing of it is left and its address free."""

    def signed_in() -> World:
        world.newcomer().register()
        world.verify()
        world.login()
        world.asking = world.caller(world.login())
        world.user_id = world.asking.user_id
        return world

    def delete(world: World) -> None:
        caller: Caller = world.asking
        world.services.deletion.delete_user(caller, PASSWORD)

    rows = sweep(world.faults, signed_in, delete, judge(finish), extents=("call", "outage"))

    report(f"deleteUser, then {finish.__name__}", rows)
    assert {row.verdict for row in rows} == {"works", "deleted"}
    assert len({row.call for row in rows}) == 8
