"""A fault of ours: the client learns nothing of it but its id, the log where it came from."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from service import telemetry
from service.domain.profile import Profiles
from service.operations import OPERATIONS
from tests.api.conftest import Api, problem


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service logs."""
    stream, handlers = io.StringIO(), logging.root.handlers[:]
    telemetry.configure("INFO", stream)
    yield stream
    logging.root.handlers[:] = handlers


@pytest.mark.requirement(36)
def test_the_client_learns_the_request_id_and_the_log_the_place(
    api: Api, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No type, no text, no path in the answer; type, chain and lines in the log."""
    session = api.signed_in()

    def broken(*_: object) -> None:
        raise KeyError("users-local holds correct horse battery")

    monkeypatch.setattr(Profiles, "get_user_profile", broken)

    response = api.profile(session)

    document = problem(response, 500, "INTERNAL_ERROR")
    assert document.keys() == {"type", "title", "status", "instance", "code", "requestId"}
    line = json.loads(log.getvalue().splitlines()[-1])
    assert (line["level"], line["requestId"]) == ("ERROR", document["requestId"])
    assert line["error"]["chain"] == ["KeyError"]
    assert line["error"]["at"][-1].endswith(" broken")
    assert "horse" not in log.getvalue()


@pytest.mark.requirement(40)
def test_every_request_is_one_line_of_the_log(api: Api, log: io.StringIO) -> None:
    """With who, what and how it ended; a line break in a header makes no second one."""
    session = api.signed_in()
    log.seek(0)
    log.truncate()

    headers = {**session.headers, "User-Agent": "a b", "X-Request-Id": "a\tb"}
    api.get("/users/profile", headers=headers)
    api.get("/nowhere\u2028{}")

    one, two = map(json.loads, log.getvalue().splitlines())
    assert (one["operation"], one["status"]) == ("getUserProfile", 200)
    assert one["userId"] == session.user["userId"]
    assert (two.get("operation"), two.get("route"), two["status"]) == (None, None, 404)
    assert one["operation"] in OPERATIONS
