"""The one place where a domain error becomes a problem; the contract knows its status."""

from __future__ import annotations

from service.contract import Problem
from service.domain.errors import DomainError


def translate(error: BaseException) -> Problem | None:
    """Return the problem of a domain error, None for what nobody foresaw."""
    if not isinstance(error, DomainError):
        return None
    wait = error.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return Problem(error.code, detail=error.detail, headers=headers)
