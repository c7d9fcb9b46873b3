"""A client that calls an ASGI application without a server, so that nothing tidies its requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Headers = dict[str, str] | Iterable[tuple[str, str]]

JSON = {"content-type": "application/json"}


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends one request at a time, or many at once with `gather`."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def get(self, target: str, **options: Any) -> Response:
        return self.send("GET", target, **options)

    def post(self, target: str, value: Any = None, **options: Any) -> Response:
        """Post JSON; raw bytes are sent as they are."""
        return self._with_body("POST", target, value, **options)

    def patch(self, target: str, value: Any = None, **options: Any) -> Response:
        return self._with_body("PATCH", target, value, **options)

    def send(self, method: str, target: str, **options: Any) -> Response:
        return asyncio.run(self.exchange(method, target, **options))

    def gather(self, count: int, method: str, target: str, **options: Any) -> list[Response]:
        async def all_at_once() -> list[Response]:
            calls = [self.exchange(method, target, **options) for _ in range(count)]
            return await asyncio.gather(*calls)

        return asyncio.run(all_at_once())

    def _with_body(self, method: str, target: str, value: Any, **options: Any) -> Response:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        options.setdefault("headers", JSON)
        return self.send(method, target, body=body, **options)

    async def exchange(
        self,
        method: str,
        target: str,
        *,
        headers: Headers = (),
        body: bytes = b"",
        chunked: bool = False,
    ) -> Response:
        path, _, query = target.partition("?")
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        if body and not chunked and "content-length" not in dict(pairs):
            pairs.append(("content-length", str(len(body))))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in pairs],
            "client": ("192.0.2.7", 40000),
            "server": ("tools.example", 80),
        }
        return await self._run(scope, _split(body) if chunked else [body])

    async def _run(self, scope: dict[str, Any], pieces: list[bytes]) -> Response:
        waiting = [
            {"type": "http.request", "body": piece, "more_body": position < len(pieces) - 1}
            for position, piece in enumerate(pieces)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start, *rest = sent
        return Response(
            start["status"],
            {name.decode(): text.decode("latin-1") for name, text in start["headers"]},
            b"".join(message.get("body", b"") for message in rest),
        )


def _split(body: bytes) -> list[bytes]:
    middle = len(body) // 2
    return [body[:middle], body[middle:]]
