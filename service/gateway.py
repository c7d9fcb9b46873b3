"""API Gateway's Lambda events as ASGI requests, and ASGI responses as what it expects back.

Payload format 2.0 of HTTP APIs is what the deployment uses; 1.0 (REST APIs, older integrations) is
understood too. The formats: docs.aws.amazon.com/apigateway, "Create AWS Lambda proxy integrations
for HTTP APIs".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

RESPONSE_LIMIT: Final = 6_291_556
"""Bytes of JSON that Lambda takes as the result of a synchronous invocation."""

Headers = list[tuple[bytes, bytes]]


class MalformedEventError(ValueError):
    """Raised when an event is not a request of API Gateway; its text never quotes the event."""


class UnusableResponseError(ValueError):
    """Raised when a response is incomplete, or so large that Lambda would answer in its place."""


class Connection:
    """One request as an ASGI scope and its two channels, of which neither ever waits."""

    __slots__ = ("_complete", "_multi_value", "_unread", "body", "headers", "scope", "status")

    def __init__(self, scope: dict[str, Any], body: bytes, *, multi_value: bool) -> None:
        self.scope = scope
        self._unread: bytes | None = body
        self._multi_value = multi_value
        self._complete = False
        self.status = 0
        self.headers: Headers = []
        self.body = b""

    async def receive(self) -> dict[str, Any]:
        """Return the whole body once, then say that the client has left, as ASGI asks for."""
        body, self._unread = self._unread, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Keep the response, in however many pieces it comes."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        else:
            self.body += message.get("body", b"")
            self._complete = not message.get("more_body", False)

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return another response in place of the application's."""
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.status, self.headers, self.body, self._complete = status, raw, body, True
        return self.result()

    def result(self) -> dict[str, Any]:
        """Return the response in the event's format. Raises `UnusableResponseError`."""
        if not self.status or not self._complete:
            raise UnusableResponseError("the application has not finished its response")
        # A response to HEAD has no content (RFC 9110, 9.3.2); a server would leave it out too.
        body = b"" if self.scope["method"] == "HEAD" else self.body
        result: dict[str, Any] = {"statusCode": self.status, **_text_or_base64(body)}
        if self._multi_value:
            result["multiValueHeaders"] = _grouped(self.headers)
        else:
            result["headers"], cookies = _joined(self.headers)
            if cookies:
                result["cookies"] = cookies
        # JSON writes a byte as six characters at most; only a large body is worth measuring.
        if len(self.body) > RESPONSE_LIMIT // 7 and len(json.dumps(result)) > RESPONSE_LIMIT:
            raise UnusableResponseError(f"a response of {len(self.body)} bytes")
        return result


def connection(event: Any) -> Connection:
    """Return the request that an event holds. Raises `MalformedEventError`."""
    try:
        read = _read_2 if event.get("version") == "2.0" else _read_1
        return read(event)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise MalformedEventError("This is not a request of API Gateway.") from fault


def _read_2(event: Mapping[str, Any]) -> Connection:
    context = event["requestContext"]
    http = context["http"]
    # Values of a repeated header arrive joined by commas, as RFC 9110 section 5.3 allows. Two
    # Authorization headers are therefore no credentials at all, and refused as such.
    headers = _raw(event.get("headers", {}).items())
    cookies = event.get("cookies")
    if cookies:
        headers = [pair for pair in headers if pair[0] != b"cookie"]
        headers.append((b"cookie", "; ".join(cookies).encode()))
    scope = _scope(
        method=http["method"],
        path=_without_stage(event["rawPath"], context.get("stage")),
        query=event.get("rawQueryString", ""),
        source=http["sourceIp"],
        headers=headers,
    )
    return Connection(scope, _body(event), multi_value=False)


def _read_1(event: Mapping[str, Any]) -> Connection:
    context = event["requestContext"]
    path = event["path"]
    # An HTTP API leaves the stage in the path; a REST API has it in the context's path only.
    if context.get("path") == path:
        path = _without_stage(path, context.get("stage"))
    many = event.get("multiValueHeaders")
    pairs = (
        event["headers"].items()
        if many is None
        else ((name, value) for name, values in many.items() for value in values)
    )
    query = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}
    scope = _scope(
        method=event["httpMethod"],
        path=path,
        query=urlencode(query, doseq=True, quote_via=quote),
        source=context["identity"]["sourceIp"],
        headers=_raw(pairs),
    )
    return Connection(scope, _body(event), multi_value=True)


def _scope(*, method: str, path: str, query: str, source: str, headers: Headers) -> dict[str, Any]:
    if not all(isinstance(value, str) for value in (method, path, query, source)):
        raise TypeError("a part of the request is not text")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "https",
        # API Gateway has decoded every escape but %25, so this decodes nothing twice.
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        # The address that API Gateway saw. X-Forwarded-For is whatever the client wrote into it.
        "client": (source, 0),
        "server": None,
    }


def _without_stage(path: str, stage: str | None) -> str:
    """Return the path below a named stage; `$default` leaves no trace in it."""
    prefix = f"/{stage}"
    if stage and (path == prefix or path.startswith(prefix + "/")):
        return path[len(prefix) :] or "/"
    return path


def _raw(pairs: Iterable[tuple[str, str]]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in pairs]


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(body, validate=True)
    # Half of a surrogate pair is no text; its bytes are no UTF-8, and the contract engine says so.
    encoded: bytes = body.encode("utf-8", "surrogatepass")
    return encoded


def _text_or_base64(body: bytes) -> dict[str, Any]:
    """Return the body as it is where it is UTF-8: API Gateway writes it back byte for byte."""
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _joined(headers: Headers) -> tuple[dict[str, str], list[str]]:
    """Return headers with one value each, and apart the cookies, which no comma may join."""
    joined: dict[str, str] = {}
    cookies = []
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "set-cookie":
            cookies.append(value)
        else:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined, cookies


def _grouped(headers: Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return grouped
