"""Fixtures that every suite shares."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local.emulator import Emulator, start_embedded


def pytest_report_header() -> str:
    """Say which emulator the suite runs on."""
    return f"AWS emulator: {_emulator_name()} (AWS_EMULATOR=moto chooses the second opinion)"


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[Emulator]:
    """One provisioned embedded AWS for the whole run; use `aws` to have it empty."""
    if _emulator_name() == "moto":
        from local.moto_server import start_moto

        with start_moto() as moto:
            yield moto
        return
    with start_embedded() as emulator:
        yield emulator


@pytest.fixture
def aws(embedded_aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An empty embedded AWS whose environment is this process's: boto3 and Settings read it.

    Identifiers, credentials and signing keys are the same in every test of a run.
    """
    embedded_aws.reset()
    for name, value in embedded_aws.environment.items():
        monkeypatch.setenv(name, value)
    return embedded_aws


def _emulator_name() -> str:
    return os.environ.get("AWS_EMULATOR", "ministack")
