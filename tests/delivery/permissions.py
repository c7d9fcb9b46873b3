"""Which permissions a role has, and which the service uses.

As a pytest plugin it runs a suite as one of Terraform's roles, which the embedded AWS enforces, and
notes what the service's clients ask for meanwhile:
`AWS_ROLE=api-handler AWS_CALLS=calls.json pytest -p tests.delivery.permissions tests/api`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import pytest

from local.emulator import Emulator
from local.shape import DOCUMENTS, POLICIES
from service.aws import clients
from tests.aws_calls import Call, CallRecorder

KINDS = {"cognito-idp": "pool", "dynamodb": "table", "ses": "identity", "ssm": "secrets"}
Permission = tuple[str, str]
"""An action, and the kind of the resource that it is for."""


def granted(role: str) -> set[Permission]:
    """List what a role's policies allow, one action on one kind of resource each."""
    kinds = {f"{kind}_arn": kind for kind in KINDS.values()}
    texts = [(POLICIES / f"{name}.json.tftpl").read_text() for name in DOCUMENTS[role]]
    return {
        (action, resource)
        for text in texts
        for statement in json.loads(Template(text).substitute(kinds))["Statement"]
        for action in _many(statement["Action"])
        for resource in _many(statement["Resource"])
    }


def used(calls: Iterable[Call]) -> set[Permission]:
    """List the permissions that calls needed."""
    return {(action, KINDS[action.partition(":")[0]]) for call in calls for action in call.actions}


def listen(recorder: CallRecorder) -> Any:
    """Return a `new_session` whose sessions tell the recorder of every call."""
    original = clients.new_session

    def new_session(*arguments: Any) -> Any:
        session = original(*arguments)
        session.register("before-parameter-build", recorder)
        return session

    return new_session


class Watch:
    """The plugin: the role for the fixture `aws`, the recorder for every session."""

    def __init__(self, role: str, target: Path) -> None:
        self._role = role
        self._target = target
        self._recorder = CallRecorder()

    def pytest_sessionstart(self) -> None:
        """Hand out the role's credentials instead of those that may do everything."""
        Emulator.environment = property(  # type: ignore[assignment]  # The plugin's purpose.
            lambda emulator: emulator.roles[self._role]
        )
        clients.new_session = listen(self._recorder)

    def pytest_sessionfinish(self) -> None:
        """Write each different permission once."""
        self._target.write_text(json.dumps(sorted(used(self._recorder.calls))))


def pytest_configure(config: pytest.Config) -> None:
    """Switch the watch on."""
    if target := os.environ.get("AWS_CALLS"):
        config.pluginmanager.register(Watch(os.environ["AWS_ROLE"], Path(target)))


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
