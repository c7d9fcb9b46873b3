"""The Lambda entry point: `service.lambda_handler.handler`, built when Lambda imports it."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.invocations import LambdaHandler


def start(environment: Mapping[str, str]) -> LambdaHandler:
    """Return the handler of a deployment. Raises `SettingsError` for a faulty environment.

    What a start makes lives as long as the process: the garbage collector would look at it again
    and again while it grows, and find nothing, for an eighth of the start.
    """
    # Pydantic otherwise reads the metadata of every installed package, for plugins of its own.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    try:
        from service.invocations import build  # noqa: PLC0415  # Without the collector.

        return build(environment)
    finally:
        gc.freeze()
        gc.enable()


handler = start(os.environ)
