"""Route by the contract: Connexion's routing middleware without Starlette's router.

Starlette's router redirects on a trailing slash to a URL built from ``Host``, tries every route in
turn, and answers 405 with the methods of a single route (rows 10, 22 and 28 of the defects).
"""

from typing import Any, Final

from connexion.middleware.abstract import ROUTING_CONTEXT, AbstractRoutingAPI, SpecMiddleware
from connexion.operations.abstract import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from service.contract.problems import Problem
from service.contract.state import KEY, State

_PARAMETER: Final = ""
"""The key of a node's branch that takes any segment; no literal segment is empty."""


class Route:
    """One operation at the end of a path."""

    __slots__ = ("context", "names", "operation_id", "template")

    def __init__(self, operation_id: str, base_path: str, template: str) -> None:
        self.operation_id = operation_id
        self.template = base_path + template
        self.names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
        self.context = {"api_base_path": base_path, "operation_id": operation_id}


Methods = dict[str, Route]


class RouteTable:
    """All routes: paths without parameters in one dictionary, the others as a tree of segments.

    The cost of a lookup depends on the length of the path, never on the number of operations.
    """

    def __init__(self) -> None:
        self._static: dict[str, Methods] = {}
        self._tree: dict[str, Any] = {}

    def add(self, method: str, route: Route) -> None:
        """Register a route under its template and method."""
        if not route.names:
            self._static.setdefault(route.template, {})[method.upper()] = route
            return
        node = self._tree
        for part in route.template.split("/")[1:]:
            node = node.setdefault(_PARAMETER if part.startswith("{") else part, {})
        node.setdefault("/", {})[method.upper()] = route

    def find(self, path: str) -> tuple[Methods, list[str]] | None:
        """Return the methods of a path and the values of its parameters, None if unknown."""
        methods = self._static.get(path)
        if methods is not None:
            return methods, []
        return _descend(self._tree, path.split("/")[1:], [])


def _descend(
    node: dict[str, Any], parts: list[str], values: list[str]
) -> tuple[Methods, list[str]] | None:
    """Follow the segments, a literal before a parameter."""
    if not parts:
        return (node["/"], values) if "/" in node else None
    part, rest = parts[0], parts[1:]
    if not part:
        return None
    found = _descend(node[part], rest, values) if part in node else None
    if found is None and _PARAMETER in node:
        found = _descend(node[_PARAMETER], rest, [*values, part])
    return found


class RoutingAPI(AbstractRoutingAPI[Route]):
    """Puts the operations of one specification into the table."""

    def __init__(self, *args: Any, table: RouteTable, **kwargs: Any) -> None:
        self._table = table
        super().__init__(*args, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> Route:
        """Return the route of an operation."""
        return Route(operation.operation_id, self.base_path, operation.path)

    @staticmethod
    def _framework_path_and_name(operation: AbstractOperation, path: str) -> tuple[str, str]:
        return path, operation.operation_id

    def _add_operation_internal(
        self, method: str, path: str, operation: Route, name: str | None = None
    ) -> None:
        self._table.add(method, operation)


class RoutingMiddleware(SpecMiddleware):
    """Finds the operation of a request and leaves it in the scope, where Connexion looks for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._table = RouteTable()

    def add_api(self, specification: Specification, **kwargs: Any) -> RoutingAPI:
        """Register the operations of a specification."""
        return RoutingAPI(specification, table=self._table, **kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request.

        Raises VALIDATION_FAILED for refused headers, NOT_FOUND for an unknown path, and
        METHOD_NOT_ALLOWED with every method that the path has.
        """
        state: State = scope[KEY]
        if state.malformed is not None:
            raise Problem("VALIDATION_FAILED", state.malformed)
        found = self._table.find(state.path)
        if found is None:
            raise Problem("NOT_FOUND")
        methods, values = found
        route = methods.get(scope["method"])
        if route is None:
            raise Problem("METHOD_NOT_ALLOWED", headers={"Allow": ", ".join(sorted(methods))})
        state.exchange.operation_id = route.operation_id
        state.exchange.route = route.template
        if values:
            state.path_values = dict(zip(route.names, values, strict=True))
        scope["extensions"] = {**(scope.get("extensions") or {}), ROUTING_CONTEXT: route.context}
        await self._app(scope, receive, send)
