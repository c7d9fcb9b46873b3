"""Schemathesis as a signed-in user, who comes back whatever a case did to session or account.

Schemathesis loads this module by SCHEMATHESIS_HOOKS; FUZZ_SERVER is the server to sign in at.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
import uuid
from typing import Any

import schemathesis

SERVER = os.environ["FUZZ_SERVER"]
PASSWORD = "correct horse battery"


def call(path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    """Send JSON to the server and return what it answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(SERVER + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """The bearer token of an account of this run.

    A case may sign out, change the password, switch the second factor on or delete the account: the
    next case signs in again, or gets another account.
    """

    def __init__(self) -> None:
        self.open_an_account()

    def open_an_account(self) -> None:
        """Register, prove the address and sign in."""
        self.email = f"fuzz-{uuid.uuid4()}@example.com"
        person = {"email": self.email, "password": PASSWORD, "firstName": "F", "lastName": "Z"}
        call("/v1/auth/register", person)
        code = call(f"/dev/mailbox.json?to={self.email}")[0]["code"]
        call("/v1/auth/email/verify", {"email": self.email, "code": code})
        self.sign_in()

    def sign_in(self) -> None:
        """Open a session. Raises `KeyError` if a code is asked for, HTTPError if it is refused."""
        person = {"email": self.email, "password": PASSWORD}
        self.token = str(call("/v1/auth/login", person)["accessToken"])

    def get(self, case: schemathesis.Case, ctx: schemathesis.AuthContext) -> str:
        """Return a token that works now."""
        try:
            call("/v1/users/profile", token=self.token)
        except urllib.error.HTTPError:
            try:
                self.sign_in()
            except (KeyError, urllib.error.HTTPError):
                self.open_an_account()
        return self.token

    def set(self, case: schemathesis.Case, data: str, ctx: schemathesis.AuthContext) -> None:
        """Put the token where the contract wants it."""
        case.headers["Authorization"] = f"Bearer {data}"
