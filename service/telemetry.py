"""JSON logs: one line a request, one line an authentication event, and what is never logged.

Never logged, at any level: bodies, headers, query strings, addresses, passwords, codes, tokens, and
the text of an exception nobody foresaw, because a library may have quoted its input in it. Its
type and the lines it came through are logged instead. The domain's own errors are written for the
operator and hold none of these (requirement 40; ASVS 16.2.5, 16.4.1).
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Any

from service.contract import Exchange, current_request_id
from service.domain.errors import DomainError, PortError
from service.domain.ports import Caller

logger = logging.getLogger("lifestyle")

FRAMES = 8
"""How many of the innermost lines of a traceback are logged."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line; JSON escapes line breaks, so no value can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON, with the id of the request it belongs to."""
        line: dict[str, Any] = {
            "timestamp": _stamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() if record.name == logger.name else _template(record),
            "requestId": current_request_id.get(),
        }
        line.update(getattr(record, "fields", ()))
        if record.exc_info and record.exc_info[1]:
            line["error"] = describe(record.exc_info[1])
        kept = {key: value for key, value in line.items() if value is not None}
        return json.dumps(kept, default=lambda value: type(value).__qualname__)


def configure(level: str, stream: IO[str] | None = None) -> None:
    """Send every log line of the process, libraries' warnings included, to one JSON stream."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.root.handlers[:] = [handler]
    # Else a line that cannot be formatted goes to standard error as it is, arguments and all.
    logging.raiseExceptions = False
    logging.root.setLevel(logging.WARNING)
    logger.setLevel(level)


def audit(
    event: str, outcome: str, *, user_id: str | None = None, reason: str | None = None
) -> None:
    """Record one authentication event (ASVS 16.2.5): who, what, when and how it ended."""
    fields = {"event": event, "outcome": outcome, "userId": user_id, "reason": reason}
    level = logging.ERROR if outcome == "error" else logging.INFO
    logger.log(level, "authentication", extra={"fields": fields})


def observe(exchange: Exchange) -> None:
    """Record one finished request; an error nobody foresaw with where it came from."""
    caller = exchange.caller
    fields: dict[str, Any] = {
        "requestId": exchange.request_id,
        "operation": exchange.operation_id,
        "method": exchange.method,
        "route": exchange.route,
        "status": exchange.status,
        "code": exchange.code,
        "durationMs": round(exchange.duration_ms, 3),
        "userId": caller.user_id if isinstance(caller, Caller) else None,
    }
    if exchange.error is not None:
        fields["error"] = describe(exchange.error, exchange.traceback)
    level = logging.ERROR if exchange.status >= 500 else logging.INFO
    logger.log(level, "request", extra={"fields": fields})


def describe(error: BaseException, origin: TracebackType | None = None) -> dict[str, Any]:
    """Return an exception and its causes without the text of those that are not ours.

    `origin` is its traceback, if it does not have it any more.
    """
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < FRAMES:
        ours = isinstance(cause, DomainError | PortError)
        name = type(cause).__qualname__
        chain.append(f"{name}: {cause}" if ours else name)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(origin or error.__traceback__)[-FRAMES:]
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"chain": chain, "at": lines}


def _template(record: logging.LogRecord) -> str:
    """Return what a library says without what it fills in, here and in asyncio's further lines."""
    if not isinstance(record.msg, str):
        return type(record.msg).__qualname__
    return record.msg.partition("\n")[0]


def _stamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
