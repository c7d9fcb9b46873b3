"""The 31 measured defects of Connexion 3.3.0, each with the test that keeps it closed.

Each test is named after its row. `--engine stock` runs them against stock Connexion, where they
fail: docs/decisions/0010-connexion-as-the-driver.md has that run, row by row.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from service.contract import ContractError, Reply
from tests.contract.client import JSON, Client
from tests.contract.shed import CARD, TOOL_ID, Shed

SAW = {"name": "Japanese saw", "kind": "saw"}
Serve = Callable[..., Client]
Document = dict[str, Any]


def test_row_01_shared_operation_id(document: Document, serve: Serve) -> None:
    """Two operations of one id are refused by name: one would get the other's security."""
    document["paths"]["/members/me"]["delete"]["operationId"] = "listTools"

    with pytest.raises(ContractError, match="listTools"):
        serve(document, {})


@pytest.mark.parametrize("charset", ["utf-7", "hz", "utf-16", "latin-1", "utf-8; charset=utf-7"])
def test_row_02_charset_smuggling(client: Client, shed: Shed, charset: str) -> None:
    """A body in another charset than UTF-8 reaches no handler, whatever it would decode to."""
    # In UTF-7 this kind is `saw`; a handler that reads UTF-8 would get what no enum lists.
    smuggled = b'{"name": "Japanese saw", "kind": "+AHMAYQB3-"}'

    answer = client.post(
        "/v1/tools", smuggled, headers={"content-type": f"application/json;charset={charset}"}
    )

    assert answer.status == 415
    assert shed.arrived == []


def test_row_03_file_part_replaces_argument(client: Client, shed: Shed) -> None:
    """A multipart part named like an argument does not replace the validated path value."""
    part = (
        b'--x\r\nContent-Disposition: form-data; name="toolId"; filename="f"\r\n'
        b"Content-Type: text/plain\r\n\r\nevil\r\n--x--\r\n"
    )

    answer = client.send(
        "GET",
        f"/v1/tools/{TOOL_ID}",
        body=part,
        headers={"content-type": "multipart/form-data; boundary=x"},
    )

    assert answer.status == 200
    assert shed.arrived[0]["tool_id"] == TOOL_ID


@pytest.mark.parametrize("spelling", ["APPLICATION/JSON", "Application/Json"])
def test_row_04_content_type_case(client: Client, shed: Shed, spelling: str) -> None:
    """Another spelling of the media type is validated like the usual one."""
    answer = client.post("/v1/tools", {"kind": "bomb"}, headers={"content-type": spelling})

    assert answer.status == 400
    assert shed.arrived == []


def test_row_04_content_type_missing(client: Client, shed: Shed) -> None:
    """A body without a media type is not guessed at."""
    answer = client.post("/v1/tools", SAW, headers={})

    assert answer.status == 415
    assert shed.arrived == []


def test_row_05_unique_items_quadratic(client: Client) -> None:
    """Uniqueness of three thousand objects is decided in well under a second."""
    body = {**SAW, "parts": [{"number": number} for number in range(3000)]}

    started = time.perf_counter()
    answer = client.post("/v1/tools", body)

    assert answer.status == 201
    assert time.perf_counter() - started < 1


def test_row_06_pattern_backtracking(client: Client) -> None:
    """A pattern that backtracks exponentially elsewhere is linear here."""
    started = time.perf_counter()
    answer = client.post("/v1/tools", {**SAW, "steps": "a" * 27 + "!"})

    assert answer.status == 400
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_row_07_body_limit(client: Client, shed: Shed, chunked: bool) -> None:
    """A body of more than 64 KiB is refused while it is read, announced or not."""
    body = b'{"name": "Japanese saw", "kind": "saw"' + b" " * 70_000 + b"}"

    answer = client.post("/v1/tools", body, chunked=chunked)

    assert answer.status == 413
    assert shed.arrived == []


