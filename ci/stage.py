"""Decide which stage a run deploys: a pull request to main dev, a push to main prod.

Run by the workflow as `python3 -m ci.stage`. Whatever else starts it deploys nothing.
"""

import os
from collections.abc import Mapping

from ci import github


def stage_of(environment: Mapping[str, str]) -> str:
    """Name the stage of this run; raises SystemExit for an event that deploys nothing."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event == "pull_request" and environment.get("GITHUB_BASE_REF") == "main":
        return "dev"
    if event == "push" and environment.get("GITHUB_REF") == "refs/heads/main":
        return "prod"
    raise SystemExit(
        f"A {event or 'nameless'} event of {environment.get('GITHUB_REF')} deploys nothing."
    )


def main() -> None:
    """Write the stage to the step's output."""
    stage = stage_of(os.environ)
    github.output("stage", stage)
    github.summary(
        f"Deploying **{stage}** from `{os.environ.get('GITHUB_SHA', 'an unknown commit')}`."
    )


if __name__ == "__main__":
    main()
