"""The lint of infrastructure and image: what it refuses, and that it never passes over nothing."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ci import checkov_verdict

ROOT = Path(__file__).resolve().parents[2]


def report(*failed: str, passed: int = 3) -> dict[str, Any]:
    checks = [
        {"check_id": check, "resource": "a.b", "file_path": "/c.tf", "check_name": "Ensure"}
        for check in failed
    ]
    return {"results": {"failed_checks": checks}, "summary": {"passed": passed}}


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Judge a report of checkov by a list that skips CKV_1."""
    (tmp_path / "skips.txt").write_text("# Why.\nCKV_1  Because.\n")
    monkeypatch.setattr(checkov_verdict, "SKIPS", tmp_path / "skips.txt")

    def verdict(document: Any) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
        return checkov_verdict.main()

    return verdict


def test_what_is_listed_may_fail(judge: Any) -> None:
    """Exactly the listed checks fail: that is the state the list describes."""
    assert judge(report("CKV_1", "CKV_1")) == 0


def test_what_is_not_listed_may_not_fail(judge: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A new finding is named with its place."""
    assert judge([report("CKV_1"), report("CKV_2")]) == 1
    assert "CKV_2 fails:\n  a.b (/c.tf): Ensure" in capsys.readouterr().out


def test_a_stale_entry_is_a_fault(judge: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that passes everywhere leaves the list."""
    assert judge(report()) == 1
    assert "CKV_1 is on the list and fails nowhere." in capsys.readouterr().out


def test_looking_at_nothing_is_a_fault(judge: Any) -> None:
    """A wrong directory must not look like a clean one."""
    assert judge(report("CKV_1", passed=0)) == 1


def test_an_entry_without_reason_is_a_fault() -> None:
    """Who skips a check says why."""
    with pytest.raises(SystemExit, match="CKV_9"):
        checkov_verdict.skipped("CKV_9\n")


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    """All that is not there is skipped by name; tox installs every one but Terraform."""
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)

    done = subprocess.run(
        [str(ROOT / "ci" / "lint-delivery.sh")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    skipped = re.findall(r"^skipped: (\w+) is not installed$", done.stdout, re.MULTILINE)
    assert skipped == ["terraform", "hadolint", "shellcheck", "checkov"]