def test_row_08_errors_echo_values(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A refused value comes back neither in the response nor in a log."""
    caplog.set_level(logging.DEBUG)

    answer = client.post("/v1/tools", {**SAW, "secret": "hunter2-" * 9, "kind": "hunter2-kind"})

    assert answer.status == 400
    assert b"hunter2" not in answer.body
    assert "hunter2" not in caplog.text


def test_row_09_dollar_matches_before_newline(client: Client) -> None:
    """`^[a-z]+$` means the whole text, as in ECMA-262: a final newline is not part of it."""
    answer = client.post("/v1/tools", {**SAW, "slug": "abc\n"})

    assert answer.status == 400


def test_row_10_trailing_slash_redirect(client: Client) -> None:
    """A trailing slash is another path: no redirect to whatever Host says."""
    answer = client.get("/v1/tools/", headers={"host": "evil.example"})

    assert answer.status == 404
    assert "location" not in answer.headers


def test_row_11_blocking_authentication(document: Document, serve: Serve) -> None:
    """A verifier that would block the event loop for everybody is refused at start."""

    def blocking(token: str) -> str:
        time.sleep(0.05)
        return token

    with pytest.raises(ContractError, match="member: authenticate with a coroutine function"):
        serve(document, {}, verifier=blocking)


def test_row_12_optional_security(document: Document, serve: Serve) -> None:
    """`security: [{member}, {}]` lets a bad token pass as anonymous, so it does not compile."""
    document["paths"]["/members/me"]["get"]["security"] = [{"member": []}, {}]

    with pytest.raises(ContractError, match="getMember"):
        serve(document, {})


def test_row_13_combined_security(document: Document, serve: Serve) -> None:
    """Two schemes at once leave nobody as the caller, so they do not compile."""
    schemes = document["components"]["securitySchemes"]
    schemes["other"] = copy.deepcopy(schemes["member"])
    document["paths"]["/members/me"]["get"]["security"] = [{"member": [], "other": []}]

    with pytest.raises(ContractError, match="getMember"):
        serve(document, {}, verified=("member", "other"))


def test_row_14_scheme_without_function(document: Document, serve: Serve) -> None:
    """A scheme that nobody verifies is named at start instead of standing open."""
    with pytest.raises(ContractError, match="member: nobody authenticates"):
        serve(document, {}, verified=())


@pytest.mark.parametrize("order", [("ada", "eve"), ("eve", "ada")])
def test_row_15_two_authorization_headers(
    client: Client, shed: Shed, order: tuple[str, str]
) -> None:
    """Of two Authorization headers neither counts."""
    headers = [("authorization", f"Bearer {token}") for token in order]

    answer = client.get("/v1/members/me", headers=headers)

    assert answer.status in (400, 401)
    assert shed.arrived == []
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "VALIDATION_FAILED"


def test_row_16_content_type_of_responses(document: Document, serve: Serve) -> None:
    """The media type follows from the status: a handler names none although two are documented."""
    client = serve(document, {})

    answer = client.get("/v1/tools/featured")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"name": "\xff\xfe"}', "application/json", 400),
        ('{"name": "Saw"}'.encode("utf-16"), "application/json", 400),
        (b"{}", "application/json; charset=nonsense", 415),
        (b'{"name": "Saw", "kind": "saw", "count": ' + b"9" * 4400 + b"}", "application/json", 400),
        (b"[" * 20_000 + b"]" * 20_000, "application/json", 400),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, "application/json", 400),
    ],
    ids=["not utf-8", "utf-16", "unknown charset", "4400 digits", "nested lists", "nested objects"],
)
def test_row_17_server_error_on_hostile_body(
    client: Client, body: bytes, content_type: str, status: int
) -> None:
    """A hostile body is the client's fault and never a 500."""
    answer = client.post("/v1/tools", body, headers={"content-type": content_type})

    assert answer.status == status


@pytest.mark.parametrize("length", ["abc", "-1", "1_0", "\u00b2"])
def test_row_17_server_error_on_content_length(client: Client, length: str) -> None:
    """A Content-Length that is no number is refused."""
    headers = {**JSON, "content-length": length}

    answer = client.post("/v1/tools", SAW, headers=headers)

    assert answer.status == 400


@pytest.mark.parametrize("grams", [".", "+", "-.", "1.", ".5"])
def test_row_17_server_error_on_path_number(client: Client, grams: str) -> None:
    """A path number that is none is refused or not found."""
    answer = client.get(f"/v1/weights/{grams}")

    assert answer.status in (400, 404)
    assert answer.status == 400


def test_row_18_optional_body_absent(client: Client, shed: Shed) -> None:
    """An optional body may be absent."""
    answer = client.send("PATCH", f"/v1/tools/{TOOL_ID}", headers=CARD)

    assert answer.status == 200
    assert shed.arrived[0]["body"] is None


def test_row_19_chunked_body(client: Client, shed: Shed) -> None:
    """A body without Content-Length is read to its end."""
    answer = client.post("/v1/tools", SAW, chunked=True)

    assert answer.status == 201
    assert shed.arrived[0]["body"] == SAW


def test_row_20_typed_header_and_cookie(client: Client, shed: Shed) -> None:
    """Header and cookie parameters have their declared types, and handlers get them."""
    headers = {"x-depth": "3", "x-fresh": "true", "cookie": "shelf=7; other=x"}

    answer = client.get(f"/v1/tools/{TOOL_ID}", headers=headers)

    assert answer.status == 200
    assert shed.arrived[0]["headers"] == {"x-depth": 3, "x-fresh": True}
    assert shed.arrived[0]["cookies"] == {"shelf": 7}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bought", "2026-02-30"),
        ("checked", "yesterday"),
        ("manual", "not a uri"),
        ("count", 2**31),
        ("serial", 2**63),
        ("label", "no base64!"),
        ("label", "aGk"),
        ("owner", "ada@"),
        ("owner", "ada @ example.com"),
    ],
)
def test_row_21_formats(client: Client, field: str, value: Any) -> None:
    """Formats are checked: dates, URIs, addresses, integer widths and base64."""
    answer = client.post("/v1/tools", {**SAW, field: value})

    assert answer.status == 400
    assert [fault["pointer"] for fault in answer.json["errors"]] == [f"/{field}"]


