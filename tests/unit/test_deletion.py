"""Deletion: who is asked, what decides, and who finishes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from service.domain.deletion import Deletion
from service.domain.errors import (
    InvalidCredentials,
    SessionEnded,
    Unavailable,
    UserUnknown,
    WrongPassword,
)
from service.domain.ports import Caller
from service.reconcile import Reconciler
from tests.unit.conftest import ADA, PASSWORD, Domain

Fail = Callable[..., None]
OUTAGE = Unavailable("no answer")


@pytest.fixture
def caller(domain: Domain) -> Caller:
    domain.verified()
    return domain.caller(domain.login())


@pytest.fixture
def deletion(domain: Domain) -> Deletion:
    return Deletion(domain.sessions)


def test_an_account_goes_whole(domain: Domain, deletion: Deletion, caller: Caller) -> None:
    """From both systems, with its sessions; the log has it."""
    deletion.delete_user(caller, PASSWORD)

    assert domain.is_free()
    assert domain.rows.rows == {}
    assert domain.store.going == set()
    assert domain.events.seen[-2:] == [("delete_user", "success"), ("finish_deletion", "success")]


def test_a_wrong_password_is_a_failure_in_the_log(
    domain: Domain, deletion: Deletion, caller: Caller
) -> None:
    """And deletes nothing."""
    with pytest.raises(WrongPassword):
        deletion.delete_user(caller, "wrong")

    assert domain.works()
    assert ("delete_user", "failure") in domain.events.seen


def test_an_account_with_a_second_factor_goes_by_its_password(
    domain: Domain, deletion: Deletion, caller: Caller
) -> None:
    """The session has proven the second factor already."""
    domain.directory.mfa_for(ADA)

    deletion.delete_user(caller, PASSWORD)

    assert domain.is_free()


@pytest.mark.parametrize("port", ["directory", "store"])
def test_what_fails_after_the_decision_is_finished_by_the_reconciler(
    domain: Domain, deletion: Deletion, caller: Caller, fail: Fail, port: str
) -> None:
    """The caller is told done; nothing can bring the account back."""
    method = {"directory": "delete", "store": "finish_deletion"}[port]
    fail(getattr(domain, port), method, OUTAGE, times=1)

    deletion.delete_user(caller, PASSWORD)
    assert ("finish_deletion", "error") in domain.events.seen
    with pytest.raises(SessionEnded):
        domain.profiles.get_user_profile(caller)

    assert Reconciler(domain.accounts).run()["deleted"] == 1
    assert domain.is_free()
    assert domain.rows.rows == {}


def test_signing_in_finishes_it(
    domain: Domain, deletion: Deletion, caller: Caller, fail: Fail
) -> None:
    """Refused as an unknown account would be."""
    fail(domain.directory, "delete", OUTAGE, times=1)
    deletion.delete_user(caller, PASSWORD)

    with pytest.raises(InvalidCredentials):
        domain.login()

    assert domain.is_free()


def test_registering_the_address_finishes_it(
    domain: Domain, deletion: Deletion, caller: Caller, fail: Fail
) -> None:
    """At once: there is nothing to wait for."""
    fail(domain.directory, "delete", OUTAGE, times=1)
    deletion.delete_user(caller, PASSWORD)

    assert domain.register().user_id != caller.user_id
    assert domain.store.going == set()


def test_a_change_of_the_address_meanwhile_is_followed(
    domain: Domain, deletion: Deletion, caller: Caller, fail: Fail
) -> None:
    """The decision is tried on what is stored now."""
    genuine = domain.store.begin_deletion
    moved = []

    def begin(profile, now):
        if not moved:
            moved.append(True)
            domain.store.claims["new@example.com"] = domain.store.claims.pop(ADA)
            stored = domain.store.profiles[caller.user_id]
            domain.store.profiles[caller.user_id] = replace(stored, email="new@example.com")
        genuine(profile, now)

    domain.store.begin_deletion = begin
    deletion.delete_user(caller, PASSWORD)

    assert domain.is_free()
    assert domain.is_free("new@example.com")


def test_a_profile_mended_during_the_deletion_does_not_stay(
    domain: Domain, deletion: Deletion, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sign-in looked before the decision and writes after the end: it takes its work back."""
    user = domain.directory.find(caller.user_id)
    genuine = domain.store.deleting

    def looked(user_id: str) -> bool:
        answer = genuine(user_id)
        monkeypatch.setattr(domain.store, "deleting", genuine)
        deletion.delete_user(caller, PASSWORD)
        return answer

    monkeypatch.setattr(domain.store, "deleting", looked)

    with pytest.raises(UserUnknown):
        domain.accounts.heal(user)

    assert domain.is_free()
    assert domain.rows.rows == {}
