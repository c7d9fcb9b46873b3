"""What nobody should send, to every operation that reads a body: 4xx, at once, naming no value."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from service.aws.clients import Clients
from tests.api.conftest import Api, problem
from tests.api.forger import Forger
from tests.aws_calls import recording

JSON = "application/json"
SECONDS = 2.0  # A hostile body costs milliseconds; the rest is for a machine that is busy.

# Every operation with a body, and a body that the contract allows.
VALID: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/auth/register"): {
        "email": "ada@example.com",
        "password": "correct horse battery",
        "firstName": "Ada",
        "lastName": "O'Brien",
    },
    ("POST", "/auth/email/verify"): {"email": "ada@example.com", "code": "123456"},
    ("POST", "/auth/email/resend"): {"email": "ada@example.com"},
    ("POST", "/auth/login"): {"email": "ada@example.com", "password": "correct horse battery"},
    ("POST", "/auth/refresh"): {"refreshToken": "k1.c2VhbGVkLXRva2Vu"},
    ("POST", "/auth/mfa/verify"): {"sessionToken": "k1.c2VhbGVk", "code": "123456"},
    ("POST", "/auth/mfa/recover"): {
        "sessionToken": "k1.c2VhbGVk",
        "recoveryCode": "MFRG-GZDF-MZTW-Q2LK",
    },
    ("POST", "/auth/mfa/verify-setup"): {"code": "123456"},
    ("POST", "/auth/mfa/disable"): {"password": "correct horse battery"},
    ("POST", "/auth/mfa/recovery-codes"): {"password": "correct horse battery"},
    ("POST", "/auth/password/reset-request"): {"email": "ada@example.com"},
    ("POST", "/auth/password/reset-confirm"): {
        "email": "ada@example.com",
        "code": "123456",
        "newPassword": "a brand new phrase",
    },
    ("POST", "/auth/password/change"): {
        "currentPassword": "correct horse battery",
        "newPassword": "a brand new phrase",
    },
    ("POST", "/users/profile/email"): {
        "newEmail": "ada@example.org",
        "password": "correct horse battery",
    },
    ("POST", "/users/profile/email/verify"): {"code": "123456"},
    ("POST", "/users/profile/delete"): {"password": "correct horse battery"},
    ("PATCH", "/users/profile"): {
        "firstName": "Ada",
        "lastName": "O'Brien",
        "phoneNumber": "+35315550100",
        "dateOfBirth": "1990-12-10",
        "timezone": "Europe/Dublin",
    },
}


def duplicated(body: dict[str, Any]) -> bytes:
    """Repeat the first member."""
    name = json.dumps(next(iter(body)))
    return b"{" + name.encode() + b': "x", ' + json.dumps(body).encode()[1:]


def with_first(body: dict[str, Any], text: str) -> bytes:
    """Replace the value of the first member by JSON text."""
    name = next(iter(body))
    rest = "".join(f", {json.dumps(k)}: {json.dumps(v)}" for k, v in body.items() if k != name)
    return f"{{{json.dumps(name)}: {text}{rest}}}".encode("utf-8", "surrogatepass")


def extended(body: dict[str, Any]) -> bytes:
    return json.dumps({**body, "admin": True}).encode()


def bodies(valid: dict[str, Any]) -> dict[str, tuple[bytes, str | None, int, str]]:
    """Return by name: body, content type, status, code."""
    plain = json.dumps(valid).encode()
    bad, malformed = "VALIDATION_FAILED", "MALFORMED_JSON"
    media = "UNSUPPORTED_MEDIA_TYPE"
    return {
        "nothing": (b"", JSON, 400, bad),
        "invalid JSON": (b"{", JSON, 400, malformed),
        "text": (b"hello", JSON, 400, malformed),
        "two values": (plain + plain, JSON, 400, malformed),
        "a comment": (plain + b"// x", JSON, 400, malformed),
        "a trailing comma": (plain[:-1] + b",}", JSON, 400, malformed),
        "null": (b"null", JSON, 400, bad),
        "a list": (b"[]", JSON, 400, bad),
        "a string": (b'"x"', JSON, 400, bad),
        "a number": (b"1", JSON, 400, bad),
        "a duplicate key": (duplicated(valid), JSON, 400, malformed),
        "NaN": (with_first(valid, "NaN"), JSON, 400, malformed),
        "-Infinity": (with_first(valid, "-Infinity"), JSON, 400, malformed),
        "1e999": (with_first(valid, "1e999"), JSON, 400, malformed),
        "5 000 digits": (with_first(valid, "9" * 5000), JSON, 400, malformed),
        "4 000 digits": (with_first(valid, "9" * 4000), JSON, 400, bad),
        "an escaped half of a pair": (with_first(valid, r'"a\ud800b"'), JSON, 400, malformed),
        "a raw half of a pair": (with_first(valid, '"\ud800"'), JSON, 400, malformed),
        "a raw NUL": (with_first(valid, '"a\x00"'), JSON, 400, malformed),
        "20 000 lists deep": (b"[" * 20_000, JSON, 400, malformed),
        "20 000 objects deep": (b'{"a":' * 12_000, JSON, 400, malformed),
        "balanced and deep": (b"[" * 20_000 + b"]" * 20_000, JSON, 400, malformed),
        "UTF-16": (json.dumps(valid).encode("utf-16"), JSON, 400, malformed),
        "UTF-16 without mark": (json.dumps(valid).encode("utf-16-le"), JSON, 400, malformed),
        "a byte order mark": (b"\xef\xbb\xbf" + plain, JSON, 400, malformed),
        "latin-1 bytes": (
            with_first(valid, '"é"').decode().encode("latin-1"),
            JSON,
            400,
            malformed,
        ),
        "overlong UTF-8": (b'{"a": "\xc0\xaf"}', JSON, 400, malformed),
        "charset utf-7": (plain, f"{JSON}; charset=utf-7", 415, media),
        "charset latin-1": (plain, f"{JSON}; charset=iso-8859-1", 415, media),
        "no content type": (plain, None, 415, media),
        "an empty content type": (plain, "", 415, media),
        "text/plain": (plain, "text/plain", 415, media),
        "a form": (b"email=ada", "application/x-www-form-urlencoded", 415, media),
        "multipart": (plain, "multipart/form-data; boundary=x", 415, media),
        "another json": (plain, "application/vnd.api+json", 415, media),
        "70 KiB": (b'"' + b"x" * 70 * 1024 + b'"', JSON, 413, "PAYLOAD_TOO_LARGE"),
        "70 KiB of space": (b" " * 70 * 1024 + plain, JSON, 413, "PAYLOAD_TOO_LARGE"),
        "an unknown property": (extended(valid), JSON, 400, bad),
    }


CASES = [
    pytest.param(operation, name, id=f"{operation[0]} {operation[1]}: {name}")
    for operation, valid in VALID.items()
    for name in bodies(valid)
]
FIELDS = [
    pytest.param(operation, name, text, id=f"{operation[1]} {name} {kind}")
    for operation, valid in VALID.items()
    for name in valid
    for kind, text in {
        "NUL": "a\x00b",
        "escape": "\x1b[2J",
        "line": "a\nb",
        "long": "x" * 9000,
    }.items()
]
WRONG = [
    pytest.param(operation, name, value, id=f"{operation[1]} {name} {value!r}")
    for operation, valid in VALID.items()
    for name in valid
    for value in (0, True, [], {}, ["a"], {"$ne": ""})
]


def send(
    api: Api, forger: Forger, operation: tuple[str, str], body: bytes, content_type: str | None
) -> httpx.Response:
    """Send a body with a genuine access token, so that only the body can be at fault."""
    headers = {"Authorization": f"Bearer {forger.token()}"}
    if content_type is not None:
        headers["Content-Type"] = content_type
    return api.request(*operation, content=body, headers=headers)


@pytest.mark.requirement(34)
@pytest.mark.requirement(35)
@pytest.mark.requirement(37)
@pytest.mark.parametrize(("operation", "name"), CASES)
def test_a_malformed_body_is_refused(
    guarded: Api, forger: Forger, clients: Clients, operation: tuple[str, str], name: str
) -> None:
    """The very status and code, in bounded time, before anything is asked of AWS."""
    body, content_type, status, code = bodies(VALID[operation])[name]

    started = time.monotonic()
    with recording(clients) as calls:
        response = send(guarded, forger, operation, body, content_type)

    problem(response, status, code)
    assert time.monotonic() - started < SECONDS
    assert calls.names == []


@pytest.mark.requirement(34)
@pytest.mark.parametrize(("operation", "name", "text"), FIELDS)
def test_a_hostile_text_is_refused_in_every_field(
    guarded: Api, forger: Forger, operation: tuple[str, str], name: str, text: str
) -> None:
    """NUL, control characters and length; the field is named and the text is not repeated."""
    body = json.dumps({**VALID[operation], name: text}).encode()

    document = problem(send(guarded, forger, operation, body, JSON), 400, "VALIDATION_FAILED")

    assert {fault["pointer"] for fault in document["errors"]} == {f"/{name}"}
    assert json.dumps(text)[1:-1] not in json.dumps(document)


@pytest.mark.requirement(34)
@pytest.mark.parametrize(("operation", "name", "value"), WRONG)
def test_another_type_is_refused_in_every_field(
    guarded: Api, forger: Forger, operation: tuple[str, str], name: str, value: object
) -> None:
    """The earlier system answered 500 to some of these."""
    body = json.dumps({**VALID[operation], name: value}).encode()

    document = problem(send(guarded, forger, operation, body, JSON), 400, "VALIDATION_FAILED")

    assert {fault["pointer"] for fault in document["errors"]} == {f"/{name}"}


@pytest.mark.parametrize("operation", VALID, ids=" ".join)
def test_a_body_in_pieces_is_bounded_too(
    guarded: Api, forger: Forger, operation: tuple[str, str]
) -> None:
    """Without a Content-Length the limit holds while the body arrives."""

    async def pieces() -> Any:
        for _ in range(70):
            yield b" " * 1024

    headers = {"Authorization": f"Bearer {forger.token()}", "Content-Type": JSON}
    response = guarded.request(*operation, content=pieces(), headers=headers)

    problem(response, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("operation", VALID, ids=" ".join)
@pytest.mark.parametrize(
    ("query", "pointer"), [("debug=1", "#/query/debug"), ("a%00b=1", "#/query"), ("%ff", "#/query")]
)
def test_an_unknown_query_parameter_is_refused(
    guarded: Api, forger: Forger, operation: tuple[str, str], query: str, pointer: str
) -> None:
    """No operation of today has one."""
    method, path = operation
    body = json.dumps(VALID[operation]).encode()

    response = send(guarded, forger, (method, f"{path}?{query}"), body, JSON)

    document = problem(response, 400, "VALIDATION_FAILED")
    assert [fault["pointer"] for fault in document["errors"]] == [pointer]


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", 'application/json ;charset="UTF-8"'])
@pytest.mark.parametrize("operation", VALID, ids=" ".join)
def test_another_spelling_of_the_type_is_validated(
    guarded: Api, forger: Forger, operation: tuple[str, str], content_type: str
) -> None:
    """What stock Connexion lets pass unchecked, or refuses."""
    response = send(guarded, forger, operation, extended(VALID[operation]), content_type)

    document = problem(response, 400, "VALIDATION_FAILED")
    assert {fault["pointer"] for fault in document["errors"]} == {"/admin"}


def test_the_table_is_complete(bundle: dict[str, Any]) -> None:
    """Every operation with a body is in it, and its valid body names every string field."""
    with_body = {name for name, operation in bundle["operations"].items() if operation["body"]}
    paths = bundle["document"]["paths"]
    covered = {paths[path][method.lower()]["operationId"] for method, path in VALID}

    assert covered == with_body
