"""Starts the embedded AWS as a child process, provisions it, and hands out its environment."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import secrets
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from local.mailbox import Mail, mails_of
from local.shape import Shape

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 20.0  # Seconds; a start takes one on an idle machine.
STOP_TIMEOUT = 10.0


class EmulatorError(RuntimeError):
    """Raised when the embedded AWS does not start; its text is a sentence for the developer."""


class Emulator:
    """A running embedded AWS. `environment` is what `Settings.from_environment` and boto3 read."""

    shape = Shape()

    def __init__(self, process: subprocess.Popen[str], port: int, notices: list[str]) -> None:
        self.process = process
        self.port = port
        self.notices = notices
        self.environment: dict[str, str] = {}

    @property
    def endpoint(self) -> str:
        """The address of every AWS service."""
        return f"http://127.0.0.1:{self.port}"

    def provision(self, shape: Shape) -> None:
        """Make the pool, client, table and credentials unless the loaded state has them."""
        self.shape = shape
        kept = self.call("GET", "/_local/environment")
        if kept.get("SHAPE") != shape.fingerprint:
            from local.provision import provision  # noqa: PLC0415  # boto3 costs 30 MB and 0.3 s.

            kept = {**provision(self.endpoint, shape), "SHAPE": shape.fingerprint}
            kept["SEALING_KEYS"] = _new_sealing_key()
            self.call("PUT", "/_local/baseline", kept)
        self.remember(kept, kept["SEALING_KEYS"])

    def remember(self, provisioned: dict[str, str], sealing_keys: str) -> None:
        """Complete what provisioning returned to the service's environment."""
        pool = provisioned["COGNITO_USER_POOL_ID"]
        self.environment = {
            **{name: value for name, value in provisioned.items() if name != "SHAPE"},
            "ENVIRONMENT": "local",
            "AWS_ENDPOINT_URL": self.endpoint,
            "JWKS_URL": f"{self.endpoint}/{pool}/.well-known/jwks.json",
            "SEALING_KEYS": sealing_keys,
        }

    def reset(self) -> None:
        """Forget users, rows and mails; pool, client, table, credentials and keys stay."""
        self.call("POST", "/_local/reset")

    def mails(self, to: str | None = None) -> list[Mail]:
        """Return the mails that were sent, newest first, to one address if `to` is given."""
        return mails_of(self.call("GET", "/_ministack/ses/messages"), to)

    def code_for(self, address: str) -> str:
        """Return the newest code mailed to an address. Raises LookupError when there is none."""
        for mail in self.mails(address):
            if mail["code"]:
                return mail["code"]
        raise LookupError(f"no code was mailed to {address}")

    def age_codes(self, seconds: float) -> None:
        """Make every mailed code that much older, as if the time had passed."""
        self.call("POST", "/_local/age-codes", {"seconds": seconds})

    def call(self, method: str, path: str, document: object = None) -> Any:
        """Send one request of ours to the process. Raises OSError when it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"{method} {path} answered {answer.status}: {content[:200]!r}")
        return json.loads(content) if answer.headers["Content-Type"] == "application/json" else None

    def stop(self) -> None:
        """Let the process save its state and exit; kill it when it does not."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def launch(state: Path | None = None, *, port: int = 0, strict: bool = True) -> Emulator:
    """Start the process and wait until it listens. Raises `EmulatorError`.

    Without a state directory nothing is kept. A taken port is replaced by a free one.
    """
    request = {"state": str(state) if state else None, "port": port, "strict": strict}
    return launch_module(Emulator, "local.child", request, child_environment())


E = TypeVar("E", bound=Emulator)


def launch_module(
    kind: type[E], module: str, request: dict[str, Any], environment: dict[str, str]
) -> E:
    """Start a module as child process and wait for its report. Raises `EmulatorError`."""
    process = subprocess.Popen(  # noqa: S603  # The interpreter and module are ours.
        [sys.executable, "-m", module, json.dumps(request)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    report = _first_line(process)
    if "port" in report:
        return kind(process, report["port"], report["notices"])
    Emulator(process, 0, []).stop()
    raise EmulatorError(report.get("fault") or "The embedded AWS did not start; see above.")


def _first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    if process.stdout is None:
        return {}
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START_TIMEOUT):
            return {"fault": f"The embedded AWS did not start within {START_TIMEOUT:.0f} s."}
    line = process.stdout.readline()
    return dict(json.loads(line)) if line else {}


def child_environment() -> dict[str, str]:
    """Return this environment without AWS settings: they would change the emulator's root."""
    return {name: value for name, value in os.environ.items() if not re.match("AWS_", name)}


def _new_sealing_key() -> str:
    return "local:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@contextmanager
def start_embedded(
    state: Path | None = None, *, shape: Shape | None = None, strict: bool = True
) -> Iterator[Emulator]:
    """Run a provisioned embedded AWS for the duration of the block. Raises `EmulatorError`."""
    emulator = launch(state, strict=strict)
    try:
        emulator.provision(shape or Shape())
        yield emulator
    finally:
        emulator.stop()
