"""Requests as API Gateway hands them to a function, and the function's results as responses."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import httpx

EVENTS = Path(__file__).with_name("events")
SOURCE = "198.51.100.7"

# HTTP APIs hand these on as text and everything else as base64.
_TEXT = re.compile(r"text/|application/(json|javascript|xml|[^;]+\+(json|xml))")


def recorded(name: str) -> dict[str, Any]:
    """Return one of the recorded events."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def event_2(request: httpx.Request, stage: str = "$default") -> dict[str, Any]:
    """Return a request in payload format 2.0."""
    grouped = _grouped(request.headers)
    cookies = "; ".join(grouped.pop("cookie", [])).split("; ")
    path = _decoded(request.url.raw_path.partition(b"?")[0])
    if stage != "$default":
        path = f"/{stage}{path}"
    body = _body(request)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.url.query.decode(),
        **({"cookies": cookies} if cookies != [""] else {}),
        "headers": {name: ",".join(values) for name, values in grouped.items()},
        "requestContext": {
            "http": {"method": request.method, "path": path, "sourceIp": SOURCE},
            "stage": stage,
        },
        **body,
    }


def event_1(request: httpx.Request) -> dict[str, Any]:
    """Return a request in payload format 1.0, as a REST API sends it."""
    grouped = _grouped(request.headers)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.url.query.decode(), keep_blank_values=True):
        query.setdefault(name, []).append(value)
    path = _decoded(request.url.raw_path.partition(b"?")[0])
    return {
        "path": path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in grouped.items()},
        "multiValueHeaders": grouped,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": {
            "path": f"/live{path}",
            "stage": "live",
            "identity": {"sourceIp": SOURCE},
        },
        "body": None,
        **_body(request),
    }


def response(result: Mapping[str, Any]) -> httpx.Response:
    """Return what a client of API Gateway gets for a result in either format."""
    headers = list((result.get("headers") or {}).items())
    headers += [("set-cookie", cookie) for cookie in result.get("cookies", ())]
    for name, values in result.get("multiValueHeaders", {}).items():
        headers += [(name, value) for value in values]
    body = result["body"]
    content = base64.b64decode(body) if result["isBase64Encoded"] else body.encode()
    return httpx.Response(result["statusCode"], headers=headers, content=content)


def _decoded(path: bytes) -> str:
    """Decode every escape but %25, as HTTP APIs do."""
    pieces = path.split(b"%25")
    return "%25".join(unquote_to_bytes(piece).decode("utf-8", "replace") for piece in pieces)


def _grouped(headers: httpx.Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers.multi_items():
        grouped.setdefault(name.lower(), []).append(value)
    return grouped


def _body(request: httpx.Request) -> dict[str, Any]:
    content = request.read()
    if not content:
        return {"isBase64Encoded": False}
    if _TEXT.match(request.headers.get("content-type", "").lower()):
        try:
            return {"body": content.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
