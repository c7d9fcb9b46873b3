"""This service's engine, models, token verification, logs and Lambda entry on the same contract.

The cold start is measured on the deployed entry point itself; here handlers without a service
behind them stand in, as in every peer.
"""

from __future__ import annotations

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from benchmarks.peers import duties
from service import models, telemetry
from service.aws.jwks import JwksCache, fetcher
from service.aws.tokens import AccessTokens
from service.contract import Reply, Request, create_app
from service.contract.model import Model, Timestamp
from service.contract.problems import Catalogue
from service.handlers.problems import translate
from service.invocations import LambdaHandler


class PlanGoal(Model):
    name: str
    target: float
    unit: Literal["km", "kg", "min", "count"]


class CreatePlanRequest(Model):
    title: str
    email: str
    category: Literal["running", "strength", "sleep"]
    weeks: int
    intensity: float
    start_date: Annotated[date, Field(alias="startDate")]
    reminders: bool
    timezone: str
    tags: list[str]
    goals: list[PlanGoal]


class Plan(CreatePlanRequest):
    plan_id: Annotated[str, Field(alias="planId")]
    created_at: Annotated[Timestamp, Field(alias="createdAt")]


CREATED_AT = datetime.fromisoformat(duties.CREATED_AT)
PROFILE = {
    **duties.PROFILE,
    "dateOfBirth": date.fromisoformat(str(duties.PROFILE["dateOfBirth"])),
    "createdAt": CREATED_AT,
    "updatedAt": CREATED_AT,
}


def create_plan(body: CreatePlanRequest) -> Reply:
    plan = Plan(**dict(body), plan_id=duties.PLAN_ID, created_at=CREATED_AT)
    return Reply(plan, headers={"Location": "/v1/plans"})


def get_user_profile(request: Request) -> Reply:
    return Reply(models.UserProfile(**PROFILE), headers={"ETag": '"1"'})


def elsewhere() -> Any:
    raise NotImplementedError


bundle = json.loads(Path(os.environ["BENCH_BUNDLE"]).read_bytes())
handlers: dict[str, Any] = dict.fromkeys(bundle["operations"], elsewhere)
handlers |= {"createPlan": create_plan, "getUserProfile": get_user_profile}
tokens = AccessTokens(
    JwksCache(fetcher(os.environ["JWKS_URL"])), issuer=duties.ISSUER, client_id=duties.CLIENT_ID
)
telemetry.configure("INFO")
app = create_app(
    bundle,
    handlers,
    authenticate={"bearer": tokens.authenticate},
    translate=translate,
    observe=telemetry.observe,
    inline=True,
)
handler = LambdaHandler(app, Catalogue(bundle["problems"], realm="bench"))
