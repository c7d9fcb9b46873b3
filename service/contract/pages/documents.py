"""Static documents: made once, revalidated by ETag, chosen by Accept, and locked down."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HTML, JSON, YAML = "text/html; charset=utf-8", "application/json", "application/yaml"

# Nothing loads anything, unless a page says what it needs.
POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


@dataclass(frozen=True)
class Document:
    """A text or the bytes of a file, with its media type; `make` is called on first use.

    `policy` is what it needs beyond the closed Content-Security-Policy.
    """

    media_type: str
    make: Callable[[], str | bytes]
    policy: tuple[tuple[str, str], ...] = ()

    @cached_property
    def body(self) -> bytes:
        """The bytes to send."""
        made = self.make()
        return made.encode() if isinstance(made, str) else made

    @cached_property
    def etag(self) -> str:
        """A strong entity tag of the bytes (RFC 9110, 8.8.3)."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the document, whether it is sent or known to the client already."""
        policy = POLICY | dict(self.policy)
        return {
            # Stored, and asked about each time: a new contract shows at once.
            "Cache-Control": "no-cache",
            "Content-Security-Policy": "; ".join(
                f"{name} {value}" for name, value in policy.items()
            ),
            "ETag": self.etag,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }


def serve(path: str, *documents: Document) -> Route:
    """Return the route of a document, or of several forms of one; the first is the default."""

    async def endpoint(request: Request) -> Response:
        document = _choose(request.headers.get("accept", ""), documents)
        headers = document.headers
        if len(documents) > 1:
            headers["Vary"] = "Accept"
        if _is_known(request.headers.get("if-none-match", ""), document.etag):
            return Response(status_code=304, headers=headers)
        return Response(document.body, headers=headers, media_type=document.media_type)

    return Route(path, endpoint, methods=["GET"])


def _choose(accept: str, documents: tuple[Document, ...]) -> Document:
    # max() keeps the first of equals, so `*/*` gets the default.
    return max(documents, key=lambda d: _quality(accept, d.media_type.partition(";")[0]))


def _quality(accept: str, media_type: str) -> float:
    """Find the weight that an Accept header gives a type (RFC 9110, 12.5.1)."""
    main_type = media_type.partition("/")[0]
    rank = {"*/*": 0, f"{main_type}/*": 1, media_type: 2}
    found = (-1, 0.0)
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in rank:
            weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
            try:
                found = max(found, (rank[name], float(weight)))
            except ValueError:
                continue
    return found[1]


def _is_known(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
