"""What handlers receive, what they return, and what is observed of an exchange."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

current_request_id: ContextVar[str | None] = ContextVar("contract.request_id", default=None)
"""The id of the request that is being served, for whoever logs on its behalf."""


@dataclass(slots=True)
class Request:
    """The request as a handler sees it, validated and free of HTTP's spelling.

    ``headers`` and ``cookies`` hold the parameters that the contract declares and nothing else,
    headers by lower-case name. ``source`` is the client's address as the server reports it, never
    a header. ``caller`` is what the security scheme's function returned.
    """

    id: str
    operation_id: str
    method: str
    path: str
    source: str | None = None
    user_agent: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    cookies: Mapping[str, Any] = field(default_factory=dict)
    caller: Any = None


@dataclass(slots=True)
class Reply:
    """A response with a status or headers of its own.

    ``status`` defaults to the operation's one documented 2xx.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Exchange:
    """One finished request and its response, for logs and metrics.

    ``route`` is the template (``/things/{thingId}``), ``code`` the problem's code or None.
    ``error`` is the exception behind the problem: always present when it was not foreseen, and
    ``traceback`` where it came from, which Starlette takes off an exception it has answered.
    """

    request_id: str
    method: str
    operation_id: str | None = None
    route: str | None = None
    status: int = 500
    code: str | None = None
    duration_ms: float = 0.0
    caller: Any = None
    error: BaseException | None = None
    traceback: TracebackType | None = None
