"""The names of Connexion that the engine leans on although they are not quite public.

The pin and this list belong together: whoever raises the one reads the other.
"""

from __future__ import annotations

import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

from connexion.lifecycle import ConnexionRequest
from connexion.middleware import abstract, main
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.operations.openapi import OpenAPIOperation
from connexion.security import AbstractSecurityHandler, SecurityHandlerFactory
from connexion.spec import OpenAPISpecification

from service.contract import application, handling, routing, specification, validation

PROJECT = Path(__file__).resolve().parent.parent.parent / "pyproject.toml"


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_pin() -> None:
    """Connexion is pinned to the version whose inside these tests describe."""
    dependencies = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]

    assert "connexion==3.3.0" in dependencies
    assert version("connexion") == "3.3.0"


def test_api_holds_a_specification_and_its_options() -> None:
    """`API` is what add_api appends to `apis`, and what the stack hands to each middleware."""
    api = main.API("specification", base_path="/v1", resolver="resolver")

    assert (api.specification, api.base_path) == ("specification", "/v1")
    assert api.kwargs == {"resolver": "resolver"}


def test_the_middleware_can_be_built_early() -> None:
    """`apis`, `options`, `app`, `middleware_stack` and `_build_middleware_stack` are there."""
    app = main.ConnexionMiddleware(handling.HandlingApp(), middlewares=[])

    assert app.apis == []
    assert app.middleware_stack is None
    assert {"resolver", "security_map"} <= set(app.options.__dict__)
    built, stack = app._build_middleware_stack()
    assert built is app.app
    assert list(stack) == [app.app]


def test_the_routing_context() -> None:
    """`ROUTING_CONTEXT` is the scope's extension in which RoutedMiddleware looks."""
    assert abstract.ROUTING_CONTEXT == "connexion_routing"
    source = inspect.getsource(abstract.RoutedMiddleware.__call__)
    assert 'scope["extensions"][ROUTING_CONTEXT]' in source
    assert 'connexion_context.get("operation_id")' in source


def test_the_base_classes_have_their_hooks() -> None:
    """SpecMiddleware, AbstractRoutingAPI and RoutedAPI call what the engine overrides."""
    assert issubclass(routing.RoutingMiddleware, abstract.SpecMiddleware)
    assert issubclass(routing.RoutingAPI, abstract.AbstractRoutingAPI)
    assert issubclass(validation.ValidationMiddleware, abstract.RoutedMiddleware)
    assert issubclass(validation.ValidationAPI, abstract.RoutedAPI)
    assert parameters(abstract.RoutedAPI.make_operation) == ["self", "operation"]
    assert parameters(abstract.AbstractRoutingAPI._add_operation_internal) == [
        "self",
        "method",
        "path",
        "operation",
        "name",
    ]
    assert parameters(abstract.AbstractRoutingAPI._framework_path_and_name) == ["operation", "path"]


def test_the_specification_is_made_of_these_fields() -> None:
    """`_raw_spec`, `_spec` and `_base_uri` are all that OpenAPISpecification keeps."""
    document = {"openapi": "3.0.3", "servers": [{"url": "/v1"}], "paths": {}, "components": {}}
    compiled = specification.CompiledSpecification(
        {"document": {**document, "info": {}}, "operations": {}}
    )

    assert vars(compiled).keys() == {"bundle", "_raw_spec", "_spec", "_base_uri"}
    assert compiled.base_path == "/v1"
    assert compiled.operation_cls is OpenAPIOperation
    assert isinstance(compiled, OpenAPISpecification)
    assert compiled.security_schemes == {}


def test_security_handlers_are_called_like_this() -> None:
    """The factory asks a handler of `security_map` for `get_fn(scheme, scopes)`."""
    assert parameters(AbstractSecurityHandler.get_fn) == [
        "self",
        "security_scheme",
        "required_scopes",
    ]
    assert SecurityHandlerFactory({"bearer": None}).security_handlers["bearer"] is None
    assert hasattr(SecurityHandlerFactory, "verify_security")
    assert isinstance(ConnexionRequest.context, property)


def test_exceptions_are_mapped_here() -> None:
    """ExceptionMiddleware takes handlers by exception class, as add_error_handler gives them."""
    assert parameters(ExceptionMiddleware.add_exception_handler) == [
        "self",
        "exc_class_or_status_code",
        "handler",
    ]
    assert application.ExceptionMiddleware.__module__ == "connexion.middleware.exceptions"
