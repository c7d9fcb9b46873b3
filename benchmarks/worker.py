"""One peer in a process of its own, measured in batches: a line of JSON asks, a line answers.

The answers go to what was the standard output; what the peer logs there leads nowhere.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
LOOP = asyncio.new_event_loop()


def over_lambda(peer: Any, events: list[Event]) -> float:
    """Return the seconds that a batch of events takes."""
    handler = peer.handler
    started = time.perf_counter()
    for event in events:
        handler(event, None)
    return time.perf_counter() - started


def over_asgi(peer: Any, events: list[Event]) -> float:
    """Return the seconds that a batch of requests takes, one after the other on one loop."""
    scopes = [scope_of(event) for event in events]
    bodies = [event.get("body", "").encode() for event in events]
    return LOOP.run_until_complete(drive(peer.app, scopes, bodies))


async def drive(app: Any, scopes: list[dict[str, Any]], bodies: list[bytes]) -> float:
    async def send(message: Any) -> None:
        pass

    started = time.perf_counter()
    for scope, body in zip(scopes, bodies, strict=True):
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive(messages: list[Any] = messages) -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        await app(scope, receive, send)
    return time.perf_counter() - started


def scope_of(event: Event) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": event["requestContext"]["http"]["method"],
        "scheme": "http",
        "path": event["rawPath"],
        "raw_path": event["rawPath"].encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in event["headers"].items()],
        "client": ("198.51.100.7", 0),
        "server": ("127.0.0.1", 80),
    }


WAYS: dict[str, Callable[[Any, list[Event]], float]] = {"asgi": over_asgi, "lambda": over_lambda}


def main() -> None:
    """Serve until the input ends. Garbage is collected between batches, never inside one."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    asyncio.set_event_loop(LOOP)  # Mangum asks for the thread's loop.
    peer = importlib.import_module(sys.argv[1])
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        gc.collect()
        gc.disable()
        if request["way"] == "check":
            reply: Any = peer.handler(request["events"][0], None)
        else:
            reply = WAYS[request["way"]](peer, request["events"]) / len(request["events"])
        gc.enable()
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
