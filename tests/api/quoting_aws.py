"""An AWS that repeats in its errors what it was sent, as a library or a service might."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from urllib3 import HTTPHeaderDict

from service.aws.clients import Clients


class QuotingAws:
    """Answers the n-th call with an error that repeats the request, as a library might."""

    def __init__(self, clients: Clients) -> None:
        self.fail = 0
        self.how: Callable[[Any, str], Any] = answered(400, "ValidationException")
        self._calls = 0
        self.reached = False
        for client in (clients.cognito, clients.dynamodb, clients.mail):
            client.meta.events.register("before-send", self._answer)

    @contextmanager
    def failing(self, number: int, how: Callable[[Any, str], Any]) -> Iterator[None]:
        """Fail one call of the block; `reached` tells afterwards whether there was one."""
        self.fail, self.how, self._calls = number, how, 0
        yield
        self.reached = self._calls >= number
        self.fail = 0

    def _answer(self, request: Any, **_: object) -> Any:
        if not self.fail:
            return None
        self._calls += 1
        if self._calls != self.fail:
            return None
        body = request.body
        return self.how(request, body.decode() if isinstance(body, bytes) else str(body))


class _Content:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


def answered(status: int, code: str) -> Callable[[Any, str], Any]:
    """Return an AWS error whose message is the request."""

    def answer(request: Any, body: str) -> AWSResponse:
        content = json.dumps({"__type": code, "message": body}).encode()
        headers = HTTPHeaderDict({"x-amzn-errortype": code})
        return AWSResponse(request.url, status, headers, _Content(content))

    return answer


def garbled(request: Any, body: str) -> AWSResponse:
    """Answer 200 with something that is not JSON and holds the request."""
    return AWSResponse(request.url, 200, HTTPHeaderDict(), _Content(f"<html>{body}".encode()))


def raised(_: Any, body: str) -> AWSResponse:
    """Fail as nobody foresaw."""
    raise ValueError(f"cannot send {body}")


HOW = {
    "ValidationException": answered(400, "ValidationException"),
    "InvalidParameterException": answered(400, "InvalidParameterException"),
    "InvalidPasswordException": answered(400, "InvalidPasswordException"),
    "NotAuthorizedException": answered(400, "NotAuthorizedException"),
    "a code nobody knows": answered(400, "CanaryException"),
    "a garbled answer": garbled,
    "an exception": raised,
}
