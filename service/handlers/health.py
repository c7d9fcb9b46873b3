"""Handlers of the tag health."""

from __future__ import annotations

from service import models
from service.handlers.services import Services


def get_health(services: Services) -> models.Health:
    """Tell that the process is alive."""
    return models.Health(version=services.version, time=services.clock())


def get_readiness(services: Services) -> models.Readiness:
    """Tell whether Cognito and DynamoDB can be reached."""
    answering = services.health.get_readiness()
    checks = [models.ReadinessCheck(name=name) for name in answering]
    return models.Readiness(checks=checks)
