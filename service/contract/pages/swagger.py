"""Swagger UI from the files of swagger-ui-bundle; a browser asks this server and no other."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from starlette.routing import Route

from service.contract.pages.documents import HTML, Document, serve

PACKAGE = "swagger_ui_bundle"
ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
# The interface sets styles as attributes and draws its icons from data URLs.
POLICY = (
    ("script-src", "'self'"),
    ("style-src", "'self' 'unsafe-inline'"),
    ("img-src", "'self' data:"),
    ("connect-src", "'self'"),
)

# `validatorUrl` would send the contract's address to a foreign server.
START = """
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


def assets() -> dict[str, Path]:
    """Find the files of the interface; none when its package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return {}
    vendor = Path(spec.origin).with_name("vendor")
    found = {path.name: path for path in vendor.glob("swagger-ui-*/*") if path.name in ASSETS}
    return found if found.keys() == ASSETS.keys() else {}


def routes(document: Mapping[str, Any], files: Mapping[str, Path]) -> list[Route]:
    """Return the page, its start script and its assets."""
    title = escape(document["info"]["title"])
    return [
        serve("/docs", Document(HTML, lambda: _page(title), POLICY)),
        serve("/docs/start.js", Document(ASSETS["swagger-ui-bundle.js"], lambda: START)),
        *(
            serve(f"/docs/{name}", Document(media_type, files[name].read_bytes))
            for name, media_type in ASSETS.items()
        ),
    ]


def _page(title: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title>"
        '<link rel="icon" type="image/png" href="docs/favicon-32x32.png">'
        '<link rel="stylesheet" href="docs/swagger-ui.css"></head><body><div id="docs"></div>'
        '<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script>'
        "</body></html>"
    )
