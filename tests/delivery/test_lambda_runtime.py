"""The function as AWS runs it: the real runtime client, its events over the Runtime API."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import pytest

from local.emulator import Emulator
from local.provision import ROOT_KEY
from tests.delivery.gateway_events import event_2, recorded, response
from tests.delivery.runtime_api import Function, InitError, TimedOut, sandbox

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None,
    reason="awslambdaric has wheels for Linux only and is not installed here",
)

HANDLER = "service.lambda_handler.handler"
ROLE = "api-handler"
GATEWAY_LIMIT = 10 * 1024 * 1024  # Bytes of a request; what API Gateway takes at most.


def environment_of(aws: Emulator, **extra: str) -> dict[str, str]:
    """Return what Lambda would give the function: its settings, and credentials of its role."""
    return {"PATH": os.environ["PATH"], **aws.roles[ROLE], **extra}


@pytest.fixture(scope="module")
def function(
    embedded_aws: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    """One warm sandbox for all tests of this file."""
    embedded_aws.reset()
    log = tmp_path_factory.mktemp("lambda") / "log"
    with sandbox(HANDLER, environment_of(embedded_aws), log) as running:
        yield running


@pytest.fixture
def send(function: Function) -> Callable[..., httpx.Response]:
    """Send a request to the function through API Gateway's event."""

    def send(method: str, path: str, **options: Any) -> httpx.Response:
        request = httpx.Request(method, f"https://api.example.com/v1{path}", **options)
        return response(function.invoke(event_2(request)))

    return send


def bearer(tokens: Mapping[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['accessToken']}"}


def test_a_person_signs_up_in_and_out(
    send: Callable[..., httpx.Response], embedded_aws: Emulator
) -> None:
    """The whole walk, every step an invocation of the same sandbox."""
    ada = {"email": "ada@example.com", "password": "correct horse battery"}

    registered = send("POST", "/auth/register", json={**ada, "firstName": "Ada", "lastName": "李"})
    code = embedded_aws.code_for(ada["email"])
    verified = send("POST", "/auth/email/verify", json={"email": ada["email"], "code": code})
    tokens = send("POST", "/auth/login", json=ada).json()
    profile = send("GET", "/users/profile", headers=bearer(tokens))
    fresh = send("POST", "/auth/refresh", json={"refreshToken": tokens["refreshToken"]}).json()
    left = send("POST", "/auth/logout", headers=bearer(fresh))
    after = send("GET", "/users/profile", headers=bearer(fresh))

    assert [registered.status_code, verified.status_code, left.status_code] == [201, 200, 204]
    assert (profile.status_code, profile.json()["lastName"]) == (200, "李")
    assert after.status_code == 401


def test_every_request_is_one_line_of_the_log(function: Function) -> None:
    """The runtime client's own logging is replaced; nothing is logged twice."""
    before = len(function.lines())

    function.invoke(recorded("health"))

    (line,) = function.lines()[before:]
    assert (line["operation"], line["status"]) == ("getHealth", 200)


@pytest.mark.parametrize("event", [None, [], "text", 1, {}, recorded("schedule")], ids=repr)
def test_anything_may_be_invoked_and_the_next_request_is_served(
    function: Function, event: Any
) -> None:
    """The function answers with a problem; the sandbox lives on."""
    answer = response(function.invoke(event))

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert function.invoke(recorded("health"))["statusCode"] == 200


@pytest.mark.parametrize("type_", ["application/json", "application/octet-stream"])
def test_the_largest_request_of_the_gateway_is_refused_quickly(
    send: Callable[..., httpx.Response], type_: str
) -> None:
    """10 MB, as text and in base64, cost no more than being received."""
    started = time.perf_counter()

    answer = send(
        "POST", "/auth/login", content=b" " * GATEWAY_LIMIT, headers={"content-type": type_}
    )

    assert answer.status_code in {413, 415}
    assert time.perf_counter() - started < 5


def test_aws_that_never_answers_is_a_503_long_before_the_timeout(
    embedded_aws: Emulator, tmp_path: Path
) -> None:
    """The clients give up first, so that the client of the API gets a problem document."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = environment_of(embedded_aws, AWS_ENDPOINT_URL=endpoint)
        with sandbox(HANDLER, environment, tmp_path / "log") as function:
            answer = response(function.invoke(recorded("register"), timeout=12))

    assert answer.status_code == 503
    assert "retry-after" in answer.headers


def test_a_faulty_environment_fails_the_start_and_names_every_fault(
    embedded_aws: Emulator, tmp_path: Path
) -> None:
    """Lambda reports the init error; nothing half-configured ever answers."""
    environment = environment_of(embedded_aws, SEALING_KEYS="k1:short", USERS_TABLE="")

    with (
        sandbox(HANDLER, environment, tmp_path / "log") as function,
        pytest.raises(InitError) as fault,
    ):
        function.invoke(recorded("health"))

    assert "SEALING_KEYS" in str(fault.value)
    assert "USERS_TABLE" in str(fault.value)


def test_secrets_may_come_from_the_parameter_store(embedded_aws: Emulator, tmp_path: Path) -> None:
    """The function's own environment then holds none."""
    secrets = {
        name: embedded_aws.environment[name] for name in ("COGNITO_CLIENT_SECRET", "SEALING_KEYS")
    }
    name = f"/{embedded_aws.shape.principal(ROLE)}/secrets"
    put_parameter(embedded_aws, name, json.dumps(secrets))
    environment = environment_of(embedded_aws, SECRETS_PARAMETER=name)
    for secret in secrets:
        del environment[secret]

    with sandbox(HANDLER, environment, tmp_path / "log") as function:
        answer = function.invoke(recorded("register_base64"))

    assert answer["statusCode"] == 201


def put_parameter(aws: Emulator, name: str, value: str) -> None:
    client = botocore.session.Session().create_client(
        "ssm",
        region_name=aws.environment["AWS_REGION"],
        endpoint_url=aws.environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
    )
    client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def test_the_stand_in_kills_a_function_at_its_timeout(tmp_path: Path) -> None:
    """As Lambda does; without this the limits above would prove nothing."""
    (tmp_path / "slow.py").write_text("import time\ndef handler(event, context): time.sleep(60)\n")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}

    with sandbox("slow.handler", environment, tmp_path / "log") as function:
        with pytest.raises(TimedOut, match="Task timed out after 1"):
            function.invoke({}, timeout=1)
        code = function.process.wait(5)

    assert code == -9


def test_the_stand_in_refuses_a_result_over_six_megabytes(tmp_path: Path) -> None:
    """Lambda's limit, from Lambda's side."""
    (tmp_path / "large.py").write_text("def handler(event, context): return 'x' * 6_400_000\n")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}

    with (
        sandbox("large.handler", environment, tmp_path / "log") as function,
        pytest.raises(Exception, match="exceeded maximum allowed payload size"),
    ):
        function.invoke({})
