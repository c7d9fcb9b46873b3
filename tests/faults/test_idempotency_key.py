"""A registration under an Idempotency-Key with a fault at every AWS call: its retry succeeds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service import models
from service.contract import Reply, Request
from service.domain.errors import DomainError, RegistrationInProgress, RequestInProgress
from service.domain.idempotency import LEASE
from service.operations import bind
from tests.faults.conftest import PASSWORD, World, report
from tests.faults.harness import sweep

pytestmark = pytest.mark.requirement(39)


def register(world: World) -> Reply:
    """Send the same registration under the same key, as a client does that heard no answer."""
    body = models.RegisterUserRequest(
        email=world.email, password=PASSWORD, first_name="Ada", last_name="O'Brien"
    )
    key = {"idempotency-key": f"key-of-{world.email}"}
    request = Request("id", "registerUser", "POST", "/v1/auth/register", headers=key)
    handler = bind(world.services)["registerUser"]
    reply: Reply = handler(body=body, request=request)
    return reply


def retried(world: World) -> Reply:
    """Retry as long and as often as the answers say."""
    for _ in range(3):
        try:
            return register(world)
        except (RequestInProgress, RegistrationInProgress) as refused:
            wait = refused.retry_after or LEASE.total_seconds() * 2
        if wait > LEASE.total_seconds():
            raise AssertionError("told to wait for longer than an attempt may take")
        world.clock.ahead += timedelta(seconds=wait)
    raise AssertionError("told to wait three times")


def id_of(reply: Reply) -> str:
    body = reply.body.decode() if isinstance(reply.body, bytes) else reply.body.model_dump_json()
    return models.RegisteredUser.model_validate_json(body).user_id


@pytest.mark.parametrize("verified", [False, True], ids=["unverified", "verified meanwhile"])
def test_a_retry_after_any_fault_is_told_of_a_success(world: World, verified: bool) -> None:
    """Never that its own address is taken, whenever the first attempt died; the account works."""

    def verdict(world: World, outcome: object) -> str:
        assert not isinstance(outcome, Exception) or isinstance(outcome, DomainError)
        if verified and world.services.sessions.directory.find(world.email):
            world.verify()
        reply = retried(world)
        told, replayed = id_of(reply), "Idempotent-Replayed" in reply.headers
        user = world.services.sessions.directory.find(world.email)
        assert user is not None
        assert user.user_id == told
        answered = not isinstance(outcome, BaseException)
        # An answer that could not be kept is found again by the account, once that is verified.
        if answered and (verified or replayed):
            assert id_of(outcome) == told, "a second account for a request that was answered"
        if not user.confirmed:
            world.verify()
        assert world.login().profile.user_id == told
        return "replayed" if replayed else "works"

    rows = sweep(world.faults, world.newcomer, register, verdict)

    answered = [row for row in rows if row.outcome == "done"]
    unkept = {str(row.fault)[:13] for row in answered if row.verdict != "replayed"}
    assert unkept == {"before call 6"}, "the last write alone may lose a kept answer"
    report(f"registerUser under a key, {verified=}", rows)
    assert {row.call for row in rows} == {
        "dynamodb:UpdateItem", "dynamodb:PutItem", "cognito-idp:SignUp",
        "dynamodb:TransactWriteItems",
    }  # fmt: skip
