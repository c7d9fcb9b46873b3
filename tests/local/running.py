"""A `python -m local` in a copy of the checkout, so that no test meets a developer's own run."""

from __future__ import annotations

import http.client
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.emulator import ROOT, child_environment

PASSWORD = "correct horse battery"
START = 30.0


def copy_checkout(target: Path) -> Path:
    """Copy what a run needs: the service, the local tools and the contract."""
    ignore = shutil.ignore_patterns("__pycache__", "bundle.json")
    for name in ("local", "service"):
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    shutil.copytree(ROOT / "infra" / "service" / "policies", target / "infra/service/policies")
    shutil.copy(ROOT / "openapi.yaml", target)
    return target


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Run:
    """One `python -m local`, its output, and requests to it."""

    def __init__(self, checkout: Path, port: int | None = None, **environment: str) -> None:
        self.checkout = checkout
        self.port = port or free_port()
        names = ("COGNITO_", "MAKELEVEL", "PORT")
        inherited = {n: v for n, v in child_environment().items() if not n.startswith(names)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=checkout,
            env={**inherited, "PORT": str(self.port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for(self, pattern: str, within: float = START) -> str:
        """Return the output from here to a line that matches; fail when none comes."""
        deadline, seen = time.monotonic() + within, ""
        while not re.search(pattern, seen):
            try:
                seen += self._lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in: {seen}") from None
        self.output += seen
        return seen

    def request(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a request and return status and content, parsed when it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(content) if is_json else content

    def register(self, address: str, first_name: str = "Ada") -> int:
        names = {"firstName": first_name, "lastName": "Lovelace"}
        person = {"email": address, "password": PASSWORD, **names}
        return self.request("POST", "/v1/auth/register", person)[0]

    def verify(self, address: str) -> int:
        _, mails = self.request("GET", f"/dev/mailbox.json?to={address}")
        proof = {"email": address, "code": mails[0]["code"]}
        return self.request("POST", "/v1/auth/email/verify", proof)[0]

    def login(self, address: str) -> int:
        return self.request("POST", "/v1/auth/login", {"email": address, "password": PASSWORD})[0]

    def processes(self) -> list[int]:
        """Return the process and its children."""
        return [self.process.pid, *children(self.process.pid)]

    def interrupt(self) -> int:
        """Send what Ctrl-C sends, to the whole group, and return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(20)

    def end(self) -> None:
        """End whatever is left of it."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self._reader.join(10)
        if self.process.stdout:
            self.process.stdout.close()


def children(pid: int) -> Iterator[int]:
    """Yield the running children of a process."""
    listing = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    yield from map(int, listing.split())


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
