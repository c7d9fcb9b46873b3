"""The whole service over ASGI, on the embedded AWS, with every response held to the contract."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from local.emulator import Emulator
from service.app import create
from service.aws.clients import Clients, connect
from service.settings import Settings

PASSWORD = "correct horse battery"


@dataclass
class MovableClock:
    """The time, and a way to move it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass
class Api:
    """A client of the service that knows how a person signs up and in."""

    portal: BlockingPortal
    client: httpx.AsyncClient
    aws: Emulator

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.portal.call(lambda: self.client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json=body, **options)


@pytest.fixture
def settings(aws: Emulator) -> Settings:
    return Settings.from_environment(os.environ)


@pytest.fixture
def clients(settings: Settings) -> Clients:
    return connect(settings.region)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def api(settings: Settings, clients: Clients, clock: MovableClock, aws: Emulator) -> Iterator[Api]:
    app = create(settings, clients=clients, clock=clock, check_responses=True)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    with start_blocking_portal() as portal:
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1")
        yield Api(portal, client, aws)
        portal.call(client.aclose)
