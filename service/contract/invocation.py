"""Call a handler with exactly the arguments that its signature names."""

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio.to_thread
from anyio import CapacityLimiter

from service.contract.errors import ContractError
from service.contract.problems import Fault, Problem
from service.contract.request import Request
from service.contract.state import State

Handler = Callable[..., Any]

THREADS: Final = 128
"""Handlers that run at the same time; the SDK's connection pool has to match."""

_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """Return a contract's camelCase name as Python spells it."""
    return _WORD_START.sub("_", name).lower()


class Invocation:
    """One handler and how to call it.

    Raises ContractError at start when the handler asks for what its operation does not have.
    """

    def __init__(
        self, operation_id: str, handler: Handler, contract: Mapping[str, Any], *, inline: bool
    ) -> None:
        self._handler = handler
        self._inline = inline
        self._is_async = inspect.iscoroutinefunction(inspect.unwrap(handler))
        sources = {
            snake_case(p["name"]): (p["in"], p["name"])
            for p in contract["parameters"]
            if p["in"] in ("path", "query")
        }
        names = _required_names(handler, known={"body", "request", *sources})
        unknown = names - {"body", "request", *sources}
        if unknown or ("body" in names and not contract["body"]):
            wrong = ", ".join(sorted(unknown or {"body"}))
            offered = ", ".join(sorted(sources)) or "no parameters"
            raise ContractError(
                [f"{operation_id}: the handler asks for {wrong}; the contract offers {offered}"]
            )
        self._sources = [(name, *sources[name]) for name in names if name in sources]
        self._wants_request = "request" in names
        self._wants_body = "body" in names
        self._model = _model_of(handler) if self._wants_body else None

    async def __call__(self, state: State, request: Callable[[], Request]) -> Any:
        """Call the handler; a synchronous one in a thread unless it is to run inline."""
        arguments: dict[str, Any] = {
            name: state.parameters[place].get(key) for name, place, key in self._sources
        }
        if self._wants_request:
            arguments["request"] = request()
        if self._wants_body:
            arguments["body"] = self._parse(state.body)
        if self._is_async:
            return await self._handler(**arguments)
        if self._inline:
            return self._handler(**arguments)
        call = functools.partial(self._handler, **arguments)
        return await anyio.to_thread.run_sync(call, limiter=_limiter())

    def _parse(self, value: Any) -> Any:
        if self._model is None or value is None:
            return value
        try:
            return self._model(value)
        except ValueError as error:
            raise _refusal(error) from None


def _required_names(handler: Handler, known: set[str]) -> set[str]:
    """Return the arguments to pass: all that are known, and those without a default."""
    parameters = inspect.signature(handler).parameters.values()
    return {
        p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        and (p.name in known or p.default is p.empty)
    }


def _model_of(handler: Handler) -> Callable[[Any], Any] | None:
    """Return what makes the body's annotated model of a value, None for a plain annotation."""
    function: Any = handler
    while isinstance(function, functools.partial):
        function = function.func
    if not inspect.isroutine(function):
        function = function.__call__
    annotation = typing.get_type_hints(function).get("body")
    for candidate in (annotation, *typing.get_args(annotation)):
        validate = getattr(candidate, "model_validate", None)
        if validate is not None:
            return typing.cast(Callable[[Any], Any], validate)
    return None


def _refusal(error: ValueError) -> Problem:
    """Turn a model's refusal into a problem; a model may know more than a schema can say.

    Takes pydantic's ``errors()`` without importing pydantic; any other ValueError is passed on.
    """
    if not hasattr(error, "errors"):
        raise error
    faults = [
        Fault("".join(f"/{part}" for part in item["loc"]), "model", "It is not acceptable.")
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return Problem("VALIDATION_FAILED", errors=faults)


_limiters: anyio.lowlevel.RunVar[CapacityLimiter] = anyio.lowlevel.RunVar("contract.threads")


def _limiter() -> CapacityLimiter:
    try:
        return _limiters.get()
    except LookupError:
        limiter = CapacityLimiter(THREADS)
        _limiters.set(limiter)
        return limiter
