"""Serve Lambda's invocations with the application, on one event loop that is made once.

A new loop, a thread or a lifespan for each invocation would cost more than the request itself
(docs/decisions/0060-lambda-entry.md).
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp

from service import telemetry
from service.app import BUNDLE, create
from service.aws.secrets import with_secrets
from service.contract import Exchange, Problem
from service.contract.problems import MEDIA_TYPE, Catalogue
from service.gateway import Connection, MalformedEventError, connection
from service.settings import Settings


class LambdaHandler:
    """Answers API Gateway's events with an ASGI application; never raises for a request."""

    def __init__(self, app: ASGIApp, catalogue: Catalogue) -> None:
        self._app = app
        self._catalogue = catalogue
        self._loop = asyncio.new_event_loop()

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Return the response to one event, a problem when it is not a request at all."""
        try:
            request = connection(event)
        except MalformedEventError as fault:
            refused = Connection({"method": "", "path": "/"}, b"", multi_value=False)
            problem = Problem("VALIDATION_FAILED", str(fault))
            return self._refuse(refused, problem, fault, context)
        try:
            self._loop.run_until_complete(self._serve(request))
            return request.result()
        except (Exception, asyncio.CancelledError) as fault:
            return self._refuse(request, Problem("INTERNAL_ERROR"), fault, context)

    def close(self) -> None:
        """Close the event loop; Lambda never does, tests must."""
        self._loop.close()

    async def _serve(self, request: Connection) -> None:
        await self._app(request.scope, request.receive, request.send)

    def _refuse(
        self, request: Connection, problem: Problem, cause: BaseException, context: Any
    ) -> dict[str, Any]:
        """Log and return the answer to what the application did not answer itself."""
        request_id = getattr(context, "aws_request_id", None) or str(uuid.uuid4())
        method, path = request.scope["method"], request.scope["path"]
        rendered = self._catalogue.render(problem, request_id, path, token_sent=False)
        telemetry.observe(
            Exchange(request_id, method, status=rendered.status, code=rendered.code, error=cause)
        )
        headers = {"content-type": MEDIA_TYPE, "x-request-id": request_id}
        return request.refusal(rendered.status, headers, rendered.body)


def build(environment: Mapping[str, str]) -> LambdaHandler:
    """Return the handler of a deployment. Raises `SettingsError` for a faulty environment."""
    bundle = json.loads(BUNDLE.read_bytes())
    settings = Settings.from_environment(with_secrets(environment))
    catalogue = Catalogue(bundle["problems"], realm=bundle["document"]["info"]["title"])
    return LambdaHandler(create(settings, bundle=bundle, inline=True), catalogue)
