"""What every model generated from the contract shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


def to_utc(moment: datetime) -> datetime:
    """Express a moment in UTC, so that it is written with `Z` (RFC 3339)."""
    return moment.astimezone(UTC)


Timestamp = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""A moment with a zone. A naive one is refused: nobody could tell when it was."""


class Model(BaseModel):
    """A closed object whose fields are snake_case here and camelCase on the wire.

    The core schema is built on first use: a process pays for the models it meets, not for all.
    """

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        validate_by_alias=True,
        validate_by_name=True,
    )
