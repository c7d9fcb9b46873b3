"""Starts the embedded AWS as a child process, provisions it, and hands out its environment."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from local.remote import Remote
from local.shape import Shape

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 20.0  # Seconds; a start takes one on an idle machine.
STOP_TIMEOUT = 10.0


class EmulatorError(RuntimeError):
    """Raised when the embedded AWS does not start; its text is a sentence for the developer."""


class Emulator(Remote):
    """A running embedded AWS. `environment` is what `Settings.from_environment` and boto3 read."""

    shape = Shape()

    def __init__(self, process: subprocess.Popen[str], port: int, notices: list[str]) -> None:
        super().__init__(port)
        self.process = process
        self.notices = notices
        self.roles: dict[str, dict[str, str]] = {}

    def provision(self, shape: Shape, *, apart: bool = False) -> None:
        """Make pool, client, table and credentials unless the loaded state has them.

        State of another shape is set aside. `apart` uses a process of its own: boto3 costs 40 MB
        that a supervisor would keep.
        """
        self.shape = shape
        kept = self.call("GET", "/_local/environment")
        if kept and kept["shape"] != shape.fingerprint:
            self.notices.append(self.call("POST", "/_local/forget"))
            kept = {}
        if not kept:
            self._provision_anew(shape, apart=apart)
            kept = self.call("GET", "/_local/environment")
        self.remember(kept["roles"], kept["sealing_keys"])

    def _provision_anew(self, shape: Shape, *, apart: bool) -> None:
        if apart:
            command = [sys.executable, "-m", "local.provision", str(self.port), shape.environment]
            done = subprocess.run(command, cwd=ROOT, env=child_environment(), check=False)  # noqa: S603  # The interpreter and module are ours.
            if done.returncode:
                raise EmulatorError("The embedded AWS could not be provisioned; see above.")
            return
        from local.provision import set_up  # noqa: PLC0415  # See `apart`.

        set_up(self, shape)

    def remember(self, roles: dict[str, dict[str, str]], sealing_keys: str) -> None:
        """Complete what provisioning returned to the environments of the service."""
        pool = roles["service"]["COGNITO_USER_POOL_ID"]
        common = {
            "ENVIRONMENT": "local",
            "AWS_ENDPOINT_URL": self.endpoint,
            "JWKS_URL": f"{self.endpoint}/{pool}/.well-known/jwks.json",
            "SEALING_KEYS": sealing_keys,
        }
        self.roles = {role: {**environment, **common} for role, environment in roles.items()}

    @property
    def environment(self) -> dict[str, str]:
        """The environment with the permissions of every role; `roles` has one for each."""
        return self.roles["service"]

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
