"""The pages beside the API, made from the contract: what to read, and what every error means.

`/` leads to all of them, `/openapi.json` and `/openapi.yaml` are the contract, `/problems` is what
the `type` of an error points at, and `/docs` is interactive where swagger-ui-bundle is installed.
They are static and made on the first request for each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.routing import Route

from service.contract.pages import html, swagger
from service.contract.pages.documents import HTML, JSON, YAML, Document, serve


def routes(bundle: Mapping[str, Any], source_text: str | None = None) -> list[Route]:
    """Return the routes of the pages; without `source_text` there is no `/openapi.yaml`."""
    document = bundle["document"]
    assets = swagger.assets()
    has_source = source_text is not None
    pages = [
        serve("/", _page(lambda: html.index(document, bool(assets), has_source))),
        serve("/openapi.json", Document(JSON, lambda: json.dumps(document, ensure_ascii=False))),
        *_problems(document, bundle["problems"]),
    ]
    if source_text is not None:
        pages.append(serve("/openapi.yaml", Document(YAML, lambda: source_text)))
    if assets:
        pages += swagger.routes(document, assets)
    return pages


def _problems(document: Mapping[str, Any], problems: Mapping[str, Any]) -> list[Route]:
    entries = html.entries(document, problems)
    whole = _page(lambda: html.catalogue(entries))
    pages = [serve("/problems", whole, Document(JSON, lambda: json.dumps({"problems": entries})))]
    for entry in entries:
        one = _page(partial(html.problem, entry))
        pages.append(serve(entry["type"], one, Document(JSON, partial(json.dumps, entry))))
    return pages


def _page(make: Callable[[], str]) -> Document:
    return Document(HTML, make, (("style-src", f"'sha256-{html.STYLE_HASH}'"),))
