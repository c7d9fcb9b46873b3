"""The contract's schemas as pydantic models, as FastAPI's and Powertools' documentation write them.

An address is checked by a pattern: `EmailStr` would import another library at every cold start.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
Email = Annotated[
    str,
    Field(
        min_length=3,
        max_length=254,
        pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$",
    ),
]
Zone = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$")]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class RegisterUserRequest(Model):
    email: Email
    password: Annotated[Text, Field(min_length=8, max_length=128)]
    first_name: Annotated[Text, Field(min_length=1, max_length=50)]
    last_name: Annotated[Text, Field(min_length=1, max_length=50)]


class RegisteredUser(Model):
    user_id: UUID
    email: Email
    message: str


class UserProfile(Model):
    user_id: UUID
    email: Email
    email_verified: bool
    first_name: str
    last_name: str
    mfa_enabled: bool
    phone_number: str | None = None
    date_of_birth: date | None = None
    timezone: Zone | None = None
    created_at: datetime
    updated_at: datetime


class PlanGoal(Model):
    name: Annotated[Text, Field(max_length=40)]
    target: Annotated[float, Field(ge=0, le=100000)]
    unit: Literal["km", "kg", "min", "count"]


class CreatePlanRequest(Model):
    title: Annotated[Text, Field(min_length=1, max_length=80)]
    email: Email
    category: Literal["running", "strength", "sleep"]
    weeks: Annotated[int, Field(ge=1, le=52)]
    intensity: Annotated[float, Field(ge=0, le=1)]
    start_date: date
    reminders: bool
    timezone: Zone
    tags: Annotated[list[Annotated[Text, Field(min_length=1, max_length=20)]], Field(max_length=10)]
    goals: Annotated[list[PlanGoal], Field(max_length=10)]


class Plan(CreatePlanRequest):
    plan_id: UUID
    created_at: datetime
