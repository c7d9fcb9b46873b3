"""What becomes of API Gateway's events before the application sees them, and of its responses."""

from __future__ import annotations

import asyncio
import base64
import copy
from typing import Any

import pytest

from service.gateway import (
    RESPONSE_LIMIT,
    Connection,
    MalformedEventError,
    UnusableResponseError,
    connection,
)
from tests.delivery.gateway_events import SOURCE, recorded

BINARY = b"\x89PNG\r\n\x1a\n\xff"


def answered(request: Connection, body: bytes, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """Send a response as an application does, its body in two pieces."""

    async def send() -> None:
        await request.send({"type": "http.response.start", "status": 200, "headers": headers})
        await request.send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await request.send({"type": "http.response.body", "body": body[3:]})

    asyncio.run(send())
    return request.result()


def body_of(request: Connection) -> bytes:
    """Read the whole body as an application does."""
    body: bytes = asyncio.run(request.receive())["body"]
    return body


def test_the_request_line_is_the_clients() -> None:
    """Method, path and address of a recorded event arrive as the gateway saw them."""
    scope = connection(recorded("register")).scope

    assert (scope["method"], scope["path"]) == ("POST", "/v1/auth/register")
    assert scope["client"] == (SOURCE, 0)


def test_the_source_is_never_taken_from_a_header() -> None:
    """X-Forwarded-For holds what the client wrote; the request context holds what is true."""
    event = recorded("health")
    event["headers"]["x-forwarded-for"] = "10.0.0.1"
    event["headers"]["forwarded"] = "for=10.0.0.1"

    assert connection(event).scope["client"] == (SOURCE, 0)


@pytest.mark.parametrize("name", ["named_stage", "http_api_1_0", "rest_api", "health"])
def test_a_named_stage_is_not_part_of_the_path(name: str) -> None:
    """Whatever the stage is called, and even if a REST API's is called like our base path."""
    assert connection(recorded(name)).scope["path"] == "/v1/health"


def test_a_path_that_only_begins_like_the_stage_is_left_alone() -> None:
    """Only a whole segment is a stage."""
    event = recorded("named_stage")
    event["rawPath"] = "/device/v1/health"

    assert connection(event).scope["path"] == "/device/v1/health"


def test_the_query_string_is_kept_verbatim() -> None:
    """Repetitions, escapes and names without a value are the contract engine's to judge."""
    scope = connection(recorded("query_and_cookies")).scope

    assert scope["query_string"] == b"a=1&a=%2B2&b=x%20y&c"


def test_cookies_become_one_header() -> None:
    """Payload 2.0 takes them out of the headers; RFC 6265 has one Cookie header."""
    event = recorded("query_and_cookies")
    event["headers"]["cookie"] = "theme=dark; sid=a=b"

    headers = connection(event).scope["headers"]

    assert [value for name, value in headers if name == b"cookie"] == [b"theme=dark; sid=a=b"]


def test_two_authorization_headers_stay_two() -> None:
    """They arrive joined by a comma, and nobody picks one of them."""
    headers = dict(connection(recorded("two_authorizations")).scope["headers"])

    assert headers[b"authorization"] == b"Bearer one.two.three,Bearer four.five.six"


def test_repeated_headers_of_payload_1_stay_apart() -> None:
    """Payload 1.0 lists every value; taking the last would hide a second Authorization."""
    event = recorded("rest_api")
    event["multiValueHeaders"]["Authorization"] = ["Bearer a", "Bearer b"]

    headers = connection(event).scope["headers"]

    assert [v for n, v in headers if n == b"authorization"] == [b"Bearer a", b"Bearer b"]


def test_the_query_of_payload_1_is_encoded_again() -> None:
    """Payload 1.0 has it decoded and grouped."""
    event = recorded("rest_api")
    event["multiValueQueryStringParameters"] = {"a": ["1", "+ 2"], "b&": [""]}

    assert connection(event).scope["query_string"] == b"a=1&a=%2B%202&b%26="


def test_an_encoded_body_is_decoded() -> None:
    """API Gateway encodes every body whose type is not text."""
    body = body_of(connection(recorded("register_base64")))

    assert "李".encode() in body


def test_a_body_is_read_once() -> None:
    """Afterwards the client has left: an application that waits for more never hangs the loop."""
    request = connection(recorded("register"))
    body_of(request)

    assert asyncio.run(request.receive()) == {"type": "http.disconnect"}


def test_an_escape_is_decoded_once() -> None:
    """API Gateway leaves only %25 encoded, so %2541 sent by a client is the text %41."""
    event = recorded("health")
    event["rawPath"] = "/v1/%2541 é"

    assert connection(event).scope["path"] == "/v1/%41 é"


def test_half_a_surrogate_pair_reaches_the_engine_as_bytes() -> None:
    """JSON can write what UTF-8 cannot; it must end as the engine's 400 and not as a crash."""
    event = recorded("register")
    event["body"] = "\ud800"

    assert body_of(connection(event)) == b"\xed\xa0\x80"


@pytest.mark.parametrize("body", [b"", b'{"name":"\xe6\x9d\x8e"}', BINARY])
@pytest.mark.parametrize("name", ["health", "rest_api"])
def test_any_body_goes_out_byte_for_byte(name: str, body: bytes) -> None:
    """Text as text, everything else in base64, in either format."""
    result = answered(connection(recorded(name)), body)

    sent = result["body"]
    assert (base64.b64decode(sent) if result["isBase64Encoded"] else sent.encode()) == body


def test_repeated_headers_go_out_joined_and_cookies_apart() -> None:
    """Payload 2.0 has one value a header; a comma inside Set-Cookie would break its date."""
    pairs = [
        (b"Vary", b"Accept"),
        (b"vary", b"Origin"),
        (b"set-cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
    ]

    result = answered(connection(recorded("health")), b"{}", *pairs)

    assert result["headers"] == {"vary": "Accept, Origin"}
    assert result["cookies"] == ["a=1", "b=2"]


def test_payload_1_lists_every_value() -> None:
    """Its responses have lists of values for every header, cookies among them."""
    result = answered(
        connection(recorded("rest_api")), b"{}", (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")
    )

    assert result["multiValueHeaders"] == {"set-cookie": ["a=1", "b=2"]}


@pytest.mark.parametrize(("size", "fits"), [(RESPONSE_LIMIT - 200, True), (RESPONSE_LIMIT, False)])
def test_a_result_over_lambdas_limit_is_noticed_here(size: int, fits: bool) -> None:
    """Lambda would answer for us, with a body that is no problem document."""
    request = connection(recorded("health"))

    if fits:
        assert len(answered(request, b"x" * size)["body"]) == size
    else:
        with pytest.raises(UnusableResponseError):
            answered(request, b"x" * size)


def test_an_unfinished_response_is_not_sent() -> None:
    """Half a body with a status of 200 would look like success."""
    request = connection(recorded("health"))
    asyncio.run(request.send({"type": "http.response.start", "status": 200, "headers": []}))

    with pytest.raises(UnusableResponseError):
        request.result()


FAULTS: dict[str, Any] = {
    "no object": [1, 2],
    "nothing": None,
    "empty": {},
    "another service's": recorded("schedule"),
    "no source": {"requestContext": {"http": {"method": "GET", "path": "/v1/health"}}},
    "a path that is a number": {"rawPath": 1},
    "a path that is null": {"rawPath": None},
    "a query that is a list": {"rawQueryString": ["a"]},
    "a header that is a list": {"headers": {"accept": ["a"]}},
    "headers that are a list": {"headers": ["accept"]},
    "a body that is an object": {"body": {"a": 1}},
    "a body that is not base64": {"body": "YW*Jj", "isBase64Encoded": True},
    "cookies that are numbers": {"cookies": [1]},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_malformed_event_is_named_as_such(fault: Any) -> None:
    """Nothing but `MalformedEventError` leaves the reader, and its text quotes nothing."""
    event = copy.deepcopy(fault)
    if isinstance(fault, dict) and "version" not in fault and fault:
        event = {**recorded("health"), **fault}

    with pytest.raises(MalformedEventError, match=r"^This is not a request of API Gateway\.$"):
        connection(event)
