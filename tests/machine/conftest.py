"""Fixtures of the state machine: the service over ASGI on the embedded AWS, at a standing clock."""

from __future__ import annotations

import boto3
import pytest

from local.emulator import Emulator
from local.provision import ROOT_KEY
from service.settings import Settings
from tests.api.conftest import Start, bundle, clients, portal, settings, start
from tests.machine.life import StandingClock, World

__all__ = ["bundle", "clients", "portal", "settings", "start"]


@pytest.fixture(scope="session")
def world(start: Start, settings: Settings, embedded_aws: Emulator) -> World:
    """The service, and what is behind it, to be looked at as root."""
    clock = StandingClock()
    root = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=settings.region)
    dynamodb, cognito = (
        root.client(name, endpoint_url=embedded_aws.endpoint)
        for name in ("dynamodb", "cognito-idp")
    )
    api = start(settings, clock=clock)
    return World(api, embedded_aws, dynamodb, cognito, settings, clock)
