"""Starlette on Mangum without any of the duties: nothing validated, verified, logged or named."""

from __future__ import annotations

import asyncio

from mangum import Mangum
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.peers import duties

accounts = duties.Accounts()


async def register_user(request: Request) -> JSONResponse:
    body = await request.json()
    user_id = await asyncio.to_thread(
        accounts.register, body["email"], body["password"], body["firstName"], body["lastName"]
    )
    answer = {"userId": user_id, "email": body["email"], "message": duties.REGISTERED}
    return JSONResponse(answer, 201, {"Location": "/v1/users/profile"})


async def create_plan(request: Request) -> JSONResponse:
    body = await request.json()
    answer = {**body, "planId": duties.PLAN_ID, "createdAt": duties.CREATED_AT}
    return JSONResponse(answer, 201, {"Location": "/v1/plans"})


async def get_user_profile(request: Request) -> JSONResponse:
    return JSONResponse(duties.PROFILE)


app = Starlette(
    routes=[
        Route("/v1/auth/register", register_user, methods=["POST"]),
        Route("/v1/plans", create_plan, methods=["POST"]),
        Route("/v1/users/profile", get_user_profile, methods=["GET"]),
    ]
)
handler = Mangum(app)
