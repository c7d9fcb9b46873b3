"""The pages themselves: no script, no request to anywhere, one style sheet of a few lines."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2rem; }
a { color: light-dark(#0b57d0, #8ab4f8); }
code { font: 0.9em ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 0.35rem 1rem 0.35rem 0; }
.calls td:first-child { width: 24rem; }
tr + tr { border-top: 1px solid light-dark(#ddd, #444); }
.quiet { color: light-dark(#555, #aaa); }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def index(document: Mapping[str, Any], has_docs: bool, has_source: bool) -> str:
    """Lead to everything else, and list the operations."""
    info = document["info"]
    links = [
        ("openapi.json", "The contract as JSON", True),
        ("openapi.yaml", "The contract as it is written", has_source),
        ("problems", "What every error means and what to do", True),
        ("docs", "Interactive documentation", has_docs),
    ]
    items = "".join(f'<li><a href="{path}">{text}</a></li>' for path, text, there in links if there)
    if not has_docs:
        items += '<li class="quiet">Interactive documentation is not part of this image.</li>'
    operations = "".join(_tag(document, tag, has_docs) for tag in document.get("tags", []))
    return _page(
        info["title"],
        f"<h1>{escape(info['title'])} <small class='quiet'>{escape(info['version'])}</small></h1>"
        f"<p>{escape(_first_paragraph(info.get('description', '')))}</p>"
        f"<ul>{items}</ul>{operations}",
    )


def _tag(document: Mapping[str, Any], tag: Mapping[str, str], has_docs: bool) -> str:
    base = document.get("servers", [{"url": ""}])[0]["url"].rstrip("/")
    rows = ""
    for method, path, operation in _operations(document):
        if tag["name"] not in operation.get("tags", ()):
            continue
        summary, name = escape(operation.get("summary", "")), operation["operationId"]
        if has_docs:
            summary = f'<a href="docs#/{escape(tag["name"])}/{escape(name)}">{summary}</a>'
        call = f"{method.upper()} {base}{path}"
        rows += f"<tr><td><code>{escape(call)}</code></td><td>{summary}</td></tr>"
    intro = escape(tag.get("description", ""))
    return f"<h2>{escape(tag['name'])}</h2><p>{intro}</p><table class='calls'>{rows}</table>"


def _first_paragraph(text: str) -> str:
    return text.strip().split("\n\n")[0].split("\n#")[0]


def entries(
    document: Mapping[str, Any], problems: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """List the catalogue by status, each problem with the operations that can answer it."""
    users: dict[str, list[str]] = {code: [] for code in problems}
    shared = document.get("components", {}).get("responses", {})
    for _, _, operation in _operations(document):
        for response in operation["responses"].values():
            name = response.get("$ref", "").rpartition("/")[2]
            for code in shared.get(name, response).get("x-codes", ()):
                users[code].append(operation["operationId"])
    found = [
        {
            "type": f"/problems/{code.lower().replace('_', '-')}",
            "code": code,
            "status": problem["status"],
            "title": problem["title"],
            "description": problem["description"],
            "operations": users[code],
        }
        for code, problem in problems.items()
    ]
    return sorted(found, key=lambda entry: (entry["status"], entry["code"]))


def catalogue(found: Sequence[Mapping[str, Any]]) -> str:
    """Show every problem on one page."""
    rows = "".join(
        f"<tr><td>{entry['status']}</td>"
        f'<td><a href="{entry["type"].lstrip("/")}"><code>{escape(entry["code"])}</code></a></td>'
        f"<td>{escape(entry['title'])}</td></tr>"
        for entry in found
    )
    return _page(
        "Problems",
        '<p><a href="./">Home</a></p><h1>Problems</h1>'
        "<p>Every error is <code>application/problem+json</code> (RFC 9457). Its <code>type</code> "
        "leads to one of these pages, and programs go by its <code>code</code>.</p>"
        f"<table><tr><th>Status</th><th>Code</th><th>Meaning</th></tr>{rows}</table>",
    )


def problem(entry: Mapping[str, Any]) -> str:
    """Explain one problem."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(entry["description"]))
    return _page(
        entry["title"],
        '<p><a href="../">Home</a> · <a href="../problems">All problems</a></p>'
        f"<h1>{escape(entry['title'])}</h1>"
        f"<p><code>{escape(entry['code'])}</code>, status {entry['status']}</p>"
        f"<p>{text}</p>{_answered_by(entry['operations'])}",
    )


def _answered_by(operations: Iterable[str]) -> str:
    items = ", ".join(f"<code>{escape(name)}</code>" for name in operations)
    if not items:
        return '<p class="quiet">Any request can meet it, whatever the operation.</p>'
    return f'<p class="quiet">Operations that can answer it: {items}.</p>'


def _operations(document: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )
