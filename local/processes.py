"""The processes below `make run`: the contract's compiler and the server on an inherited socket."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 30.0  # Seconds the server may take to load.
STOP_TIMEOUT = 6.0  # Seconds for the answers it has begun.


class Compilation:
    """A running `python -m service.contract compile`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "service.contract", "compile"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def fault(self) -> str | None:
        """Wait for the end and return what the compiler had to say against the contract."""
        output, _ = self._process.communicate()
        if not self._process.returncode:
            return None
        return f"The contract does not compile.\n{output.strip()}"


class ServerProcess:
    """A started server: `fault` is why it did not load, `showing` the fault its page names."""

    def __init__(
        self, process: subprocess.Popen[bytes], fault: str | None, showing: str | None
    ) -> None:
        self.process = process
        self.fault = fault
        self.showing = showing

    @classmethod
    def start(
        cls,
        listener: socket.socket,
        environment: dict[str, str],
        aws: int | None,
        fault: str | None = None,
    ) -> ServerProcess:
        """Start a server on the socket and wait until it has loaded.

        With `fault` it answers everything with that text instead of loading the service.
        """
        reading, writing = os.pipe()
        request = {"listener": listener.fileno(), "report": writing, "aws": aws, "fault": fault}
        process = subprocess.Popen(  # noqa: S603  # The interpreter and module are ours.
            [sys.executable, "-m", "local.server", json.dumps(request)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            pass_fds=(listener.fileno(), writing),
        )
        os.close(writing)
        with os.fdopen(reading) as report:
            return cls(process, _report(report.fileno()), fault)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Let it answer what it has begun; kill it when it does not end."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _report(pipe: int) -> str | None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        if not selector.select(START_TIMEOUT):
            return f"The server did not load within {START_TIMEOUT:.0f} s."
    content = b""
    while chunk := os.read(pipe, 65536):
        content += chunk
    if not content:
        return "The server ended while it loaded; its output is above."
    fault = json.loads(content).get("fault")
    return str(fault) if fault else None
