"""The JSON log: one line each, where a fault came from, and nothing that somebody sent."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service import telemetry
from service.contract import Exchange, current_request_id
from service.domain.errors import InvalidCode, Unavailable, UserExists
from service.domain.ports import Caller

SECRET = "canary-7f3a91"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return what was logged so far; each line has to be one JSON object."""
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    telemetry.configure("DEBUG", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def failed(error: Exception) -> Exception:
    """Return an exception that was raised, with its traceback."""
    try:
        raise error
    except Exception as raised:
        return raised


@pytest.mark.requirement(40)
def test_an_event_says_who_what_when_and_how_it_ended(lines) -> None:
    """In UTC, with the id of the request."""
    token = current_request_id.set("request-1")
    telemetry.audit("login", "failure", user_id="u1", reason="INVALID_CREDENTIALS")
    current_request_id.reset(token)

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "lifestyle",
        "message": "authentication",
        "requestId": "request-1",
        "event": "login",
        "outcome": "failure",
        "userId": "u1",
        "reason": "INVALID_CREDENTIALS",
    }


@pytest.mark.parametrize(
    ("outcome", "level"), [("success", "INFO"), ("failure", "INFO"), ("error", "ERROR")]
)
def test_an_event_that_is_our_fault_is_an_error(lines, outcome: str, level: str) -> None:
    """A wrong password wakes nobody."""
    telemetry.audit("login", outcome)

    assert [line["level"] for line in lines()] == [level]


@pytest.mark.requirement(40)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\u2028", "\x85", "\x0b", "\x1b[2J"])
def test_no_value_forges_a_line(lines, newline: str) -> None:
    """Line breaks of every kind and control characters are escaped."""
    telemetry.audit("login", "failure", reason=f"a{newline}{{'level': 'INFO'}}")

    (line,) = lines()
    assert line["reason"] == f"a{newline}{{'level': 'INFO'}}"


def test_a_request_is_one_line(lines) -> None:
    """With its operation, template, status, duration and caller; without what is not known."""
    exchange = Exchange("r1", "GET", "getUserProfile", "/v1/users/profile", 200)
    exchange.duration_ms, exchange.caller = 1.23456, Caller("u1", "s1")
    telemetry.observe(exchange)

    (line,) = lines()
    line.pop("timestamp")
    assert line == {
        "level": "INFO",
        "logger": "lifestyle",
        "message": "request",
        "requestId": "r1",
        "operation": "getUserProfile",
        "method": "GET",
        "route": "/v1/users/profile",
        "status": 200,
        "durationMs": 1.235,
        "userId": "u1",
    }


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (404, "INFO"), (503, "ERROR")])
def test_a_fault_of_ours_is_an_error(lines, status: int, level: str) -> None:
    """A client's fault is not."""
    telemetry.observe(Exchange("r1", "GET", status=status))

    assert [line["level"] for line in lines()] == [level]


@pytest.mark.requirement(40)
def test_an_unforeseen_error_is_described_without_its_text() -> None:
    """Its type, its causes' types, and the lines it came through."""
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError as raised:
        described = telemetry.describe(raised)

    assert described["chain"] == ["ValueError", "KeyError"]
    assert "test_telemetry.py" in described["at"][-1]
    assert SECRET not in json.dumps(described)


def test_our_own_errors_keep_their_text() -> None:
    """It is written for the operator; a foreign cause behind them stays silent."""
    try:
        try:
            raise OSError(SECRET)
        except OSError as cause:
            raise Unavailable("SignUp got no answer: ReadTimeoutError") from cause
    except Unavailable as raised:
        chain = telemetry.describe(raised)["chain"]

    assert chain == ["Unavailable: SignUp got no answer: ReadTimeoutError", "OSError"]


def test_an_error_that_lost_its_traceback_has_its_origin() -> None:
    """Starlette takes the traceback off an exception that it has answered."""
    error = failed(ValueError("x"))
    origin, error.__traceback__ = error.__traceback__, None

    assert telemetry.describe(error)["at"] == []
    assert telemetry.describe(error, origin)["at"][-1].endswith(" failed")


def test_a_chain_without_end_is_cut() -> None:
    """Two exceptions that name each other as cause."""
    one, two = ValueError(), KeyError()
    one.__cause__, two.__cause__ = two, one

    assert len(telemetry.describe(one)["chain"]) == telemetry.FRAMES


def test_port_errors_and_domain_errors_are_ours() -> None:
    """Both speak of ids and codes only."""
    assert telemetry.describe(UserExists("a"))["chain"] == ["UserExists: a"]
    assert telemetry.describe(InvalidCode())["chain"] == ["InvalidCode: INVALID_CODE"]


@pytest.mark.requirement(40)
@pytest.mark.parametrize(
    ("message", "arguments", "shown"),
    [
        ("cannot send %s", (SECRET,), "cannot send %s"),
        ("cannot count %d", (SECRET,), "cannot count %d"),
        (ValueError(SECRET), (), "ValueError"),
        (
            f"Task exception was never retrieved\nfuture: {SECRET}",
            (),
            "Task exception was never retrieved",
        ),
    ],
)
def test_what_a_library_fills_in_is_left_out(
    lines, capsys: pytest.CaptureFixture[str], message: object, arguments: Any, shown: str
) -> None:
    """Its arguments may be somebody's password; nor do they go to standard error."""
    record = logging.LogRecord("botocore", logging.WARNING, "f.py", 1, message, arguments, None)
    for handler in logging.root.handlers:
        handler.handle(record)

    (line,) = lines()
    assert line["message"] == shown
    assert SECRET not in json.dumps(line) + capsys.readouterr().err


@pytest.mark.requirement(40)
def test_a_librarys_traceback_has_no_text(lines) -> None:
    """`logger.exception` of a library names types and lines."""
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("library").exception("failed with %s", SECRET)

    (line,) = lines()
    assert line["error"]["chain"] == ["ValueError"]
    assert SECRET not in json.dumps(line)


def test_a_librarys_chatter_is_not_logged(lines) -> None:
    """Below a warning it is nobody's business, at any level of ours."""
    logging.getLogger("botocore.endpoint").debug("sending %s", SECRET)
    logging.getLogger("urllib3").info("connection to %s", SECRET)

    assert lines() == []


@pytest.mark.parametrize(
    ("level", "count"), [("DEBUG", 2), ("INFO", 2), ("WARNING", 1), ("ERROR", 1)]
)
def test_the_level_is_a_setting(level: str, count: int) -> None:
    """At WARNING the successes fall silent and the errors stay."""
    stream, handlers = io.StringIO(), logging.root.handlers[:]
    telemetry.configure(level, stream)
    telemetry.audit("login", "success")
    telemetry.audit("login", "error")
    logging.root.handlers[:] = handlers

    assert len(stream.getvalue().splitlines()) == count
