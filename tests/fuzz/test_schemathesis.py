"""Every check of Schemathesis against `make run`, as nobody and as a signed-in user."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.emulator import ROOT
from tests.local.running import Run, copy_checkout

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "50")
LEAST_CASES = 500
"""Fewer, and the run has not reached the operations at all."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(copy_checkout(tmp_path_factory.mktemp("checkout")))
    run.wait_for("Ctrl-C stops")
    yield run
    run.end()


def schemathesis(server: Run, **environment: str) -> str:
    """Run every check in every phase and return the report; a failure is in it."""
    address = f"http://127.0.0.1:{server.port}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
            *("--checks", "all", "--max-examples", EXAMPLES, "--no-color"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "default", "FUZZ_SERVER": address, **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    cases = re.search(r"(\d+) generated", report)
    assert cases, report
    assert int(cases[1]) > LEAST_CASES, report
    return report


@pytest.mark.timeout(960)
def test_nobody_finds_a_way_out_of_the_contract(server: Run) -> None:
    """Without a token: every operation answers as the contract says."""
    schemathesis(server)


@pytest.mark.timeout(960)
def test_a_signed_in_user_finds_no_way_out_of_the_contract(server: Run) -> None:
    """With a token that works, also after the fuzzer has signed out."""
    report = schemathesis(server, SCHEMATHESIS_HOOKS="tests.fuzz.hooks")

    unauthorized = re.search(r"401 Unauthorized.*?\n((?:  - .*\n)+)", report)
    assert "/users/profile" not in (unauthorized[1] if unauthorized else "")
