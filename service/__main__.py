"""The plain server: `python -m service` (PORT, HOST, WORKERS), for a container or a machine."""

from __future__ import annotations

import os
import sys

from granian import Granian
from granian.constants import Interfaces
from starlette.types import ASGIApp

from service.app import create
from service.aws.secrets import with_secrets
from service.settings import Settings, SettingsError


def application() -> ASGIApp:
    """Return the server of the environment; granian calls it in each worker."""
    return create(Settings.from_environment(with_secrets(os.environ)))


def main() -> int:
    """Check the environment, then serve until told to stop; 2 when the environment is wrong."""
    try:
        application()
    except SettingsError as fault:
        print(fault, file=sys.stderr)  # noqa: T201  # Nothing is configured yet to log with.
        return 2
    Granian(
        "service.__main__:application",
        address=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8080")),
        interface=Interfaces.ASGI,
        factory=True,
        workers=int(os.environ.get("WORKERS", "1")),
        log_access=False,
    ).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
