"""FastAPI on Mangum: request id and log line in a middleware, the token in a dependency.

The measured handlers without a service behind them are `async`, which spares FastAPI a thread for
each request; the one that calls AWS is not, because boto3 blocks.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jwt import PyJWTError
from mangum import Mangum

from benchmarks.peers import duties, models

accounts = duties.Accounts()
tokens = duties.Tokens()
app = FastAPI(title="Lifestyle API")
bearer = HTTPBearer()


@app.middleware("http")
async def observe(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    started = time.perf_counter()
    request_id = request.headers.get("x-request-id") or str(uuid.uuid4())
    response = await call_next(request)
    response.headers["X-Request-Id"] = request_id
    path = request.scope["path"]
    duties.log_line(request_id, request.method, path, response.status_code, started)
    return response


async def caller(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> dict[str, Any]:
    try:
        return tokens.verify(credentials.credentials)
    except PyJWTError as fault:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from fault


@app.post("/v1/auth/register", status_code=201)
def register_user(body: models.RegisterUserRequest, response: Response) -> models.RegisteredUser:
    user_id = accounts.register(body.email, body.password, body.first_name, body.last_name)
    response.headers["Location"] = "/v1/users/profile"
    response.headers["Cache-Control"] = "no-store"
    return models.RegisteredUser(user_id=user_id, email=body.email, message=duties.REGISTERED)


@app.post("/v1/plans", status_code=201)
async def create_plan(body: models.CreatePlanRequest, response: Response) -> models.Plan:
    response.headers["Location"] = "/v1/plans"
    response.headers["Cache-Control"] = "no-store"
    return models.Plan(**body.model_dump(), plan_id=duties.PLAN_ID, created_at=duties.CREATED_AT)


@app.get("/v1/users/profile")
async def get_user_profile(
    response: Response, claims: Annotated[dict[str, Any], Depends(caller)]
) -> models.UserProfile:
    response.headers["ETag"] = '"1"'
    response.headers["Cache-Control"] = "no-store"
    return models.UserProfile(**duties.PROFILE)


handler = Mangum(app)
