"""Who may do what: every operation, every kind of caller. A new operation has to be added here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from service.aws.accounts import DynamoAccounts
from service.aws.clients import Clients
from service.aws.table import Table
from service.operations import OPERATIONS
from service.settings import Settings
from tests.api.conftest import ADA, BOB, PASSWORD, Api, SignedIn, problem, session_id
from tests.authenticator import Authenticator


def enrolling(api: Api, session: SignedIn) -> dict[str, str]:
    """Set an authenticator up and return its first code."""
    setup = api.post("/auth/mfa/setup", headers=session.headers).json()
    return {"code": Authenticator(setup["otpauthUri"]).code()}


NEW = "new@example.com"


def asked(api: Api, session: SignedIn) -> dict[str, str]:
    """Ask for another address and return the code that was mailed to it."""
    api.change_email(session, NEW)
    return {"code": api.aws.code_for(NEW)}


def enrolled(api: Api, session: SignedIn) -> dict[str, str]:
    """Switch two-step verification on."""
    api.enrol(session)
    return {}


@dataclass(frozen=True)
class Probe:
    """A request that succeeds for whoever is signed in, on their own account.

    `{sessionId}` in a path stands for the caller's own session. `prepared` makes the world that is
    needed, as the caller, and returns what belongs into the body.
    """

    method: str
    path: str
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    prepared: Callable[[Api, SignedIn], dict[str, str]] = lambda _api, _session: {}


BEARER = {
    "logoutUser": Probe("POST", "/auth/logout", 204),
    "listSessions": Probe("GET", "/auth/sessions", 200),
    "revokeSession": Probe("DELETE", "/auth/sessions/{sessionId}", 204),
    "logoutEverywhere": Probe("POST", "/auth/logout-all", 204),
    "setupMfa": Probe("POST", "/auth/mfa/setup", 200),
    "verifyMfaSetup": Probe(
        "POST", "/auth/mfa/verify-setup", 200, {"code": "123456"}, prepared=enrolling
    ),
    "disableMfa": Probe("POST", "/auth/mfa/disable", 200, {"password": PASSWORD}),
    "regenerateRecoveryCodes": Probe(
        "POST", "/auth/mfa/recovery-codes", 200, {"password": PASSWORD}, prepared=enrolled
    ),
    "changePassword": Probe(
        "POST",
        "/auth/password/change",
        204,
        {"currentPassword": PASSWORD, "newPassword": "a brand new phrase"},
    ),
    "getUserProfile": Probe("GET", "/users/profile", 200),
    "updateUserProfile": Probe("PATCH", "/users/profile", 200, {"firstName": "Changed"}),
    "exportUserData": Probe("GET", "/users/profile/export", 200),
    "changeEmail": Probe(
        "POST", "/users/profile/email", 202, {"newEmail": NEW, "password": PASSWORD}
    ),
    "verifyNewEmail": Probe(
        "POST", "/users/profile/email/verify", 200, {"code": "123456"}, prepared=asked
    ),
    "deleteUser": Probe("POST", "/users/profile/delete", 204, {"password": PASSWORD}),
}
PUBLIC = {
    "getHealth",
    "getReadiness",
    "registerUser",
    "verifyEmail",
    "resendVerification",
    "loginUser",
    "refreshToken",
    "verifyMfa",
    "recoverMfa",
    "requestPasswordReset",
    "confirmPasswordReset",
}


@dataclass(frozen=True)
class Caller:
    """Somebody who calls, and the accounts of two people to look at afterwards."""

    kind: str
    session: SignedIn | None
    ada: SignedIn
    bob: SignedIn


@pytest.fixture(params=["anonymous", "owner", "other user", "signed out"])
def caller(request: pytest.FixtureRequest, api: Api) -> Caller:
    """Ada owns what is asked for; the others are nobody, Bob, and Ada after signing out."""
    ada, watching, bob = api.signed_in(ADA), api.sign_in(ADA), api.signed_in(BOB)
    sessions = {"anonymous": None, "owner": ada, "other user": bob, "signed out": ada}
    if request.param == "signed out":
        api.logout(ada)
    return Caller(request.param, sessions[request.param], watching, bob)


@pytest.mark.requirement(32)
@pytest.mark.requirement(9)
@pytest.mark.parametrize("operation", BEARER)
def test_everybody_reaches_their_own_and_nobody_elses(
    api: Api, caller: Caller, operation: str, clients: Clients, settings: Settings
) -> None:
    """Anonymous and signed out: 401. Bob: his own account changes and Ada's does not."""
    probe, store = BEARER[operation], DynamoAccounts(Table(clients.dynamodb, settings.table))
    signed_in = caller.kind in ("owner", "other user")
    body = probe.body
    if caller.session and signed_in:
        body = {**(body or {}), **probe.prepared(api, caller.session)} or None
    people = [person.user["userId"] for person in (caller.ada, caller.bob)]
    before = {user_id: store.load(user_id) for user_id in people}
    headers = caller.session.headers if caller.session else {}

    path = probe.path.replace(
        "{sessionId}", session_id((caller.session or caller.ada).access_token)
    )
    response = api.request(probe.method, path, json=body, headers=headers)

    after = {user_id: store.load(user_id) for user_id in people}
    if signed_in:
        assert response.status_code == probe.status, response.text
        mine = caller.session.user["userId"]
        assert probe.method != "PATCH" or after[mine].first_name == "Changed"
        before.pop(mine)
    else:
        problem(response, 401, "UNAUTHORIZED")
    assert all(after[user_id] == profile for user_id, profile in before.items())
    own, other = (caller.ada, caller.bob) if caller.kind == "owner" else (caller.bob, caller.ada)
    assert api.profile(other).status_code == 200
    if operation in ("logoutEverywhere", "deleteUser") and signed_in:
        assert api.profile(own).status_code == 401


@pytest.mark.requirement(9)
def test_every_operation_is_in_one_of_the_two_lists(bundle: dict[str, Any]) -> None:
    """Operations = contract = this table, and the contract says the same of each."""
    contract = bundle["operations"]
    guarded = {name for name, operation in contract.items() if operation["scheme"]}

    assert guarded == set(BEARER)
    assert contract.keys() - guarded == PUBLIC
    assert contract.keys() == OPERATIONS.keys()


def test_the_table_asks_what_the_contract_describes(bundle: dict[str, Any]) -> None:
    """Each probe is the operation it is named after, and ends in its success."""
    paths = bundle["document"]["paths"]
    for name, probe in BEARER.items():
        described = paths[probe.path][probe.method.lower()]

        assert described["operationId"] == name
        assert str(probe.status) in described["responses"]
