"""A stand-in of the Lambda Runtime API, and the function under it as Lambda would run it.

The real runtime client (awslambdaric) asks this server for events and posts its responses here. It
keeps the platform's limits: 6 MB of result, and the sandbox is killed at its timeout. Only the
standard library is used, so that the benchmarks can run it anywhere.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/2018-06-01/runtime"
RESULT_LIMIT = 6_291_556  # Bytes; Lambda's own number in its error message.
TIMEOUT = 29.0  # Seconds, as infra/service sets it.
INIT_TIMEOUT = 10.0  # Seconds; Lambda's limit for the init phase.
ARN = "arn:aws:lambda:eu-central-1:000000000000:function:api-handler-test"


class FunctionError(RuntimeError):
    """Raised when an invocation ends in an error of the function instead of a result."""


class InitError(FunctionError):
    """Raised when the function's module cannot be imported."""


class TimedOut(FunctionError):  # Lambda says "Task timed out".
    """Raised when the sandbox was killed at the function's timeout."""


@dataclass
class _Invocation:
    event: bytes
    deadline_ms: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class RuntimeApi(ThreadingHTTPServer):
    """The server side: hands out one invocation at a time and waits for what comes back."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.invocations: queue.Queue[_Invocation | None] = queue.Queue()
        self.outcomes: queue.Queue[tuple[str, str, bytes]] = queue.Queue()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a sandbox is killed with its connection open."""

    @property
    def address(self) -> str:
        """What AWS_LAMBDA_RUNTIME_API holds."""
        return f"127.0.0.1:{self.server_address[1]}"

    def invoke(self, event: Any, timeout: float = TIMEOUT) -> Any:
        """Send one event, of any JSON form, and return the function's result.

        Raises `InitError`, `FunctionError` and `TimedOut`; the timeout, in seconds, runs from now.
        """
        deadline_ms = int((time.time() + timeout) * 1000)
        invocation = _Invocation(json.dumps(event).encode(), deadline_ms)
        self.invocations.put(invocation)
        try:
            kind, invoke_id, payload = self.outcomes.get(timeout=timeout)
        except queue.Empty:
            raise TimedOut(f"Task timed out after {timeout:.2f} seconds") from None
        if kind == "init/error":
            raise InitError(payload.decode())
        if invoke_id != invocation.id:
            raise FunctionError(f"{kind} of another invocation")
        if kind == "error":
            raise FunctionError(payload.decode())
        return json.loads(payload)


class _Requests(BaseHTTPRequestHandler):
    """What the runtime client may ask for."""

    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Hand out the next invocation, however long it takes until there is one."""
        if self.path != f"{PREFIX}/invocation/next":
            self._answer(404, b"")
            return
        invocation = self.server.invocations.get()
        if invocation is None:
            self.close_connection = True
            return
        self._answer(
            200,
            invocation.event,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": ARN,
                "Lambda-Runtime-Trace-Id": "Root=1-6922a1c0-0123456789abcdef01234567;Sampled=0",
            },
        )

    def do_POST(self) -> None:
        """Take a result, an error, or the news that the function did not start."""
        payload = self._read()
        _, invoke_id, kind = self.path.removeprefix(PREFIX).rsplit("/", 2)
        if kind == "response" and len(payload) > RESULT_LIMIT:
            fault = f"Response payload size exceeded maximum allowed payload size ({RESULT_LIMIT})"
            self.server.outcomes.put(("error", invoke_id, fault.encode()))
            self._answer(413, b"{}")
            return
        name = "init/error" if invoke_id == "init" else kind
        self.server.outcomes.put((name, invoke_id, payload))
        self._answer(202, b"{}")

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    """Serve the Runtime API for the duration of the block."""
    server = RuntimeApi()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Function:
    """A sandbox with the function in it. `log` is the file that its output goes to."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    log: Path

    def invoke(self, event: Any, timeout: float = TIMEOUT) -> Any:
        """Send one event and return the result; a timeout kills the sandbox, as Lambda does."""
        try:
            return self.api.invoke(event, timeout)
        except TimedOut:
            self.process.kill()
            raise

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON lines logged so far."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def sandbox(handler: str, environment: Mapping[str, str], log: Path) -> Iterator[Function]:
    """Run a handler under the real runtime client for the duration of the block."""
    with runtime_api() as api, log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=ROOT,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
                "AWS_LAMBDA_FUNCTION_NAME": "api-handler-test",
                "_HANDLER": handler,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Function(api, process, log)
        finally:
            process.kill()
            process.wait()
            # Its request for the next invocation still waits in a thread of the server.
            api.invocations.put(None)
