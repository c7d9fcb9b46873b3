"""Keeps one good server in front: a newer one takes over when it has loaded, else the old stays."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from watchfiles import PythonFilter, watch

from local.emulator import Emulator, child_environment, launch
from local.processes import ROOT, Compilation, ServerProcess
from local.shape import Shape

STATE = ROOT / ".local"
CONTRACT = ROOT / "openapi.yaml"
SERVICE = ROOT / "service"
EMULATOR_PORT = 4566
PULSE = 500  # Milliseconds between two looks at the contract and the processes.


class Development:
    """The server of a local run and the AWS below it, followed until Ctrl-C."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._server: ServerProcess | None = None
        self._contract_seen = _stamp(CONTRACT)
        self.aws: Emulator | None = None
        # Below make this process ends with it, else `kill -9` of make would leave it behind.
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None

    def start(self) -> None:
        """Start AWS and the first server, or the page that names its fault.

        Raises `EmulatorError` when the embedded AWS does not start.
        """
        compilation = Compilation()
        self._start_aws()
        if fault := compilation.fault():
            self._settle(fault)
        else:
            self._serve()

    def follow_changes(self) -> None:
        """Reload on changes and restart what dies, until Ctrl-C or the end of make."""
        code = PythonFilter()
        for changes in watch(
            SERVICE, watch_filter=code, rust_timeout=PULSE, yield_on_timeout=True, step=100
        ):
            paths = sorted(str(Path(path).relative_to(ROOT)) for _, path in changes)
            if self._contract_changed():
                self._reload([CONTRACT.name, *paths], compile_first=True)
            elif paths:
                engine = any(path.startswith("service/contract/") for path in paths)
                self._reload(paths, compile_first=engine)
            self._restart_the_dead()
            if self._parent not in (None, os.getppid()):
                return

    def stop(self) -> None:
        """End the server, then the embedded AWS, which saves its state."""
        if self._server:
            self._server.stop()
        if self.aws:
            self.aws.stop()

    def _start_aws(self) -> None:
        if os.environ.get("COGNITO_USER_POOL_ID"):
            return  # The developer's environment names a real pool.
        self.aws = launch(STATE / "aws", port=EMULATOR_PORT)
        self.aws.provision(Shape(), apart=True)
        for notice in self.aws.notices:
            print(notice, flush=True)

    def _environment(self) -> dict[str, str]:
        if self.aws is None:
            return dict(os.environ)
        # What the developer sets stays (HIDE_EXISTING_ACCOUNTS, LOG_LEVEL ...), but where AWS is.
        # With the deployed function's own policy, a missing permission is met here first.
        return {"SERVICE_VERSION": "local", **child_environment(), **self.aws.roles["api-handler"]}

    def _contract_changed(self) -> bool:
        # A watch on one file ends when an editor replaces the file; its stamp does not.
        before, self._contract_seen = self._contract_seen, _stamp(CONTRACT)
        return before != self._contract_seen

    def _reload(self, changed: list[str], *, compile_first: bool) -> None:
        print(f"Changed: {', '.join(changed)}", flush=True)
        if compile_first and (fault := Compilation().fault()):
            self._settle(fault)
        else:
            self._serve()

    def _serve(self) -> None:
        newer = self._new_server(None)
        if newer.fault:
            newer.stop()
            self._settle(newer.fault)
            return
        self._take_over(newer)

    def _settle(self, fault: str) -> None:
        """Keep the good server; without one, serve a page that names the fault."""
        if self._server and self._server.running and not self._server.showing:
            print(f"{fault}\nThe server from before the change keeps serving.", flush=True)
            return
        print(fault, flush=True)
        self._take_over(self._new_server(fault))

    def _new_server(self, fault: str | None) -> ServerProcess:
        port = self.aws.port if self.aws else None
        return ServerProcess.start(self._listener, self._environment(), port, fault)

    def _take_over(self, newer: ServerProcess) -> None:
        older, self._server = self._server, newer
        if older:
            older.stop()
            print("Reloaded." if not newer.showing else "", flush=True)

    def _restart_the_dead(self) -> None:
        if self.aws and self.aws.process.poll() is not None:
            print("The embedded AWS ended by itself; starting it again.", flush=True)
            self.aws.stop()
            self._start_aws()
            self._serve()
        elif self._server and not self._server.running:
            print("The server ended by itself; starting it again.", flush=True)
            self._serve()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)
