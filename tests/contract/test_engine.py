"""What the engine does for every request, whatever the contract."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import threading
import time
import uuid
from typing import Any

import pytest
from pydantic import BaseModel

from service.contract import (
    ContractError,
    Fault,
    Problem,
    Reply,
    Request,
    create_app,
    schema,
)
from tests.contract.client import JSON, Client
from tests.contract.shed import CARD, TOOL_ID, Shed, ShedClosedError, authenticate, translate

SAW = {"name": "Japanese saw", "kind": "saw"}
Bundle = dict[str, Any]


class NamedTool(BaseModel):
    """A body's model."""

    name: str
    kind: str


class NumberedTool(BaseModel):
    """A model that asks for more than the contract."""

    name: int


@pytest.fixture
def checked(bundle: Bundle, shed: Shed) -> Client:
    """A client of an application that compares its responses with the contract."""
    return Client(shed.app(bundle, check_responses=True))


def test_a_request_id_of_the_client_comes_back(client: Client, shed: Shed) -> None:
    """A well-formed X-Request-Id is kept, in the response and in the observation."""
    answer = client.get("/v1/tools", headers={"x-request-id": "a.B-9_"})

    assert answer.headers["x-request-id"] == "a.B-9_"
    assert shed.observed[0].request_id == "a.B-9_"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "é", "a\tb"])
def test_another_request_id_is_replaced(client: Client, sent: str) -> None:
    """An id that could confuse a log is replaced by a UUID."""
    answer = client.get("/v1/tools", headers={"x-request-id": sent})

    assert uuid.UUID(answer.headers["x-request-id"]).version == 4


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "NOT_FOUND"),
        ("GET", "/tools", 404, "NOT_FOUND"),
        ("GET", "/v1/tools//", 404, "NOT_FOUND"),
        ("GET", "/v1/members", 404, "NOT_FOUND"),
        ("BREW", "/v1/tools", 405, "METHOD_NOT_ALLOWED"),
        ("OPTIONS", "/v1/tools", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/v1/tools/featured", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_what_the_contract_does_not_have(
    client: Client, method: str, target: str, status: int, code: str
) -> None:
    """Unknown paths and methods are problems of the catalogue, with every member of RFC 9457."""
    answer = client.send(method, target)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == "/problems/" + code.lower().replace("_", "-")
    assert problem["instance"] == target
    assert problem["requestId"] == answer.headers["x-request-id"]


def test_a_literal_segment_wins_over_a_parameter(client: Client, shed: Shed) -> None:
    """/tools/featured is not the tool whose id is `featured`."""
    answer = client.get("/v1/tools/featured")

    assert answer.json["type"] == "TOOL"


def test_a_constant_header_is_added(client: Client) -> None:
    """A header to which the contract gives one value needs no handler to set it."""
    assert client.post("/v1/tools", SAW).headers["cache-control"] == "no-store"
    assert client.send("DELETE", "/v1/members/me", headers=CARD).headers["cache-control"]


def test_a_response_without_a_body(client: Client) -> None:
    """204 has neither body nor length nor media type."""
    answer = client.send("DELETE", "/v1/members/me", headers=CARD)

    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers
    assert "content-type" not in answer.headers


def test_a_caller_reaches_the_handler(client: Client, shed: Shed) -> None:
    """What the verifier returned is the request's caller, and observed."""
    client.get("/v1/members/me", headers=CARD)

    assert shed.arrived == [{"caller": "ada"}]
    assert shed.observed[0].caller == "ada"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic ada",
        "Bearer ada eve",
        "ada",
        "Bearer \u00e4da",
        "Bearer a,b",
    ],
)
def test_a_token_that_is_none(client: Client, shed: Shed, header: str) -> None:
    """Whatever is not one bearer token is 401, and no handler runs."""
    answer = client.get("/v1/members/me", headers={"authorization": header})

    assert answer.status == 401
    assert shed.arrived == []


