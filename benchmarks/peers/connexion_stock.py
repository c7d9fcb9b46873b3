"""Connexion's AsyncApp on Mangum, with its own routing, security and validation of the contract."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

from connexion import AsyncApp
from connexion.middleware import MiddlewarePosition
from connexion.resolver import Resolver
from jwt import PyJWTError
from mangum import Mangum
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.peers import duties

accounts = duties.Accounts()
tokens = duties.Tokens()


# Where problem+json is documented beside json, a handler of Connexion has to say which it means.
JSON = {"Content-Type": "application/json"}


class Observe:
    """Request id and log line, as a middleware of Connexion."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        sent = dict(scope["headers"]).get(b"x-request-id", b"").decode()
        request_id = sent or str(uuid.uuid4())
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        await self.app(scope, receive, watched)
        duties.log_line(request_id, scope["method"], scope["path"], status, started)


async def register_user(body: dict[str, Any]) -> Any:
    user_id = await asyncio.to_thread(
        accounts.register, body["email"], body["password"], body["firstName"], body["lastName"]
    )
    answer = {"userId": user_id, "email": body["email"], "message": duties.REGISTERED}
    return answer, 201, {"Location": "/v1/users/profile", "Cache-Control": "no-store", **JSON}


async def create_plan(body: dict[str, Any]) -> Any:
    answer = {**body, "planId": duties.PLAN_ID, "createdAt": duties.CREATED_AT}
    return answer, 201, {"Location": "/v1/plans", "Cache-Control": "no-store", **JSON}


async def get_user_profile(**_: Any) -> Any:
    return duties.PROFILE, 200, {"ETag": '"1"', "Cache-Control": "no-store", **JSON}


async def elsewhere(**_: Any) -> Any:
    return None, 204


async def verify(token: str) -> dict[str, Any] | None:
    try:
        return tokens.verify(token)
    except PyJWTError:
        return None


HANDLERS = {
    "registerUser": register_user,
    "createPlan": create_plan,
    "getUserProfile": get_user_profile,
}


def make() -> AsyncApp:
    contract = json.loads(Path(os.environ["BENCH_CONTRACT"]).read_text())
    scheme = contract["components"]["securitySchemes"]["bearer"]
    scheme["x-bearerInfoFunc"] = "benchmarks.peers.connexion_stock.verify"
    made = AsyncApp(__name__, resolver=Resolver(lambda name: HANDLERS.get(name, elsewhere)))
    made.add_middleware(Observe, MiddlewarePosition.BEFORE_EXCEPTION)
    made.add_api(contract)
    return made


app = make()
handler = Mangum(app)
