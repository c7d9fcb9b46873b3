"""Validate requests: Connexion's validation middleware with the compiled contract inside.

Everything that a request is checked against is built once, at start, in ``make_operation``.
"""

from collections.abc import Mapping
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from service.contract import schema
from service.contract.body import BodyReader
from service.contract.negotiation import accepts
from service.contract.parameters import ParameterReader
from service.contract.problems import Problem
from service.contract.specification import bundle_of
from service.contract.state import KEY, State


class ValidationOperation:
    """Checks the requests of one operation."""

    def __init__(self, next_app: ASGIApp, contract: Mapping[str, Any]) -> None:
        self._next_app = next_app
        self._reader = ParameterReader(contract["parameters"])
        self._parameters = schema.build(self._reader.schema())
        self._body = BodyReader(contract["body"]) if contract["body"] else None
        self._offered = tuple(
            response["mediaType"].lower()
            for status, response in contract["responses"].items()
            if status.startswith("2") and response["mediaType"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Validate and pass on.

        Raises NOT_ACCEPTABLE, VALIDATION_FAILED and what reading the body raises. A body that the
        contract does not declare is never read.
        """
        state: State = scope[KEY]
        if not accepts(state.headers.get(b"accept"), self._offered):
            raise Problem("NOT_ACCEPTABLE")
        values = self._reader.read(state, scope["query_string"])
        if not self._parameters.is_valid(values):
            found = schema.faults(self._parameters, values, "#{}".format)
            raise Problem("VALIDATION_FAILED", errors=found)
        state.parameters = values
        if self._body is not None:
            state.body = await self._body.read(state, receive)
        await self._next_app(scope, receive, send)


class ValidationAPI(RoutedAPI[ValidationOperation]):
    """The validation operations of one specification."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ValidationOperation:
        """Compile the checks of an operation."""
        contract = bundle_of(self.specification)["operations"][operation.operation_id]
        return ValidationOperation(self.next_app, contract)


class ValidationMiddleware(RoutedMiddleware[ValidationAPI]):
    """Finds the operation that routing has named, and validates."""

    api_cls = ValidationAPI
