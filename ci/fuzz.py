"""Send a stage what its contract allows and what it forbids: `.venv/bin/python -m ci.fuzz`.

Reads STAGE, API_ENDPOINT and API_ID. dev: every operation, every phase. prod: only GET operations,
positive and negative, so nothing is written and nobody is mailed.
"""

import subprocess
import sys

from ci import github
from ci.stage_api import base_url

CONTRACT = "openapi.yaml"
# Below the throttles of the contract, or every second answer is 429. Bounded: a deployment waits
# for it.
COMMON = [
    "--checks",
    "all",
    "--rate-limit",
    "20/s",
    "--request-timeout",
    "29",
    "--seed",
    "1",
    "--no-color",
]
BY_STAGE = {
    "dev": ["--max-examples", "10"],
    "prod": [
        "--include-method",
        "GET",
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "5",
    ],
}


def command(stage: str) -> list[str]:
    """Put the command line together."""
    schemathesis = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        CONTRACT,
        "--url",
        f"{base_url()}/v1",
    ]
    return [*schemathesis, *COMMON, *BY_STAGE[stage]]


def main() -> None:
    """Run Schemathesis; its exit code is this step's."""
    done = subprocess.run(command(github.setting("STAGE")), check=False)  # noqa: S603  (arguments are ours)
    if done.returncode:
        github.fail(
            f"Schemathesis found what the contract does not allow (exit code {done.returncode})."
        )
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
