"""Who may do what: every operation, every kind of caller. A new operation has to be added here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from service.operations import OPERATIONS
from tests.api.conftest import ADA, BOB, Api, SignedIn, problem, session_id


@dataclass(frozen=True)
class Probe:
    """A request that succeeds for whoever is signed in, on their own account.

    `{sessionId}` in a path stands for the caller's own session.
    """

    method: str
    path: str
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


BEARER = {
    "logoutUser": Probe("POST", "/auth/logout", 204),
    "listSessions": Probe("GET", "/auth/sessions", 200),
    "revokeSession": Probe("DELETE", "/auth/sessions/{sessionId}", 204),
    "logoutEverywhere": Probe("POST", "/auth/logout-all", 204),
    "getUserProfile": Probe("GET", "/users/profile", 200),
    "updateUserProfile": Probe("PATCH", "/users/profile", 200, {"firstName": "Changed"}),
}
PUBLIC = {
    "getHealth",
    "getReadiness",
    "registerUser",
    "verifyEmail",
    "resendVerification",
    "loginUser",
    "refreshToken",
}


@dataclass(frozen=True)
class Caller:
    """Somebody who calls, and the accounts of two people to look at afterwards."""

    kind: str
    headers: dict[str, str]
    ada: SignedIn
    bob: SignedIn

    @property
    def session_id(self) -> str:
        """The session the caller's token belongs to; nobody has Ada's to try."""
        token = self.headers.get("Authorization", self.ada.headers["Authorization"])
        return session_id(token.removeprefix("Bearer "))


@pytest.fixture(params=["anonymous", "owner", "other user", "signed out"])
def caller(request: pytest.FixtureRequest, api: Api) -> Caller:
    """Ada owns what is asked for; the others are nobody, Bob, and Ada after signing out."""
    ada, watching_ada, bob = api.signed_in(ADA), api.sign_in(ADA), api.signed_in(BOB)
    headers = {
        "anonymous": {},
        "owner": ada.headers,
        "other user": bob.headers,
        "signed out": ada.headers,
    }
    if request.param == "signed out":
        api.logout(ada)
    watching_bob = api.sign_in(BOB)
    return Caller(request.param, headers[request.param], watching_ada, watching_bob)


@pytest.mark.requirement(32)
@pytest.mark.requirement(9)
@pytest.mark.parametrize("operation", BEARER)
def test_everybody_reaches_their_own_and_nobody_elses(
    api: Api, caller: Caller, operation: str
) -> None:
    """Anonymous and signed out: 401. Bob: his own account changes and Ada's does not."""
    probe = BEARER[operation]

    path = probe.path.replace("{sessionId}", caller.session_id)
    response = api.request(probe.method, path, json=probe.body, headers=caller.headers)

    if caller.kind in ("anonymous", "signed out"):
        problem(response, 401, "UNAUTHORIZED")
    else:
        assert response.status_code == probe.status
    if operation == "logoutEverywhere" and response.is_success:
        ended, kept = (
            (caller.ada, caller.bob) if caller.kind == "owner" else (caller.bob, caller.ada)
        )
        assert api.profile(ended).status_code == 401
        assert api.profile(kept).status_code == 200
        return
    ada, bob = api.profile(caller.ada), api.profile(caller.bob)
    changes = probe.method == "PATCH"
    assert ada.json()["firstName"] == ("Changed" if changes and caller.kind == "owner" else "Ada")
    assert bob.json()["firstName"] == (
        "Changed" if changes and caller.kind == "other user" else "Ada"
    )
    assert (ada.json()["email"], bob.json()["email"]) == (ADA, BOB)


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
