"""The stand-in for the API gateway, beside the Terraform it stands in for."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from local import gateway
from local.emulator import ROOT

TERRAFORM = (ROOT / "infra" / "service" / "gateway.tf").read_text()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("allow_methods", gateway.METHODS),
        ("allow_headers", gateway.REQUEST_HEADERS),
        ("expose_headers", gateway.RESPONSE_HEADERS),
    ],
)
def test_the_lists_are_those_of_terraform(name: str, values: tuple[str, ...]) -> None:
    """A header that works on the laptop works in the cloud."""
    found = re.search(rf"{name}\s*=\s*\[(.*?)\]", TERRAFORM, re.S)

    assert found
    assert tuple(re.findall(r'"([^"]+)"', found[1])) == values


def preflight(origin: str) -> tuple[int, dict[str, str]]:
    """Ask as a browser does before a PATCH with a token."""
    headers = {
        "host": "127.0.0.1:8080",
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,content-type,if-match",
    }
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def unreachable(*_: Any) -> None:
        raise AssertionError("a preflight reached the service")

    scope = {
        "type": "http",
        "method": "OPTIONS",
        "path": "/v1/users/profile",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    app: Any = gateway.with_cors(unreachable)
    asyncio.run(app(scope, unreachable, send))
    return sent[0]["status"], {n.decode(): v.decode() for n, v in sent[0]["headers"]}


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:3000"])
def test_a_page_of_this_machine_may_call(origin: str) -> None:
    """Whatever port its development server has."""
    status, headers = preflight(origin)

    assert status == 200
    assert headers["access-control-allow-origin"] == origin
    assert "PATCH" in headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null"]
)
def test_a_foreign_page_may_not(origin: str) -> None:
    """The preflight fails, so the browser sends nothing."""
    status, headers = preflight(origin)

    assert status == 400
    assert "access-control-allow-origin" not in headers
