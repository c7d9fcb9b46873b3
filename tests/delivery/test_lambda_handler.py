"""The Lambda handler in this process: the same answers as over ASGI, whatever is sent to it."""

from __future__ import annotations

import asyncio
import base64
import gc
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings

from service import telemetry
from service.app import create
from service.invocations import LambdaHandler
from service.settings import Settings
from tests.delivery.gateway_events import SOURCE, event_1, event_2, recorded, response
from tests.delivery.generated_requests import REQUESTS

CONTEXT = SimpleNamespace(aws_request_id="6f1c1d1e-8f3b-4f1e-9c55-0b8a6f8d2c11")
# Nothing listens on port 1: whatever reaches AWS is refused at once and becomes a 503.
ENVIRONMENT = {
    "ENVIRONMENT": "local",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not-a-key-of-anybody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "COGNITO_USER_POOL_ID": "eu-central-1_Example00",
    "COGNITO_CLIENT_ID": "1example23456789",
    "COGNITO_CLIENT_SECRET": "0123456789abcdefghijklmnopqrstuv",
    "USERS_TABLE": "users-test",
    "JWKS_URL": "http://127.0.0.1:1/jwks.json",
    "SEALING_KEYS": "k1:" + base64.urlsafe_b64encode(bytes(range(32))).decode(),
    "LOG_LEVEL": "ERROR",
}

Handler = Callable[[Any, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def entry() -> Iterator[ModuleType]:
    """The entry point's module, imported as Lambda does: with the deployment's environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.delitem(sys.modules, "service.lambda_handler", raising=False)
        module = importlib.import_module("service.lambda_handler")
        yield module
        module.handler.close()
        del sys.modules["service.lambda_handler"]


@pytest.fixture(scope="module")
def handler(entry: ModuleType) -> Handler:
    made: Handler = entry.handler
    return made


@pytest.fixture(scope="module")
def over_asgi(entry: ModuleType) -> Callable[[httpx.Request], httpx.Response]:
    """The same service, asked as a server asks it."""
    app = create(Settings.from_environment(ENVIRONMENT), inline=True)
    transport = httpx.ASGITransport(app, client=(SOURCE, 0))

    async def ask(request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.send(request)

    return lambda request: asyncio.run(ask(request))


def comparable(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], Any]:
    """Return everything of a response but the time of day in getHealth's."""
    body: Any = answer.content
    if body and "json" in answer.headers["content-type"]:
        body = json.loads(body)
        body.pop("time", None)
    headers = [(n, v) for n, v in answer.headers.multi_items() if n != "content-length"]
    return answer.status_code, sorted(headers), body


@pytest.mark.parametrize("as_event", [event_2, event_1])
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=REQUESTS)
def test_an_event_is_answered_as_the_request_over_asgi(
    handler: Handler,
    over_asgi: Callable[[httpx.Request], httpx.Response],
    as_event: Callable[[httpx.Request], dict[str, Any]],
    request: httpx.Request,
) -> None:
    """Status, headers and body are equal for requests good and bad, in both payload formats."""
    # Payload 1.0 has the query decoded: what was no UTF-8 is lost before the function sees it.
    assume(as_event is event_2 or b"%ff" not in request.url.query)

    through_lambda = response(handler(as_event(request), CONTEXT))

    assert comparable(through_lambda) == comparable(over_asgi(request))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("health", 200),
        ("named_stage", 200),
        ("rest_api", 200),
        ("http_api_1_0", 200),
        ("head", 405),
        ("options", 405),
        ("query_and_cookies", 400),
        ("two_authorizations", 401),
        ("register", 503),
        ("register_base64", 503),
        ("schedule", 400),
    ],
)
def test_a_recorded_event_is_answered(handler: Handler, name: str, status: int) -> None:
    """Each as API Gateway sends it; 503 is AWS, which this deployment cannot reach."""
    answer = response(handler(recorded(name), CONTEXT))

    assert answer.status_code == status
    if name == "head":
        assert answer.content == b""
    elif status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_malformed_event_is_a_problem_and_no_crash(handler: Handler) -> None:
    """The caller gets a document of the catalogue, with the invocation's id to find it by."""
    answer = response(handler({"hello": "world"}, CONTEXT))

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "VALIDATION_FAILED")
    assert problem["requestId"] == CONTEXT.aws_request_id == answer.headers["x-request-id"]


