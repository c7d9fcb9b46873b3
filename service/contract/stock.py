"""The same contract and handlers on Connexion's own AsyncApp, untouched.

For tests, and for a reader who wants to see that the engine is Connexion with two middlewares
replaced. It has the defects that the engine closes: never serve it. It does not observe.
"""

import importlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from starlette.types import ASGIApp

from service.contract.invocation import Handler, Invocation
from service.contract.lean import import_whole_connexion
from service.contract.problems import MEDIA_TYPE, Catalogue, Problem
from service.contract.request import Exchange, Reply, Request
from service.contract.responses import encode_body
from service.contract.security import Authenticate
from service.contract.specification import Bundle
from service.contract.state import State


def create_stock_app(
    bundle: Bundle,
    operations: Mapping[str, Handler],
    authenticate: Mapping[str, Authenticate],
    translate: Callable[[Exception], Problem | None],
) -> ASGIApp:
    """Return Connexion's AsyncApp for a bundle's document, handlers adapted to its calls."""
    connexion = import_whole_connexion()
    table = {
        name: _adapt(name, operations[name], contract)
        for name, contract in bundle["operations"].items()
    }
    app = connexion.AsyncApp(
        __name__,
        resolver=connexion.Resolver(table.__getitem__),
        security_map={"bearer": _bearer_handler(bundle, authenticate)},
    )
    # Connexion completes the document in place; the bundle stays as it was compiled.
    app.add_api(json.loads(json.dumps(bundle["document"])))
    app.add_error_handler(Exception, _problem_handler(bundle, translate))
    return cast(ASGIApp, app)


def _adapt(name: str, handler: Handler, contract: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a function as Connexion calls it: keyword arguments in, a tuple out."""
    invoke = Invocation(name, handler, contract, inline=False)
    default = int(min(status for status in contract["responses"] if status.startswith("2")))

    async def adapted(**arguments: Any) -> Any:
        # The proxy is Connexion's own way to the request; it resolves to the running one.
        request: Any = importlib.import_module("connexion").request
        caller = (arguments.get("token_info") or {}).get("caller")
        exchange = Exchange(request.headers.get("x-request-id", ""), request.method, name)
        state = State(exchange, request.scope["path"], {})
        state.body = arguments.get("body")
        for parameter in contract["parameters"]:
            key = parameter["name"]
            if key in arguments:
                state.parameters.setdefault(parameter["in"], {})[key] = arguments[key]
        state.parameters.setdefault("path", {})
        state.parameters.setdefault("query", {})
        headers = {
            parameter["name"].lower(): request.headers[parameter["name"]]
            for parameter in contract["parameters"]
            if parameter["in"] == "header" and parameter["name"] in request.headers
        }
        seen = Request(
            exchange.request_id, name, request.method, state.path, headers=headers, caller=caller
        )
        result = await invoke(state, lambda: seen)
        reply = result if isinstance(result, Reply) else Reply(result)
        status = reply.status or default
        body = encode_body(reply.body)
        headers = dict(reply.headers)
        if body:
            # Connexion answers 500 where the contract names several types and the handler none.
            headers["Content-Type"] = contract["responses"][str(status)]["mediaType"]
        return json.loads(body) if body else None, status, headers

    return adapted


def _bearer_handler(bundle: Bundle, authenticate: Mapping[str, Authenticate]) -> type:
    """Return Connexion's bearer handler, its function found by scheme instead of by import path."""
    base: Any = importlib.import_module("connexion.security").BearerSecurityHandler
    schemes = bundle["document"].get("components", {}).get("securitySchemes", {})

    def resolve(_: Any, declared: dict[str, Any]) -> Callable[[str], Awaitable[Any]]:
        name = next(name for name, scheme in schemes.items() if scheme == declared)

        async def verify(token: str) -> dict[str, Any]:
            return {"sub": None, "caller": await authenticate[name](token)}

        return verify

    return type("BearerHandler", (base,), {"_resolve_func": resolve})


def _problem_handler(
    bundle: Bundle, translate: Callable[[Exception], Problem | None]
) -> Callable[[Any, Exception], Awaitable[Any]]:
    catalogue = Catalogue(bundle["problems"], realm=bundle["document"]["info"]["title"])
    response_class: Any = importlib.import_module("connexion.lifecycle").ConnexionResponse

    async def respond(request: Any, error: Exception) -> Any:
        problem = error if isinstance(error, Problem) else translate(error)
        rendered = catalogue.render(
            problem or Problem("INTERNAL_ERROR"),
            request.headers.get("x-request-id", "stock"),
            request.scope["path"],
            token_sent="authorization" in request.headers,
        )
        return response_class(
            status_code=rendered.status,
            mimetype=MEDIA_TYPE,
            content_type=MEDIA_TYPE,
            body=rendered.body,
            headers=rendered.headers,
        )

    return respond
