"""Powertools' APIGatewayHttpResolver with validation, as its documentation shows. No ASGI."""

from __future__ import annotations

import time
import uuid
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import UnauthorizedError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from jwt import PyJWTError

from benchmarks.peers import duties, models

accounts = duties.Accounts()
tokens = duties.Tokens()
app = APIGatewayHttpResolver(enable_validation=True)


def observe(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    started = time.perf_counter()
    event = app.current_event
    request_id = event.headers.get("x-request-id") or str(uuid.uuid4())
    response = next_middleware(app)
    response.headers["X-Request-Id"] = request_id
    duties.log_line(request_id, event.http_method, event.path, response.status_code, started)
    return response


app.use(middlewares=[observe])


@app.post("/v1/auth/register")
def register_user(body: models.RegisterUserRequest) -> Response[models.RegisteredUser]:
    user_id = accounts.register(body.email, body.password, body.first_name, body.last_name)
    answer = models.RegisteredUser(user_id=user_id, email=body.email, message=duties.REGISTERED)
    headers = {"Location": "/v1/users/profile", "Cache-Control": "no-store"}
    return Response(201, "application/json", answer, headers=headers)


@app.post("/v1/plans")
def create_plan(body: models.CreatePlanRequest) -> Response[models.Plan]:
    plan = models.Plan(**body.model_dump(), plan_id=duties.PLAN_ID, created_at=duties.CREATED_AT)
    headers = {"Location": "/v1/plans", "Cache-Control": "no-store"}
    return Response(201, "application/json", plan, headers=headers)


@app.get("/v1/users/profile")
def get_user_profile() -> Response[models.UserProfile]:
    scheme, _, token = app.current_event.headers.get("authorization", "").partition(" ")
    try:
        tokens.verify(token if scheme == "Bearer" else "")
    except PyJWTError as fault:
        raise UnauthorizedError("The token is not valid.") from fault
    headers = {"ETag": '"1"', "Cache-Control": "no-store"}
    return Response(200, "application/json", models.UserProfile(**duties.PROFILE), headers=headers)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app.resolve(event, context)
