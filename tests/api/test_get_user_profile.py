"""getUserProfile."""

from __future__ import annotations

import pytest

from service.aws.accounts import address_key, user_key
from service.aws.clients import Clients
from service.aws.table import Table
from service.settings import Settings
from tests.api.conftest import ADA, BOB, Api, MovableClock, problem
from tests.faults.harness import Fault, FaultInjector


@pytest.mark.requirement(31)
def test_it_returns_what_is_stored(api: Api) -> None:
    """The answer is exactly the contract's; what was never given is left out."""
    session = api.signed_in()

    response = api.profile(session)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["etag"] == '"2"'
    body = response.json()
    assert body == session.user
    assert body["email"] == ADA
    assert None not in body.values()
    assert body["createdAt"].endswith("Z")
    assert body["updatedAt"].endswith("Z")


@pytest.mark.requirement(32)
def test_everybody_reads_their_own(api: Api) -> None:
    """A token leads to its own account and to no other."""
    ada, bob = api.signed_in(ADA), api.signed_in(BOB)

    assert api.profile(ada).json()["email"] == ADA
    assert api.profile(bob).json()["email"] == BOB


@pytest.mark.requirement(17)
def test_an_idle_session_reads_nothing(api: Api, clock: MovableClock) -> None:
    """The row is still there and counts no more."""
    session = api.signed_in()
    clock.advance(days=14, minutes=1)

    problem(api.profile(session), 401, "UNAUTHORIZED")


@pytest.mark.requirement(19)
def test_a_deleted_account_reads_nothing(api: Api, clients: Clients, settings: Settings) -> None:
    """A session whose profile is gone is over."""
    session = api.signed_in()
    table = Table(clients.dynamodb, settings.table)
    table.delete(user_key(session.user["userId"]))
    table.delete(address_key(ADA))

    problem(api.profile(session), 401, "UNAUTHORIZED")


@pytest.mark.requirement(38)
def test_an_outage_is_503(api: Api, faults: FaultInjector) -> None:
    """And not a 401, which would sign the client out."""
    session = api.signed_in()
    with faults.injected(Fault(1, "before", "server-error")):
        response = api.profile(session)

    problem(response, 503, "SERVICE_UNAVAILABLE")
    assert int(response.headers["retry-after"]) > 0