def test_security_comes_before_validation(client: Client) -> None:
    """A stranger learns nothing about what a request should look like."""
    answer = client.patch(f"/v1/tools/{TOOL_ID}", {"kind": 1})

    assert answer.status == 401


def test_faults_name_their_fields(client: Client) -> None:
    """Every field that is wrong is named by pointer and rule."""
    answer = client.post("/v1/tools", {"kind": "bomb", "parts": [{"number": "x"}], "zip": 1})

    assert answer.json["code"] == "VALIDATION_FAILED"
    assert {(fault["pointer"], fault["code"]) for fault in answer.json["errors"]} == {
        ("/name", "required"),
        ("/kind", "enum"),
        ("/parts/0/number", "type"),
        ("/zip", "additionalProperties"),
    }


def test_a_name_that_the_client_invented_is_not_repeated(client: Client) -> None:
    """An unknown field with a name that could carry anything is shown at its parent."""
    answer = client.post("/v1/tools", {**SAW, "<script>": 1})

    assert [fault["pointer"] for fault in answer.json["errors"]] == [""]
    assert b"script" not in answer.body


def test_a_parameter_fault_says_where(client: Client) -> None:
    """A parameter's pointer has its place and name behind a number sign."""
    answer = client.get("/v1/tools?limit=0")

    assert answer.json["errors"] == [
        {"pointer": "#/query/limit", "code": "minimum", "message": "It must be at least 1."}
    ]


def test_many_faults_are_cut(client: Client) -> None:
    """A body of ten thousand faults is answered shortly, with twenty of them."""
    started = time.process_time()
    answer = client.post("/v1/tools", {**SAW, "parts": ["x"] * 10_000})

    assert len(answer.json["errors"]) == 20
    assert time.process_time() - started < 0.5


def test_array_parameters(client: Client, shed: Shed) -> None:
    """An exploded array is read from every occurrence."""
    client.get("/v1/tools?kind=saw&kind=drill&limit=5&weight=2.5&sharp=false")

    expected = {"limit": 5, "weight": 2.5, "sharp": False, "since": None, "kind": ["saw", "drill"]}
    assert shed.arrived == [expected]


@pytest.mark.parametrize("query", ["limit=%FF", "%FF=1", "limit=\u00e9", "a" * 9000])
def test_a_query_that_cannot_be_read(client: Client, query: str) -> None:
    """A query string that is not UTF-8, or is very long, is 400."""
    assert client.get(f"/v1/tools?{query}").status == 400


def test_repeated_headers(client: Client) -> None:
    """A declared header parameter that comes twice is refused."""
    answer = client.get(f"/v1/tools/{TOOL_ID}", headers=[("x-depth", "1"), ("x-depth", "2")])

    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "repeated"


def test_an_encoded_body_is_not_read(client: Client, shed: Shed) -> None:
    """A compressed body could grow without bound; none is announced, so none is read."""
    headers = {**JSON, "content-encoding": "gzip"}

    assert client.post("/v1/tools", SAW, headers=headers).status == 415
    assert shed.arrived == []


def test_patterns_that_backtrack_cannot_be_built() -> None:
    """The validator's patterns are linear in time, without look-around."""
    with pytest.raises(ValueError, match="regex"):
        schema.build({"pattern": "^(?=a)b$"})


def test_a_code_that_is_not_listed_is_off_the_contract(bundle: Bundle, shed: Shed) -> None:
    """A problem of a documented status whose code the operation does not list is a 500."""
    changed = copy.deepcopy(bundle)
    changed["operations"]["listTools"]["responses"]["429"]["codes"] = []
    shed.error = Problem("TOO_MANY")

    answer = Client(shed.app(changed, check_responses=True)).get("/v1/tools")

    assert answer.status == 500
    assert "TOO_MANY is not in x-codes" in str(shed.observed[-1].error)


