"""The process that serves the API in a local run; `local.__main__` starts, replaces and ends it.

The listening socket is the parent's, so that no connection is refused while one process takes over
from another: a newer one serves only once it has loaded the code and the contract.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.embed import Server

from local import lifeline
from local.gateway import with_cors
from local.pages import ASGIApp, DeveloperPages
from local.remote import Remote

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> None:
    """Serve until the parent goes; the report pipe gets `{}` when ready or the fault."""
    request = json.loads(arguments[0])
    with os.fdopen(request["report"], "w") as report:
        try:
            app = fault_page(request["fault"]) if request["fault"] else load(request["aws"])
        except Exception as fault:  # Whatever the code under development raises.
            json.dump({"fault": explain(fault)}, report)
            return
        json.dump({}, report)
    asyncio.run(serve(app, request["listener"]))


def load(aws: int | None) -> ASGIApp:
    """Build what `python -m service` serves; on the embedded AWS with a gateway and /dev."""
    from service.__main__ import application  # noqa: PLC0415  # Its faults go to the report.

    app: ASGIApp = application()
    return DeveloperPages(with_cors(app), Remote(aws)) if aws else app


def explain(fault: Exception) -> str:
    """Return the message of a fault that names itself, else the traceback without our frames."""
    if type(fault).__name__ in ("SettingsError", "ContractError"):
        return str(fault)
    lines = traceback.format_exception(fault)
    return "".join(lines[:1] + lines[2:])


def fault_page(text: str) -> ASGIApp:
    """Return an application whose only page names the fault that keeps the service away."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = f"The service does not start; it will once this is mended:\n\n{text}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"retry-after", b"2"),
        ]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


class InheritedSocketServer(Server):
    """Granian on a listening socket that the parent opened; its own API can only open one."""

    def __init__(self, app: ASGIApp, listener: int) -> None:
        super().__init__(app, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # granian declares both as None, and its stub of SocketHolder lags: (fd, uds, backlog).
        holder: Any = SocketHolder
        vars(self).update(_sfd=self._listener, _shd=holder(self._listener, False, 1024))


async def serve(app: ASGIApp, listener: int) -> None:
    """Serve on the socket until the parent ends this process; answer what was begun."""
    stop = asyncio.Event()
    lifeline.tie(stop)
    server = InheritedSocketServer(app, listener)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]  # granian does not annotate it.
    await serving


if __name__ == "__main__":
    main(sys.argv[1:])
