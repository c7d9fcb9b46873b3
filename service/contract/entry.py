"""The outermost middleware: request id, header guard, and the one observation per response."""

import logging
import os
import re
import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from service.contract.request import Exchange, current_request_id
from service.contract.state import KEY, State

logger = logging.getLogger(__name__)

MAX_HEADERS: Final = 100
MAX_HEADER_BYTES: Final = 16 * 1024

SINGLE: Final = frozenset((b"authorization", b"content-length", b"content-type", b"host"))
"""Headers that may come once; of two, one reader takes the first and another the last."""

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class EntryMiddleware:
    """Give every request its id and state, and observe what became of it."""

    def __init__(self, app: ASGIApp, *, observe: Callable[[Exchange], None]) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; lifespan is acknowledged, a WebSocket refused."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _acknowledge(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        state = _open(scope)
        exchange = state.exchange
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            exchange.error = error
            raise
        finally:
            exchange.duration_ms = (time.perf_counter() - started) * 1000
            try:
                self._observe(exchange)
            except Exception:
                logger.exception("observe failed for request %s", exchange.request_id)


def _open(scope: Scope) -> State:
    """Put a new state into the scope and return it."""
    headers: dict[bytes, bytes] = {}
    repeated: set[bytes] = set()
    malformed = None
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in headers:
            repeated.add(name)
            if name in SINGLE:
                malformed = f"The header {name.decode()} is repeated."
            headers[name] += (b"; " if name == b"cookie" else b", ") + value
        else:
            headers[name] = value
    if size > MAX_HEADER_BYTES or len(scope["headers"]) > MAX_HEADERS:
        malformed = "The headers are too large."
    sent = headers.get(b"x-request-id", b"")
    request_id = sent.decode() if _REQUEST_ID.fullmatch(sent) else _new_request_id()
    current_request_id.set(request_id)
    state = State(Exchange(request_id, scope["method"]), _path(scope), headers)
    state.malformed = malformed
    state.repeated = repeated
    scope[KEY] = state
    return state


def _new_request_id() -> str:
    """Return a random UUID (RFC 9562, version 4); the uuid module takes four times as long."""
    text = os.urandom(16).hex()
    variant = "89ab"[int(text[16], 16) % 4]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def _path(scope: Scope) -> str:
    """Return the path below the place where a server has mounted the application."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    return path[len(root) :] if root and path.startswith(root + "/") else path


async def _acknowledge(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