@pytest.mark.parametrize(
    "headers", [[("x-a", "b" * 20_000)], [(f"x-{n}", "b") for n in range(150)]]
)
def test_too_many_headers(client: Client, headers: list[tuple[str, str]]) -> None:
    """The header guard refuses what no honest client sends."""
    assert client.get("/v1/tools", headers=headers).status == 400


def test_a_domain_error_becomes_its_problem(client: Client, shed: Shed) -> None:
    """The translation decides, Retry-After is completed, and the cause is observed."""
    shed.error = ShedClosedError("the door is stuck")

    answer = client.get("/v1/tools")

    assert (answer.status, answer.json["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert b"door" not in answer.body
    assert shed.observed[0].error is shed.error
    assert shed.observed[0].code == "SERVICE_UNAVAILABLE"


def test_an_unknown_error_is_internal(client: Client, shed: Shed) -> None:
    """Nothing of an unforeseen exception reaches the client; the observer gets all of it."""
    shed.error = RuntimeError("table users-prod is gone")

    answer = client.get("/v1/tools")

    assert (answer.status, answer.json["code"]) == (500, "INTERNAL_ERROR")
    assert b"users-prod" not in answer.body
    assert shed.observed[0].error is shed.error


def test_a_translation_that_fails_is_internal(bundle: Bundle, shed: Shed) -> None:
    """The last resort does not depend on the application's own translation."""

    def broken(error: Exception) -> Problem | None:
        raise ValueError("broken")

    shed.error = RuntimeError("cause")
    answer = Client(shed.app(bundle, translate=broken)).get("/v1/tools")

    assert answer.status == 500
    observed = shed.observed[0].error
    assert isinstance(observed, ValueError)
    assert observed.__context__ is shed.error


def test_a_code_outside_the_catalogue_is_internal(client: Client, shed: Shed) -> None:
    """A client only ever meets codes that the contract lists."""
    shed.error = Problem("INVENTED")

    assert client.get("/v1/tools").json["code"] == "INTERNAL_ERROR"


def test_an_observer_that_fails_changes_nothing(
    bundle: Bundle, shed: Shed, caplog: pytest.LogCaptureFixture
) -> None:
    """The response is out when the observer is called; its failure is logged."""

    def broken(_: object) -> None:
        raise OSError("disk full")

    app = create_app(
        bundle,
        shed.operations(),
        authenticate={"member": authenticate},
        translate=translate,
        observe=broken,
    )

    assert Client(app).get("/v1/tools").status == 200
    assert "observe failed" in caplog.text


def test_every_exchange_is_observed_once(client: Client, shed: Shed) -> None:
    """Operation, route, status and time of success and failure alike."""
    client.get(f"/v1/tools/{TOOL_ID}")
    client.get("/v1/nowhere")

    first, second = shed.observed
    assert (first.operation_id, first.route, first.status) == ("getTool", "/v1/tools/{toolId}", 200)
    assert first.duration_ms > 0
    assert (second.operation_id, second.route, second.status) == (None, None, 404)


def test_def_handlers_run_beside_each_other(bundle: Bundle, shed: Shed) -> None:
    """Twenty handlers that block for 50 ms do not wait for each other."""
    client = Client(create_app_with(bundle, shed, listTools=lambda: time.sleep(0.05)))

    started = time.perf_counter()
    client.gather(20, "GET", "/v1/tools")

    assert time.perf_counter() - started < 0.7


def test_inline_handlers_stay_on_the_thread(bundle: Bundle, shed: Shed) -> None:
    """With inline=True a def handler runs where the event loop runs."""
    threads: list[str] = []

    def note() -> dict[str, str]:
        threads.append(threading.current_thread().name)
        return {"seen": "x"}

    Client(create_app_with(bundle, shed, listTools=note)).get("/v1/tools")
    Client(create_app_with(bundle, shed, inline=True, listTools=note)).get("/v1/tools")

    assert threads[0] != threading.current_thread().name
    assert threads[1] == threading.current_thread().name


def test_context_variables_pass_through(bundle: Bundle, shed: Shed) -> None:
    """What is set around the application is seen by a handler in its thread."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    seen = []

    def note() -> dict[str, str]:
        seen.append(variable.get())
        return {"seen": "x"}

    client = Client(create_app_with(bundle, shed, listTools=note))
    variable.set("outside")
    client.get("/v1/tools")

    assert seen == ["outside"]


def test_partials_and_bound_methods_are_handlers(bundle: Bundle, shed: Shed) -> None:
    """Dependencies are bound by partial or by an object; the engine passes the rest."""

    def add(store: list[Any], body: NamedTool, request: Request) -> Reply:
        store.append((body, request.source, request.user_agent))
        return Reply({"id": TOOL_ID, **SAW}, headers={"Location": "/v1/tools/1"})

    store: list[Any] = []
    client = Client(create_app_with(bundle, shed, addTool=functools.partial(add, store)))
    answer = client.post("/v1/tools", SAW, headers={**JSON, "user-agent": "curl"})

    assert answer.status == 201
    assert store == [(NamedTool(name="Japanese saw", kind="saw"), "192.0.2.7", "curl")]


def test_a_model_may_refuse_more_than_the_schema(bundle: Bundle, shed: Shed) -> None:
    """A model's own refusal is the client's fault too, without the value."""

    def add(body: NumberedTool) -> None:
        raise AssertionError(body)

    client = Client(create_app_with(bundle, shed, addTool=add))
    answer = client.post("/v1/tools", SAW)

    assert answer.status == 400
    assert answer.json["errors"][0]["pointer"] == "/name"
    assert b"Japanese" not in answer.body


def test_models_are_serialised_by_alias_without_none(bundle: Bundle, shed: Shed) -> None:
    """A model goes out as the contract spells it, and None is left out."""
    from pydantic import Field

    class Tool(BaseModel):
        given_id: str = Field(serialization_alias="id")
        name: str
        kind: str
        note: str | None = None

    def add() -> Reply:
        tool = Tool(given_id=TOOL_ID, name="Saw", kind="saw")
        return Reply(tool, headers={"Location": "/v1/tools/1"})

    client = Client(create_app_with(bundle, shed, check_responses=True, addTool=add))

    assert client.post("/v1/tools", SAW).json == {"id": TOOL_ID, "name": "Saw", "kind": "saw"}


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"seen": 1}, "/seen: type"),
        ({}, "/seen: required"),
        ({"seen": "x", "extra": 1}, "/extra"),
        (Reply({"seen": "x"}, status=202), "202 is not documented"),
        (Problem("TOO_MANY", headers={"Retry-After": "soon"}), "retry-after"),
        (Problem("NOT_FOUND"), "404"),
        (None, "the body"),
    ],
)
def test_a_response_off_the_contract(bundle: Bundle, shed: Shed, answer: Any, named: str) -> None:
    """In checked mode whatever the contract does not allow is a 500, its place observed."""

    def respond() -> Any:
        if isinstance(answer, Problem):
            raise answer
        return answer

    client = Client(create_app_with(bundle, shed, check_responses=True, listTools=respond))
    response = client.get("/v1/tools")

    assert response.status == 500
    assert response.json["code"] == "INTERNAL_ERROR"
    assert named in str(shed.observed[-1].error)


def test_a_missing_header_is_off_the_contract(bundle: Bundle, shed: Shed) -> None:
    """A declared and required header that a handler forgets is named."""
    client = Client(create_app_with(bundle, shed, check_responses=True, addTool=lambda: SAW))
    client.post("/v1/tools", SAW)

    assert "location is missing" in str(shed.observed[-1].error)


def test_one_of_several_shapes_is_checked(checked: Client, bundle: Bundle, shed: Shed) -> None:
    """A response may be any branch of a discriminated oneOf, and no mixture."""
    mixed = {"type": "NOTICE", "tool": SAW}
    client = Client(create_app_with(bundle, shed, check_responses=True, getFeatured=lambda: mixed))

    assert checked.get("/v1/tools/featured").status == 200
    assert client.get("/v1/tools/featured").status == 500


def test_write_only_fields_never_leave(bundle: Bundle, shed: Shed) -> None:
    """A response with a writeOnly member is off the contract."""
    leaky = {"type": "TOOL", "tool": {**SAW, "secret": "1234"}}
    client = Client(create_app_with(bundle, shed, check_responses=True, getFeatured=lambda: leaky))

    assert client.get("/v1/tools/featured").status == 500


def test_a_line_break_in_a_header_is_refused(bundle: Bundle, shed: Shed) -> None:
    """A handler cannot be made to split a response."""
    reply = Reply({"id": TOOL_ID, **SAW}, headers={"Location": "/a\r\nSet-Cookie: b"})
    client = Client(create_app_with(bundle, shed, addTool=lambda: reply))

    assert client.post("/v1/tools", SAW).status == 500


def test_missing_and_surplus_handlers_are_named(bundle: Bundle, shed: Shed) -> None:
    """Construction names every operation without handler and every handler without operation."""
    operations = shed.operations()
    del operations["addTool"]
    operations["sellTool"] = print

    with pytest.raises(ContractError) as caught:
        create_app(
            bundle,
            operations,
            authenticate={"member": authenticate},
            translate=translate,
            observe=print,
        )

    assert caught.value.faults == ["addTool: no handler", "sellTool: not in the contract"]


def test_a_handler_that_asks_for_too_much_is_named(bundle: Bundle, shed: Shed) -> None:
    """A handler's argument that the contract does not have fails at start."""

    def wrong(colour: str) -> None:
        raise AssertionError(colour)

    with pytest.raises(ContractError, match=r"listTools: the handler asks for colour"):
        create_app_with(bundle, shed, listTools=wrong)


def test_the_stack_is_complete_before_the_first_request(bundle: Bundle, shed: Shed) -> None:
    """Nothing is left to build when the first request comes."""
    app: Any = shed.app(bundle)

    assert app.middleware_stack is not None


def test_lifespan_is_acknowledged_and_websockets_refused(bundle: Bundle, shed: Shed) -> None:
    """Servers that speak lifespan start; a WebSocket is closed."""
    app = shed.app(bundle)
    sent: list[str] = []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict[str, str]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    async def drive() -> None:
        await app({"type": "lifespan"}, receive, send)
        await app({"type": "websocket"}, receive, send)

    asyncio.run(drive())

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


def test_the_same_contract_runs_on_stock_connexion(bundle: Bundle, shed: Shed) -> None:
    """One switch serves contract and handlers on Connexion's own AsyncApp."""
    client = Client(shed.app(bundle, stock=True))

    assert client.post("/v1/tools", SAW).status == 201
    assert client.get("/v1/members/me", headers=CARD).status == 200
    assert client.get("/v1/members/me").status == 401
    assert shed.arrived == [{"body": SAW}, {"caller": "ada"}]


def test_a_fault_of_the_domain_points_at_its_field(client: Client, shed: Shed) -> None:
    """A handler can name fields as the engine does."""
    fault = Fault("/name", "taken", "It is taken.")
    shed.error = Problem("VALIDATION_FAILED", "Choose another.", errors=[fault])

    problem = client.post("/v1/tools", SAW).json

    assert problem["detail"] == "Choose another."
    assert problem["errors"] == [{"pointer": "/name", "code": "taken", "message": "It is taken."}]


def create_app_with(
    bundle: Bundle,
    shed: Shed,
    *,
    inline: bool = False,
    check_responses: bool = False,
    **handlers: Any,
) -> Any:
    """Build the shed's application with some handlers replaced."""
    return create_app(
        bundle,
        {**shed.operations(), **handlers},
        authenticate={"member": authenticate},
        translate=translate,
        observe=shed.observed.append,
        inline=inline,
        check_responses=check_responses,
    )
