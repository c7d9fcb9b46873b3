"""Which operations take an Idempotency-Key, and the wrapper that gives one answer per key."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from service.contract import Problem, Reply, Request
from service.contract.responses import encode_body
from service.domain.errors import DomainError, EmailTaken, Unavailable
from service.domain.idempotency import Answer, Outcome
from service.handlers import accounts
from service.handlers.limiting import Handler, passing, with_request
from service.handlers.services import Services

Resume = Callable[[Services, Any], Reply | None]

IDEMPOTENT: dict[str, Resume] = {
    "registerUser": accounts.resume_registration,
}
"""The operations, and what finds the success of an earlier attempt that died before its answer."""

REPLAYED = {"Idempotent-Replayed": "true"}


def idempotent(operation_id: str, handler: Handler) -> Handler:
    """Return the handler behind its Idempotency-Key; one that takes none as it is."""
    if operation_id not in IDEMPOTENT:
        return handler
    resume, call = IDEMPOTENT[operation_id], passing(handler)

    @functools.wraps(handler)
    def once(services: Services, *, body: Any, request: Request, **given: Any) -> Any:
        refused: list[DomainError] = []

        def act(resumed: bool) -> Outcome:
            try:
                result = call(services, request, {**given, "body": body})
            except DomainError as error:
                found = (
                    resume(services, body) if resumed and isinstance(error, EmailTaken) else None
                )
                if found is None:
                    if not _is_final(error):
                        raise
                    refused.append(error)
                    return Outcome(Answer(code=error.code, detail=error.detail))
                result = found
            return Outcome(_answer(result))

        key = _scoped(operation_id, request)
        if key is None:
            return call(services, request, {**given, "body": body})
        outcome = services.idempotency.run(key, payload_of(body), act)
        if refused:
            raise refused[0]
        return _reply(outcome)

    return with_request(once, handler)


def _scoped(operation_id: str, request: Request) -> str | None:
    """Return the key with operation and caller: one client's key means nothing to another's."""
    key: str | None = request.headers.get("idempotency-key")
    if key is None:
        return None
    who = request.caller.user_id if request.caller else ""
    return f"{operation_id}|{who}|{key.strip(chr(34))}"


def payload_of(body: Any) -> str:
    """Return a request's body as one text, secrets included: only a digest of it may be kept."""
    return json.dumps(body.model_dump(), default=lambda v: v.get_secret_value(), sort_keys=True)


def _is_final(error: DomainError) -> bool:
    """Tell whether the same request would be refused again: no outage, nothing to wait for."""
    return not isinstance(error, Unavailable) and error.retry_after is None


def _answer(result: Any) -> Answer:
    reply = result if isinstance(result, Reply) else Reply(result)
    return Answer(reply.status, dict(reply.headers), encode_body(reply.body).decode())


def _reply(outcome: Outcome) -> Reply:
    answer, marks = outcome.answer, REPLAYED if outcome.replayed else {}
    if answer.code is not None:
        raise Problem(answer.code, detail=answer.detail, headers=marks)
    return Reply(answer.body.encode(), answer.status, {**answer.headers, **marks})
