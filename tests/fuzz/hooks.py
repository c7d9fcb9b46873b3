"""Schemathesis as a signed-in user: one account, and a session that a sign-out cannot end for all.

Schemathesis loads this module by SCHEMATHESIS_HOOKS; FUZZ_SERVER is the server to sign in at.
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from typing import Any

import schemathesis

SERVER = os.environ["FUZZ_SERVER"]
PASSWORD = "correct horse battery"
# What ends the session it is called with; each such call gets a session of its own.
ENDS_ITS_SESSION = {"logoutUser", "logoutEverywhere", "revokeSession"}


def call(path: str, body: dict[str, Any] | None = None) -> Any:
    """Send JSON to the server and return what it answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SERVER + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """The bearer token of an account that this run has opened."""

    def __init__(self) -> None:
        self.email = f"fuzz-{uuid.uuid4()}@example.com"
        person = {"email": self.email, "password": PASSWORD, "firstName": "F", "lastName": "Z"}
        call("/v1/auth/register", person)
        code = call(f"/dev/mailbox.json?to={self.email}")[0]["code"]
        call("/v1/auth/email/verify", {"email": self.email, "code": code})
        self.token = self.sign_in()

    def sign_in(self) -> str:
        """Open a session and return its access token."""
        person = {"email": self.email, "password": PASSWORD}
        return str(call("/v1/auth/login", person)["accessToken"])

    def get(self, case: schemathesis.Case, ctx: schemathesis.AuthContext) -> str:
        """Return the token for one request."""
        operation = case.operation.definition.raw.get("operationId")
        return self.sign_in() if operation in ENDS_ITS_SESSION else self.token

    def set(self, case: schemathesis.Case, data: str, ctx: schemathesis.AuthContext) -> None:
        """Put the token where the contract wants it."""
        case.headers["Authorization"] = f"Bearer {data}"
