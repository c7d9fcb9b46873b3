"""What the domain may rely on of an `IdempotencyStore`, and what its rows tell."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.aws.clients import Clients
from service.aws.digests import KeyedDigests
from service.domain.idempotency import Answer, Attempt, Kept
from tests.aws.conftest import World

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
ANSWER = Answer(None, {"Location": "/v1/users/profile"}, '{"email":"canary@example.com"}')


@pytest.fixture
def attempt() -> Attempt:
    """The first attempt under a key that nobody has used."""
    ends = NOW + timedelta(seconds=30)
    return Attempt(f"registerUser||{uuid.uuid4()}", "payload", "first", ends, NOW + timedelta(1))


def test_a_free_key_is_taken_once(world: World, attempt: Attempt) -> None:
    """The second attempt is told of the first, and whether it wants the same."""
    second = replace(attempt, owner="second")

    assert world.idempotency.begin(attempt, NOW) is None
    kept = Kept(True, "first", attempt.lease_ends_at, None)
    assert world.idempotency.begin(second, NOW) == kept
    other = world.idempotency.begin(replace(second, payload="other"), NOW)
    assert other == replace(kept, same=False)


def test_a_repeated_write_of_the_same_attempt_is_its_own(world: World, attempt: Attempt) -> None:
    """As when the SDK repeats a call whose answer was lost."""
    assert world.idempotency.begin(attempt, NOW) is None

    assert world.idempotency.begin(attempt, NOW) is None


@pytest.mark.requirement(39)
def test_an_answer_is_kept_as_it_was(world: World, attempt: Attempt) -> None:
    """Status, headers and body, until the key expires; then the key is free again."""
    world.idempotency.begin(attempt, NOW)
    world.idempotency.finish(attempt, ANSWER)
    second = replace(attempt, owner="second")

    kept = world.idempotency.begin(second, attempt.expires_at - timedelta(seconds=1))

    assert kept is not None
    assert kept.answer == ANSWER
    assert world.idempotency.begin(second, attempt.expires_at) is None


def test_an_unanswered_key_is_taken_over_once(world: World, attempt: Attempt) -> None:
    """From the owner that was seen; the former owner can neither answer nor free it."""
    world.idempotency.begin(attempt, NOW)
    second, third = replace(attempt, owner="second"), replace(attempt, owner="third")

    assert world.idempotency.take_over(second, "first") is True
    assert world.idempotency.take_over(third, "first") is False
    world.idempotency.finish(attempt, ANSWER)
    world.idempotency.release(attempt)
    kept = world.idempotency.begin(third, NOW)
    assert kept is not None
    assert (kept.owner, kept.answer) == ("second", None)


def test_an_answered_key_is_not_taken_over(world: World, attempt: Attempt) -> None:
    """The answer came in time after all."""
    world.idempotency.begin(attempt, NOW)
    world.idempotency.finish(attempt, ANSWER)

    assert world.idempotency.take_over(replace(attempt, owner="second"), "first") is False


def test_a_released_key_waits_for_nobody(world: World, attempt: Attempt) -> None:
    """Its lease is over and its payload stays; to release a key that never was is fine."""
    world.idempotency.release(attempt)
    world.idempotency.begin(attempt, NOW)
    world.idempotency.release(attempt)

    kept = world.idempotency.begin(replace(attempt, owner="second"), NOW)

    assert kept is not None
    assert (kept.same, kept.answer) == (True, None)
    assert kept.lease_ends_at < NOW


@pytest.mark.requirement(39)
def test_of_attempts_at_the_same_moment_one_has_the_key(world: World, attempt: Attempt) -> None:
    """Twenty begin and one acts."""
    attempts = [replace(attempt, owner=f"owner{number}") for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        kept = list(pool.map(lambda each: world.idempotency.begin(each, NOW), attempts))

    assert kept.count(None) == 1


def test_what_is_stored_can_be_read_by_nobody(
    adapters: World, clients: Clients, attempt: Attempt
) -> None:
    """Neither key, payload nor answer is in any request to the table."""
    sent: list[str] = []
    clients.dynamodb.meta.events.register(
        "before-send", lambda request, **_: sent.append(bytes(request.body).decode()) or None
    )
    secret = replace(attempt, payload='{"password":"canary-password-x7q"}')

    adapters.idempotency.begin(secret, NOW)
    adapters.idempotency.finish(secret, ANSWER)

    assert len(sent) == 2
    for clear in ("canary", attempt.key, "registerUser", "Location"):
        assert clear not in "".join(sent)


def test_a_digest_is_recognised_under_every_key_that_is_not_retired() -> None:
    """A new first key makes new digests and knows the old ones; purposes are apart."""
    old = KeyedDigests({"k1": bytes(32)})
    both = KeyedDigests({"k2": bytes(range(32)), "k1": bytes(32)})
    digest = old.make("payload", "text")

    assert both.matches(digest, "payload", "text")
    assert not both.matches(digest, "payload", "other text")
    assert not both.matches(digest, "limit", "text")
    assert not KeyedDigests({"k2": bytes(range(32))}).matches(digest, "payload", "text")
    assert both.make("payload", "text").startswith("k2.")
