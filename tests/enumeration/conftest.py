"""Fixtures of the enumeration tests: those of the API."""

from __future__ import annotations

from tests.api.conftest import (
    api,
    bundle,
    client,
    clients,
    clock,
    portal,
    settings,
    start,
    the_clock,
)

__all__ = [
    "api",
    "bundle",
    "client",
    "clients",
    "clock",
    "portal",
    "settings",
    "start",
    "the_clock",
]
