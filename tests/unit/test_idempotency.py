"""One effect per key: what is kept, what is not, and what becomes of an attempt that died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from service import models
from service.domain.accounts import Registration
from service.domain.errors import (
    IdempotencyKeyReused,
    RequestInProgress,
    TooManyRequests,
    Unavailable,
)
from service.domain.idempotency import LEASE, LIFETIME, Answer, Idempotency, Outcome
from service.handlers.idempotency import payload_of
from tests.fakes import FakeClock
from tests.fakes_limits import MemoryIdempotency
from tests.unit.conftest import ADA, PASSWORD, Domain, Events

ANSWER = Answer(body="done")


class Died(BaseException):
    """The process ends here."""


class Effect:
    """What a request does; it counts how often, and whether an earlier attempt was unanswered."""

    def __init__(self, *fates: BaseException | Outcome) -> None:
        self.fates = list(fates)
        self.resumed: list[bool] = []

    def __call__(self, resumed: bool) -> Outcome:
        self.resumed.append(resumed)
        fate = self.fates.pop(0) if self.fates else Outcome(ANSWER)
        if isinstance(fate, BaseException):
            raise fate
        return fate


@pytest.fixture
def keys() -> Idempotency:
    return Idempotency(MemoryIdempotency(), Events(), FakeClock())


@pytest.mark.requirement(39)
def test_the_same_request_is_answered_again_and_not_done_again(keys: Idempotency) -> None:
    """As it was answered, marked as a replay."""
    effect = Effect()

    first = keys.run("key", "payload", effect)
    second = keys.run("key", "payload", effect)

    assert (first.answer, first.replayed) == (ANSWER, False)
    assert (second.answer, second.replayed) == (ANSWER, True)
    assert effect.resumed == [False]


@pytest.mark.requirement(39)
def test_another_request_under_the_same_key_is_refused(keys: Idempotency) -> None:
    """Whether the first was answered or not."""
    effect = Effect()
    keys.run("key", "payload", effect)

    with pytest.raises(IdempotencyKeyReused):
        keys.run("key", "another", effect)

    assert effect.resumed == [False]


@pytest.mark.requirement(39)
def test_a_request_in_flight_is_told_to_wait(keys: Idempotency) -> None:
    """For as long as the first may take."""

    def act(resumed: bool) -> Outcome:
        keys.clock.advance(timedelta(seconds=10))
        with pytest.raises(RequestInProgress) as refused:
            keys.run("key", "payload", Effect())
        assert refused.value.retry_after == 20
        return Outcome(ANSWER)

    keys.run("key", "payload", act)

    assert keys.run("key", "payload", Effect()).replayed


@pytest.mark.requirement(39)
def test_an_attempt_that_died_frees_its_key_after_the_lease(keys: Idempotency) -> None:
    """The next one is told, so that it can look for what the first has done."""
    effect = Effect(Died())
    with pytest.raises(Died):
        keys.run("key", "payload", effect)
    with pytest.raises(RequestInProgress) as refused:
        keys.run("key", "payload", effect)

    keys.clock.advance(timedelta(seconds=refused.value.retry_after))
    outcome = keys.run("key", "payload", effect)

    assert (outcome.answer, outcome.replayed) == (ANSWER, False)
    assert effect.resumed == [False, True]
    assert refused.value.retry_after == LEASE.total_seconds()


@pytest.mark.parametrize("fault", [Unavailable("x", retry_after=1), TooManyRequests("x")])
def test_what_failed_is_not_kept(keys: Idempotency, fault: Exception) -> None:
    """A retry need not wait, and is told that the first may have had an effect."""
    effect = Effect(fault)
    with pytest.raises(type(fault)):
        keys.run("key", "payload", effect)

    assert keys.run("key", "payload", effect).answer == ANSWER
    assert effect.resumed == [False, True]


def test_what_is_not_worth_keeping_is_done_again(keys: Idempotency) -> None:
    """An outcome can say so."""
    effect = Effect(Outcome(ANSWER, keep=False))
    keys.run("key", "payload", effect)
    keys.run("key", "payload", effect)

    assert effect.resumed == [False, True]


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    keys: Idempotency, fail: Callable[..., None]
) -> None:
    """The request is done; that its answer was not kept is recorded."""
    fail(keys.store, "finish", Unavailable("no answer"))

    assert keys.run("key", "payload", Effect()).answer == ANSWER

    assert keys.audit.seen == [("idempotency_finish", "error")]


def test_a_key_that_cannot_be_freed_hides_no_fault(
    keys: Idempotency, fail: Callable[..., None]
) -> None:
    """What failed is raised, not that its key is held."""
    fail(keys.store, "release", Unavailable("no answer"))

    with pytest.raises(TooManyRequests):
        keys.run("key", "payload", Effect(TooManyRequests("x")))

    assert keys.audit.seen == [("idempotency_release", "error")]


def test_of_two_that_take_over_one_waits(keys: Idempotency, fail: Callable[..., None]) -> None:
    """Both have seen that the lease is over."""
    with pytest.raises(Died):
        keys.run("key", "payload", Effect(Died()))
    keys.clock.advance(LEASE)
    keys.store.take_over = lambda *_: False

    with pytest.raises(RequestInProgress):
        keys.run("key", "payload", Effect())


@pytest.mark.requirement(39)
def test_a_key_is_free_again_when_it_expires(keys: Idempotency) -> None:
    """After 24 hours, as the contract says, for another request too."""
    effect = Effect()
    keys.run("key", "payload", effect)
    keys.clock.advance(LIFETIME)

    assert keys.run("key", "another", effect).replayed is False
    assert timedelta(hours=24) == LIFETIME


def test_a_payload_is_what_was_sent_secrets_included() -> None:
    """Another password is another request."""
    person = {"email": ADA, "first_name": "Ada", "last_name": "O"}
    one = payload_of(models.RegisterUserRequest(password="first password", **person))
    two = payload_of(models.RegisterUserRequest(password="other password", **person))

    assert one != two
    assert "first password" in one


@pytest.fixture
def registration() -> Registration:
    return Registration(ADA, PASSWORD, "Ada", "O'Brien")


@pytest.mark.requirement(39)
def test_an_unheard_registration_is_found_by_its_password(
    domain: Domain, registration: Registration
) -> None:
    """The account is verified by now; no session is left of the proof."""
    profile = domain.verified()

    assert domain.accounts.resume_registration(registration).user_id == profile.user_id
    assert domain.directory.families == {}


def test_an_unheard_registration_without_a_profile_is_healed(
    domain: Domain, registration: Registration
) -> None:
    """It died between its two calls, and the person has entered the mailed code."""
    profile = domain.verified()
    domain.store.remove(profile.user_id, ADA)

    assert domain.accounts.resume_registration(registration).user_id == profile.user_id
    assert domain.works()


@pytest.mark.parametrize("verified", [True, False])
def test_an_account_of_somebody_else_is_not_found(domain: Domain, verified: bool) -> None:
    """Another password, or nothing that a password could prove."""
    if verified:
        domain.verified()
    else:
        domain.register()
    stranger: Any = Registration(ADA, "another password", "Eve", "O'Brien")

    assert domain.accounts.resume_registration(stranger) is None


def test_the_proof_of_a_registration_that_cannot_be_ended_is_recorded(
    domain: Domain, registration: Registration, fail: Callable[..., None]
) -> None:
    """The answer does not wait for it."""
    domain.verified()
    fail(domain.directory, "revoke", Unavailable("no answer"))

    assert domain.accounts.resume_registration(registration) is not None
    assert ("revoke", "error") in domain.events.seen


def test_two_step_verification_is_proof_enough(domain: Domain, registration: Registration) -> None:
    """The password was right; the second step opens sessions, and none is opened here."""
    profile = domain.verified()
    domain.directory.mfa_for(ADA)

    assert domain.accounts.resume_registration(registration).user_id == profile.user_id
