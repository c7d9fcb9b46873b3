"""Compare what checkov finds, as JSON on standard input, with ci/checkov-skips.txt."""

import json
import sys
from pathlib import Path
from typing import Any

SKIPS = Path(__file__).with_name("checkov-skips.txt")


def skipped(text: str) -> set[str]:
    """Return the listed checks. Raises SystemExit for one without a reason."""
    lines = [
        line.split(maxsplit=1) for line in text.splitlines() if line.strip() and line[0] != "#"
    ]
    if bare := [line[0] for line in lines if len(line) == 1]:
        raise SystemExit(f"No reason is given for {', '.join(bare)}.")
    return {check for check, _ in lines}


def failing(reports: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return what fails: the resources by check."""
    found: dict[str, list[str]] = {}
    for report in reports:
        for failure in report["results"]["failed_checks"]:
            found.setdefault(failure["check_id"], []).append(
                f"{failure['resource']} ({failure['file_path']}): {failure['check_name']}"
            )
    return found


def main() -> int:
    """Print each difference; 1 when there is one, or when nothing was looked at."""
    document = json.load(sys.stdin)
    reports = document if isinstance(document, list) else [document]
    passed = sum(report.get("summary", {}).get("passed", 0) for report in reports)
    if not passed:
        print("checkov looked at nothing.")
        return 1
    found, listed = failing(reports), skipped(SKIPS.read_text())
    for check in sorted(found.keys() - listed):
        print(f"{check} fails:", *found[check], sep="\n  ")
    for check in sorted(listed - found.keys()):
        print(f"{check} is on the list and fails nowhere.")
    print(f"checkov: {passed} passed, {len(listed & found.keys())} kinds skipped with a reason.")
    return int(found.keys() != listed)


if __name__ == "__main__":
    sys.exit(main())
