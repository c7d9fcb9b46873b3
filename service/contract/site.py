"""Put the contract's pages beside a service; they cost nothing until somebody reads one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from starlette.routing import Route


class Site:
    """Serves the pages, and hands every other request to the service.

    `source` is the contract's file; where it is missing there is no `/openapi.yaml`. A page answers
    GET and HEAD; any other method gets the service's own answer.
    """

    def __init__(self, service: ASGIApp, bundle: Mapping[str, Any], source: Path | None) -> None:
        self._service = service
        self._bundle = bundle
        self._source = source
        servers = bundle["document"].get("servers") or [{"url": ""}]
        self._api = urlsplit(servers[0]["url"]).path.rstrip("/") + "/"
        self._pages: dict[str, Route] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        page = self._find(scope["path"]) if _reads(scope) else None
        await (page.handle if page else self._service)(scope, receive, send)

    def _find(self, path: str) -> Route | None:
        if self._api != "/" and path.startswith(self._api):
            return None
        if self._pages is None:
            from service.contract import pages  # noqa: PLC0415 - 10 ms that no API request pays.

            source = self._source
            text = source.read_text(encoding="utf-8") if source and source.exists() else None
            self._pages = {page.path: page for page in pages.routes(self._bundle, text)}
        return self._pages.get(path)


def _reads(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
