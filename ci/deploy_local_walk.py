"""A person's way through the deployed API: register, verify, sign in, read, refresh, sign out."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Callable
from typing import Any

PASSWORD = "a " + secrets.token_hex(12)


class WalkFailed(Exception):
    """Raised when an answer is not the one that the contract promises."""


class Visitor:
    """Sends requests to one emulated HTTP API, which is chosen by the host name."""

    def __init__(self, port: int, api_id: str) -> None:
        self._port = port
        self._host = f"{api_id}.execute-api.localhost:{port}"

    def send(
        self,
        method: str,
        path: str,
        expected: int,
        body: object = None,
        token: str | None = None,
    ) -> Any:
        """Send a request and return the answer's document. Raises `WalkFailed`."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Host": self._host, "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is None:
            del headers["Content-Type"]
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, f"/v1{path}", content, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != expected:
            raise WalkFailed(f"{method} {path}: {answer.status} instead of {expected}: {text}")
        return json.loads(text) if text else None


def walk(visitor: Visitor, code_for: Callable[[str], str]) -> int:
    """Go the whole way and return the number of requests. Raises `WalkFailed`."""
    email = f"{secrets.token_hex(6)}@example.com"
    person = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
    visitor.send("GET", "/health", 200)
    visitor.send("GET", "/health/ready", 200)
    visitor.send("POST", "/auth/register", 201, person)
    visitor.send("POST", "/auth/login", 403, {"email": email, "password": PASSWORD})
    visitor.send("POST", "/auth/email/verify", 200, {"email": email, "code": code_for(email)})
    tokens = visitor.send("POST", "/auth/login", 200, {"email": email, "password": PASSWORD})
    profile = visitor.send("GET", "/users/profile", 200, token=tokens["accessToken"])
    if profile["email"] != email:
        raise WalkFailed(f"The profile is {profile['email']}'s.")
    fresh = visitor.send("POST", "/auth/refresh", 200, {"refreshToken": tokens["refreshToken"]})
    visitor.send("POST", "/auth/logout", 204, token=fresh["accessToken"])
    visitor.send("GET", "/users/profile", 401, token=fresh["accessToken"])
    visitor.send("POST", "/auth/login", 401, {"email": email, "password": "not " + PASSWORD})
    return 11
