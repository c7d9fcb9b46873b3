"""Bearer tokens in the place where Connexion keeps security functions: its security map.

Connexion reads the first of two Authorization headers, runs synchronous functions on the event
loop, and takes any token text (rows 11 and 15 of the defects).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from connexion.lifecycle import ConnexionRequest
from connexion.security import AbstractSecurityHandler

from service.contract.problems import Problem
from service.contract.state import KEY, State

Authenticate = Callable[[str], Awaitable[Any]]

SCHEME_NAME: Final = "x-scheme-name"
"""Where the engine's specification tells a security handler the name of its scheme."""

_CREDENTIALS: Final = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
"""RFC 6750 section 2.1."""


class BearerHandler(AbstractSecurityHandler):
    """Hand the bearer token to the function that the application gave for the scheme."""

    def __init__(self, authenticate: Mapping[str, Authenticate]) -> None:
        self._authenticate = authenticate

    def get_fn(
        self, security_scheme: dict[str, Any], required_scopes: list[str]
    ) -> Callable[[ConnexionRequest], Awaitable[dict[str, Any]]]:
        """Return Connexion's verification function for a scheme; KeyError if nobody verifies it."""
        authenticate = self._authenticate[security_scheme[SCHEME_NAME]]

        async def verify(request: ConnexionRequest) -> dict[str, Any]:
            state: State = request.scope[KEY]
            match = _CREDENTIALS.fullmatch(state.headers.get(b"authorization", b""))
            if match is None:
                raise Problem("UNAUTHORIZED")
            caller = await authenticate(match[1].decode())
            state.exchange.caller = caller
            # Connexion asks the result for `sub`; the caller itself travels in the exchange.
            return {"sub": None}

        return verify
