"""The one place that says which operations are limited, and the wrapper that does it.

An operation is limited by its row in LIMITED; its handler knows nothing of it. An operation may
stand here before the contract has it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from service.contract import Reply, Request
from service.domain.errors import NotSignedIn
from service.domain.limits import Standing
from service.domain.ports import normalise_email
from service.handlers.services import Services

Handler = Callable[..., Any]
Account = Callable[[Services, Any, Request], str | None]


def address(_: Services, body: Any, __: Request) -> str:
    """Count by the address in the body, whether an account has it or not."""
    return normalise_email(body.email)


def caller(_: Services, __: Any, request: Request) -> str:
    """Count by the signed-in user."""
    user_id: str = request.caller.user_id
    return user_id


def challenged(services: Services, body: Any, _: Request) -> str | None:
    """Count by the user that an MFA session token names.

    A made-up token names nobody and guesses at nothing: it is refused without a call to AWS, and
    not counted.
    """
    try:
        return services.sessions.sealer.open_mfa(body.session_token, services.clock()).user_id
    except NotSignedIn:
        return None


LIMITED: dict[str, tuple[str, Account]] = {
    "registerUser": ("register", address),
    "verifyEmail": ("email-code", address),
    "resendVerification": ("resend", address),
    "loginUser": ("login", address),
    "verifyMfa": ("mfa-code", challenged),
    "recoverMfa": ("mfa-code", challenged),
    "requestPasswordReset": ("reset", address),
    "confirmPasswordReset": ("reset-code", address),
    "verifyMfaSetup": ("own-code", caller),
    "verifyNewEmail": ("own-code", caller),
    "changePassword": ("password", caller),
    "disableMfa": ("password", caller),
    "regenerateRecoveryCodes": ("password", caller),
    "changeEmail": ("password", caller),
    "deleteUser": ("password", caller),
}
"""Policy and account of each limited operation. Operations with one policy share its counters."""


def limited(operation_id: str, handler: Handler) -> Handler:
    """Return the handler behind its limits; one without limits as it is."""
    if operation_id not in LIMITED:
        return handler
    policy, account = LIMITED[operation_id]
    call = passing(handler)

    @functools.wraps(handler)
    def admitted(services: Services, *, request: Request, **given: Any) -> Any:
        who = account(services, given.get("body"), request)
        if who is None:
            return call(services, request, given)
        standings = services.limits.admit(policy, source=request.source, account=who)
        result = call(services, request, given)
        reply = result if isinstance(result, Reply) else Reply(result)
        return replace(reply, headers={**reply.headers, **fields(standings)})

    return with_request(admitted, handler)


def fields(standings: Iterable[Standing]) -> dict[str, str]:
    """Return RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
    known = list(standings)
    return {
        "RateLimit": ", ".join(f'"{s.name}";r={s.remaining};t={s.resets_in}' for s in known),
        "RateLimit-Policy": ", ".join(
            f'"{s.name}";q={s.limit.quota};w={s.limit.seconds}' for s in known
        ),
    }


def with_request(wrapper: Handler, handler: Handler) -> Handler:
    """Let the engine pass the request to a wrapper, also where the handler does not ask for it."""
    signature = inspect.signature(handler)
    if "request" not in signature.parameters:
        request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
        signature = signature.replace(parameters=[*signature.parameters.values(), request])
    wrapper.__signature__ = signature  # type: ignore[attr-defined]  # What inspect looks for.
    return wrapper


def passing(handler: Handler) -> Callable[[Services, Request, dict[str, Any]], Any]:
    """Return what calls a handler, with the request only if it asks for it."""
    if "request" in inspect.signature(handler).parameters:
        return lambda services, request, given: handler(services, request=request, **given)
    return lambda services, _, given: handler(services, **given)
