"""The process that is the embedded AWS: ministack on a loopback port, for its parent's lifetime.

Its standard input is a pipe whose other end the parent holds. When the parent is gone, however it
went, the pipe ends, and this process saves its state and exits.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from importlib import metadata, util
from pathlib import Path
from typing import IO

from local import lifeline, patches
from local.checkpoint import Checkpoint
from local.front import Front

MINISTACK = "1.5.33"
# Module -> service. ses keeps the mails that Cognito and the service send; sts tells who asks.
SERVICES = {
    "cognito": "cognito-idp",
    "dynamodb": "dynamodb",
    "iam": "iam",
    "ses": "ses",
    "ssm": "ssm",
    "sts": "sts",
}
SETTINGS = {
    "AUTH": "true",  # Codes, tokens, SECRET_HASH, signatures and policies are checked.
    "BIND_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "COGNITO_EMAIL_ENABLED": "true",
    "PERSIST_STATE": "0",  # local.checkpoint saves, in one file and not only at shutdown.
    "SERVICES": ",".join(SERVICES.values()),
    "LOG_LEVEL": "WARNING",
}


class Fault(Exception):
    """Raised when the embedded AWS cannot start; its text is a sentence for the developer."""


def main(arguments: list[str]) -> None:
    """Serve until the parent goes; the first line on standard output is the port or the fault."""
    request = json.loads(arguments[0])
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides.
    try:
        check_installation()
        with tempfile.TemporaryDirectory(prefix="embedded-aws-") as scratch:
            state = Path(request["state"]) if request["state"] else None
            lock = _claim(state) if state else None
            front, notice = _assemble(state, Path(scratch), strict=request["strict"])
            listener = _listen(request["port"])
            report = {"port": listener.getsockname()[1], "notices": [notice] if notice else []}
            print(json.dumps(report), flush=True)
            asyncio.run(_serve(front, listener))
            del lock
    except Fault as fault:
        print(json.dumps({"fault": str(fault)}), flush=True)


def check_installation() -> None:
    """Raise `Fault` naming the package that is missing or is not the version that was tested."""
    advice = "run `make .venv/ready` or `pip install --requirement requirements/dev.txt`"
    try:
        found = metadata.version("ministack")
    except metadata.PackageNotFoundError:
        raise Fault(f"The embedded AWS needs the package ministack: {advice}.") from None
    if found != MINISTACK:
        raise Fault(f"The embedded AWS needs ministack {MINISTACK}, not {found}: {advice}.")
    if util.find_spec("cryptography") is None:
        raise Fault(
            f"The embedded AWS needs the package cryptography, "
            f"without it nobody could verify a token: {advice}."
        )


def _claim(state: Path) -> IO[str]:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.chmod(0o700)  # Passwords lie in it in plain text.
        lock = (state / "lock").open("w")
    except OSError as fault:
        raise Fault(
            f"The embedded AWS cannot write its state to {state}: {fault.strerror}. "
            "Make the directory writable or remove it."
        ) from None
    # The process of a killed parent may still be writing its last checkpoint.
    deadline = time.monotonic() + lifeline.GRACE + 1
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Fault(f"Another embedded AWS is using the state in {state}.") from None
            time.sleep(0.05)


def _assemble(state: Path | None, scratch: Path, *, strict: bool) -> tuple[Front, str | None]:
    os.environ.update(SETTINGS, STATE_DIR=str(state or scratch), S3_DATA_DIR=str(scratch))
    app = importlib.import_module("ministack.app")
    modules = {name: app._get_module(name) for name in SERVICES}
    if strict:
        patches.apply(modules["cognito"])
        patches.allow_mail_by_identity(importlib.import_module("ministack.core.iam_actions"))
    checkpoint = Checkpoint(modules, MINISTACK, state / "state.json" if state else None)
    notice = checkpoint.load()
    return Front(app, checkpoint), notice


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))


async def _serve(front: Front, listener: socket.socket) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415  # Comes with ministack.
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout, config.graceful_timeout = 75, 0.2
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    lifeline.tie(stop)
    saving = asyncio.create_task(front.save_whenever_dirty())
    await serve(front, config, shutdown_trigger=stop.wait)
    saving.cancel()
    await front.save()


if __name__ == "__main__":
    main(sys.argv[1:])
