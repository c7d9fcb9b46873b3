"""The pages of a local run: the mailbox, and the reset that empties the embedded AWS.

They answer to loopback names only, so that a foreign page whose name was rebound to 127.0.0.1
reads no mail, and the reset refuses a request that another origin's page made.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from local.mailbox import Mail
from local.remote import Remote

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


class DeveloperPages:
    """Serves `/dev/*` itself and hands every other request to the service."""

    def __init__(self, service: ASGIApp, aws: Remote) -> None:
        self._service = service
        self._aws = aws

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/dev/"):
            await self._service(scope, receive, send)
            return
        request = Request(scope, receive)
        response = _foreign(request)
        if response is None:
            response = await run_in_threadpool(self._answer, request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        to = request.query_params.get("to")
        match request.method, request.url.path:
            case "GET", "/dev/mailbox":
                return _mailbox(self._aws.mails(to), to)
            case "GET", "/dev/mailbox.json":
                return JSONResponse(self._aws.mails(to))
            case "POST", "/dev/reset":
                self._aws.reset()
                return Response(status_code=204)
            case _, "/dev/mailbox" | "/dev/mailbox.json":
                return _refused(405, "Use GET.", {"Allow": "GET"})
            case _, "/dev/reset":
                return _refused(405, "Use POST.", {"Allow": "POST"})
            case _:
                return _refused(404, "There are /dev/mailbox, /dev/mailbox.json and /dev/reset.")


def _foreign(request: Request) -> Response | None:
    host = request.headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    # No resolver asks the network for a name below localhost (RFC 6761, 6.3).
    if name not in LOOPBACK and not name.endswith(".localhost"):
        return _refused(403, "The pages under /dev answer to 127.0.0.1 and localhost only.")
    origin = request.headers.get("origin")
    if request.method == "POST" and origin not in (None, f"http://{host}"):
        return _refused(403, "A page of another origin may not reset the embedded AWS.")
    return None


def _refused(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers)


def _mailbox(mails: list[Mail], to: str | None) -> Response:
    nonce = secrets.token_urlsafe(16)
    whose = f" to {escape(to)}" if to else ""
    page = _PAGE.format(
        nonce=nonce,
        whose=whose,
        count=len(mails),
        mails="\n".join(map(_article, mails)) or "<p>No mail yet: register somebody.</p>",
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _article(mail: Mail) -> str:
    fields = {name: escape(str(text)) for name, text in mail.items()}
    code = f'<p class="code">{fields["code"]}</p>' if mail["code"] else ""
    return _ARTICLE.format(codeline=code, **fields)


_ARTICLE = """<article>
<h2>{subject}</h2>
<p><b>{to}</b> <time datetime="{sentAt}">{sentAt}</time></p>
{codeline}<pre>{body}</pre>
</article>"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Mailbox ({count})</title>
<style nonce="{nonce}">
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fafafa; }}
article {{ background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 0 1rem;
  margin: 1rem 0; }}
h2 {{ font-size: 1rem; margin-bottom: 0; }}
time {{ color: #595959; float: right; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }}
.code {{ font: 600 2.5rem/1 ui-monospace, monospace; letter-spacing: .15em; user-select: all;
  margin: .5rem 0; }}
</style>
</head>
<body>
<h1>Mailbox{whose}</h1>
<p>Every mail that the embedded AWS sent, newest first. The page follows by itself.
As JSON: <code>/dev/mailbox.json?to=ADDRESS</code>.</p>
<main>
{mails}
</main>
<script nonce="{nonce}">
const feed = "/dev/mailbox.json" + location.search;
let seen;
async function look() {{
  try {{
    const now = await (await fetch(feed)).text();
    if (seen !== undefined && now !== seen) location.reload();
    seen = now;
  }} catch {{ /* The server restarts; the next look finds it. */ }}
}}
look();
setInterval(look, 2000);
</script>
<noscript>Reload the page to see newer mails.</noscript>
</body>
</html>
"""
