"""Assemble the application: Connexion's stack, with routing and validation from the bundle."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from connexion.exceptions import ProblemException
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.main import API, ConnexionMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.resolver import Resolver
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from service.contract.entry import EntryMiddleware
from service.contract.errors import ContractError
from service.contract.handling import HandlingApp, ProblemHandler, Translate
from service.contract.invocation import Handler
from service.contract.problems import Catalogue
from service.contract.request import Exchange
from service.contract.routing import RoutingMiddleware
from service.contract.security import Authenticate, BearerHandler
from service.contract.specification import Bundle, CompiledSpecification
from service.contract.validation import ValidationMiddleware

BUNDLE_FORMAT = 2


def create_app(
    bundle: Bundle,
    operations: Mapping[str, Handler],
    *,
    authenticate: Mapping[str, Authenticate],
    translate: Translate,
    observe: Callable[[Exchange], None],
    inline: bool = False,
    stock: bool = False,
    check_responses: bool = False,
) -> ASGIApp:
    """Return the ASGI application of a compiled contract, complete before its first request.

    ``operations`` maps every operationId to its handler, ``authenticate`` every security scheme to
    the coroutine function that verifies a token and returns the caller. ``inline`` calls ``def``
    handlers on the event loop (one request at a time, as on Lambda) instead of in threads.
    ``check_responses`` compares every response with the contract (tests). ``stock`` starts the
    same contract and handlers on Connexion's own AsyncApp.

    Raises ContractError naming every missing or surplus operation and every unverified scheme.
    """
    _check(bundle, operations, authenticate)
    if stock:
        from service.contract.stock import create_stock_app  # noqa: PLC0415 - imports all of it.

        return create_stock_app(bundle, operations, authenticate, translate)
    handling = HandlingApp()
    # Connexion's annotation asks for applications; it takes what makes one.
    middlewares: list[Any] = [
        functools.partial(EntryMiddleware, observe=observe),
        ExceptionMiddleware,
        RoutingMiddleware,
        SecurityMiddleware,
        ValidationMiddleware,
    ]
    app = ConnexionMiddleware(
        handling,
        middlewares=middlewares,
        resolver=Resolver(operations.__getitem__),
        security_map={"bearer": functools.partial(BearerHandler, authenticate)},
    )
    catalogue = Catalogue(bundle["problems"], realm=bundle["document"]["info"]["title"])
    problem_handler = ProblemHandler(catalogue, translate, handling)
    for exception in (Exception, HTTPException, ProblemException):
        app.add_error_handler(exception, problem_handler.respond)
    specification = CompiledSpecification(bundle)
    options = {"inline": inline, "check_responses": check_responses}
    # add_api() would validate and dereference the document again; this is what it ends with.
    app.apis.append(API(specification, base_path=None, **app.options.__dict__, **options))
    app.app, app.middleware_stack = app._build_middleware_stack()
    return app


def _is_async(function: Authenticate) -> bool:
    # An object with an asynchronous __call__ is as good as a coroutine function.
    call = getattr(function, "__call__", None)  # noqa: B004 - the method itself is asked for.
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def _check(
    bundle: Bundle, operations: Mapping[str, Handler], authenticate: Mapping[str, Authenticate]
) -> None:
    if bundle.get("format") != BUNDLE_FORMAT:
        raise ContractError([f"the bundle has format {bundle.get('format')}; compile it again"])
    contract = bundle["operations"]
    faults = [f"{name}: no handler" for name in contract if name not in operations]
    faults += [f"{name}: not in the contract" for name in operations if name not in contract]
    schemes = {operation["scheme"] for operation in contract.values()} - {None}
    faults += [f"{name}: nobody authenticates" for name in sorted(schemes - set(authenticate))]
    faults += [
        f"{name}: authenticate with a coroutine function; another would block the event loop"
        for name, function in authenticate.items()
        if not _is_async(function)
    ]
    if faults:
        raise ContractError(faults)
