"""The end of the stack: call the operation's handler, or render the problem that it met."""

from collections.abc import Callable
from typing import Any

from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations.abstract import AbstractOperation
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from service.contract.invocation import Invocation
from service.contract.problems import MEDIA_TYPE, Catalogue, Problem, RenderedProblem
from service.contract.request import Request
from service.contract.responses import ContractViolation, Responses, send_response
from service.contract.specification import bundle_of
from service.contract.state import KEY, State

Translate = Callable[[Exception], Problem | None]


class HandlingOperation:
    """Calls the handler of one operation."""

    def __init__(self, invocation: Invocation, responses: Responses) -> None:
        self._invocation = invocation
        self.responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the handler's result; its exceptions are Connexion's to map."""
        state: State = scope[KEY]
        result = await self._invocation(state, lambda: make_request(scope, state))
        exchange = state.exchange
        status, headers, body = self.responses.encode(result, exchange.request_id)
        exchange.status = status
        await send_response(send, status, headers, body)


def make_request(scope: Scope, state: State) -> Request:
    """Return the request as handlers see it."""
    exchange = state.exchange
    client = scope.get("client")
    agent = state.headers.get(b"user-agent")
    return Request(
        id=exchange.request_id,
        operation_id=exchange.operation_id or "",
        method=exchange.method,
        path=state.path,
        source=client[0] if client else None,
        user_agent=agent.decode("latin-1") if agent is not None else None,
        headers=state.parameters.get("header", {}),
        cookies=state.parameters.get("cookie", {}),
        caller=exchange.caller,
    )


class HandlingAPI(RoutedAPI[HandlingOperation]):
    """The handlers of one specification."""

    def __init__(self, *args: Any, inline: bool, check_responses: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inline = inline
        self._check_responses = check_responses
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> HandlingOperation:
        """Bind the function that Connexion's resolver found to its part of the contract."""
        name = operation.operation_id
        bundle = bundle_of(self.specification)
        contract = bundle["operations"][name]
        return HandlingOperation(
            Invocation(name, operation.function, contract, inline=self._inline),
            Responses(name, contract, bundle["schemas"] if self._check_responses else None),
        )


class HandlingApp(RoutedMiddleware[HandlingAPI]):
    """The application that Connexion's middlewares wrap."""

    api_cls = HandlingAPI

    def __init__(self) -> None:
        super().__init__(_nothing_here)

    def responses(self, operation_id: str | None) -> Responses | None:
        """Return the documented responses of an operation."""
        for apis in self.apis.values():
            for api in apis:
                if operation_id in api.operations:
                    return api.operations[operation_id].responses
        return None


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    raise Problem("NOT_FOUND")


class ProblemHandler:
    """Connexion's error handler: any exception becomes a problem of the catalogue."""

    def __init__(self, catalogue: Catalogue, translate: Translate, handling: HandlingApp) -> None:
        self._catalogue = catalogue
        self._translate = translate
        self._handling = handling

    async def respond(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Return the response to an exception; what is unknown becomes INTERNAL_ERROR."""
        state: State = request.scope[KEY]
        exchange = state.exchange
        rendered, headers = self._checked(state, self._problem(state, error))
        exchange.status, exchange.code = rendered.status, rendered.code
        return ConnexionResponse(  # type: ignore[no-untyped-call] # Connexion leaves it bare.
            status_code=rendered.status,
            mimetype=MEDIA_TYPE,
            content_type=MEDIA_TYPE,
            body=rendered.body,
            headers=headers,
        )

    def _problem(self, state: State, error: Exception) -> Problem:
        """Return the problem that an exception stands for, and note what is not ours."""
        if isinstance(error, Problem):
            return error
        state.exchange.error, state.exchange.traceback = error, error.__traceback__
        if isinstance(error, HTTPException | ProblemException):
            return Problem(_code_of(error.status_code))
        try:
            return self._translate(error) or Problem("INTERNAL_ERROR")
        except Exception as second:
            second.__context__ = error
            state.exchange.error = second
            return Problem("INTERNAL_ERROR")

    def _checked(self, state: State, problem: Problem) -> tuple[RenderedProblem, dict[str, str]]:
        rendered, headers, responses = self._render(state, problem)
        if responses is not None:
            try:
                responses.check(rendered.status, headers, rendered.body, rendered.code)
            except ContractViolation as violation:
                violation.__context__ = state.exchange.error
                state.exchange.error = violation
                rendered, headers, _ = self._render(state, Problem("INTERNAL_ERROR"))
        return rendered, headers

    def _render(
        self, state: State, problem: Problem
    ) -> tuple[RenderedProblem, dict[str, str], Responses | None]:
        sent = b"authorization" in state.headers
        rendered = self._catalogue.render(
            problem, state.exchange.request_id, state.path, token_sent=sent
        )
        responses = self._handling.responses(state.exchange.operation_id)
        constants = responses.constants(rendered.status) if responses else {}
        identity = {"X-Request-Id": state.exchange.request_id}
        return rendered, {**constants, **rendered.headers, **identity}, responses


def _code_of(status: int) -> str:
    """Return the engine's code for what Connexion or Starlette raise themselves."""
    by_status = {401: "UNAUTHORIZED", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
    fallback = "VALIDATION_FAILED" if 400 <= status < 500 else "INTERNAL_ERROR"
    return by_status.get(status, fallback)
