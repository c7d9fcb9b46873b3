"""The AWS that `make deploy-local` and the tests deploy to: ministack with every service in use.

CloudWatch's metrics come from moto: ministack answers DescribeAlarms in the Query protocol, which
Terraform speaks, without most of an alarm, so that no plan of an alarm would ever be empty.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from local import child, lifeline, patches
from local.emulator import Emulator, child_environment, launch_module
from local.moto_server import Moto
from local.pages import DeveloperPages
from local.remote import Remote

REGION = "eu-central-1"
ACCOUNT = "000000000000"
SERVICES = (
    "apigateway",
    "cognito-idp",
    "dynamodb",
    "ecr",
    "events",
    "iam",
    "lambda",
    "logs",
    "s3",
    "ses",
    "sns",
    "ssm",
    "sts",
)
# Taken by the emulators for the account's root.
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class LocalAws:
    """Two running emulators that together are one account."""

    emulator: Emulator
    metrics: Moto

    @property
    def environment(self) -> dict[str, str]:
        """What Terraform and boto3 read to find this account instead of the real one."""
        return {
            **ROOT_CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.emulator.endpoint,
            "AWS_ENDPOINT_URL_CLOUDWATCH": self.metrics.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def start_local_aws() -> Iterator[LocalAws]:
    """Run an empty account for the duration of the block. Raises `EmulatorError`."""
    running: list[Emulator] = []
    try:
        running.append(launch_module(Emulator, __name__, {}, child_environment()))
        metrics = launch_module(Moto, "local.moto_server", {}, child_environment())
        running.append(metrics)
        yield LocalAws(running[0], metrics)
    finally:
        for emulator in running:
            emulator.stop()


def main() -> None:
    """Serve until the parent goes; the first line on standard output is the port."""
    child.check_installation()
    os.umask(0o077)
    listener = child._listen(0)
    port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="local-aws-") as scratch:
        os.environ.update(
            child.SETTINGS,
            SERVICES=",".join(SERVICES),
            GATEWAY_PORT=str(port),
            STATE_DIR=scratch,
            S3_DATA_DIR=scratch,
        )
        tempfile.tempdir = scratch  # Where ministack unpacks functions; it leaves them there.
        app = importlib.import_module("ministack.app")
        cognito = app._get_module("cognito")
        patches.apply(cognito)
        _require_only_what_is_asked(cognito)
        print(f'{{"port": {port}, "notices": []}}', flush=True)
        # The HTTP API has the host name, /dev/mailbox.json the codes that nobody is really mailed.
        pages = DeveloperPages(app.app, Remote(port))
        asyncio.run(_serve(pages, listener.detach()))


def _require_only_what_is_asked(cognito: ModuleType) -> None:
    """Take an absent rule of a password policy for false, as Cognito does.

    Terraform's SDK leaves false out of a request, and ministack then assumes true.
    """
    original = cognito._password_policy_errors
    nothing = dict.fromkeys(
        ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols"), False
    )

    def errors(pool: dict[str, Any], password: str) -> Any:
        policy = nothing | pool.get("Policies", {}).get("PasswordPolicy", {})
        return original({"Policies": {"PasswordPolicy": policy}}, password)

    cognito._password_policy_errors = errors  # type: ignore[attr-defined]  # A module's function.


async def _serve(application: object, descriptor: int) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415  # Comes with ministack.
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    lifeline.tie(stop)
    await serve(application, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]  # ministack has no types.


if __name__ == "__main__":
    sys.exit(main())
