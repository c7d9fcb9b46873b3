"""Where a stage's HTTP API is reached, and one request to it."""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from ci import github


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: Message = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get_content_type()

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


def base_url() -> str:
    """Return the URL under which the contract's paths lie, without the version prefix.

    An emulator (AWS_ENDPOINT_URL) serves the API under a path of its own, because its host names
    resolve nowhere. Anything else must be HTTPS.
    """
    if emulator := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{emulator}/_aws/execute-api/{github.setting('API_ID')}/$default"
    endpoint = github.setting("API_ENDPOINT").rstrip("/")
    if not endpoint.startswith("https://"):
        raise SystemExit(f"{endpoint} is not an HTTPS address.")
    return endpoint


def get(path: str, timeout: float = 10.0) -> Answer:
    """Send one GET request; every status is an answer, only a broken connection raises."""
    request = urllib.request.Request(  # noqa: S310  (base_url admits HTTPS, or the tests' emulator)
        base_url() + path, headers={"Accept": "application/json, application/problem+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310  (as above)
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
