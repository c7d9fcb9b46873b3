"""Schemathesis against the function: its requests as events, through the real runtime client."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from local.emulator import ROOT, Emulator
from service.app import BUNDLE
from tests.delivery.gateway_events import event_2, response
from tests.delivery.runtime_api import Function, sandbox

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None,
    reason="awslambdaric has wheels for Linux only and is not installed here",
)

# The exceptions that are named there, and no other.
CONFIG = schemathesis.Config.from_path(ROOT / "schemathesis.toml")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def gateway(function: Function, document: dict[str, Any]) -> Wsgi:
    """Return API Gateway before a function, as the WSGI application that Schemathesis can call."""

    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = request_of(environ)
        if request.url.path == "/contract.json":
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(document).encode()]
        answer = response(function.invoke(event_2(request)))
        start(f"{answer.status_code} -", list(answer.headers.multi_items()))
        return [answer.content]

    return serve


def request_of(environ: dict[str, Any]) -> httpx.Request:
    """Return the request of a WSGI environment."""
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower(), value.encode("latin-1"))
        for name, value in environ.items()
        if re.match("HTTP_|CONTENT_(TYPE|LENGTH)$", name) and value
    ]
    size = int(environ.get("CONTENT_LENGTH") or 0)
    return httpx.Request(
        environ["REQUEST_METHOD"],
        httpx.URL("https://api.example.com", raw_path=environ["REQUEST_URI"].encode("latin-1")),
        headers=headers,
        content=environ["wsgi.input"].read(size),
    )


@pytest.fixture(scope="module")
def contract(embedded_aws: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The contract, with a function to call in place of an address."""
    embedded_aws.reset()
    document = json.loads(BUNDLE.read_bytes())["document"]
    log = tmp_path_factory.mktemp("fuzz") / "log"
    with sandbox(
        "service.lambda_handler.handler", embedded_aws.roles["api-handler"], log
    ) as function:
        yield schemathesis.openapi.from_wsgi(
            "/contract.json", gateway(function, document), config=CONFIG
        )


@pytest.mark.parametrize("operation_id", json.loads(BUNDLE.read_bytes())["operations"])
def test_the_function_keeps_the_contract(contract: Any, operation_id: str) -> None:
    """Every check of Schemathesis on every operation; 401 is all that a stranger's token gets."""
    operation = contract.find_operation_by_id(operation_id)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def keeps_the_contract(case: Any) -> None:
        case.call_and_validate()

    keeps_the_contract()