def test_row_21_formats_of_parameters(client: Client) -> None:
    """Formats of parameters are checked too: uuid in the path, date in the query."""
    assert client.get("/v1/tools/not-a-uuid").status == 400
    assert client.get("/v1/tools?since=2026-13-01").status == 400


def test_row_22_allow_lists_one_method(client: Client) -> None:
    """405 names every method that the path has."""
    answer = client.send("DELETE", f"/v1/tools/{TOOL_ID}")

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, PATCH"


def test_row_23_challenge_missing(client: Client) -> None:
    """401 says how to authenticate, and that a token was no good when there was one (RFC 6750)."""
    without = client.get("/v1/members/me")
    with_bad = client.get("/v1/members/me", headers={"authorization": "Bearer eve"})

    assert (without.status, with_bad.status) == (401, 401)
    assert without.headers["www-authenticate"] == 'Bearer realm="Tool library"'
    assert 'error="invalid_token"' in with_bad.headers["www-authenticate"]


def test_row_24_read_only_in_requests(document: Document, serve: Serve) -> None:
    """What only the server writes is neither demanded from a client nor taken from one."""
    document["components"]["schemas"]["Tool"]["required"].append("id")

    async def add(body: dict[str, Any], **_: Any) -> Reply:
        return Reply({"id": TOOL_ID, **SAW}, headers={"Location": "/v1/tools/1"})

    client = serve(document, {"addTool": add})
    without = client.post("/v1/tools", SAW)
    with_id = client.post("/v1/tools", {**SAW, "id": TOOL_ID})

    assert without.status == 201
    assert with_id.status == 400
    assert with_id.json["errors"][0]["code"] == "readOnly"


@pytest.mark.parametrize(
    "member",
    [
        b'"price": NaN',
        b'"price": Infinity',
        b'"price": 1e999',
        b'"kind": "drill"',
        b'"note": "\\ud800"',
        b'"note": "\\udc00\\ud800"',
        b'"serial": 1000000000000000000000000000000',
    ],
    ids=["NaN", "Infinity", "overflow", "duplicate", "surrogate", "swapped surrogates", "10^30"],
)
def test_row_25_lax_json(client: Client, shed: Shed, member: bytes) -> None:
    """What two JSON readers could understand differently is refused."""
    body = b'{"name": "Japanese saw", "kind": "saw", ' + member + b"}"

    answer = client.post("/v1/tools", body)

    assert answer.status == 400
    assert shed.arrived == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=1_0",
        "limit=%D9%A3",
        "limit=%2B7",
        "limit=%207",
        "limit=07",
        "weight=nan",
        "weight=inf",
        "weight=1_0",
        "sharp=yes",
    ],
)
def test_row_26_lax_coercion(client: Client, shed: Shed, query: str) -> None:
    """A number in a parameter has the form of a number in JSON."""
    answer = client.get(f"/v1/tools?{query}")

    assert answer.status == 400
    assert shed.arrived == []


@pytest.mark.parametrize("query", ["color=red", "limit=1&limit=2", "LIMIT=1"])
def test_row_27_unknown_and_repeated_query(client: Client, shed: Shed, query: str) -> None:
    """An unknown or a repeated query parameter is an error, not a guess."""
    answer = client.get(f"/v1/tools?{query}")

    assert answer.status == 400
    assert shed.arrived == []


def test_row_28_head_runs_get(client: Client, shed: Shed) -> None:
    """HEAD is a method like any other: undocumented, hence 405, and no handler runs."""
    answer = client.send("HEAD", "/v1/tools")

    assert answer.status == 405
    assert shed.arrived == []


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*"])
def test_row_28_accept_unchecked(client: Client, shed: Shed, accept: str) -> None:
    """A client that takes nothing of what the operation writes is told so."""
    answer = client.get("/v1/tools", headers={"accept": accept})

    assert answer.status == 406
    assert shed.arrived == []


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json ;charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
    ],
)
def test_row_29_space_in_content_type(client: Client, content_type: str) -> None:
    """White space and quotes in Content-Type mean nothing (RFC 9110 section 8.3.1)."""
    answer = client.post("/v1/tools", SAW, headers={"content-type": content_type})

    assert answer.status == 201


def test_row_30_nul_characters(client: Client, document: Document, serve: Serve) -> None:
    """NUL is refused by a pattern, and a contract that forgets the pattern does not compile."""
    answer = client.post("/v1/tools", {**SAW, "name": "a\x00bc"})
    del document["components"]["schemas"]["Tool"]["properties"]["name"]["pattern"]

    assert answer.status == 400
    with pytest.raises(ContractError, match="name"):
        serve(document, {})


class Change(BaseModel):
    """A body with the contract's default."""

    kind: str = "saw"


def test_row_31_defaults(document: Document, serve: Serve) -> None:
    """The body's model applies the defaults that the contract gives."""
    arrived = []

    async def update(body: Change, **_: Any) -> dict[str, str]:
        arrived.append(body)
        return {"seen": "x"}

    client = serve(document, {"updateTool": update})
    client.patch(f"/v1/tools/{TOOL_ID}", {}, headers={**JSON, **CARD})

    assert arrived == [Change(kind="saw")]
