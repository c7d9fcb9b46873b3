"""The benchmark measures what the service and its peers do today, or it stops."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import cold, surroundings

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None,
    reason="awslambdaric has wheels for Linux only and is not installed here",
)


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """This interpreter with its packages, in a directory of its own."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "lib").symlink_to(Path(sys.prefix) / "lib")
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", tmp_path)
    return tmp_path / "bin" / "python"


def test_the_measured_registration_succeeds(python: Path) -> None:
    """Ours and the bare calls, which all peers make; the frameworks are not installed here."""
    with surroundings.aws(surroundings.Keys()) as endpoint:
        installation = surroundings.install(python, endpoint)
        ours, floor = (cold.measure(peer, installation) for peer in ("ours", "floor"))

    assert min(*ours, *floor) > 0
