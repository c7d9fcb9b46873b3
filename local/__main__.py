"""`make run`: the embedded AWS, the server and the reload of code and contract."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
from typing import IO, NoReturn

from local.development import STATE, Development
from local.emulator import Emulator, EmulatorError
from local.processes import ROOT

PORT = 8080


def main() -> int:
    """Run until Ctrl-C or SIGTERM; 1 when the embedded AWS cannot start."""
    # A shell starts background jobs with SIGINT ignored, so both are set here.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    port = _port()
    with _only_one(port), _listen(port) as listener:
        development = Development(listener)
        try:
            development.start()
            _banner(port, development.aws)
            development.follow_changes()
        except KeyboardInterrupt:
            print("\nStopping.", flush=True)
        except EmulatorError as fault:
            print(fault, file=sys.stderr)
            return 1
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # A second Ctrl-C must not cut the saving.
            development.stop()
    return 0


def _port() -> int:
    text = os.environ.get("PORT") or str(PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        _refuse(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _only_one(port: int) -> IO[str]:
    try:
        STATE.mkdir(mode=0o700, exist_ok=True)
        lock = (STATE / "lock").open("a+")
    except OSError as fault:
        _refuse(f"{STATE} cannot be written: {fault.strerror}. Make it writable or remove it.")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        _refuse(f"`make run` is already running in this checkout: {lock.read().strip()}.")
    lock.truncate(0)
    lock.write(f"process {os.getpid()}, http://127.0.0.1:{port}")
    lock.flush()
    return lock


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=1024)
    except PermissionError:
        _refuse(f"Port {port} needs privileges; choose one above 1023: make run PORT=8081")
    except OSError:
        with socket.create_server(("127.0.0.1", 0)) as free:
            other = free.getsockname()[1]
        _refuse(
            f"Port {port} is taken by another program; choose a free one: make run PORT={other}"
        )


def _banner(port: int, emulator: Emulator | None) -> None:
    address = f"http://127.0.0.1:{port}"
    pages = {
        "API": "/v1",
        "Interactive docs": "/docs",
        "Contract": "/openapi.json",
        "Error catalogue": "/problems",
    }
    if emulator:
        pages["Mailbox"] = "/dev/mailbox"
    print()
    for name, path in pages.items():
        print(f"  {name:<18}{address}{path}")
    if emulator:
        print(
            f"  {'Embedded AWS':<18}{emulator.endpoint}  (state in {STATE.relative_to(ROOT)}/aws)"
        )
    else:
        print(f"  {'AWS':<18}user pool {os.environ['COGNITO_USER_POOL_ID']}, by environment")
    print("\n  Code and contract are reloaded on change. Ctrl-C stops.\n", flush=True)


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())
