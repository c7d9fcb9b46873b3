"""What stands before ministack in its process: a gate, checkpoints, three requests of ours."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from local import patches
from local.checkpoint import Checkpoint

# Pause between two checkpoints, in seconds; a slow one also waits nine times its own duration,
# so that saving takes a tenth of the process at most.
PAUSE = 0.1
_READING = re.compile(rb"\.(Admin)?(Get(?!Tokens)|Describe|List|Query|Scan|BatchGet)")


class Gate:
    """Lets requests pass side by side, and one exclusive holder when none is inside."""

    def __init__(self) -> None:
        self._inside = 0
        self._open, self._idle = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._idle.set()
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Enter once no exclusive holder is inside."""
        while not self._open.is_set():
            await self._open.wait()
        self._inside += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._idle.set()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Enter once every request has left; later ones wait."""
        async with self._one:
            self._open.clear()
            try:
                await self._idle.wait()
                yield
            finally:
                self._open.set()


class Front:
    """The ASGI application: ministack, its checkpoints, and what `local.emulator` asks for."""

    def __init__(self, ministack: Any, checkpoint: Checkpoint) -> None:
        self._ministack = ministack  # The module: its `_MAIN_LOOP` must be set by whoever serves.
        self._checkpoint = checkpoint
        self._gate = Gate()
        self._dirty = asyncio.Event()
        self._saving = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if _foreign(scope):
            await _answer(send, 403, b"{}")
            return
        if scope["path"].startswith("/_local/"):
            await self._administer(scope, receive, send)
            return
        async with self._gate.request():
            await self._ministack.app(scope, receive, send)
        if _writes(scope):
            self._dirty.set()

    async def _live(self, receive: Any, send: Any) -> None:
        # ministack's own start would run scripts of the machine, reap containers and start
        # schedulers for services that are off; all that the chosen ones need is the loop.
        await receive()
        self._ministack._MAIN_LOOP = asyncio.get_running_loop()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _administer(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        match scope["method"], scope["path"]:
            case "GET", "/_local/environment":
                body = json.dumps(self._checkpoint.environment).encode()
            case "PUT", "/_local/baseline":
                environment = json.loads((await receive())["body"])
                async with self._gate.exclusive():
                    self._checkpoint.set_baseline(environment)
                await self.save()
            case "POST", "/_local/reset":
                async with self._gate.exclusive():
                    self._checkpoint.reset()
                await self.save()
            case "POST", "/_local/forget":
                async with self._gate.exclusive():
                    body = json.dumps(self._checkpoint.forget()).encode()
            case "POST", "/_local/age-codes":
                age = json.loads((await receive())["body"])
                patches.age_codes(self._checkpoint.modules["cognito"], age["seconds"])
            case _:
                await _answer(send, 404, b"{}")
                return
        await _answer(send, 200, body or b"{}")

    async def save(self) -> None:
        """Write a checkpoint of this moment, after any that is being written."""
        async with self._saving:
            async with self._gate.exclusive():
                content = self._checkpoint.encode()
            await asyncio.to_thread(self._checkpoint.write, content)

    async def save_whenever_dirty(self) -> None:
        """Follow the writes with checkpoints until cancelled."""
        while await self._dirty.wait():
            self._dirty.clear()
            began = time.monotonic()
            try:
                await self.save()
            except OSError as fault:
                print(f"The embedded AWS cannot save its state: {fault}", file=sys.stderr)
                self._dirty.set()
            await asyncio.sleep(PAUSE + 9 * (time.monotonic() - began))


def _foreign(scope: Any) -> bool:
    # The emulator trusts whoever reaches its port, and would let any page of the developer's
    # browser read the mails or reset it. No program of ours sends an Origin.
    headers = dict(scope["headers"])
    host = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
    return host not in ("127.0.0.1", "localhost") or b"origin" in headers


def _writes(scope: Any) -> bool:
    target = dict(scope["headers"]).get(b"x-amz-target", b"")
    return scope["method"] != "GET" and not _READING.search(target)


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
