"""moto as the second opinion: the same face as the embedded AWS, in a process of its own.

`AWS_EMULATOR=moto` chooses it for the test suite. It keeps nothing, mails nothing and takes any
code for a confirmation; what else it cannot do is on the test suite's skip list.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from local.emulator import Emulator, child_environment, launch_module
from local.mailbox import Mail
from local.provision import provision
from local.shape import Shape

# Identifiers come from this seed, so that a reset gives the same ones again.
SEED = 20
ACCOUNT = "123456789012"
SEALING_KEYS = "moto:" + base64.urlsafe_b64encode(bytes(range(32))).decode()


class Moto(Emulator):
    """A running moto; an `Emulator` to its users."""

    shape = Shape(account=ACCOUNT)

    def provision(self, shape: Shape, *, apart: bool = False) -> None:
        """Make pool, client, table and credentials with identifiers from the seed."""
        self.shape = shape
        self.call("POST", f"/moto-api/seed?a={SEED}")
        self.remember(provision(self.endpoint, shape), SEALING_KEYS)

    def reset(self) -> None:
        """Forget everything and provision again."""
        self.call("POST", "/moto-api/reset")
        self.provision(self.shape)

    def mails(self, to: str | None = None) -> list[Mail]:
        """Return no mail: moto keeps none of Cognito's."""
        return []

    def code_for(self, address: str) -> str:
        """Return a code for an address; moto confirms with any."""
        return "123456"


@contextmanager
def start_moto(shape: Shape | None = None) -> Iterator[Moto]:
    """Run a provisioned moto for the duration of the block. Raises `EmulatorError`."""
    switches = {
        "MOTO_COGNITO_IDP_USER_POOL_ENABLE_TOTP": "true",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "0",
    }
    moto = launch_module(Moto, "local.moto_server", {}, {**child_environment(), **switches})
    try:
        moto.provision(shape or Moto.shape)
        yield moto
    finally:
        moto.stop()


def main() -> None:
    """Serve on a free loopback port until standard input ends."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415  # Only this process needs it.
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(json.dumps({"port": server.server_port, "notices": []}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
