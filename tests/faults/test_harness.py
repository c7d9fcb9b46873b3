"""The harness itself: a check of faults that cannot fail would prove nothing."""

from __future__ import annotations

import pytest

from service.domain.errors import TooManyRequests, Unavailable
from service.domain.ports import Directory
from tests.faults.conftest import PASSWORD, World
from tests.faults.harness import (
    KINDS,
    Fault,
    FaultInjector,
    ProcessDied,
    count_calls,
    every_fault,
    sweep,
    table,
)


@pytest.fixture
def directory(world: World) -> Directory:
    """The directory behind the injector."""
    return world.services.accounts.directory


def sign_up(world: World) -> str:
    return world.services.accounts.directory.sign_up(world.newcomer().email, PASSWORD, "A", "B")


def test_before_means_that_nothing_was_sent(world: World, directory: Directory) -> None:
    """A call that failed before it was sent has no effect."""
    for kind in KINDS["before"]:
        refused = pytest.raises((Unavailable, TooManyRequests, ProcessDied))
        with world.faults.injected(Fault(1, "before", kind)), refused:
            sign_up(world)

        assert directory.find(world.email) is None, kind


def test_after_means_that_it_was_applied(world: World, directory: Directory) -> None:
    """A call whose answer was lost has had its effect."""
    for kind in KINDS["after"]:
        lost = pytest.raises((Unavailable, ProcessDied))
        with world.faults.injected(Fault(1, "after", kind)), lost:
            sign_up(world)

        assert directory.find(world.email) is not None, kind


def test_a_refusal_is_not_replaced_by_a_lost_answer(world: World, directory: Directory) -> None:
    """What AWS refused had no effect, so the refusal itself comes back."""
    sign_up(world)
    email = world.email

    with world.faults.injected(Fault(1, "after", "read-timeout")):
        assert directory.find("nobody@example.com") is None

    assert directory.find(email) is not None


def test_the_dead_do_not_speak_again(world: World, directory: Directory) -> None:
    """After its death a process makes no further call; a new one does."""
    with world.faults.injected(Fault(1, "before", "died")):
        with pytest.raises(ProcessDied):
            directory.check()
        with pytest.raises(ProcessDied):
            directory.check()

    directory.check()


def test_the_extents_differ(world: World) -> None:
    """Once is one attempt, call is one call, outage is everything from there on."""
    store = world.services.accounts.store

    with world.faults.injected(Fault(1, "before", "server-error", "once")):
        assert store.load("nobody") is None
    with world.faults.injected(Fault(1, "before", "server-error", "call")):
        with pytest.raises(Unavailable):
            store.load("nobody")
        assert store.load("nobody") is None
    with world.faults.injected(Fault(1, "before", "server-error", "outage")):
        for _ in range(2):
            with pytest.raises(Unavailable):
                store.load("nobody")


def test_calls_are_counted_without_the_sdks_retries(world: World, directory: Directory) -> None:
    """Two attempts of one call are one call."""
    store = world.services.accounts.store

    with world.faults.injected(Fault(1, "before", "reset", "once")) as faults:
        store.load("nobody")
        directory.check()

    assert faults.calls == ["dynamodb:GetItem", "cognito-idp:DescribeUserPool"]
    assert count_calls(world.faults, lambda: store.load("nobody")) == ["dynamodb:GetItem"]


def test_the_sweep_goes_through_every_fault(world: World) -> None:
    """Six kinds before and four after, three extents each, death once: 26 for one call."""
    rows = sweep(world.faults, world.newcomer, lambda w: sign_up(w) and None, lambda *_: "seen")

    assert [row.fault for row in rows] == every_fault(1)
    assert len(rows) == 26
    assert {row.call for row in rows} == {"cognito-idp:SignUp"}
    assert table(rows).count("\n") == 27


def test_the_sweep_fails_by_name(world: World) -> None:
    """A world that is half-done after one fault fails the sweep and says after which."""
    directory = world.services.accounts.directory

    def verdict(world: World, outcome: object) -> str:
        assert outcome is None or not directory.find(world.email), "an orphan"
        return "fine"

    with pytest.raises(AssertionError, match=r"after call 1: reset \(call\) of cognito-idp:SignUp"):
        sweep(world.faults, world.newcomer, lambda w: sign_up(w) and None, verdict)


def test_an_operation_without_calls_is_no_proof(world: World) -> None:
    """There must be something to fail."""
    with pytest.raises(ValueError, match="nothing"):
        sweep(world.faults, world.newcomer, lambda _: None, lambda *_: "fine")


def test_an_injector_without_faults_changes_nothing(world: World) -> None:
    """It only counts."""
    assert isinstance(world.faults, FaultInjector)

    sign_up(world)

    assert world.faults.calls[-1] == "cognito-idp:SignUp"
