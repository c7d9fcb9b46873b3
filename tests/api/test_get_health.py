"""getHealth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.app import create
from service.aws.clients import Clients
from service.settings import Settings
from tests.api.conftest import Api, problem
from tests.aws_calls import recording


def test_it_tells_version_and_time(api: Api, settings: Settings) -> None:
    """The answer is exactly the contract's: alive, the version, the time in UTC."""
    response = api.get("/health")

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body.keys() == {"status", "version", "time"}
    assert (body["status"], body["version"]) == ("alive", settings.version)
    assert body["time"].endswith("Z")
    assert abs(datetime.fromisoformat(body["time"]) - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_asks_nothing_of_aws(api: Api, clients: Clients) -> None:
    """A load balancer may ask as often as it likes."""
    with recording(clients) as calls:
        api.get("/health")

    assert calls.names == []


def test_the_clients_request_id_comes_back(api: Api) -> None:
    """A request id of the allowed form is kept, any other replaced."""
    kept = api.get("/health", headers={"X-Request-Id": "my-id.1_2"})
    replaced = api.get("/health", headers={"X-Request-Id": "not an id\ttab"})

    assert kept.headers["x-request-id"] == "my-id.1_2"
    assert len(replaced.headers["x-request-id"]) == 36


@pytest.mark.requirement(37)
def test_what_it_cannot_write_is_406(api: Api) -> None:
    """A client that takes only XML gets the problem all the same."""
    problem(api.get("/health", headers={"Accept": "application/xml"}), 406, "NOT_ACCEPTABLE")


def test_an_unknown_query_parameter_is_400(api: Api) -> None:
    """What the contract does not name is refused by its place."""
    document = problem(api.get("/health?verbose=1"), 400, "VALIDATION_FAILED")

    assert [fault["pointer"] for fault in document["errors"]] == ["#/query/verbose"]


@pytest.mark.requirement(37)
def test_every_method_of_a_path_is_in_allow(api: Api) -> None:
    """405 names what the path has."""
    one = api.post("/health")
    two = api.request("DELETE", "/users/profile")

    problem(one, 405, "METHOD_NOT_ALLOWED")
    problem(two, 405, "METHOD_NOT_ALLOWED")
    assert one.headers["allow"] == "GET"
    assert two.headers["allow"] == "GET, PATCH"


@pytest.mark.requirement(37)
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "BREW"])
def test_a_method_that_is_not_documented_is_405(api: Api, method: str) -> None:
    """HEAD too: it never runs the handler of GET."""
    response = api.request(method, "/health")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET"


def test_an_unknown_path_is_404(api: Api) -> None:
    """Also one that differs by a slash or by case."""
    for path in ("/health/", "/Health", "/auth/register-test", "/debug", "//health"):
        assert api.get(f"http://127.0.0.1/v1{path}").status_code == 404, path


def test_the_start_says_when_mail_is_off(
    settings: Settings, clients: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    """One warning where nobody will be told of changes, none where people are."""
    create(settings, clients=clients)
    assert "mail is off" not in capsys.readouterr().out

    create(replace(settings, mail_sender=None), clients=clients)

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"].startswith("mail is off: MAIL_SENDER is not set")


def test_creating_the_service_sends_nothing(settings: Settings, clients: Clients) -> None:
    """A deployment whose AWS is unreachable starts."""
    with recording(clients) as calls:
        create(settings, clients=clients)

    assert calls.names == []
