"""The one place where a domain error becomes a problem; the contract knows its status."""

from __future__ import annotations

from datetime import timedelta

from service.contract import Problem
from service.domain.errors import DomainError, RateLimited, TooManyRequests
from service.domain.limits import Limit, Standing
from service.handlers.limiting import fields


def translate(error: BaseException) -> Problem | None:
    """Return the problem of a domain error, None for what nobody foresaw."""
    if not isinstance(error, DomainError):
        return None
    wait = error.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait)}
    if isinstance(error, RateLimited) and error.standing:
        headers |= fields([error.standing])
    elif isinstance(error, TooManyRequests):
        headers |= _told_by_the_directory(wait or 1)
    return Problem(error.code, detail=error.detail, headers=headers)


def _told_by_the_directory(wait: int) -> dict[str, str]:
    """Return the RateLimit fields of a limit of Cognito's, which says neither quota nor window.

    `wait` is in seconds. What we do know is that one request may be tried again after it.
    """
    retry_after = {"Retry-After": str(wait)}
    limit = Limit(1, timedelta(seconds=wait))
    return retry_after | fields([Standing("directory", limit, remaining=0, resets_in=wait)])
