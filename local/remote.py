"""Asks a running embedded AWS for its mails and its resets, over its loopback port."""

from __future__ import annotations

import http.client
import json
from typing import Any

from local.mailbox import Mail, mails_of


class Remote:
    """An embedded AWS that some process runs."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def endpoint(self) -> str:
        """The address of every AWS service."""
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Forget users, rows and mails; pool, client, table, credentials and keys stay."""
        self.call("POST", "/_local/reset")

    def mails(self, to: str | None = None) -> list[Mail]:
        """Return the mails that were sent, newest first, to one address if `to` is given."""
        return mails_of(self.call("GET", "/_ministack/ses/messages"), to)

    def code_for(self, address: str) -> str:
        """Return the newest code mailed to an address. Raises LookupError when there is none."""
        for mail in self.mails(address):
            if mail["code"]:
                return mail["code"]
        raise LookupError(f"no code was mailed to {address}")

    def age_codes(self, seconds: float) -> None:
        """Make every mailed code that much older, as if the time had passed."""
        self.call("POST", "/_local/age-codes", {"seconds": seconds})

    def call(self, method: str, path: str, document: object = None) -> Any:
        """Send one request of ours to the process. Raises OSError when it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"{method} {path} answered {answer.status}: {content[:200]!r}")
        return json.loads(content) if answer.headers["Content-Type"] == "application/json" else None
