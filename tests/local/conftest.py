"""Fixtures of the tests of the embedded AWS itself."""

from __future__ import annotations

import pytest

from local.emulator import Emulator


@pytest.fixture
def only_ministack(embedded_aws: Emulator) -> None:
    """Skip a test of what the second opinion cannot do."""
    if type(embedded_aws) is not Emulator:
        pytest.skip("moto verifies neither signatures nor policies")
