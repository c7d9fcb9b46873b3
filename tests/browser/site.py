"""The contract's pages before a service that tells what it was sent; granian serves it."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from service.contract import compile_contract, generate
from service.contract.site import Site


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the token."""
    if scope["type"] != "http":
        return
    token = dict(scope["headers"]).get(b"authorization", b"").decode()
    await JSONResponse({"token": token})(scope, receive, send)


app = Site(echo, compile_contract(generate.CONTRACT), generate.CONTRACT)
