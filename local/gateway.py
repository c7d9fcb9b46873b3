"""What the HTTP API gateway does before the service in the cloud: answering browsers' preflights.

The lists are those of infra/service/gateway.tf; a test compares them. Locally every page of this
machine may call, on whatever port its development server listens.
"""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

METHODS = ("DELETE", "GET", "PATCH", "POST")
REQUEST_HEADERS = ("authorization", "content-type", "idempotency-key", "if-match", "x-request-id")
RESPONSE_HEADERS = (
    "etag",
    "idempotent-replayed",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-request-id",
)


def with_cors(service: ASGIApp) -> ASGIApp:
    """Let pages on loopback origins call the service."""
    return CORSMiddleware(
        service,
        allow_origin_regex=r"https?://(localhost|127\.0\.0\.1)(:\d+)?",
        allow_methods=METHODS,
        allow_headers=REQUEST_HEADERS,
        expose_headers=RESPONSE_HEADERS,
        max_age=3600,
    )
