"""The record of what failed, wherever it fails inside an operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.errors import DomainError, Unavailable
from service.domain.ports import Audit


@contextmanager
def audited(audit: Audit, event: str, user_id: str | None = None) -> Iterator[None]:
    """Record a refusal (failure) or an outage (error) of `event` and let it pass on."""
    try:
        yield
    except DomainError as refused:
        outcome = "error" if isinstance(refused, Unavailable) else "failure"
        audit(event, outcome, user_id=user_id, reason=refused.code)
        raise