def test_a_refused_event_is_logged_without_its_content(
    handler: Handler, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its type and where it was refused, in one line of JSON."""
    telemetry.configure("INFO", sys.stdout)

    handler({"version": "2.0", "body": "hunter2"}, CONTEXT)

    line = json.loads(capsys.readouterr().out)
    assert line["status"] == 400
    assert line["error"]["chain"] == ["MalformedEventError", "KeyError"]
    assert "hunter2" not in json.dumps(line)


class Broken:
    """An application that fails in one way, once, and then answers."""

    def __init__(self, fault: Callable[[Any], Any]) -> None:
        self.fault: Callable[[Any], Any] | None = fault
        self.loops: list[asyncio.AbstractEventLoop] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.loops.append(asyncio.get_running_loop())
        fault, self.fault = self.fault, None
        if fault is not None:
            await fault(send)
        else:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})


async def raises(send: Any) -> None:
    raise RuntimeError("hunter2")


async def is_cancelled(send: Any) -> None:
    raise asyncio.CancelledError


async def says_nothing(send: Any) -> None:
    return


async def stops_half_way(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ConnectionResetError


async def leaves_a_task_behind(send: Any) -> None:
    asyncio.get_running_loop().create_task(asyncio.sleep(3600)).add_done_callback(lambda _: None)
    raise RuntimeError


async def answers_too_much(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * 7_000_000})


@pytest.mark.parametrize(
    "fault",
    [raises, is_cancelled, says_nothing, stops_half_way, leaves_a_task_behind, answers_too_much],
)
def test_after_any_failure_the_next_request_is_served_on_the_same_loop(
    handler: Any, fault: Callable[[Any], Any]
) -> None:
    """A failed request is a 500 of ours, and the loop it leaves behind works."""
    app = Broken(fault)
    broken = LambdaHandler(app, handler._catalogue)

    first = response(broken(recorded("health"), CONTEXT))
    second = response(broken(recorded("health"), CONTEXT))

    for task in asyncio.all_tasks(app.loops[0]):
        task.cancel()
    app.loops[0].run_until_complete(asyncio.sleep(0))
    broken.close()
    assert (first.status_code, first.json()["code"]) == (500, "INTERNAL_ERROR")
    assert second.status_code == 204
    assert app.loops[0] is app.loops[1]
    assert "hunter2" not in first.text


def test_the_garbage_collector_runs_after_the_start(entry: ModuleType) -> None:
    """It rests while the modules are imported and never looks at them again, but it runs."""
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def test_requests_make_no_thread_and_no_loop(handler: Handler) -> None:
    """What makes other adapters slow: a thread pool or a loop for every invocation."""
    handler(recorded("health"), CONTEXT)
    before = threading.active_count()

    for _ in range(20):
        handler(recorded("register"), CONTEXT)

    assert threading.active_count() == before


RESTORED = """
import os, sys
from service.lambda_handler import handler
from tests.delivery.gateway_events import recorded
for _ in range(2):
    if not (child := os.fork()):
        print(handler(recorded("health"), None)["headers"]["x-request-id"])
        sys.exit()
    os.waitpid(child, 0)
"""


def test_two_restorations_of_one_snapshot_make_different_ids() -> None:
    """SnapStart copies the memory of a started function; a fork does the same to a process."""
    environment = {**ENVIRONMENT, "PATH": os.environ["PATH"]}

    done = subprocess.run(
        [sys.executable, "-c", RESTORED],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    first, second = done.stdout.split()
    assert first != second
