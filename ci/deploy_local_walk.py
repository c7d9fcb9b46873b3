"""The README's walk-through, run word for word against an address."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


class WalkFailed(Exception):
    """Raised when the walk-through does not end as the README says; the text is what it printed."""


def walk_through() -> str:
    """Return the shell block of the README that is marked as the walk."""
    (block,) = re.findall(r"^```sh walk\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


def walk(address: str) -> int:
    """Run the walk-through where `address` serves `/v1` and `/dev`; return its number of requests.

    Needs bash and curl. Raises `WalkFailed`.
    """
    script = walk_through()
    done = subprocess.run(  # noqa: S603  # The README's own text.
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607  # Wherever bash and curl are.
        env={**os.environ, "API": address, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    shown = done.stdout + done.stderr
    wanted = ('"userId"', '"emailVerified":true', '"timezone":"Europe/London"')
    missing = [step for step in wanted if step not in done.stdout]
    if '"code":"UNAUTHORIZED"' not in (done.stdout.splitlines() or [""])[-1]:
        missing.append("the refusal of the token that was signed out")
    if done.returncode or missing:
        raise WalkFailed(f"exit code {done.returncode}, missing: {missing}\n{shown}")
    return script.count("curl ")
