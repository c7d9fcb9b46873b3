"""Compare a contract with the one it would replace: `.venv/bin/python -m ci.breaking`.

What a pull request checks out is the merge, its first parent the branch that it goes to. A break is
allowed when info.version announces it: by a higher major number, below 1.0.0 by a higher minor one
(https://semver.org, 4 and 8).
"""

import subprocess
from pathlib import Path
from typing import Any

from ci import github
from service.contract.breaking import compare
from service.contract.compile import load

CONTRACT = "openapi.yaml"


def announced(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether the new version says that clients have to look."""
    before, after = (
        [int(part) for part in each["info"]["version"].split(".")] for each in (old, new)
    )
    return after[0] > before[0] or (after[0] == before[0] == 0 and after[1] > before[1])


def main() -> None:
    """Show every breaking change; exit 1 if there is one that no version announces."""
    shown = subprocess.run(  # noqa: S603  # Nothing in it is given.
        ["git", "show", f"HEAD^1:{CONTRACT}"],  # noqa: S607  # The runner's git.
        capture_output=True,
        check=False,
    )
    if shown.returncode:
        github.fail(f"There is no contract to compare with: {shown.stderr.decode()}")
        raise SystemExit(1)
    old, new = load(shown.stdout), load(Path(CONTRACT).read_bytes())
    changes = compare(old, new)
    github.summary("\n".join(f"- {change}" for change in changes) or "No client has to change.")
    if changes and not announced(old, new):
        version = old["info"]["version"]
        github.fail(f"Clients of {version} would break: keep what they use or raise info.version.")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
