"""What the engine's middlewares pass on to each other for one request."""

from typing import Any, Final

from service.contract.request import Exchange

KEY: Final = "contract.state"
"""The name in the ASGI scope under which the state travels."""


class State:
    """One request on its way through the stack.

    ``headers`` maps lower-case names to values, repeated ones joined as RFC 9110 section 5.3 says
    and listed in ``repeated``; ``malformed`` says what the header guard refuses. Routing fills
    ``path_values``, validation ``parameters`` and ``body``.
    """

    __slots__ = (
        "body",
        "exchange",
        "headers",
        "malformed",
        "parameters",
        "path",
        "path_values",
        "repeated",
    )

    def __init__(self, exchange: Exchange, path: str, headers: dict[bytes, bytes]) -> None:
        self.exchange = exchange
        self.path = path
        self.headers = headers
        self.malformed: str | None = None
        self.repeated: set[bytes] = set()
        self.path_values: dict[str, str] = {}
        self.parameters: dict[str, dict[str, Any]] = {}
        self.body: Any = None
