"""What the domain may rely on of a `RateLimits`, and what its rows tell."""

from __future__ import annotations

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from service.aws.clients import Clients
from service.domain.limits import Limit
from tests.aws.conftest import World

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
LIMIT = Limit(3, timedelta(minutes=15))


@pytest.fixture
def subject() -> str:
    """Somebody whom nobody has counted."""
    return f"{uuid.uuid4()}@example.com"


@pytest.mark.requirement(7)
def test_a_window_takes_its_quota_and_no_more(world: World, subject: str) -> None:
    """Each attempt is counted until the window is full; what is refused is not counted."""
    taken = [world.limits.take("login", subject, LIMIT, NOW) for _ in range(5)]

    assert [each.admitted for each in taken] == [True, True, True, False, False]
    assert [each.used for each in taken] == [1, 2, 3, 3, 3]
    assert {each.ends_at for each in taken} == {taken[0].ends_at}
    assert NOW < taken[0].ends_at <= NOW + LIMIT.window


@pytest.mark.requirement(7)
def test_a_full_window_ends_by_itself(world: World, subject: str) -> None:
    """At its end, however often it was hammered, the next window is empty."""
    taken = [world.limits.take("login", subject, LIMIT, NOW) for _ in range(20)][-1]
    just_before = taken.ends_at - timedelta(milliseconds=1)

    refused = world.limits.take("login", subject, LIMIT, just_before)
    admitted = world.limits.take("login", subject, LIMIT, taken.ends_at)

    assert refused.admitted is False
    assert (admitted.admitted, admitted.used) == (True, 1)
    assert admitted.ends_at == taken.ends_at + LIMIT.window


def test_counters_and_subjects_are_apart(world: World, subject: str) -> None:
    """One's attempts are not another's, nor those of another kind."""
    for _ in range(3):
        world.limits.take("login", subject, LIMIT, NOW)

    assert world.limits.take("register", subject, LIMIT, NOW).used == 1
    assert world.limits.take("login", f"x{subject}", LIMIT, NOW).used == 1


@pytest.mark.requirement(14)
def test_attempts_at_the_same_moment_are_counted_one_by_one(world: World, subject: str) -> None:
    """Of fifty in parallel exactly the quota is admitted."""
    ten = Limit(10, timedelta(hours=1))
    with ThreadPoolExecutor(50) as pool:
        taken = list(pool.map(lambda _: world.limits.take("c", subject, ten, NOW), range(50)))

    admitted = sorted(each.used for each in taken if each.admitted)
    assert admitted == list(range(1, 11))


def test_a_lowered_limit_holds_at_once(world: World, subject: str) -> None:
    """A window that has more than a new quota admits nobody."""
    for _ in range(3):
        world.limits.take("login", subject, LIMIT, NOW)

    assert world.limits.take("login", subject, Limit(2, LIMIT.window), NOW).admitted is False


def test_what_is_stored_tells_nobody_who_tried(
    adapters: World, clients: Clients, subject: str
) -> None:
    """No address in clear, nor its plain digest; the row goes by DynamoDB's TTL at its end."""
    sent: list[str] = []
    clients.dynamodb.meta.events.register(
        "before-send", lambda request, **_: sent.append(bytes(request.body).decode()) or None
    )

    taken = adapters.limits.take("login", subject, LIMIT, NOW)

    assert len(sent) == 1
    assert subject.partition("@")[0] not in sent[0]
    assert hashlib.sha256(subject.encode()).hexdigest() not in sent[0]
    assert f'"N": "{int(taken.ends_at.timestamp())}"' in sent[0]
    assert "expiresAt" in sent[0]
