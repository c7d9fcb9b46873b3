"""The step that compares a pull request's contract with the one it would replace, in a real git."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.delivery.handlers import CONTRACT, ROOT

REQUIRED = "required: [status, version]"
Compare = Callable[[str, str], subprocess.CompletedProcess[str]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Merge one contract into a branch that has another, and run the step."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def commit(text: str) -> None:
        (tmp_path / "openapi.yaml").write_text(text)
        git("add", "openapi.yaml")
        git("commit", "--allow-empty", "-m", "contract")

    def run(old: str, new: str) -> subprocess.CompletedProcess[str]:
        commit(old)
        git("checkout", "-b", "feature")
        commit(new)
        git("checkout", "main")
        git("merge", "--no-ff", "feature")
        return step(tmp_path)

    git("init", "-b", "main")
    return run


def step(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ci.breaking"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_contract_that_only_grows_passes(compare: Compare) -> None:
    """Another description is no business of a client."""
    done = compare(CONTRACT, CONTRACT.replace("Alive.", "It lives."))

    assert (done.returncode, done.stdout) == (0, "No client has to change.\n")


def test_a_break_fails_and_is_named(compare: Compare) -> None:
    """A member that an answer always had may be missing now."""
    done = compare(CONTRACT, CONTRACT.replace(REQUIRED, "required: [status]"))

    assert done.returncode == 1
    assert "- getHealth 200: the property version can be absent now." in done.stdout
    assert "Clients of 1.0.0 would break" in done.stderr


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [("1.0.0", "2.0.0", 0), ("1.0.0", "1.1.0", 1), ("0.1.0", "0.2.0", 0), ("0.1.0", "0.1.1", 1)],
)
def test_a_version_may_announce_a_break(
    compare: Compare, before: str, after: str, code: int
) -> None:
    """The major number does, and the minor one while the major is zero."""
    new = CONTRACT.replace("1.0.0", after).replace(REQUIRED, "required: [status]")

    done = compare(CONTRACT.replace("1.0.0", before), new)

    assert done.returncode == code
    assert "- getHealth 200" in done.stdout


def test_nothing_to_compare_with_is_said(tmp_path: Path) -> None:
    """A checkout without history must not look like a contract without breaks."""
    subprocess.run(["git", "init"], cwd=tmp_path, check=True, capture_output=True)

    done = step(tmp_path)

    assert done.returncode == 1
    assert "There is no contract to compare with" in done.stderr
