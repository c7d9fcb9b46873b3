"""The README's walk, word for word, against `make run`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ci import deploy_local_walk
from ci.deploy_local_walk import WalkFailed, walk
from tests.local.running import Run, copy_checkout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_walk_with_curl_works_as_it_is_written(tmp_path: Path) -> None:
    """Register, mailbox, verify, sign in, profile, refresh, sign out; then the token is refused."""
    run = Run(copy_checkout(tmp_path))
    try:
        run.wait_for("Ctrl-C stops")
        assert walk(f"http://127.0.0.1:{run.port}") == 9
    finally:
        run.end()


@pytest.mark.parametrize(
    "script",
    [
        "false",
        """echo '"userId" "emailVerified":true "timezone":"Europe/London"'; echo '{"code":"OK"}'""",
        """echo '"emailVerified":true "timezone":"Europe/London" "code":"UNAUTHORIZED"'""",
    ],
    ids=["a request fails", "the token still works", "a step is missing"],
)
def test_a_walk_that_ends_otherwise_fails(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README promises is looked for in what was printed."""
    monkeypatch.setattr(deploy_local_walk, "walk_through", lambda: script)

    with pytest.raises(WalkFailed):
        walk("http://127.0.0.1:9")
