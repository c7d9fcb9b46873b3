"""The README's walk, word for word, against `make run`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.emulator import ROOT
from tests.local.running import Run, copy_checkout


def walk() -> str:
    """The shell block of the README that is marked as the walk."""
    (block,) = re.findall(r"^```sh walk\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    return str(block)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_walk_with_curl_works_as_it_is_written(tmp_path: Path) -> None:
    """Register, mailbox, verify, sign in, profile, refresh, sign out; then the token is refused."""
    run = Run(copy_checkout(tmp_path))
    try:
        run.wait_for("Ctrl-C stops")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", walk()],
            env={**os.environ, "API": f"http://127.0.0.1:{run.port}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        run.end()

    assert done.returncode == 0, done.stdout + done.stderr
    for step in ('"userId"', '"emailVerified":true', '"timezone":"Europe/London"'):
        assert step in done.stdout
    assert '"code":"UNAUTHORIZED"' in done.stdout.splitlines()[-1]
